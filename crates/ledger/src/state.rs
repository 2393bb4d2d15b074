//! The working set of one batch, and what changed in it.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use fspiop::{Amount, Currency, Timestamp, TransferId};

use crate::{
    Account, AccountId, AccountType, Balance, Entry, EntryKind, FundsMovement, ParticipantId, Registry, Transfer,
};

/// What a batch changed. Identifiers only, each once: a store reads the final values from the [`Ledger`], so an account
/// that a thousand transfers of the batch touched is written once.
#[derive(Debug, Default)]
pub struct Changes {
    /// Participants added or altered.
    pub participants: BTreeSet<ParticipantId>,
    /// Accounts added or altered (their balances apart).
    pub accounts: BTreeSet<AccountId>,
    /// Settlement models added or altered.
    pub settlement_models: BTreeSet<Box<str>>,
    /// Accounts whose balance changed.
    pub balances: BTreeSet<AccountId>,
    /// Transfers added or altered.
    pub transfers: BTreeSet<TransferId>,
    /// Movements of funds added.
    pub funds: BTreeSet<TransferId>,
    /// New lines of the journal, in the order in which they were decided.
    pub entries: Vec<Entry>,
}

impl Changes {
    /// Whether the registry changed, so that other holders of it must take the new one.
    pub fn touches_registry(&self) -> bool {
        !(self.participants.is_empty() && self.accounts.is_empty() && self.settlement_models.is_empty())
    }
}

/// The working set of one batch: the registry, and every balance, transfer and movement of funds that the batch names.
/// Whatever is not in it does not exist, so its maker must have loaded all that the batch can touch.
#[derive(Debug)]
pub struct Ledger {
    pub(crate) registry: Arc<Registry>,
    pub(crate) balances: HashMap<AccountId, Balance>,
    pub(crate) transfers: HashMap<TransferId, Transfer>,
    pub(crate) funds: HashMap<TransferId, FundsMovement>,
    pub(crate) used: HashSet<TransferId>,
    pub(crate) changes: Changes,
    /// Balances as they were when the batch began; only the planted defect of I2 reads them.
    #[cfg(feature = "planted-bugs")]
    pub(crate) at_start: HashMap<AccountId, Amount>,
}

impl Ledger {
    /// A working set over `registry`, with nothing loaded yet.
    pub fn new(registry: Arc<Registry>) -> Ledger {
        Ledger {
            registry,
            balances: HashMap::new(),
            transfers: HashMap::new(),
            funds: HashMap::new(),
            used: HashSet::new(),
            changes: Changes::default(),
            #[cfg(feature = "planted-bugs")]
            at_start: HashMap::new(),
        }
    }

    /// Puts a stored balance into the working set.
    pub fn load_balance(&mut self, account: AccountId, balance: Balance) {
        self.balances.insert(account, balance);
        #[cfg(feature = "planted-bugs")]
        self.at_start.insert(account, balance.amount);
    }

    /// Puts a stored transfer into the working set.
    pub fn load_transfer(&mut self, transfer: Transfer) {
        self.transfers.insert(transfer.id, transfer);
    }

    /// Puts a stored movement of funds into the working set.
    pub fn load_funds(&mut self, movement: FundsMovement) {
        self.funds.insert(movement.id, movement);
    }

    /// Says that an id was used, though what it named may have been archived: nothing new gets it.
    pub fn load_used(&mut self, id: TransferId) {
        self.used.insert(id);
    }

    /// The registry as the batch has left it so far.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// A balance of the working set; an account that never moved stands at zero since its creation.
    pub fn balance(&self, account: &Account) -> Balance {
        self.balances
            .get(&account.id)
            .copied()
            .unwrap_or(Balance { amount: Amount::ZERO, changed_at: account.created_at })
    }

    /// The balance of an account number, for the writer of the changes.
    pub fn balance_of(&self, account: AccountId) -> Option<Balance> {
        self.balances.get(&account).copied()
    }

    /// A transfer of the working set.
    pub fn transfer(&self, id: TransferId) -> Option<&Transfer> {
        self.transfers.get(&id)
    }

    /// A movement of funds of the working set.
    pub fn funds(&self, id: TransferId) -> Option<&FundsMovement> {
        self.funds.get(&id)
    }

    /// What the batch has changed so far.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// The accounts whose balances deciding about these two participants in this currency may read or write.
    pub fn accounts_touched(
        registry: &Registry,
        payer: Option<ParticipantId>,
        payee: Option<ParticipantId>,
        currency: Currency,
    ) -> impl Iterator<Item = AccountId> {
        let account = |owner: Option<ParticipantId>, kind| {
            owner.and_then(|owner| registry.account_of(owner, currency, kind)).map(|account| account.id)
        };
        [
            account(payer, AccountType::Position),
            account(payer, AccountType::Settlement),
            account(payee, AccountType::Position),
        ]
        .into_iter()
        .flatten()
    }

    pub(crate) fn save_transfer(&mut self, transfer: Transfer) {
        self.changes.transfers.insert(transfer.id);
        self.transfers.insert(transfer.id, transfer);
    }

    /// Writes one line of the journal and moves both balances. `None` if a balance would leave the range of an `Amount`;
    /// nothing is changed then.
    pub(crate) fn post(&mut self, entry: Entry) -> Option<()> {
        let raised = self.moved(entry.raised, entry.amount)?;
        let lowered = self.moved(entry.lowered, entry.amount.checked_neg()?)?;
        if crate::planted::active(crate::planted::Bug::Conservation)
            && entry.kind == EntryKind::Commit
            && entry.amount.units() % 3 == 0
        {
            return Some(());
        }
        for (account, amount) in [(entry.raised, raised), (entry.lowered, lowered)] {
            if account != AccountId::TRANSIT {
                self.balances.insert(account, Balance { amount, changed_at: entry.at });
                self.changes.balances.insert(account);
            }
        }
        self.changes.entries.push(entry);
        Some(())
    }

    fn moved(&self, account: AccountId, by: Amount) -> Option<Amount> {
        self.balances.get(&account).map_or(Amount::ZERO, |balance| balance.amount).checked_add(by)
    }

    /// A transfer's line of the journal.
    pub(crate) fn entry(
        transfer: &Transfer,
        kind: EntryKind,
        raised: AccountId,
        lowered: AccountId,
        at: Timestamp,
    ) -> Entry {
        Entry {
            transfer_id: transfer.id,
            kind,
            raised,
            lowered,
            amount: transfer.amount,
            currency: transfer.currency,
            at,
        }
    }
}
