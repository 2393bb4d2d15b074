//! The model: a store that forgets everything when it is dropped, and the meaning of all others.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fspiop::{Currency, FspId, PartyId, QuoteId, Timestamp, TransferId};
use futures_util::{FutureExt, future::BoxFuture};
use ledger::{AccountId, Balance, Entry, FundsMovement, Registry, Transfer, TransferStatus};
use switch::{
    Command, Configuration, Delivery, DeliveryResult, Keys, Message, MessageId, PartyChange, PartyEntry, Quote,
    Routing, State,
};

use crate::{Books, Clock, Committed, Store, StoreError};

/// A store in memory.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    tables: Mutex<Tables>,
}

/// What a store holds. Cloning it is a backup.
#[derive(Clone, Debug)]
struct Tables {
    configuration: Arc<Configuration>,
    balances: BTreeMap<AccountId, Balance>,
    transfers: BTreeMap<TransferId, Transfer>,
    quotes: BTreeMap<QuoteId, Quote>,
    funds: BTreeMap<TransferId, FundsMovement>,
    entries: Vec<Entry>,
    parties: Vec<PartyEntry>,
    outbox: BTreeMap<MessageId, Message>,
    abandoned: BTreeMap<MessageId, (Message, Box<str>)>,
    next_message: MessageId,
    last_batch: Timestamp,
}

impl MemoryStore {
    /// An empty store: only the hub exists, under this name.
    pub fn new(hub: FspId, clock: Arc<dyn Clock>) -> MemoryStore {
        let now = clock.now();
        let configuration =
            Configuration { registry: Arc::new(Registry::new(hub, now)), routing: Arc::new(Routing::default()) };
        let tables = Tables {
            configuration: Arc::new(configuration),
            balances: BTreeMap::new(),
            transfers: BTreeMap::new(),
            quotes: BTreeMap::new(),
            funds: BTreeMap::new(),
            entries: Vec::new(),
            parties: Vec::new(),
            outbox: BTreeMap::new(),
            abandoned: BTreeMap::new(),
            next_message: MessageId(1),
            last_batch: now,
        };
        MemoryStore { clock, tables: Mutex::new(tables) }
    }

    /// Messages that were given up, with the reason.
    pub fn abandoned(&self) -> Vec<(Message, Box<str>)> {
        self.tables().abandoned.values().cloned().collect()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // A panic while deciding leaves the tables as they were: they change only after the decision.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn commit_now(&self, commands: &[Command]) -> Committed {
        let mut tables = self.tables();
        let now = self.clock.now().max(tables.last_batch);
        let mut state = tables.load(commands, now);
        let outcomes = switch::decide(&mut state, commands);
        tables.write(&mut state, outcomes, now)
    }
}

impl Tables {
    fn load(&self, commands: &[Command], now: Timestamp) -> State {
        let mut state = State::new(&self.configuration, now, self.next_message);
        let keys = Keys::of(commands);
        for id in &keys.transfers {
            self.transfers.get(id).cloned().into_iter().for_each(|transfer| state.ledger.load_transfer(transfer));
        }
        for id in &keys.funds {
            self.funds.get(id).cloned().into_iter().for_each(|movement| state.ledger.load_funds(movement));
        }
        for id in &keys.quotes {
            self.quotes.get(id).cloned().into_iter().for_each(|quote| state.load_quote(quote));
        }
        for id in state.accounts(commands) {
            self.balances.get(&id).copied().into_iter().for_each(|balance| state.ledger.load_balance(id, balance));
        }
        state
    }

    fn write(&mut self, state: &mut State, outcomes: Vec<switch::Outcome>, now: Timestamp) -> Committed {
        self.last_batch = now;
        let configuration = state.touches_configuration().then(|| Arc::new(state.configuration()));
        if let Some(configuration) = &configuration {
            self.configuration = configuration.clone();
        }
        self.write_ledger(state);
        for id in &state.changes().quotes {
            self.quotes.insert(*id, state.quote(*id).expect("a changed quote is in the working set").clone());
        }
        for change in &state.changes().parties {
            self.change_party(change);
        }
        let messages = state.take_messages();
        for message in &messages {
            self.outbox.insert(message.id, message.clone());
            self.next_message = MessageId(message.id.0 + 1);
        }
        for delivery in &state.changes().deliveries {
            self.settle(delivery);
        }
        Committed { now, outcomes, messages, configuration }
    }

