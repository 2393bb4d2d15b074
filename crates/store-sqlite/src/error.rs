//! What SQLite's errors mean for a store.

use std::path::Path;

use rusqlite::{Error, ErrorCode, ffi};
use store::StoreError;

/// An error of reading, or of a statement around transactions. SQL that SQLite does not understand names a table or column
/// that is not there.
pub(crate) fn at_read(error: Error) -> StoreError {
    match error.sqlite_error_code() {
        None if matches!(error, Error::SqlInputError { .. }) => StoreError::Corrupt(error.to_string()),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt(error.to_string()),
        _ => StoreError::Unavailable(error.to_string()),
    }
}

/// An error of writing: a row that breaks a constraint condemns its batch; all else passes, with room on the disk.
pub(crate) fn at_write(error: Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch) => {
            StoreError::Refused(error.to_string())
        }
        _ => at_read(error),
    }
}

/// An error of COMMIT. SQLite has undone the transaction, and it never happened as long as this process lives; but when
/// only the last fsync failed, its frames may stand whole in the log, and a crash before the next commit would revive it.
pub(crate) fn at_commit(error: Error) -> StoreError {
    match error.sqlite_extended_error_code() {
        Some(ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC) => StoreError::Unknown(error.to_string()),
        _ => at_write(error),
    }
}

/// Puts the file's name before an error of opening it.
pub(crate) fn about(path: &Path, error: StoreError) -> StoreError {
    let name = |text: String| format!("{}: {text}", path.display());
    match error {
        StoreError::Unavailable(text) => StoreError::Unavailable(name(text)),
        StoreError::Corrupt(text) => StoreError::Corrupt(name(text)),
        StoreError::Unknown(text) => StoreError::Unknown(name(text)),
        other => other,
    }
}
