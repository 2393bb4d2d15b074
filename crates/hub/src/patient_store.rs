//! A store that answers in time, or says that it can't be reached.
//!
//! A call that never returns would hold up whoever waits for it for ever: the delivery, the sweep of expired transfers,
//! questions of FSPs. Reading is bounded here. A commit is bounded by the committer, which must know that it may still
//! succeed; reading the whole books takes as long as it takes.
//!
//! A store may be read and still take no batches: a full disk, a lock that nobody frees, a database that only reads. So once a
//! batch has failed for such a reason, or does not end, the store counts as there only when an empty batch was committed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fspiop::{Currency, PartyId, QuoteId, Timestamp, TransferId};
use futures_util::{FutureExt, future::BoxFuture};
use ledger::{AccountId, Balance, Transfer};
use store::{Between, Committed, Store, StoreError, Story, Visitor};
use switch::{Command, Configuration, Message, MessageId, PartyEntry, Quote};
use tokio::{
    sync::Mutex,
    time::{error::Elapsed, timeout},
};

/// How long reading may take; FSPs time out after 10 s, and what they are answered must reach them before.
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the store may take to say that it is there: who asks for readiness gives up soon.
const PING_TIMEOUT: Duration = Duration::from_secs(2);
/// A batch that takes longer than this, twenty times what a slow one takes, says that the store hangs.
const SLOW_BATCH: Duration = Duration::from_secs(2);

/// A store whose reads are bounded in time.
pub(crate) struct PatientStore {
    inner: Arc<dyn Store>,
    /// The last batch was not taken, or takes too long.
    ailing: Arc<AtomicBool>,
    /// One empty batch at a time, so that they do not pile up.
    trial: Arc<Mutex<()>>,
}

impl PatientStore {
    /// The same store, bounded.
    pub(crate) fn over(inner: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(PatientStore { inner, ailing: Arc::default(), trial: Arc::default() })
    }

    async fn is_there(&self) -> Result<(), StoreError> {
        self.inner.ping().await?;
        if self.ailing.load(Ordering::SeqCst) { self.try_to_write().await } else { Ok(()) }
    }

    /// Commits an empty batch, whether or not somebody waits for that.
    async fn try_to_write(&self) -> Result<(), StoreError> {
        let Ok(turn) = self.trial.clone().try_lock_owned() else {
            return Err(StoreError::Unavailable("it does not take batches".to_owned()));
        };
        let (inner, ailing) = (self.inner.clone(), self.ailing.clone());
        let tried = tokio::spawn(async move {
            let committed = inner.commit(Arc::default()).await;
            ailing.store(is_ailing(&committed), Ordering::SeqCst);
            drop(turn);
            committed.map(drop)
        });
        tried.await.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string())))
    }
}

/// Whether this says that the store takes no batches now.
fn is_ailing(committed: &Result<Committed, StoreError>) -> bool {
    matches!(committed, Err(StoreError::Unavailable(_) | StoreError::Unknown(_)))
}

fn in_time<'a, T: Send + 'a>(asked: BoxFuture<'a, Result<T, StoreError>>) -> BoxFuture<'a, Result<T, StoreError>> {
    within(READ_TIMEOUT, asked)
}

fn within<'a, T: Send + 'a>(
    time: Duration,
    asked: BoxFuture<'a, Result<T, StoreError>>,
) -> BoxFuture<'a, Result<T, StoreError>> {
    let late = move |_: Elapsed| Err(StoreError::Unavailable(format!("no answer within {} s", time.as_secs())));
    async move { timeout(time, asked).await.unwrap_or_else(late) }.boxed()
}

impl Store for PatientStore {
    fn commit(&self, commands: Arc<Vec<Command>>) -> BoxFuture<'_, Result<Committed, StoreError>> {
        async move {
            let mut asked = self.inner.commit(commands);
            let committed = match timeout(SLOW_BATCH, &mut asked).await {
                Ok(committed) => committed,
                Err(_) => {
                    self.ailing.store(true, Ordering::SeqCst);
                    asked.await
                }
            };
            self.ailing.store(is_ailing(&committed), Ordering::SeqCst);
            committed
        }
        .boxed()
    }

    fn configuration(&self) -> BoxFuture<'_, Result<Arc<Configuration>, StoreError>> {
        in_time(self.inner.configuration())
    }

    fn transfer(&self, id: TransferId) -> BoxFuture<'_, Result<Option<Transfer>, StoreError>> {
        in_time(self.inner.transfer(id))
    }

    fn ilp_packet(&self, id: TransferId) -> BoxFuture<'_, Result<Option<Box<str>>, StoreError>> {
        in_time(self.inner.ilp_packet(id))
    }

    fn ilp_packets(
        &self,
        between: Between,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<(TransferId, Box<str>)>, StoreError>> {
        in_time(self.inner.ilp_packets(between, limit))
    }

    fn quote(&self, id: QuoteId) -> BoxFuture<'_, Result<Option<Quote>, StoreError>> {
        in_time(self.inner.quote(id))
    }

    fn party(&self, party: PartyId, currency: Option<Currency>) -> BoxFuture<'_, Result<Vec<PartyEntry>, StoreError>> {
        in_time(self.inner.party(party, currency))
    }

    fn balances(&self, accounts: Vec<AccountId>) -> BoxFuture<'_, Result<Vec<(AccountId, Balance)>, StoreError>> {
        in_time(self.inner.balances(accounts))
    }

    fn due(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<TransferId>, StoreError>> {
        in_time(self.inner.due(now, limit))
    }

    fn pending_messages(&self, after: MessageId, limit: usize) -> BoxFuture<'_, Result<Vec<Message>, StoreError>> {
        in_time(self.inner.pending_messages(after, limit))
    }

    fn take_over(&self) -> BoxFuture<'_, Result<bool, StoreError>> {
        in_time(self.inner.take_over())
    }

    fn nodes(&self) -> u32 {
        self.inner.nodes()
    }

    fn leave(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        in_time(self.inner.leave())
    }

    fn story(&self, id: TransferId) -> BoxFuture<'_, Result<Story, StoreError>> {
        in_time(self.inner.story(id))
    }

    fn visit_books(&self, visitor: Visitor) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.visit_books(visitor)
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        within(PING_TIMEOUT, self.is_there().boxed())
    }
}