    fn write_ledger(&mut self, state: &State) {
        let changes = state.ledger.changes();
        for id in &changes.balances {
            self.balances.insert(*id, state.ledger.balance_of(*id).expect("a changed balance is in the working set"));
        }
        for id in &changes.transfers {
            let transfer = state.ledger.transfer(*id).expect("a changed transfer is in the working set");
            self.transfers.insert(*id, transfer.clone());
        }
        for id in &changes.funds {
            self.funds.insert(*id, state.ledger.funds(*id).expect("a changed movement is in the working set").clone());
        }
        self.entries.extend(changes.entries.iter().cloned());
    }

    fn change_party(&mut self, change: &PartyChange) {
        match change {
            PartyChange::Put(entry) => {
                self.parties.retain(|known| known.party != entry.party || known.currency != entry.currency);
                self.parties.push(entry.clone());
            }
            PartyChange::Remove(entry) => self.parties.retain(|known| {
                let same = known.party == entry.party && known.participant == entry.participant;
                !(same && (entry.currency.is_none() || known.currency == entry.currency))
            }),
        }
    }

    fn settle(&mut self, delivery: &Delivery) {
        let message = self.outbox.remove(&delivery.message);
        if let (Some(message), DeliveryResult::GaveUp { reason, .. }) = (message, &delivery.result) {
            self.abandoned.insert(delivery.message, (message, reason.clone()));
        }
    }

    fn books(&self) -> Books {
        let balance = |account: &ledger::Account| {
            let nothing = Balance { amount: fspiop::Amount::ZERO, changed_at: account.created_at };
            self.balances.get(&account.id).copied().unwrap_or(nothing)
        };
        Books {
            accounts: self
                .configuration
                .registry
                .accounts()
                .map(|account| (account.clone(), balance(account)))
                .collect(),
            transfers: self.transfers.values().cloned().collect(),
            entries: self.entries.clone(),
        }
    }
}

fn ready<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, Result<T, StoreError>> {
    std::future::ready(Ok(value)).boxed()
}

impl Store for MemoryStore {
    fn commit(&self, commands: Arc<Vec<Command>>) -> BoxFuture<'_, Result<Committed, StoreError>> {
        ready(self.commit_now(&commands))
    }

    fn configuration(&self) -> BoxFuture<'_, Result<Arc<Configuration>, StoreError>> {
        ready(self.tables().configuration.clone())
    }

    fn transfer(&self, id: TransferId) -> BoxFuture<'_, Result<Option<Transfer>, StoreError>> {
        ready(self.tables().transfers.get(&id).cloned())
    }

    fn quote(&self, id: QuoteId) -> BoxFuture<'_, Result<Option<Quote>, StoreError>> {
        ready(self.tables().quotes.get(&id).cloned())
    }

    fn party(&self, party: PartyId, currency: Option<Currency>) -> BoxFuture<'_, Result<Vec<PartyEntry>, StoreError>> {
        let fits = |entry: &&PartyEntry| {
            entry.party == party && (currency.is_none() || entry.currency.is_none() || entry.currency == currency)
        };
        ready(self.tables().parties.iter().filter(fits).cloned().collect())
    }

    fn balances(&self, accounts: Vec<AccountId>) -> BoxFuture<'_, Result<Vec<(AccountId, Balance)>, StoreError>> {
        let books = self.tables().books();
        let wanted = |(account, balance): &(ledger::Account, Balance)| {
            accounts.contains(&account.id).then_some((account.id, *balance))
        };
        ready(books.accounts.iter().filter_map(wanted).collect())
    }

    fn due(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<TransferId>, StoreError>> {
        let tables = self.tables();
        let open = |transfer: &&Transfer| transfer.status == TransferStatus::Reserved && transfer.expiration <= now;
        let mut due: Vec<_> = tables.transfers.values().filter(open).map(|open| (open.expiration, open.id)).collect();
        due.sort_unstable();
        due.truncate(limit);
        ready(due.into_iter().map(|(_, id)| id).collect())
    }

    fn pending_messages(&self, after: MessageId, limit: usize) -> BoxFuture<'_, Result<Vec<Message>, StoreError>> {
        let from = MessageId(after.0 + 1);
        ready(self.tables().outbox.range(from..).take(limit).map(|(_, message)| message.clone()).collect())
    }

    fn books(&self) -> BoxFuture<'_, Result<Books, StoreError>> {
        ready(self.tables().books())
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        ready(())
    }
}
