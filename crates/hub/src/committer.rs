//! Group commit: commands that arrive while a batch is being written form the next one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fspiop::{ErrorCode, FspiopError};
use futures_util::future::BoxFuture;
use store::{Committed, Store, StoreError};
use switch::{Command, Configuration, Outcome};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::Instant,
};

use crate::{metrics::Metrics, settings::Intake};

/// Room for requests is counted in this many bytes.
const UNIT_BYTES: usize = 1024;
/// Pause before a batch is tried again while the store does not answer.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// Takes commands and answers when they are durable.
#[derive(Clone)]
pub struct Committer {
    jobs: mpsc::UnboundedSender<Job>,
    room: Arc<Semaphore>,
    hold: Duration,
}

struct Job {
    command: Command,
    waiting: Waiting,
}

/// Told what becomes of batches, before their commands are answered.
pub(crate) trait Observer: Send + Sync + 'static {
    /// A batch has become durable.
    fn committed(&self, committed: Committed);

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
        let writer = Writer { store, intake, metrics, observer, stale: AtomicBool::new(false) };
        tokio::spawn(writer.run(receiver));
        let room = Arc::new(Semaphore::new(intake.waiting_bytes / UNIT_BYTES));
        Committer { jobs, room, hold: Duration::from_millis(intake.hold_ms) }
    }

    /// Waits until the command is decided and durable. `weight` is the size of its request in bytes. While the store does
    /// not answer, or there is no room, the command is held; then it is refused, and nothing was done.
    pub async fn commit(&self, command: Command, weight: usize) -> Result<Outcome, FspiopError> {
        let deadline = Instant::now() + self.hold;
        let units = u32::try_from(weight / UNIT_BYTES + 1).unwrap_or(u32::MAX);
        let room = tokio::time::timeout_at(deadline, self.room.clone().acquire_many_owned(units)).await;
        let Ok(Ok(room)) = room else {
            return Err(FspiopError::new(ErrorCode::ServerBusy, "too many requests are waiting"));
        };
        let (answer, decided) = oneshot::channel();
        let job = Job { command, waiting: Waiting { answer, _room: room, deadline } };
        self.jobs.send(job).map_err(|_| shutting_down())?;
        decided.await.map_err(|_| shutting_down())?
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
    stale: AtomicBool,
}

impl Writer {
    async fn run(self, mut receiver: mpsc::UnboundedReceiver<Job>) {
        let mut jobs = Vec::with_capacity(self.intake.batch_commands);
        while receiver.recv_many(&mut jobs, self.intake.batch_commands).await > 0 {
            self.write(Batch::of(std::mem::take(&mut jobs))).await;
        }
    }

    /// Writes a batch, however long that takes, and answers each of its commands. One command that the store refuses never
    /// fails the others: the batch is halved until it stands alone. While the store is unavailable the batch is held, and
    /// whoever has waited long enough is refused.
    fn write(&self, mut batch: Batch) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            while !batch.waiting.is_empty() {
                self.refresh().await;
                let started = Instant::now();
                match self.store.commit(batch.commands.clone()).await {
                    Ok(mut committed) => {
                        self.metrics.batch(batch.commands.len(), started.elapsed());
                        let outcomes = std::mem::take(&mut committed.outcomes);
                        self.observer.committed(committed);
                        return batch.answer(outcomes);
                    }
                    Err(StoreError::Unavailable(reason)) => {
                        tracing::warn!(
                            reason,
                            commands = batch.commands.len(),
                            "the store is unavailable; holding a batch"
                        );
                        tokio::time::sleep(RETRY_PAUSE).await;
                        let (expired, rest) = batch.split(|_, waiting| waiting.deadline <= Instant::now());
                        expired.refuse(&StoreError::Unavailable(reason));
                        batch = rest;
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
    _room: OwnedSemaphorePermit,
    deadline: Instant,
}

impl Batch {
    fn of(jobs: Vec<Job>) -> Batch {
        let (commands, waiting) = jobs.into_iter().map(|job| (job.command, job.waiting)).unzip();
        Batch { commands: Arc::new(commands), waiting }
    }

    /// Parts the batch in two, each in the order of arrival.
    fn split(self, first: impl Fn(usize, &Waiting) -> bool) -> (Batch, Batch) {
        // The store has given its share of the commands back by now; if not, copying them is right, too.
        let commands = Arc::try_unwrap(self.commands).unwrap_or_else(|shared| shared.as_ref().clone());
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for (index, (command, waiting)) in std::iter::zip(commands, self.waiting).enumerate() {
            let part = if first(index, &waiting) { &mut one } else { &mut other };
            part.push(Job { command, waiting });
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
