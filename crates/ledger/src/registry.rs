//! The part of the ledger's state that changes rarely: participants, accounts, limits, settlement models.

use std::collections::{BTreeMap, HashMap};

use fspiop::{Currency, FspId, Timestamp};

use crate::{Account, AccountId, AccountType, Participant, ParticipantId, SettlementModel};

/// Who takes part, with which accounts and limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    participants: BTreeMap<ParticipantId, Participant>,
    names: HashMap<FspId, ParticipantId>,
    accounts: BTreeMap<AccountId, Account>,
    by_owner: HashMap<(ParticipantId, Currency, AccountType), AccountId>,
    settlement_models: BTreeMap<Box<str>, SettlementModel>,
}

impl Registry {
    /// A registry in which only the hub exists, under the name that it signs its own messages with.
    pub fn new(hub: FspId, now: Timestamp) -> Registry {
        let mut registry = Registry::default();
        registry.put_participant(Participant { id: ParticipantId::HUB, name: hub, active: true, created_at: now });
        registry
    }

    /// The hub's own entry. Every registry has one, see [`Registry::new`].
    pub fn hub(&self) -> Option<&Participant> {
        self.participants.get(&ParticipantId::HUB)
    }

    /// All participants, the hub first.
    pub fn participants(&self) -> impl Iterator<Item = &Participant> {
        self.participants.values()
    }

    /// The participant of this number.
    pub fn participant(&self, id: ParticipantId) -> Option<&Participant> {
        self.participants.get(&id)
    }

    /// The participant of this name.
    pub fn participant_named(&self, name: &str) -> Option<&Participant> {
        self.names.get(name).and_then(|id| self.participants.get(id))
    }

    /// All accounts of a participant, oldest first.
    pub fn accounts_of(&self, participant: ParticipantId) -> impl Iterator<Item = &Account> {
        self.accounts.values().filter(move |account| account.participant == participant)
    }

    /// All accounts, oldest first.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    /// The account of this number.
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(&id)
    }

    /// The participant's account of this type in this currency.
    pub fn account_of(&self, participant: ParticipantId, currency: Currency, kind: AccountType) -> Option<&Account> {
        self.by_owner.get(&(participant, currency, kind)).and_then(|id| self.accounts.get(id))
    }

    /// All settlement models, by name.
    pub fn settlement_models(&self) -> impl Iterator<Item = &SettlementModel> {
        self.settlement_models.values()
    }

    /// The settlement model of this name.
    pub fn settlement_model(&self, name: &str) -> Option<&SettlementModel> {
        self.settlement_models.get(name)
    }

    /// The active model that settles positions of a currency: its own, else the one for all currencies.
    pub fn position_model(&self, currency: Currency) -> Option<&SettlementModel> {
        let usable = |model: &&SettlementModel| model.active && model.ledger_account == AccountType::Position;
        self.settlement_models
            .values()
            .filter(usable)
            .find(|model| model.currency == Some(currency))
            .or_else(|| self.settlement_models.values().filter(usable).find(|model| model.currency.is_none()))
    }

    /// Adds or replaces a participant, under its number.
    pub fn put_participant(&mut self, participant: Participant) {
        self.names.insert(participant.name.clone(), participant.id);
        self.participants.insert(participant.id, participant);
    }

    /// Adds or replaces an account, under its number.
    pub fn put_account(&mut self, account: Account) {
        self.by_owner.insert((account.participant, account.currency, account.kind), account.id);
        self.accounts.insert(account.id, account);
    }

    /// Adds or replaces a settlement model, under its name.
    pub fn put_settlement_model(&mut self, model: SettlementModel) {
        self.settlement_models.insert(model.name.clone(), model);
    }

    /// The number that the next participant gets.
    pub(crate) fn next_participant_id(&self) -> ParticipantId {
        ParticipantId(self.participants.keys().next_back().map_or(1, |last| last.0 + 1))
    }

    /// The number that the next settlement model gets.
    pub(crate) fn next_settlement_model_id(&self) -> i32 {
        self.settlement_models.values().map(|model| model.id).max().map_or(1, |last| last + 1)
    }

    /// The number that the next account gets.
    pub(crate) fn next_account_id(&self) -> AccountId {
        AccountId(self.accounts.keys().next_back().map_or(1, |last| last.0 + 1))
    }
}
