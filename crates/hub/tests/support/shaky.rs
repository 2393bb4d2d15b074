//! A store that fails when it is told to.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use fspiop::{Currency, PartyId, QuoteId, Timestamp, TransferId};
use futures_util::{FutureExt, future::BoxFuture};
use ledger::{AccountId, Balance, Transfer};
use store::{Between, Committed, Store, StoreError, Story, Visitor};
use switch::{Command, Configuration, Message, MessageId, PartyEntry, Quote, Subject};
use tokio::sync::watch;

/// What a commit does, apart from committing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing; it commits.
    None,
    /// Nothing is done: the store is not there.
    Unavailable,
    /// Nothing is done if the batch notes what was delivered.
    TakesNoNotes,
    /// Nothing is done, because of this transfer in the batch.
    Refuses(TransferId),
    /// The batch is done, but nobody says so; the next one is as usual.
    UnknownButDone,
    /// The batch is not done, and nobody says so; the next one is as usual.
    UnknownAndLost,
}

/// A store over another one, which it may keep from its work.
pub(crate) struct Shaky {
    inner: Arc<dyn Store>,
    fault: Mutex<Fault>,
    /// While it is closed, commits wait.
    gate: watch::Sender<bool>,
    /// Commits that wait at the gate.
    waiting: AtomicUsize,
    /// While they are closed, readers of the books wait.
    books: watch::Sender<bool>,
    /// Reading fails, too.
    blind: AtomicBool,
    /// Reading the outbox fails.
    blind_outbox: AtomicBool,
    /// How often somebody wanted to read the outbox.
    outbox_reads: AtomicUsize,
    /// Sizes of the batches that came, done or not.
    batches: Mutex<Vec<usize>>,
}

impl Shaky {
    /// A store that does not fail yet.
    pub(crate) fn over(inner: Arc<dyn Store>) -> Arc<Shaky> {
        Arc::new(Shaky {
            inner,
            fault: Mutex::new(Fault::None),
            gate: watch::channel(true).0,
            books: watch::channel(true).0,
            waiting: AtomicUsize::new(0),
            blind: AtomicBool::new(false),
            blind_outbox: AtomicBool::new(false),
            outbox_reads: AtomicUsize::new(0),
            batches: Mutex::default(),
        })
    }

    /// Sets what commits do from now on.
    pub(crate) fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// Lets commits wait until [`Shaky::open`].
    pub(crate) fn close(&self) {
        self.gate.send_replace(false);
    }

    /// Lets commits go on.
    pub(crate) fn open(&self) {
        self.gate.send_replace(true);
    }

    /// Lets readers of the books wait until [`Shaky::open_books`].
    pub(crate) fn close_books(&self) {
        self.books.send_replace(false);
    }

    /// Lets readers of the books go on.
    pub(crate) fn open_books(&self) {
        self.books.send_replace(true);
    }

    /// Commits that wait at the closed gate.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Whether everything fails, reading included.
    pub(crate) fn down(&self, down: bool) {
        self.set(if down { Fault::Unavailable } else { Fault::None });
        self.blind.store(down, Ordering::SeqCst);
    }

    /// Whether reading fails, and only that.
    pub(crate) fn blind(&self, blind: bool) {
        self.blind.store(blind, Ordering::SeqCst);
    }

    /// Whether reading the outbox fails, and only that. Forgets how often it was read.
    pub(crate) fn blind_outbox(&self, blind: bool) {
        self.outbox_reads.store(0, Ordering::SeqCst);
        self.blind_outbox.store(blind, Ordering::SeqCst);
    }

    /// How often somebody wanted to read the outbox.
    pub(crate) fn outbox_reads(&self) -> usize {
        self.outbox_reads.load(Ordering::SeqCst)
    }

    /// Sizes of the batches that came so far, done or not.
    pub(crate) fn batches(&self) -> Vec<usize> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn pass_gate(&self) {
        let mut gate = self.gate.subscribe();
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let _ = gate.wait_for(|open| *open).await;
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }

