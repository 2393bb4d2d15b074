//! A clock that stands still until it is set.

use std::sync::atomic::{AtomicI64, Ordering};

use fspiop::Timestamp;

use crate::Clock;

/// A clock that stands still until it is set, in either direction.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows this moment.
    pub const fn at(now: Timestamp) -> ManualClock {
        ManualClock(AtomicI64::new(now.as_millis()))
    }

    /// Sets it.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_millis(), Ordering::SeqCst);
    }

    /// Moves it on, or back.
    pub fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}
