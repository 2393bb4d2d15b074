//! The model: a store that forgets everything when it is dropped, and the meaning of all others.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use fspiop::{Currency, FspId, PartyId, QuoteId, Timestamp, TransferId};
use futures_util::{FutureExt, future::BoxFuture};
use ledger::{
    AccountId, Balance, Entry, FundsMovement, Registry, Transfer, TransferStatus,
    planted::{self, Bug},
};
use switch::{
    Command, Configuration, Delivery, DeliveryResult, Keys, Message, MessageId, PartyEntry, Quote, State, Subject,
};

use crate::{
    Archived, Between, Books, Clock, Committed, FIRST_VERSION, Fate, Page, SentMessage, Store, StoreError, Story,
    Visitor,
};

/// How long a node's claim to its part of the outbox holds without being renewed.
const CLAIM_MS: i64 = 5_000;

/// A store in memory, as one node of the hub sees it.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    tables: Arc<Mutex<Tables>>,
    node: NodeNumber,
    /// The version of the configuration that this node knows.
    told: AtomicI64,
}

/// Which process of the hub.
type NodeNumber = u32;

const FIRST_NODE: NodeNumber = 1;

/// A message that is still to be delivered.
#[derive(Clone, Debug)]
struct Outgoing {
    message: Message,
    owner: NodeNumber,
    /// Its owner was not told of it.
    untold: bool,
    sent: SentMessage,
}

/// What a store holds. Cloning it is a backup.
#[derive(Clone, Debug)]
struct Tables {
    configuration: Arc<Configuration>,
    /// What it was before, and who changed it; only a planted defect reads this.
    #[cfg(feature = "planted-bugs")]
    former: (Arc<Configuration>, NodeNumber),
    balances: BTreeMap<AccountId, Balance>,
    transfers: BTreeMap<TransferId, Transfer>,
    quotes: BTreeMap<QuoteId, Quote>,
    funds: BTreeMap<TransferId, FundsMovement>,
    entries: Vec<Entry>,
    parties: Vec<PartyEntry>,
    ilp_packets: BTreeMap<TransferId, Box<str>>,
    outbox: BTreeMap<MessageId, Outgoing>,
    abandoned: BTreeMap<MessageId, (Message, Box<str>)>,
    /// Messages that are done with, by what they were about.
    sent: Vec<(Subject, SentMessage)>,
    /// Until when the claim of a node holds.
    claims: BTreeMap<NodeNumber, Timestamp>,
    last_node: NodeNumber,
    next_message: MessageId,
    last_batch: Timestamp,
}

impl MemoryStore {
    /// An empty store: only the hub exists, under this name.
    pub fn new(hub: FspId, clock: Arc<dyn Clock>) -> MemoryStore {
        let now = clock.now();
        let configuration = Configuration {
            registry: Arc::new(Registry::new(hub, now)),
            version: FIRST_VERSION,
            ..Configuration::default()
        };
        let configuration = Arc::new(configuration);
        let tables = Tables {
            #[cfg(feature = "planted-bugs")]
            former: (configuration.clone(), FIRST_NODE),
            configuration,
            balances: BTreeMap::new(),
            transfers: BTreeMap::new(),
            quotes: BTreeMap::new(),
            funds: BTreeMap::new(),
            entries: Vec::new(),
            parties: Vec::new(),
            ilp_packets: BTreeMap::new(),
            outbox: BTreeMap::new(),
            abandoned: BTreeMap::new(),
            sent: Vec::new(),
            claims: BTreeMap::from([(FIRST_NODE, now.plus_millis(CLAIM_MS))]),
            last_node: FIRST_NODE,
            next_message: MessageId(1),
            last_batch: now,
        };
        MemoryStore {
            clock,
            tables: Arc::new(Mutex::new(tables)),
            node: FIRST_NODE,
            told: AtomicI64::new(FIRST_VERSION),
        }
    }

