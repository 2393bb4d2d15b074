//! How participants, accounts, limits and settlement models come to be.

use std::sync::Arc;

use fspiop::{Amount, Currency, FspId, Timestamp};

use crate::{
    Account, AccountId, AccountType, Ledger, LedgerError, Participant, ParticipantId, Registry, SettlementModel,
};

/// A participant to be registered, or one that gets a further currency.
#[derive(Clone, Debug)]
pub struct NewParticipant {
    /// Its name.
    pub name: FspId,
    /// The currency of its first accounts; absent: none yet.
    pub currency: Option<Currency>,
}

/// The first limit and position of a participant in a currency.
#[derive(Clone, Debug)]
pub struct InitialPositionAndLimits {
    /// Whose.
    pub participant: FspId,
    /// In which currency.
    pub currency: Currency,
    /// Highest position allowed, zero or more.
    pub net_debit_cap: Amount,
    /// Where the position starts. Anything but zero would break conservation, so only zero is accepted.
    pub initial_position: Amount,
}

impl Ledger {
    /// Registers a participant with a position and a settlement account in the currency; a known participant gets the
    /// currency in addition.
    pub fn register_participant(&mut self, now: Timestamp, new: &NewParticipant) -> Result<ParticipantId, LedgerError> {
        let known = self.registry.participant_named(new.name.as_str()).map(|participant| participant.id);
        if let Some(currency) = new.currency {
            for kind in [AccountType::HubReconciliation, AccountType::HubMultilateralSettlement] {
                if self.registry.account_of(ParticipantId::HUB, currency, kind).is_none() {
                    return Err(LedgerError::HubAccountMissing { kind, currency });
                }
            }
        }
        let taken = match (known, new.currency) {
            (Some(id), Some(currency)) => self.registry.account_of(id, currency, AccountType::Position).is_some(),
            (Some(_), None) => true,
            (None, _) => false,
        };
        if taken || known == Some(ParticipantId::HUB) {
            return Err(LedgerError::CurrencyRegistered);
        }
        let id = known.unwrap_or_else(|| self.registry.next_participant_id());
        if known.is_none() {
            self.put_participant(Participant { id, name: new.name.clone(), active: true, created_at: now });
        }
        for kind in [AccountType::Position, AccountType::Settlement] {
            if let Some(currency) = new.currency {
                self.add_account(now, id, currency, kind);
            }
        }
        Ok(id)
    }

    /// Creates one of the hub's own accounts.
    pub fn create_hub_account(
        &mut self,
        now: Timestamp,
        owner: &FspId,
        currency: Currency,
        kind: AccountType,
    ) -> Result<AccountId, LedgerError> {
        let owner = self.registry.participant_named(owner.as_str()).ok_or(LedgerError::ParticipantNotFound)?.id;
        if owner != ParticipantId::HUB || !kind.is_hub() {
            return Err(LedgerError::NotAHubAccount(kind.as_str()));
        }
        if self.registry.account_of(owner, currency, kind).is_some() {
            return Err(LedgerError::HubAccountRegistered);
        }
        Ok(self.add_account(now, owner, currency, kind))
    }

    /// Sets the first net debit cap of a participant in a currency.
    pub fn set_initial_limits(&mut self, initial: &InitialPositionAndLimits) -> Result<(), LedgerError> {
        let position = self.position_account(&initial.participant, initial.currency)?;
        if position.net_debit_cap.is_some() {
            return Err(LedgerError::LimitsAlreadySet);
        }
        if !initial.initial_position.is_zero() {
            return Err(LedgerError::Amount { found: initial.initial_position, expected: "0" });
        }
        self.put_cap(position, initial.net_debit_cap)
    }

    /// Changes the net debit cap of a participant. A cap under the current position stops further sending, nothing else.
    pub fn adjust_limit(&mut self, participant: &FspId, currency: Currency, cap: Amount) -> Result<(), LedgerError> {
        let position = self.position_account(participant, currency)?;
        if position.net_debit_cap.is_none() {
            return Err(LedgerError::LimitsNotSet);
        }
        self.put_cap(position, cap)
    }

