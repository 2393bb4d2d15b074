//! Whose clock counts: the database's, so that nodes whose clocks differ agree. Tests bring their own.

use std::sync::Arc;

use store::Clock;

/// Whose clock counts.
#[derive(Clone, Default)]
pub(crate) struct Time(Option<Arc<dyn Clock>>);

/// The moment in milliseconds: that of the parameter `$1`, else the database's.
macro_rules! now {
    () => {
        "coalesce($1::bigint, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)"
    };
}
pub(crate) use now;

impl Time {
    /// A clock in the place of the database's.
    #[cfg(test)]
    pub(crate) fn of(clock: Arc<dyn Clock>) -> Time {
        Time(Some(clock))
    }

    /// The parameter of `now!`.
    pub(crate) fn parameter(&self) -> Option<i64> {
        self.0.as_ref().map(|clock| clock.now().as_millis())
    }
}
