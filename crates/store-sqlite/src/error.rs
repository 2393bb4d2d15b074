//! What SQLite's errors mean for a store.

use std::path::Path;

use rusqlite::{Error, ErrorCode};
use store::StoreError;

/// An error of reading, or of a statement around transactions. SQL that SQLite does not understand (`SQLITE_ERROR`, without
/// a code of its own) names a table or column that is not there.
pub(crate) fn at_read(error: Error) -> StoreError {
    match error.sqlite_error_code() {
        None if matches!(error, Error::SqlInputError { .. }) => StoreError::Corrupt(error.to_string()),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown) => {
            StoreError::Corrupt(error.to_string())
        }
        _ => StoreError::Unavailable(error.to_string()),
    }
}

/// An error of writing, COMMIT among it: a row that breaks a constraint condemns its batch; all else passes, with room on
/// the disk.
///
/// After an error the transaction is undone, and for this process it never happened: a second try is exact, even after a
/// failed fsync, whose leftovers in the log the next COMMIT overwrites. (Only a crash between the two could revive them.)
pub(crate) fn at_write(error: Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch) => {
            StoreError::Refused(error.to_string())
        }
        _ => at_read(error),
    }
}

/// Puts the file's name before an error of opening it.
pub(crate) fn about(path: &Path, error: StoreError) -> StoreError {
    let name = |text: String| format!("{}: {text}", path.display());
    match error {
        StoreError::Unavailable(text) => StoreError::Unavailable(name(text)),
        StoreError::Corrupt(text) => StoreError::Corrupt(name(text)),
        other => other,
    }
}
