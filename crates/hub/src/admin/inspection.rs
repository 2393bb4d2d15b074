//! What audits and traces share: one audit at a time, and since when this hub works.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use fspiop::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::delivery::SchedulerSettings;

/// Audits that run at the same time: one reads the whole store already, and a second would say the same.
const AUDITS: usize = 1;

/// The hub, as those see it who look at its work.
#[derive(Clone)]
pub(crate) struct Inspection {
    /// Since when this hub works on its store.
    pub(crate) served_since: Timestamp,
    /// Pauses between attempts to deliver.
    pub(super) pauses: SchedulerSettings,
    room: Arc<Semaphore>,
    pages: Arc<AtomicU64>,
}

/// The right to audit, given back when it is dropped.
pub(super) struct Turn {
    pages: Arc<AtomicU64>,
    _permit: OwnedSemaphorePermit,
}

impl Inspection {
    pub(crate) fn new(served_since: Timestamp, pauses: SchedulerSettings) -> Inspection {
        let (room, pages) = (Arc::new(Semaphore::new(AUDITS)), Arc::new(AtomicU64::new(0)));
        Inspection { served_since, pauses, room, pages }
    }

    /// The right to audit, unless somebody has it.
    pub(super) fn turn(&self) -> Option<Turn> {
        let permit = self.room.clone().try_acquire_owned().ok()?;
        self.pages.store(0, Ordering::Relaxed);
        Some(Turn { pages: self.pages.clone(), _permit: permit })
    }

    /// How many pages of the books the audit that runs has read; absent if none runs.
    pub(super) fn pages(&self) -> Option<u64> {
        (self.room.available_permits() == 0).then(|| self.pages.load(Ordering::Relaxed))
    }
}

impl Turn {
    /// Notes how many pages were read.
    pub(super) fn read(&self, pages: u64) {
        self.pages.store(pages, Ordering::Relaxed);
    }
}
