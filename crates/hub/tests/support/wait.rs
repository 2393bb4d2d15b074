//! Waiting for conditions, each with a deadline that even a slow and busy machine keeps.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

/// How long anything may take before a test says that it does not come.
pub(crate) const DEADLINE: Duration = Duration::from_secs(40);
/// How often a condition is looked at that nobody announces.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What a future gives, or a failure that says what did not come.
#[track_caller]
pub(crate) fn within<T>(what: &str, future: impl Future<Output = T>) -> impl Future<Output = T> {
    let at = std::panic::Location::caller();
    async move {
        match timeout(DEADLINE, future).await {
            Ok(value) => value,
            Err(_) => panic!("{at}: {what}: not within {DEADLINE:?}"),
        }
    }
}

/// The value of a condition as soon as it has one.
pub(crate) async fn eventually<T>(what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(Instant::now() < deadline, "{what}: not within {DEADLINE:?}");
        sleep(LOOK_EVERY).await;
    }
}
