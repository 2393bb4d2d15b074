//! The accounts of the books, and how a report calls them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use fspiop::Currency;
use ledger::{Account, AccountId, AccountType, Balance, ParticipantId, Registry};

/// All accounts: what grows with the scheme and not with its payments.
pub(super) struct Accounts {
    names: Arc<Registry>,
    by_id: BTreeMap<AccountId, (Account, Balance)>,
    by_owner: HashMap<(ParticipantId, Currency, AccountType), AccountId>,
}

impl Accounts {
    pub(super) fn new(names: Arc<Registry>) -> Accounts {
        Accounts { names, by_id: BTreeMap::new(), by_owner: HashMap::new() }
    }

    /// Knows participants by this registry from now on.
    pub(super) fn rename(&mut self, names: Arc<Registry>) {
        self.names = names;
    }

    pub(super) fn registry(&self) -> &Registry {
        &self.names
    }

    pub(super) fn add(&mut self, account: Account, balance: Balance) {
        self.by_owner.insert((account.participant, account.currency, account.kind), account.id);
        self.by_id.insert(account.id, (account, balance));
    }

    pub(super) fn get(&self, id: AccountId) -> Option<&Account> {
        self.by_id.get(&id).map(|(account, _)| account)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&Account, Balance)> {
        self.by_id.values().map(|(account, balance)| (account, *balance))
    }

    pub(super) fn of(&self, owner: ParticipantId, currency: Currency, kind: AccountType) -> Option<AccountId> {
        self.by_owner.get(&(owner, currency, kind)).copied()
    }

    pub(super) fn balance(&self, id: AccountId) -> Option<Balance> {
        self.by_id.get(&id).map(|(_, balance)| *balance)
    }

    /// The name of a participant.
    pub(super) fn participant(&self, id: ParticipantId) -> String {
        match self.names.participant(id) {
            Some(participant) => participant.name.to_string(),
            None => format!("participant {}", id.0),
        }
    }

    /// What a report calls an account.
    pub(super) fn describe(&self, id: AccountId) -> String {
        match self.get(id) {
            Some(account) => format!(
                "account {} ({} {} {})",
                id.0,
                self.participant(account.participant),
                account.kind.as_str(),
                account.currency
            ),
            None if id == AccountId::TRANSIT => "transit".to_owned(),
            None => format!("account {}, which is not in the books", id.0),
        }
    }
}
