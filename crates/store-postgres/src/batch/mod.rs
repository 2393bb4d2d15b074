//! One batch, one transaction, few round trips: what it names is asked for at once, then the balances, then all is written
//! together with the COMMIT.

mod load;
mod write;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};

use store::{Committed, StoreError};
use switch::{Command, Configuration};
use tokio::time::timeout;

use crate::{
    error::Failure,
    node::Node,
    session::{ANSWER_TIMEOUT, Link, Session},
    time::Time,
};
use load::Loaded;

/// How often a batch is decided when other nodes are in its way. Each time one of them has got on, so that many in a row are a
/// sign of something else.
const ATTEMPTS: u32 = 5;

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
}

/// How far a transaction got; tells what a silence means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Open,
    CommitSent,
}

impl Writer {
    /// Decides a batch and makes it durable. Nothing in memory changes before the COMMIT has succeeded.
    pub(crate) async fn commit(&mut self, commands: &[Command]) -> Result<Committed, StoreError> {
        for _ in 1..ATTEMPTS {
            match self.attempt(commands).await {
                Err(Failure::Contended(_)) => {}
                result => return result.map_err(Failure::into_error),
            }
        }
        self.attempt(commands).await.map_err(Failure::into_error)
    }

    async fn attempt(&mut self, commands: &[Command]) -> Result<Committed, Failure> {
        let session = self.link.session().await?;
        let mut progress = Progress::Open;
        let result = match timeout(ANSWER_TIMEOUT, self.transact(&session, commands, &mut progress)).await {
            Ok(result) => result,
            Err(_) => {
                self.link.drop_session();
                let text = format!("no answer for {} s", ANSWER_TIMEOUT.as_secs());
                Err(Failure::Failed(match progress {
                    Progress::Open => StoreError::Unavailable(text),
                    Progress::CommitSent => StoreError::Unknown(text),
                }))
            }
        };
        match result {
            Ok(committed) => {
                if let Some(configuration) = &committed.configuration {
                    self.told = configuration.clone();
                    self.current.advance(configuration);
                }
                Ok(committed)
            }
            Err(Failure::Failed(StoreError::Unknown(text))) => {
                self.link.drop_session();
                Err(StoreError::Unknown(text).into())
            }
            Err(failure) => {
                self.link.roll_back().await;
                Err(failure)
            }
        }
    }

    async fn transact(
        &self,
        session: &Session,
        commands: &[Command],
        progress: &mut Progress,
    ) -> Result<Committed, Failure> {
        let mut loaded = Loaded::load(self, session, commands).await?;
        let decide = || switch::decide(&mut loaded.state, commands);
        let outcomes = catch_unwind(AssertUnwindSafe(decide)).map_err(|_| refused("a decision panicked"))?;
        let (messages, configuration) = write::write(self, session, &mut loaded, progress).await?;
        let news =
            configuration.or_else(|| (loaded.before.version != self.told.version).then(|| loaded.before.clone()));
        Ok(Committed { now: loaded.now, outcomes, messages, configuration: news })
    }
}

fn refused(text: &str) -> StoreError {
    StoreError::Refused(text.to_owned())
}
