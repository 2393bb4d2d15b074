//! Group commit: commands that arrive while a batch is being written form the next one.

use std::{sync::Arc, time::Duration};

use fspiop::{ErrorCode, FspiopError};
use futures_util::future::BoxFuture;
use store::{Committed, Store, StoreError};
use switch::{Command, Outcome};
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
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
    answer: oneshot::Sender<Result<Outcome, FspiopError>>,
    /// Gives its room back when the job is done with.
    _room: tokio::sync::OwnedSemaphorePermit,
    deadline: Instant,
}

/// Told of every batch that has become durable, before its commands are answered.
pub(crate) type OnCommitted = Arc<dyn Fn(Committed) + Send + Sync>;

impl Committer {
    /// Starts the task that writes batches; it ends when the last `Committer` is dropped.
    pub fn start(store: Arc<dyn Store>, intake: Intake, metrics: Arc<Metrics>, on_committed: OnCommitted) -> Committer {
        let (jobs, receiver) = mpsc::unbounded_channel();
        let writer = Writer { store, intake, metrics, on_committed };
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
        let job = Job { command, answer, _room: room, deadline };
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
    on_committed: OnCommitted,
}

impl Writer {
    async fn run(self, mut receiver: mpsc::UnboundedReceiver<Job>) {
        let mut jobs = Vec::with_capacity(self.intake.batch_commands);
        while receiver.recv_many(&mut jobs, self.intake.batch_commands).await > 0 {
            self.write(std::mem::take(&mut jobs)).await;
        }
    }

    /// Writes a batch. One command that the store refuses never fails the others: the batch is halved until it stands alone.
    fn write(&self, jobs: Vec<Job>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let (commands, waiting): (Vec<_>, Vec<_>) =
                jobs.into_iter().map(|job| (job.command, (job.answer, job._room, job.deadline))).unzip();
            let commands = Arc::new(commands);
            let deadline = waiting.iter().map(|(_, _, deadline)| *deadline).max().unwrap_or_else(Instant::now);
            match self.commit(&commands, deadline).await {
                Ok(outcomes) => {
                    for ((answer, ..), outcome) in waiting.into_iter().zip(outcomes) {
                        // The client may have gone away; its command is decided all the same.
                        let _ = answer.send(Ok(outcome));
                    }
                }
                Err(StoreError::Refused(reason) | StoreError::Corrupt(reason)) if commands.len() > 1 => {
                    tracing::warn!(reason, commands = commands.len(), "the store refused a batch; halving it");
                    let mut jobs: Vec<_> = std::iter::zip(commands.iter().cloned(), waiting)
                        .map(|(command, (answer, room, deadline))| Job { command, answer, _room: room, deadline })
                        .collect();
                    let second = jobs.split_off(jobs.len() / 2);
                    self.write(jobs).await;
                    self.write(second).await;
                }
                Err(error) => self.refuse(&commands, waiting.into_iter().map(|(answer, ..)| answer), &error),
            }
        })
    }

    /// Commits, trying again while the store is unavailable and somebody still waits.
    async fn commit(&self, commands: &Arc<Vec<Command>>, deadline: Instant) -> Result<Vec<Outcome>, StoreError> {
        loop {
            let started = Instant::now();
            match self.store.commit(commands.clone()).await {
                Ok(mut committed) => {
                    self.metrics.batch(commands.len(), started.elapsed());
                    let outcomes = std::mem::take(&mut committed.outcomes);
                    (self.on_committed)(committed);
                    return Ok(outcomes);
                }
                Err(StoreError::Unavailable(reason)) if Instant::now() + RETRY_PAUSE < deadline => {
                    tracing::warn!(reason, "the store is unavailable; holding the batch");
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn refuse(
        &self,
        commands: &[Command],
        answers: impl Iterator<Item = oneshot::Sender<Result<Outcome, FspiopError>>>,
        error: &StoreError,
    ) {
        let subject = commands.first().and_then(Command::subject).map(|subject| subject.to_string());
        tracing::error!(%error, subject, commands = commands.len(), "commands were refused by the store");
        for answer in answers {
            let refusal = match error {
                StoreError::Unavailable(_) => FspiopError::plain(ErrorCode::ServiceCurrentlyUnavailable),
                // What the store said may hold data of others; it is in the log.
                _ => FspiopError::plain(ErrorCode::InternalServerError),
            };
            let _ = answer.send(Err(refusal));
        }
    }
}
