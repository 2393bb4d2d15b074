//! Group commit: commands that arrive while a batch is being written form the next one, and at least those of some
//! milliseconds while there are many.
//!
//! Nobody waits for ever. A request that no batch has taken yet is withdrawn when its time is over, and then nothing was done
//! for it. One whose batch the store has can't be withdrawn: it waits for the batch. A batch without an answer within its
//! time is in doubt, exactly as one whose connection broke at the commit: it may be durable, or become so later. Its
//! commands are answered 2001, and the next batch is written. When the store answers after all, the outbox is read again.

use std::{
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fspiop::{ErrorCode, FspiopError};
use futures_util::future::BoxFuture;
use store::{Committed, Store, StoreError};
use switch::{Command, Configuration, Message, Outcome};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::{Instant, timeout, timeout_at},
};

use crate::{metrics::Metrics, settings::Intake};

/// Room for requests is counted in this many bytes.
const UNIT_BYTES: usize = 1024;
/// Pause before it is looked again whether a store is back that did not take a batch.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// A request waits for room for this part of its time, so that there is some left to wait for its batch. At an overload the
/// excess is refused the sooner.
const ROOM_SHARE: u32 = 4;
/// A busy hub begins a batch only so long after the one before. What a batch costs beside its commands is shared by more of them
/// then: at 1000 payments a second half of the database's time. A phase waits for two batches.
/// Nodes on one database share the pace: together they begin as many batches as one.
const PACE: Duration = Duration::from_millis(10);
/// More nodes than these do not slow each other down: nobody is to wait longer than 80 ms for two batches.
const MAX_NODES: u32 = 4;
/// A hub is busy whose last batch had so many commands. Any other one writes at once.
const BUSY: usize = 8;
/// Batches that the store has at the same time: the one that is being written, and those in doubt. With more of them the
/// store counts as unavailable, so that what it does not answer does not pile up.
const BATCHES_AT_A_TIME: usize = 4;

/// Takes commands and answers when they are durable.
#[derive(Clone)]
pub struct Committer {
    jobs: mpsc::UnboundedSender<Job>,
    room: Arc<Semaphore>,
    places: Arc<Semaphore>,
    hold: Duration,
}

/// A command in the queue, until a batch takes it or it is withdrawn.
#[derive(Clone)]
struct Job(Arc<Mutex<Option<(Command, Waiting)>>>);

impl Job {
    /// Whoever takes it decides what becomes of it.
    fn take(&self) -> Option<(Command, Waiting)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Told what becomes of batches, before their commands are answered.
pub(crate) trait Observer: Send + Sync + 'static {
    /// A batch has become durable. Those who wait for its commands are not answered yet.
    fn committed(&self, committed: Committed);

    /// What the batch wants to be sent, once those who wait for its commands are answered.
    fn decided(&self, messages: Vec<Message>);

    /// A batch may have become durable, and with it messages in the outbox that nobody here knows.
    fn in_doubt(&self);

    /// What the configuration is after a batch in doubt.
    fn configured(&self, configuration: Arc<Configuration>);
}

impl Committer {
    /// Starts the task that writes batches; it ends when the last `Committer` is dropped.
    pub(crate) fn start(
        store: Arc<dyn Store>,
        intake: Intake,
        metrics: Arc<Metrics>,
        observer: Arc<dyn Observer>,
    ) -> Committer {
        let (jobs, receiver) = mpsc::unbounded_channel();
        let under_way = Arc::new(Semaphore::new(BATCHES_AT_A_TIME));
        let away = AtomicBool::new(false);
        let writer = Writer { store, intake, metrics, observer, stale: Arc::default(), under_way, away };
        tokio::spawn(writer.run(receiver));
        let room = Arc::new(Semaphore::new(intake.waiting_bytes / UNIT_BYTES));
        let places = Arc::new(Semaphore::new(intake.waiting_requests));
        Committer { jobs, room, places, hold: Duration::from_millis(intake.hold_ms) }
    }