    fn take_fault(&self) -> Fault {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        let found = fault.clone();
        if matches!(found, Fault::UnknownButDone | Fault::UnknownAndLost) {
            *fault = Fault::None;
        }
        found
    }

    fn read<'a, T: Send + 'a>(
        &self,
        asked: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        if self.blind.load(Ordering::SeqCst) { std::future::ready(Err(gone())).boxed() } else { asked }
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the test says so".to_owned())
}

impl Store for Shaky {
    fn commit(&self, commands: Arc<Vec<Command>>) -> BoxFuture<'_, Result<Committed, StoreError>> {
        async move {
            self.batches.lock().unwrap_or_else(PoisonError::into_inner).push(commands.len());
            self.pass_gate().await;
            match self.take_fault() {
                Fault::None => self.inner.commit(commands).await,
                Fault::Unavailable => Err(gone()),
                Fault::TakesNoNotes => match commands.iter().any(|command| matches!(command, Command::Deliveries(_))) {
                    true => Err(gone()),
                    false => self.inner.commit(commands).await,
                },
                Fault::Refuses(id) => {
                    let poisoned = |command: &Command| command.subject() == Some(Subject::Transfer(id));
                    match commands.iter().any(poisoned) {
                        true => Err(StoreError::Refused("a row of somebody else's secrets".to_owned())),
                        false => self.inner.commit(commands).await,
                    }
                }
                Fault::UnknownButDone => {
                    self.inner.commit(commands).await?;
                    Err(StoreError::Unknown("the answer was lost".to_owned()))
                }
                Fault::UnknownAndLost => Err(StoreError::Unknown("the answer was lost".to_owned())),
            }
        }
        .boxed()
    }

    fn configuration(&self) -> BoxFuture<'_, Result<Arc<Configuration>, StoreError>> {
        self.read(self.inner.configuration())
    }

    fn transfer(&self, id: TransferId) -> BoxFuture<'_, Result<Option<Transfer>, StoreError>> {
        self.read(self.inner.transfer(id))
    }

    fn ilp_packet(&self, id: TransferId) -> BoxFuture<'_, Result<Option<Box<str>>, StoreError>> {
        self.read(self.inner.ilp_packet(id))
    }

    fn ilp_packets(
        &self,
        between: Between,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<(TransferId, Box<str>)>, StoreError>> {
        self.read(self.inner.ilp_packets(between, limit))
    }

    fn quote(&self, id: QuoteId) -> BoxFuture<'_, Result<Option<Quote>, StoreError>> {
        self.read(self.inner.quote(id))
    }

    fn party(&self, party: PartyId, currency: Option<Currency>) -> BoxFuture<'_, Result<Vec<PartyEntry>, StoreError>> {
        self.read(self.inner.party(party, currency))
    }

    fn balances(&self, accounts: Vec<AccountId>) -> BoxFuture<'_, Result<Vec<(AccountId, Balance)>, StoreError>> {
        self.read(self.inner.balances(accounts))
    }

    fn due(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<TransferId>, StoreError>> {
        self.read(self.inner.due(now, limit))
    }

    fn pending_messages(&self, after: MessageId, limit: usize) -> BoxFuture<'_, Result<Vec<Message>, StoreError>> {
        self.outbox_reads.fetch_add(1, Ordering::SeqCst);
        match self.blind_outbox.load(Ordering::SeqCst) {
            true => std::future::ready(Err(gone())).boxed(),
            false => self.read(self.inner.pending_messages(after, limit)),
        }
    }

    fn take_over(&self) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.inner.take_over()
    }

    fn leave(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.leave()
    }

    fn story(&self, id: TransferId) -> BoxFuture<'_, Result<Story, StoreError>> {
        self.read(self.inner.story(id))
    }

    fn visit_books(&self, visitor: Visitor) -> BoxFuture<'_, Result<(), StoreError>> {
        // It never fails: the tests look, too.
        async move {
            let _ = self.books.subscribe().wait_for(|open| *open).await;
            self.inner.visit_books(visitor).await
        }
        .boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.read(self.inner.ping())
    }
}
