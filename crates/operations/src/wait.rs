//! Waiting for something to become true.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use crate::{Exit, Failure, Progress};

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition<T> {
    /// It is true.
    Met(T),
    /// Not yet: what is missing, for people.
    NotYet(String),
}

/// Looks every so often until the condition is met, and says what is missing meanwhile.
///
/// # Errors
/// What looking fails with, or [`Exit::TimedOut`] with what was missing last.
pub async fn wait_until<T, F, R>(
    what: &str,
    timeout: Duration,
    every: Duration,
    progress: &dyn Progress,
    mut look: F,
) -> Result<T, Failure>
where
    F: FnMut() -> R,
    R: Future<Output = Result<Condition<T>, Failure>>,
{
    let deadline = Instant::now() + timeout;
    loop {
        let missing = match look().await? {
            Condition::Met(value) => return Ok(value),
            Condition::NotYet(missing) => missing,
        };
        if Instant::now() >= deadline {
            let seconds = timeout.as_secs();
            return Err(Failure::failed(format!("{what}: not within {seconds} s: {missing}")).exit(Exit::TimedOut));
        }
        progress.waits(&format!("{what}: {missing}"));
        tokio::time::sleep(every).await;
    }
}
