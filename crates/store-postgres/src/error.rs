//! What PostgreSQL's errors mean for a store.

use store::StoreError;
use tokio_postgres::{Error, error::SqlState};

/// Tables whose rows two nodes may add at the same moment; the loser looks again and finds the winner's row.
const CONTENDED: [&str; 3] = ["identity", "quote", "party"];

/// How a transaction failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Another node was in the way; the same batch may succeed now.
    Contended(String),
    /// It failed.
    Failed(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::Failed(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        if is_contention(&error) { Failure::Contended(text(&error)) } else { Failure::Failed(of(&error)) }
    }
}

impl Failure {
    /// For callers that do not try again.
    pub(crate) fn into_error(self) -> StoreError {
        match self {
            Failure::Contended(text) => StoreError::Unavailable(format!("other nodes were in the way: {text}")),
            Failure::Failed(error) => error,
        }
    }
}

/// The meaning of an error before the COMMIT was sent: nothing was done.
///
/// Classes are those of the manual's appendix A. A value that does not fit (22), a row that breaks a rule (23) or that is too
/// large (54) condemns its batch. Tables or columns that are not there (42, 3F), and damaged pages (XX001, XX002), are data that
/// this version can't read. All else passes: connections (08), locks (40, 55), resources (53), the server's end (57), one that
/// only reads (25006), and what the network does to the connection itself.
pub(crate) fn of(error: &Error) -> StoreError {
    let Some(database) = error.as_db_error() else { return StoreError::Unavailable(text(error)) };
    let code = database.code();
    let class = code.code().get(..2).unwrap_or_default();
    match class {
        "22" | "23" | "54" => StoreError::Refused(text(error)),
        "42" if *code == SqlState::INSUFFICIENT_PRIVILEGE => StoreError::Unavailable(text(error)),
        "42" | "3F" => StoreError::Corrupt(text(error)),
        _ if matches!(code.code(), "XX001" | "XX002") => StoreError::Corrupt(text(error)),
        _ => StoreError::Unavailable(text(error)),
    }
}

/// The meaning of an error of the COMMIT itself. Only an error that is the transaction's own says that nothing was done;
/// a server that ends may have made it durable before.
pub(crate) fn of_commit(error: &Error) -> StoreError {
    match error.code().map(SqlState::code) {
        Some(code) if ["23", "40", "53", "25"].iter().any(|class| code.starts_with(class)) => of(error),
        _ => StoreError::Unknown(text(error)),
    }
}

/// Whether another node was in the way.
pub(crate) fn is_contention(error: &Error) -> bool {
    let Some(database) = error.as_db_error() else { return false };
    let code = database.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        let table = database.table().unwrap_or_default();
        return CONTENDED.iter().any(|name| table == *name || table.starts_with(&format!("{name}_")));
    }
    [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(code)
}

/// For people. The server's detail is left out: it shows values of rows.
pub(crate) fn text(error: &Error) -> String {
    match error.as_db_error() {
        Some(database) => {
            let constraint = database.constraint().map(|name| format!(" ({name})")).unwrap_or_default();
            format!("{}{constraint}, SQLSTATE {}", database.message(), database.code().code())
        }
        None => {
            let mut text = error.to_string();
            let mut source = std::error::Error::source(error);
            while let Some(cause) = source {
                text = format!("{text}: {cause}");
                source = cause.source();
            }
            text
        }
    }
}