    /// The same store, as a further node sees it. A process that starts again is a further node, too: what its former self
    /// left behind is taken over when that one's claim has run out.
    pub fn join(&self, clock: Arc<dyn Clock>) -> MemoryStore {
        let mut tables = self.tables();
        tables.last_node += 1;
        let node = tables.last_node;
        let until = tables.now(clock.as_ref()).plus_millis(CLAIM_MS);
        tables.claims.insert(node, until);
        let told = AtomicI64::new(tables.configuration.version);
        MemoryStore { clock, tables: self.tables.clone(), node, told }
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
        let now = tables.now(self.clock.as_ref());
        let mut state = tables.load(self.node, commands, now);
        let outcomes = switch::decide(&mut state, commands);
        let committed = tables.write(self.node, &mut state, outcomes, now);
        let version = tables.configuration.version;
        let news = self.told.swap(version, Ordering::SeqCst) != version;
        Committed { configuration: news.then(|| tables.configuration.clone()), ..committed }
    }
}

impl Tables {
    /// The store's time: that of the node that asks, but never before what was said already.
    fn now(&self, clock: &dyn Clock) -> Timestamp {
        clock.now().max(self.last_batch)
    }

    #[cfg(not(feature = "planted-bugs"))]
    fn configuration_for(&self, _node: NodeNumber) -> &Configuration {
        &self.configuration
    }

    #[cfg(feature = "planted-bugs")]
    fn configuration_for(&self, node: NodeNumber) -> &Configuration {
        let stale = planted::active(Bug::StaleConfiguration) && self.former.1 != node;
        if stale { &self.former.0 } else { &self.configuration }
    }

    fn load(&self, node: NodeNumber, commands: &[Command], now: Timestamp) -> State {
        let mut state = State::new(self.configuration_for(node), now, self.next_message);
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
        if !keys.parties.is_empty() {
            let named = self.parties.iter().filter(|entry| keys.parties.contains(&entry.party));
            named.cloned().for_each(|entry| state.load_party(entry));
        }
        for id in state.accounts(commands) {
            self.balances.get(&id).copied().into_iter().for_each(|balance| state.ledger.load_balance(id, balance));
        }
        state
    }

