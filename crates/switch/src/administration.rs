//! What operators do: participants, accounts, limits, endpoints, settlement models, funds, oracles.

use std::sync::Arc;

use fspiop::{Amount, Currency, FspId, PartyId, PartyIdType, Timestamp, TransferId};
use ledger::{
    AccountId, AccountType, FundsRequest, FundsStatus, InitialPositionAndLimits, LedgerError, NewParticipant,
    ParticipantId, SettlementModel,
};

use crate::{EndpointType, JwsKey, JwsKeyId, Oracle, OracleId, PartyChange, PartyEntry, State};

/// An operator's request.
#[derive(Clone, Debug)]
pub enum Administration {
    /// Registers a participant, or gives it a further currency.
    RegisterParticipant(NewParticipant),
    /// Switches a participant on or off.
    ActivateParticipant(FspId, bool),
    /// Creates an account of the hub.
    CreateHubAccount(FspId, Currency, AccountType),
    /// Switches an account on or off.
    ActivateAccount(FspId, AccountId, bool),
    /// Sets the first net debit cap.
    SetInitialLimits(InitialPositionAndLimits),
    /// Changes the net debit cap.
    AdjustLimit(FspId, Currency, Amount),
    /// Changes the net debit cap, and the share of it in percent at which operators are warned.
    AdjustLimitAndAlarm(FspId, Currency, Amount, u8),
    /// Registers where a participant wants its messages.
    SetEndpoints(FspId, Vec<(EndpointType, Box<str>)>),
    /// Adds a settlement model.
    CreateSettlementModel(SettlementModel),
    /// Switches a settlement model on or off.
    ActivateSettlementModel(Box<str>, bool),
    /// Records that a participant has paid in.
    RecordFundsIn(FundsRequest),
    /// Prepares a payment out to a participant.
    ReserveFundsOut(FundsRequest),
    /// Ends a payment out.
    EndFundsOut(FundsOutEnd),
    /// Registers an oracle.
    CreateOracle(OracleSettings),
    /// Changes an oracle.
    UpdateOracle(OracleId, OracleSettings),
    /// Takes an oracle away.
    DeleteOracle(OracleId),
    /// Enters a party into the built-in directory: who serves it, in which currency.
    EnterParty(PartyId, Option<Currency>, FspId),
    /// Takes a party out of the built-in directory: who served it, in which currency (absent: in any).
    RemoveParty(PartyId, Option<Currency>, FspId),
    /// Registers a public key of a participant: its id, and the key in PEM.
    AddJwsKey(FspId, JwsKeyId, Box<str>),
    /// Ends the validity of a valid public key at a moment; one that has passed ends it at once.
    RetireJwsKey(FspId, JwsKeyId, Timestamp),
}

/// How a payment out ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FundsOutEnd {
    /// Whose account.
    pub participant: FspId,
    /// Which of its accounts.
    pub account: AccountId,
    /// Which movement.
    pub id: TransferId,
    /// COMMITTED or ABORTED.
    pub end: FundsStatus,
}

/// What an operator says of an oracle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OracleSettings {
    /// The type of identifiers that it knows.
    pub party_id_type: PartyIdType,
    /// The currency that it serves; absent: all.
    pub currency: Option<Currency>,
    /// Base URL.
    pub endpoint: Box<str>,
    /// Whether it is asked when no other fits better.
    pub is_default: bool,
}

/// Why an operator's request was refused; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdministrationError {
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// There is an oracle for this type and currency.
    #[error("Active oracle with oracleIdType {0} already exists for this currency")]
    OracleExists(PartyIdType),
    /// No such oracle.
    #[error("Oracle not found")]
    OracleNotFound,
    /// The participant has this key already.
    #[error("The key is registered already")]
    JwsKeyExists,
    /// The participant has no such key.
    #[error("Key not found")]
    JwsKeyNotFound,
    /// What is retired stays so: its private half may be in anybody's hands.
    #[error("The key is retired; register a new one")]
    JwsKeyRetired,
}

pub(crate) fn administer(state: &mut State, administration: &Administration) -> Result<(), AdministrationError> {
    let now = state.now;
    let ledger = &mut state.ledger;
    match administration {
        Administration::RegisterParticipant(new) => ledger.register_participant(now, new).map(drop)?,
        Administration::ActivateParticipant(name, active) => ledger.activate_participant(name, *active)?,
        Administration::CreateHubAccount(owner, currency, kind) => {
            ledger.create_hub_account(now, owner, *currency, *kind).map(drop)?;
        }
        Administration::ActivateAccount(name, account, active) => ledger.activate_account(name, *account, *active)?,
        Administration::SetInitialLimits(initial) => ledger.set_initial_limits(initial)?,
        Administration::AdjustLimit(name, currency, cap) => ledger.adjust_limit(name, *currency, *cap)?,
        Administration::CreateSettlementModel(model) => ledger.create_settlement_model(model)?,
        Administration::ActivateSettlementModel(name, active) => ledger.activate_settlement_model(name, *active)?,
        Administration::AdjustLimitAndAlarm(name, currency, cap, alarm_percentage) => {
            ledger.adjust_limit(name, *currency, *cap)?;
            ledger.set_alarm_percentage(name, *currency, *alarm_percentage)?;
        }
        Administration::RecordFundsIn(funds) => ledger.record_funds_in(now, funds)?,
        Administration::ReserveFundsOut(funds) => ledger.reserve_funds_out(now, funds)?,
        Administration::EndFundsOut(FundsOutEnd { participant, account, id, end }) => {
            ledger.end_funds_out(now, participant, *account, *id, *end)?;
        }
        Administration::SetEndpoints(name, endpoints) => set_endpoints(state, name, endpoints)?,
        Administration::CreateOracle(settings) => create_oracle(state, settings)?,
        Administration::UpdateOracle(id, settings) => update_oracle(state, *id, settings)?,
        Administration::DeleteOracle(id) => delete_oracle(state, *id)?,
        Administration::EnterParty(party, currency, name) => {
            let entry = party_entry(state, party, *currency, name)?;
            state.change_party(PartyChange::Put(entry));
        }
        Administration::RemoveParty(party, currency, name) => {
            let entry = party_entry(state, party, *currency, name)?;
            state.change_party(PartyChange::Remove(entry));
        }
        Administration::AddJwsKey(name, id, public_key) => add_jws_key(state, name, id, public_key)?,
        Administration::RetireJwsKey(name, id, at) => retire_jws_key(state, name, id, *at)?,
    }
    Ok(())
}

