//! A release at which helm was killed: brought back to where it can be worked on.

use std::time::Duration;

use operations::{Condition, Failure, Folder, Progress, wait_until};

use crate::helm_program::{Release, Revision};

/// How long a revision may be pending before its helm counts as dead. Its own lock is no help: a killed helm leaves it, and one
/// whose parent was killed may work on to its end.
const ALIVE: Duration = Duration::from_secs(45);
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The file that says that this tool has ended its helm itself.
const MARK: &str = "helm-was-ended";

/// Remembers, unless it is told otherwise, that helm did not end by itself but was ended with its work half done.
pub(crate) struct Interruption<'a> {
    folder: &'a Folder,
    happened: bool,
}

impl<'a> Interruption<'a> {
    pub(crate) fn of(folder: &'a Folder) -> Interruption<'a> {
        Interruption { folder, happened: true }
    }

    /// Helm ended by itself.
    pub(crate) fn none(mut self) -> Result<(), Failure> {
        self.happened = false;
        self.folder.remove(MARK)
    }
}

impl Drop for Interruption<'_> {
    fn drop(&mut self) {
        if self.happened {
            // Without the mark the next run only waits longer.
            let _ = self.folder.write(MARK, "");
        }
    }
}

/// Waits for a helm that may still work, and takes back what a dead one left half done.
pub(crate) async fn recover(
    release: &Release,
    folder: &Folder,
    timeout: Duration,
    progress: &dyn Progress,
) -> Result<(), Failure> {
    let is_dead = folder.read(MARK)?.is_some();
    let look = || async {
        let history = release.history().await?;
        let may_work = |last: &Revision| !is_dead && last.is_pending() && last.age().is_some_and(|age| age < ALIVE);
        Ok(match history.last() {
            Some(last) if may_work(last) => {
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
