//! What operators do: participants, accounts, limits, endpoints, settlement models, funds, oracles.

use std::sync::Arc;

use fspiop::{Amount, Currency, FspId, PartyIdType};
use ledger::{AccountId, AccountType, FundsIn, InitialPositionAndLimits, LedgerError, NewParticipant, SettlementModel};

use crate::{EndpointType, Oracle, OracleId, State};

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
    /// Registers where a participant wants its messages.
    SetEndpoints(FspId, Vec<(EndpointType, Box<str>)>),
    /// Adds a settlement model.
    CreateSettlementModel(SettlementModel),
    /// Switches a settlement model on or off.
    ActivateSettlementModel(Box<str>, bool),
    /// Records that a participant has paid in.
    RecordFundsIn(FundsIn),
    /// Registers an oracle.
    CreateOracle(OracleSettings),
    /// Changes an oracle.
    UpdateOracle(OracleId, OracleSettings),
    /// Takes an oracle away.
    DeleteOracle(OracleId),
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
        Administration::RecordFundsIn(funds) => ledger.record_funds_in(now, funds)?,
        Administration::SetEndpoints(name, endpoints) => set_endpoints(state, name, endpoints)?,
        Administration::CreateOracle(settings) => create_oracle(state, settings)?,
        Administration::UpdateOracle(id, settings) => update_oracle(state, *id, settings)?,
        Administration::DeleteOracle(id) => delete_oracle(state, *id)?,
    }
    Ok(())
}

fn set_endpoints(
    state: &mut State,
    name: &FspId,
    endpoints: &[(EndpointType, Box<str>)],
) -> Result<(), AdministrationError> {
    let participant = state.registry().participant_named(name.as_str()).ok_or(LedgerError::ParticipantNotFound)?.id;
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
    state.routing.oracle(id).ok_or(AdministrationError::OracleNotFound)?;
    Arc::make_mut(&mut state.routing).remove_oracle(id);
    state.changes.oracles.remove(&id);
    state.changes.removed_oracles.insert(id);
    Ok(())
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

fn put_oracle(state: &mut State, id: OracleId, settings: &OracleSettings, created_at: fspiop::Timestamp) {
    let oracle = Oracle {
        id,
        party_id_type: settings.party_id_type,
        currency: settings.currency,
        endpoint: settings.endpoint.clone(),
        is_default: settings.is_default,
        created_at,
    };
    Arc::make_mut(&mut state.routing).put_oracle(oracle);
    state.changes.oracles.insert(id);
}
