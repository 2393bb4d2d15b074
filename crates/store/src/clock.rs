//! Time comes from outside, so that a simulator can own it.

use fspiop::Timestamp;

/// Tells the time to a store that has no clock of its own.
pub trait Clock: Send + Sync + 'static {
    /// The present moment. It may jump; stores see to it that batches never run backwards.
    fn now(&self) -> Timestamp;
}

impl<F: Fn() -> Timestamp + Send + Sync + 'static> Clock for F {
    fn now(&self) -> Timestamp {
        self()
    }
}
