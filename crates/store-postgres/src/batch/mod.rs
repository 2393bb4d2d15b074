//! One batch, one transaction, few round trips: what it names is asked for at once, then the balances, then all is written
//! together with the COMMIT.

mod load;
mod unsettled;
mod write;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use fspiop::Timestamp;
use store::{Committed, StoreError};
use switch::{Command, Configuration, Delivery, DeliveryResult};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::{
    error::Failure,
    node::{self, Node},
    partitions,
    session::{ANSWER_TIMEOUT, EVER, Link, Session},
    time::Time,
};
pub(crate) use load::ALONE;
use load::{Loaded, unforeseen};
use unsettled::{Settlement, Unsettled};

/// How often a batch is decided when other nodes are in its way. Each time one of them has got on, so that many in a row are a
/// sign of something else.
const ATTEMPTS: u32 = 5;
/// How long it may take to find out whether a batch was done whose answer was lost, from its beginning: the hub gives a batch
/// 10 s, and then its requests are answered that nobody knows.
const FATE_WITHIN: Duration = Duration::from_secs(9);
/// Pause before it is asked again, on another connection.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// The configuration as last seen, for all tasks.
pub(crate) struct Current(Mutex<Arc<Configuration>>);

impl Current {
    /// Starts with this one.
    pub(crate) fn new(configuration: Arc<Configuration>) -> Current {
        Current(Mutex::new(configuration))
    }

    /// The latest one.
    pub(crate) fn get(&self) -> Arc<Configuration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a newer one.
    pub(crate) fn advance(&self, configuration: &Arc<Configuration>) {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if current.version < configuration.version {
            *current = configuration.clone();
        }
    }
}

/// The writing side of the store. One batch is under way at a time.
pub(crate) struct Writer {
    pub(crate) link: Link,
    pub(crate) node: Node,
    pub(crate) time: Time,
    pub(crate) current: Arc<Current>,
    /// The configuration of which the caller was told.
    pub(crate) told: Arc<Configuration>,
    /// Batches whose fate could not be found out.
    pub(crate) doubts: Arc<AtomicU64>,
    /// Messages of this process that are still to be delivered and have no rows of their own.
    unsettled: Unsettled,
    /// There may be batches whose messages are not in `unsettled`: of an earlier process, or in doubt.
    is_uncertain: bool,
    /// Rows of before this moment, the beginning of a day, are looked for when it turns out that there are some: nearly all that is
    /// named is younger.
    recent_since: Timestamp,
}

/// How long something is recent: payments end within seconds, but some are asked for again.
const RECENT_MS: i64 = 3_600_000;

/// A batch whose COMMIT was sent: what it is, if it was done.
struct Sent {
    committed: Committed,
    settlement: Settlement,
}

impl Writer {
    /// A writer for a node that was just registered.
    pub(crate) fn new(
        link: Link,
        node: Node,
        time: Time,
        configuration: Arc<Configuration>,
        doubts: Arc<AtomicU64>,
    ) -> Writer {
        let current = Arc::new(Current::new(configuration.clone()));
        let (unsettled, recent_since) = (Unsettled::default(), EVER);
        Writer { link, node, time, current, told: configuration, doubts, unsettled, is_uncertain: true, recent_since }
    }

    /// Whether a message is to have a row of its own, in which it is written down what became of it.
    fn needs_row(&self, delivery: &Delivery, settled: i64) -> bool {
        !is_prompt(delivery) && self.unsettled.holds(delivery.message, settled)
    }

    /// Decides a batch and makes it durable. Nothing in memory changes before the COMMIT has succeeded.
    pub(crate) async fn commit(&mut self, commands: &[Command]) -> Result<Committed, StoreError> {
        let deadline = Instant::now() + FATE_WITHIN;
        for _ in 1..ATTEMPTS {
            match self.attempt(commands, deadline).await {
                Err(Failure::Contended(_)) => {}
                result => return result.map_err(Failure::into_error),
            }
        }
        self.attempt(commands, deadline).await.map_err(Failure::into_error)
    }

    async fn attempt(&mut self, commands: &[Command], deadline: Instant) -> Result<Committed, Failure> {
        let session = self.link.session().await?;
        let mut sent = None;
        let result = timeout(ANSWER_TIMEOUT, self.transact(&session, commands, &mut sent)).await;
        drop(session);
        let sent = match (result, sent) {
            (Ok(Ok(())), Some(sent)) => sent,
            (Ok(Err(Failure::Failed(StoreError::Unknown(reason)))), Some(sent)) => {
                self.find_out(sent, reason, deadline).await?
            }
            (Err(_), Some(sent)) => self.find_out(sent, silence(), deadline).await?,
            (Err(_), None) => {
                self.link.drop_session();
                return Err(StoreError::Unavailable(silence()).into());
            }
            (Ok(Err(failure)), _) => {
                self.link.roll_back().await;
                return Err(failure);
            }
            (Ok(Ok(())), None) => return Err(unforeseen("nothing").into()),
        };
        let Sent { committed, settlement } = sent;
        self.unsettled.apply(settlement);
        self.is_uncertain = false;
        self.recent_since = partitions::beginning_of_day(committed.now.plus_millis(-RECENT_MS));
        if let Some(configuration) = &committed.configuration {
            self.told = configuration.clone();
            self.current.advance(configuration);
        }
        Ok(committed)
    }

    async fn transact(&self, session: &Session, commands: &[Command], sent: &mut Option<Sent>) -> Result<(), Failure> {
        // Boxed: many statements are under way in it together.
        let mut loaded = Box::pin(Loaded::load(self, session, commands)).await?;
        let decide = || switch::decide(&mut loaded.state, commands);
        let outcomes = catch_unwind(AssertUnwindSafe(decide)).map_err(|_| refused("a decision panicked"))?;
        let (writes, messages, configuration, settlement) = write::collect(self, session, &mut loaded).await?;
        let news =
            configuration.or_else(|| (loaded.before.version != self.told.version).then(|| loaded.before.clone()));
        let committed = Committed { now: loaded.now, outcomes, messages, configuration: news };
        *sent = Some(Sent { committed, settlement });
        write::finish(session, &writes).await
    }

    /// Asks on another connection whether a batch was done of which the answer was lost. Of one that was, everything is
    /// known; one that was not can be tried again.
    async fn find_out(&mut self, sent: Sent, reason: String, deadline: Instant) -> Result<Sent, Failure> {
        self.link.drop_session();
        let asked = timeout_at(deadline, async {
            loop {
                match self.link.alone(async |session| node::batches(session, self.node).await).await {
                    // The server is not there, or the batch is still under way.
                    Err(StoreError::Unavailable(_)) => sleep(ASK_AGAIN_AFTER).await,
                    result => return result,
                }
            }
        });
        match asked.await {
            Ok(Ok(batches)) if batches >= sent.settlement.number => Ok(sent),
            Ok(Ok(_)) => Err(StoreError::Unavailable(format!("nothing was done: {reason}")).into()),
            Ok(Err(_)) | Err(_) => {
                self.is_uncertain = true;
                self.doubts.fetch_add(1, Ordering::SeqCst);
                Err(StoreError::Unknown(reason).into())
            }
        }
    }
}

/// Whether a message was delivered as nearly all are: there is nothing to be said of it but when.
fn is_prompt(delivery: &Delivery) -> bool {
    delivery.result == DeliveryResult::Delivered && delivery.attempts == 1
}

fn silence() -> String {
    format!("no answer for {} s", ANSWER_TIMEOUT.as_secs())
}

fn refused(text: &str) -> StoreError {
    StoreError::Refused(text.to_owned())
}