    fn write(
        &mut self,
        node: NodeNumber,
        state: &mut State,
        outcomes: Vec<switch::Outcome>,
        now: Timestamp,
    ) -> Committed {
        self.last_batch = now;
        let configuration = state.touches_configuration().then(|| Arc::new(state.configuration()));
        if let Some(configuration) = &configuration {
            #[cfg(feature = "planted-bugs")]
            (self.former = (self.configuration.clone(), node));
            self.configuration = configuration.clone();
        }
        self.write_ledger(state);
        for id in &state.changes().quotes {
            self.quotes.insert(*id, state.quote(*id).expect("a changed quote is in the working set").clone());
        }
        for change in &state.changes().parties {
            change.apply(&mut self.parties);
        }
        self.ilp_packets.append(&mut state.changes().ilp_packets.clone());
        let mut messages = state.take_messages();
        messages.retain(|message| self.enqueue(node, message));
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

    /// Puts a message into the outbox. `false` if another node must deliver it, because that one is still at an earlier
    /// message about the same to the same FSP.
    fn enqueue(&mut self, node: NodeNumber, message: &Message) -> bool {
        let same = |earlier: &&Outgoing| {
            earlier.message.recipient == message.recipient && earlier.message.subject == message.subject
        };
        let earlier = self.outbox.values().rev().find(same).filter(|_| !planted::active(Bug::HandOver));
        let owner = earlier.map_or(node, |earlier| earlier.owner);
        // What is behind a message that its owner was not told of waits with it, or it would overtake it.
        let untold = owner != node || earlier.is_some_and(|earlier| earlier.untold);
        let sent = SentMessage::pending(message);
        self.outbox.insert(message.id, Outgoing { message: message.clone(), owner, untold, sent });
        self.next_message = MessageId(message.id.0 + 1);
        !untold
    }

    fn settle(&mut self, delivery: &Delivery) {
        let Some(mut outgoing) = self.outbox.remove(&delivery.message) else { return };
        outgoing.sent.attempts = delivery.attempts;
        outgoing.sent.last_attempt_at = Some(delivery.at);
        outgoing.sent.fate = Fate::from(&delivery.result);
        match &delivery.result {
            DeliveryResult::Failing { .. } => drop(self.outbox.insert(delivery.message, outgoing)),
            DeliveryResult::Delivered => self.sent.push((outgoing.message.subject, outgoing.sent)),
            DeliveryResult::GaveUp { reason, .. } => {
                self.sent.push((outgoing.message.subject.clone(), outgoing.sent));
                self.abandoned.insert(delivery.message, (outgoing.message, reason.clone()));
            }
        }
    }

    fn take_over(&mut self, node: NodeNumber, now: Timestamp) -> bool {
        self.claims.insert(node, now.plus_millis(CLAIM_MS));
        self.claims.retain(|_, until| now < *until);
        let mut untold = false;
        for outgoing in self.outbox.values_mut() {
            if !self.claims.contains_key(&outgoing.owner) {
                (outgoing.owner, outgoing.untold) = (node, !planted::active(Bug::TakeOver));
            }
            untold |= outgoing.owner == node && std::mem::take(&mut outgoing.untold);
        }
        untold
    }

    fn story(&self, id: TransferId) -> Story {
        let quote = QuoteId(id.0);
        let about = |subject: &Subject| *subject == Subject::Transfer(id) || *subject == Subject::Quote(quote);
        let done = self.sent.iter().filter(|(subject, _)| about(subject)).map(|(_, sent)| sent);
        let pending = self.outbox.values().filter(|one| about(&one.message.subject)).map(|one| &one.sent);
        let mut messages: Vec<_> = done.chain(pending).cloned().collect();
        messages.sort_by_key(|sent| sent.id);
        Story {
            transfer: self.transfers.get(&id).cloned(),
            funds: self.funds.get(&id).cloned(),
            quote: self.quotes.get(&quote).cloned(),
            archived: None,
            messages,
        }
    }

    fn visit(&self, visitor: &mut Visitor) {
        let books = self.books();
        for (account, balance) in books.accounts {
            visitor(Page::Account { account, balance, archived: Archived::NOTHING });
        }
        let mut entries = BTreeMap::<TransferId, Vec<Entry>>::new();
        for entry in books.entries {
            entries.entry(entry.transfer_id).or_default().push(entry);
        }
        let known = self.transfers.keys().chain(self.funds.keys()).chain(entries.keys());
        for id in known.copied().collect::<BTreeSet<_>>() {
            visitor(Page::Movement {
                id,
                transfer: self.transfers.get(&id).cloned(),
                funds: self.funds.get(&id).cloned(),
                entries: entries.remove(&id).unwrap_or_default(),
            });
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
            funds: self.funds.values().cloned().collect(),
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

    fn ilp_packet(&self, id: TransferId) -> BoxFuture<'_, Result<Option<Box<str>>, StoreError>> {
        ready(self.tables().ilp_packets.get(&id).cloned())
    }

    fn ilp_packets(
        &self,
        between: Between,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<(TransferId, Box<str>)>, StoreError>> {
        let tables = self.tables();
        let wanted = |transfer: &&Transfer| {
            (transfer.payer, transfer.payee) == (between.payer, Some(between.payee))
                && (between.since..between.until).contains(&transfer.prepared_at)
        };
        let mut found: Vec<_> = tables.transfers.values().filter(wanted).collect();
        found.sort_by_key(|transfer| (transfer.prepared_at, transfer.id));
        let packets = found.iter().filter_map(|one| Some((one.id, tables.ilp_packets.get(&one.id)?.clone())));
        ready(packets.take(limit).collect())
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
        let tables = self.tables();
        let own = tables.outbox.range(from..).map(|(_, outgoing)| outgoing).filter(|one| one.owner == self.node);
        ready(own.take(limit).map(|outgoing| outgoing.message.clone()).collect())
    }

    fn take_over(&self) -> BoxFuture<'_, Result<bool, StoreError>> {
        let mut tables = self.tables();
        let now = tables.now(self.clock.as_ref());
        ready(tables.take_over(self.node, now))
    }

    fn nodes(&self) -> u32 {
        u32::try_from(self.tables().claims.len()).unwrap_or(u32::MAX).max(1)
    }

    fn leave(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.tables().claims.remove(&self.node);
        ready(())
    }

    fn story(&self, id: TransferId) -> BoxFuture<'_, Result<Story, StoreError>> {
        ready(self.tables().story(id))
    }

    fn visit_books(&self, mut visitor: Visitor) -> BoxFuture<'_, Result<(), StoreError>> {
        self.tables().visit(&mut visitor);
        ready(())
    }

    fn books(&self) -> BoxFuture<'_, Result<Books, StoreError>> {
        ready(self.tables().books())
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        ready(())
    }
}