    /// Waits until the command is decided and durable. `weight` is the size of its request in bytes. While the store does
    /// not answer, or there is no room, the command is held; then it is refused, and nothing was done. One that is already with
    /// the store then waits for the store, within a batch's time.
    pub async fn commit(&self, command: Command, weight: usize) -> Result<Outcome, FspiopError> {
        let deadline = Instant::now() + self.hold;
        let units = u32::try_from(weight / UNIT_BYTES + 1).unwrap_or(u32::MAX);
        let room = async {
            let place = self.places.clone().acquire_owned().await.ok()?;
            Some((place, self.room.clone().acquire_many_owned(units).await.ok()?))
        };
        let Ok(Some(room)) = timeout(self.hold / ROOM_SHARE, room).await else {
            return Err(FspiopError::new(ErrorCode::ServerBusy, "too many requests are waiting"));
        };
        let (answer, mut decided) = oneshot::channel();
        let job = Job(Arc::new(Mutex::new(Some((command, Waiting { answer, _room: room, deadline })))));
        self.jobs.send(job.clone()).map_err(|_| shutting_down())?;
        if let Ok(decided) = timeout_at(deadline, &mut decided).await {
            return decided.map_err(|_| shutting_down())?;
        }
        match job.take() {
            Some(_) => Err(FspiopError::plain(ErrorCode::ServiceCurrentlyUnavailable)),
            None => decided.await.map_err(|_| shutting_down())?,
        }
    }
}

fn shutting_down() -> FspiopError {
    FspiopError::new(ErrorCode::ServiceCurrentlyUnavailable, "the hub is shutting down")
}

struct Writer {
    store: Arc<dyn Store>,
    intake: Intake,
    metrics: Arc<Metrics>,
    observer: Arc<dyn Observer>,
    /// A batch in doubt may have changed the configuration, and it could not be read again yet.
    stale: Arc<AtomicBool>,
    under_way: Arc<Semaphore>,
    /// The store did not take the last batch, or did not say whether it did.
    away: AtomicBool,
}

impl Writer {
    async fn run(self, mut receiver: mpsc::UnboundedReceiver<Job>) {
        let limit = self.intake.batch_commands;
        let mut jobs = Vec::with_capacity(limit);
        let mut not_before = Instant::now();
        while receiver.recv_many(&mut jobs, limit).await > 0 {
            while jobs.len() < limit
                && let Ok(Some(job)) = timeout_at(not_before, receiver.recv()).await
            {
                jobs.push(job);
            }
            let nodes = self.store.nodes().min(MAX_NODES);
            not_before = Instant::now() + if jobs.len() < BUSY { Duration::ZERO } else { PACE * nodes };
            self.write(Batch::of(jobs.drain(..).filter_map(|job| job.take()))).await;
        }
    }

    /// Writes a batch, however long that takes, and answers each of its commands. One command that the store refuses never
    /// fails the others: the batch is halved until it stands alone. While the store is unavailable the batch is held, and
    /// whoever has waited long enough is refused.
    fn write(&self, mut batch: Batch) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            while !batch.waiting.is_empty() {
                if self.away.load(Ordering::Relaxed) {
                    batch = self.hold(batch).await;
                    continue;
                }
                self.refresh().await;
                let started = Instant::now();
                match self.commit(batch.commands.clone()).await {
                    Ok(mut committed) => {
                        self.metrics.batch(batch.commands.len(), started.elapsed());
                        let outcomes = std::mem::take(&mut committed.outcomes);
                        let messages = std::mem::take(&mut committed.messages);
                        self.observer.committed(committed);
                        batch.answer(outcomes);
                        // A callback that overtakes the answer to its request confuses senders: those who wait go first.
                        tokio::task::yield_now().await;
                        return self.observer.decided(messages);
                    }
                    Err(StoreError::Unavailable(reason)) => {
                        tracing::warn!(
                            reason,
                            commands = batch.commands.len(),
                            "the store is unavailable; holding a batch"
                        );
                        self.away.store(true, Ordering::Relaxed);
                    }
                    Err(StoreError::Refused(reason) | StoreError::Corrupt(reason)) if batch.commands.len() > 1 => {
                        tracing::warn!(
                            reason,
                            commands = batch.commands.len(),
                            "the store refused a batch; halving it"
                        );
                        let half = batch.commands.len() / 2;
                        let (first, second) = batch.split(|index, _| index < half);
                        self.write(first).await;
                        return self.write(second).await;
                    }
                    Err(error) => {
                        if let StoreError::Unknown(_) = error {
                            self.away.store(true, Ordering::Relaxed);
                            self.observer.in_doubt();
                            self.stale.store(true, Ordering::Relaxed);
                            self.refresh().await;
                        }
                        return batch.refuse(&error);
                    }
                }
            }
        })
    }

    /// Waits until the store is there again. It does not have this batch, so that whoever has waited long enough is refused
    /// in time, and nothing was done.
    async fn hold(&self, mut batch: Batch) -> Batch {
        let mut back = pin!(async {
            loop {
                tokio::time::sleep(RETRY_PAUSE).await;
                match self.store.ping().await {
                    Ok(()) => return,
                    Err(error) => tracing::debug!(%error, "the store is still away"),
                }
            }
        });
        loop {
            let (expired, rest) = batch.split(|_, waiting| waiting.deadline <= Instant::now());
            expired.refuse(&StoreError::Unavailable("it did not come back in time".to_owned()));
            batch = rest;
            let Some(first) = batch.waiting.iter().map(|waiting| waiting.deadline).min() else { return batch };
            if timeout_at(first, &mut back).await.is_ok() {
                self.away.store(false, Ordering::Relaxed);
                return batch;
            }
        }
    }

    /// Has the store commit, within a batch's time. If that is not enough, the store goes on, and when it answers after all,
    /// the outbox and the configuration are read again: the batch may have become durable.
    async fn commit(&self, commands: Arc<Vec<Command>>) -> Result<Committed, StoreError> {
        let Ok(Ok(place)) = timeout(RETRY_PAUSE, self.under_way.clone().acquire_owned()).await else {
            return Err(StoreError::Unavailable(format!("it has not answered to {BATCHES_AT_A_TIME} batches")));
        };
        let store = self.store.clone();
        let mut committing = tokio::spawn(async move { store.commit(commands).await });
        if let Ok(committed) = timeout(Duration::from_millis(self.intake.batch_ms), &mut committing).await {
            return committed.unwrap_or_else(|error| Err(StoreError::Unknown(error.to_string())));
        }
        let (observer, stale) = (self.observer.clone(), self.stale.clone());
        tokio::spawn(async move {
            let durable = matches!(committing.await, Ok(Ok(_)));
            tracing::warn!(durable, "the store has answered to a batch in doubt");
            stale.store(true, Ordering::Relaxed);
            observer.in_doubt();
            drop(place);
        });
        Err(StoreError::Unknown(format!("no answer within {} ms", self.intake.batch_ms)))
    }

    /// Reads the configuration again after a batch in doubt. Between batches, so that nothing newer is replaced by it.
    async fn refresh(&self) {
        if !self.stale.load(Ordering::Relaxed) {
            return;
        }
        match self.store.configuration().await {
            Ok(configuration) => {
                self.observer.configured(configuration);
                self.stale.store(false, Ordering::Relaxed);
            }
            Err(error) => tracing::warn!(%error, "the configuration can't be read"),
        }
    }
}