    /// Changes the share of the net debit cap, in percent, at which operators are warned.
    pub fn set_alarm_percentage(
        &mut self,
        participant: &FspId,
        currency: Currency,
        alarm_percentage: u8,
    ) -> Result<(), LedgerError> {
        let position = self.position_account(participant, currency)?;
        self.put_account(Account { alarm_percentage, ..position });
        Ok(())
    }

    /// Switches a participant on or off.
    pub fn activate_participant(&mut self, name: &FspId, active: bool) -> Result<(), LedgerError> {
        let known = self.registry.participant_named(name.as_str()).cloned();
        let participant = known.ok_or(LedgerError::ParticipantNotFound)?;
        self.put_participant(Participant { active, ..participant });
        Ok(())
    }

    /// Switches one account of a participant on or off.
    pub fn activate_account(&mut self, name: &FspId, account: AccountId, active: bool) -> Result<(), LedgerError> {
        let owner = self.registry.participant_named(name.as_str()).ok_or(LedgerError::ParticipantNotFound)?.id;
        let account = self.registry.account(account).filter(|account| account.participant == owner).cloned();
        let account = account.ok_or(LedgerError::AccountNotFound)?;
        self.put_account(Account { active, ..account });
        Ok(())
    }

    /// Adds a settlement model under the next number. A currency, or "all currencies", has one model for each kind of account.
    pub fn create_settlement_model(&mut self, model: &SettlementModel) -> Result<(), LedgerError> {
        let same_scope = |other: &SettlementModel| {
            other.name == model.name
                || (other.currency == model.currency && other.ledger_account == model.ledger_account)
        };
        if self.registry.settlement_models().any(same_scope) {
            return Err(LedgerError::SettlementModelExists);
        }
        let id = self.registry.next_settlement_model_id();
        self.put_settlement_model(SettlementModel { id, ..model.clone() });
        Ok(())
    }

    /// Switches a settlement model on or off.
    pub fn activate_settlement_model(&mut self, name: &str, active: bool) -> Result<(), LedgerError> {
        let model = self.registry.settlement_model(name).cloned().ok_or(LedgerError::SettlementModelNotFound)?;
        self.put_settlement_model(SettlementModel { active, ..model });
        Ok(())
    }

    fn position_account(&self, participant: &FspId, currency: Currency) -> Result<Account, LedgerError> {
        let owner = self.registry.participant_named(participant.as_str()).ok_or(LedgerError::ParticipantNotFound)?;
        let account = self.registry.account_of(owner.id, currency, AccountType::Position);
        account.cloned().ok_or(LedgerError::AccountNotFound)
    }

    fn put_cap(&mut self, position: Account, cap: Amount) -> Result<(), LedgerError> {
        if cap.is_negative() {
            return Err(LedgerError::Amount { found: cap, expected: "0 or more" });
        }
        self.put_account(Account { net_debit_cap: Some(cap), ..position });
        Ok(())
    }

    fn add_account(
        &mut self,
        now: Timestamp,
        owner: ParticipantId,
        currency: Currency,
        kind: AccountType,
    ) -> AccountId {
        let id = self.registry.next_account_id();
        self.put_account(Account {
            id,
            participant: owner,
            currency,
            kind,
            active: true,
            net_debit_cap: None,
            alarm_percentage: Account::DEFAULT_ALARM_PERCENTAGE,
            created_at: now,
        });
        id
    }

    fn registry_mut(&mut self) -> &mut Registry {
        Arc::make_mut(&mut self.registry)
    }

    fn put_participant(&mut self, participant: Participant) {
        self.changes.participants.insert(participant.id);
        self.registry_mut().put_participant(participant);
    }

    fn put_account(&mut self, account: Account) {
        self.changes.accounts.insert(account.id);
        self.registry_mut().put_account(account);
    }

    fn put_settlement_model(&mut self, model: SettlementModel) {
        self.changes.settlement_models.insert(model.name.clone());
        self.registry_mut().put_settlement_model(model);
    }
}
