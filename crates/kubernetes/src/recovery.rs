//! A release at which helm was killed: brought back to where it can be worked on.

use std::time::Duration;

use operations::{Condition, Failure, Progress, wait_until};

use crate::helm_program::{Release, Revision};

/// How long a revision may be pending before its helm counts as dead. Its own lock is no help: a killed helm leaves it, and one
/// whose parent was killed may work on to its end.
const ALIVE: Duration = Duration::from_secs(45);
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Waits for a helm that may still work, and takes back what a dead one left half done.
pub(crate) async fn recover(release: &Release, timeout: Duration, progress: &dyn Progress) -> Result<(), Failure> {
    let look = || async {
        let history = release.history().await?;
        Ok(match history.last() {
            Some(last) if last.is_pending() && last.age().is_some_and(|age| age < ALIVE) => {
                Condition::NotYet(format!("helm may be at work on revision {} ({})", last.revision, last.status))
            }
            _ => Condition::Met(history),
        })
    };
    let history = wait_until("release", ALIVE.max(timeout), LOOK_EVERY, progress, look).await?;
    let Some(last) = history.last().filter(|last| last.is_pending()) else { return Ok(()) };
    let is_good = |revision: &&Revision| matches!(revision.status.as_str(), "deployed" | "superseded");
    match history.iter().rev().find(is_good) {
        Some(good) => {
            progress
                .note(&format!("helm was killed at revision {}; back to revision {}", last.revision, good.revision));
            release.rollback(good.revision, timeout).await
        }
        None => {
            progress.note("helm was killed before the release had ever been installed; it is begun anew, volumes stay");
            release.uninstall(timeout).await
        }
    }
}