/// Commands that are decided together, and who waits for them.
struct Batch {
    commands: Arc<Vec<Command>>,
    waiting: Vec<Waiting>,
}

/// Who waits for a command.
struct Waiting {
    answer: oneshot::Sender<Result<Outcome, FspiopError>>,
    /// Gives its room back when the command is done with.
    _room: (OwnedSemaphorePermit, OwnedSemaphorePermit),
    deadline: Instant,
}

impl Batch {
    fn of(jobs: impl IntoIterator<Item = (Command, Waiting)>) -> Batch {
        let (commands, waiting) = jobs.into_iter().unzip();
        Batch { commands: Arc::new(commands), waiting }
    }

    /// Parts the batch in two, each in the order of arrival.
    fn split(self, first: impl Fn(usize, &Waiting) -> bool) -> (Batch, Batch) {
        // The store has given its share of the commands back by now; if not, copying them is right, too.
        let commands = Arc::try_unwrap(self.commands).unwrap_or_else(|shared| shared.as_ref().clone());
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for (index, (command, waiting)) in std::iter::zip(commands, self.waiting).enumerate() {
            let part = if first(index, &waiting) { &mut one } else { &mut other };
            part.push((command, waiting));
        }
        (Batch::of(one), Batch::of(other))
    }

    fn answer(self, outcomes: Vec<Outcome>) {
        for (waiting, outcome) in self.waiting.into_iter().zip(outcomes) {
            // The client may have gone away; its command is decided all the same.
            let _ = waiting.answer.send(Ok(outcome));
        }
    }

    fn refuse(self, error: &StoreError) {
        if self.waiting.is_empty() {
            return;
        }
        let subject = self.commands.first().and_then(Command::subject).map(|subject| subject.to_string());
        tracing::error!(%error, subject, commands = self.commands.len(), "commands were refused by the store");
        for waiting in self.waiting {
            let refusal = match error {
                StoreError::Unavailable(_) => FspiopError::plain(ErrorCode::ServiceCurrentlyUnavailable),
                // What the store said may hold data of others; it is in the log.
                _ => FspiopError::plain(ErrorCode::InternalServerError),
            };
            let _ = waiting.answer.send(Err(refusal));
        }
    }
}
