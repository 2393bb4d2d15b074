//! Why a day was not archived.

use std::path::{Path, PathBuf};

use store::StoreError;
use tokio_postgres::{Error, error::SqlState};

use super::day::Day;
use crate::error;

/// Why a day was not archived. Nothing of it was dropped.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The order makes no sense; nothing was begun.
    #[error("{0}")]
    Refused(String),
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something of the day has not ended yet. Later days wait for it, too.
    #[error("{day} is not archived yet: {what}")]
    Open {
        /// The day.
        day: Day,
        /// What is open, and what it waits for.
        what: String,
    },
    /// The day is not what it was when it was exported.
    #[error("{day} was not dropped: {why}")]
    Changed {
        /// The day.
        day: Day,
        /// What differs.
        why: String,
    },
    /// A file can't be written or read, or does not hold what it should.
    #[error("{}: {why}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong, and in which row.
        why: String,
    },
    /// Others held locks for too long. Trying again later may succeed.
    #[error("others used the day's tables for too long: {0}")]
    Busy(String),
}

impl From<Error> for ArchiveError {
    fn from(error: Error) -> ArchiveError {
        let busy = [SqlState::LOCK_NOT_AVAILABLE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::QUERY_CANCELED];
        match error.code().is_some_and(|code| busy.contains(code)) {
            true => ArchiveError::Busy(error::text(&error)),
            false => ArchiveError::Store(error::of(&error)),
        }
    }
}

impl ArchiveError {
    /// The error of a file.
    pub(super) fn file(file: &Path, why: impl ToString) -> ArchiveError {
        ArchiveError::File { file: file.to_owned(), why: why.to_string() }
    }
}