fn set_endpoints(
    state: &mut State,
    name: &FspId,
    endpoints: &[(EndpointType, Box<str>)],
) -> Result<(), AdministrationError> {
    let participant = participant(state, name)?;
    for (endpoint, value) in endpoints {
        Arc::make_mut(&mut state.routing).put_endpoint(participant, *endpoint, value.clone());
        state.changes.endpoints.insert((participant, *endpoint));
    }
    Ok(())
}

fn create_oracle(state: &mut State, settings: &OracleSettings) -> Result<(), AdministrationError> {
    refuse_twin(state, None, settings)?;
    let id = state.routing.next_oracle_id();
    put_oracle(state, id, settings, state.now);
    Ok(())
}

fn update_oracle(state: &mut State, id: OracleId, settings: &OracleSettings) -> Result<(), AdministrationError> {
    let created_at = state.routing.oracle(id).ok_or(AdministrationError::OracleNotFound)?.created_at;
    refuse_twin(state, Some(id), settings)?;
    put_oracle(state, id, settings, created_at);
    Ok(())
}

fn delete_oracle(state: &mut State, id: OracleId) -> Result<(), AdministrationError> {
    let oracle = state.routing.oracle(id).ok_or(AdministrationError::OracleNotFound)?.clone();
    Arc::make_mut(&mut state.routing).put_oracle(Oracle { active: false, ..oracle });
    state.changes.oracles.insert(id);
    Ok(())
}

fn add_jws_key(state: &mut State, name: &FspId, id: &JwsKeyId, public_key: &str) -> Result<(), AdministrationError> {
    let participant = participant(state, name)?;
    if state.routing.jws_key(participant, id).is_some() {
        return Err(AdministrationError::JwsKeyExists);
    }
    let (id, public_key, created_at) = (id.clone(), public_key.into(), state.now);
    put_jws_key(state, JwsKey { participant, id, public_key, created_at, valid_until: None });
    Ok(())
}

fn retire_jws_key(state: &mut State, name: &FspId, id: &JwsKeyId, at: Timestamp) -> Result<(), AdministrationError> {
    let participant = participant(state, name)?;
    let key = state.routing.jws_key(participant, id).cloned().ok_or(AdministrationError::JwsKeyNotFound)?;
    if !key.is_valid(state.now) {
        return Err(AdministrationError::JwsKeyRetired);
    }
    put_jws_key(state, JwsKey { valid_until: Some(at.max(state.now)), ..key });
    Ok(())
}

fn put_jws_key(state: &mut State, key: JwsKey) {
    state.changes.jws_keys.insert((key.participant, key.id.clone()));
    Arc::make_mut(&mut state.routing).put_jws_key(key);
}

fn party_entry(
    state: &State,
    party: &PartyId,
    currency: Option<Currency>,
    name: &FspId,
) -> Result<PartyEntry, LedgerError> {
    Ok(PartyEntry { party: party.clone(), currency, participant: participant(state, name)? })
}

fn participant(state: &State, name: &FspId) -> Result<ParticipantId, LedgerError> {
    state.registry().participant_named(name.as_str()).map(|known| known.id).ok_or(LedgerError::ParticipantNotFound)
}

fn refuse_twin(state: &State, own: Option<OracleId>, settings: &OracleSettings) -> Result<(), AdministrationError> {
    let twin = |other: &Oracle| {
        Some(other.id) != own && other.party_id_type == settings.party_id_type && other.currency == settings.currency
    };
    if state.routing.oracles().any(twin) {
        return Err(AdministrationError::OracleExists(settings.party_id_type));
    }
    Ok(())
}

fn put_oracle(state: &mut State, id: OracleId, settings: &OracleSettings, created_at: Timestamp) {
    let oracle = Oracle {
        id,
        party_id_type: settings.party_id_type,
        currency: settings.currency,
        endpoint: settings.endpoint.clone(),
        is_default: settings.is_default,
        active: true,
        created_at,
    };
    Arc::make_mut(&mut state.routing).put_oracle(oracle);
    state.changes.oracles.insert(id);
}
