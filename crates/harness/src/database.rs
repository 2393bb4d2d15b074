//! Where the data of a harness are, for whoever looks into them.

use std::path::PathBuf;

use definition::{Hub, StoreKind};

use crate::{HarnessError, Instance, store_opening::secret};

/// A store that can be opened with the tools of its database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file of SQLite.
    Sqlite(PathBuf),
    /// A database of PostgreSQL.
    Postgres {
        /// Where it is.
        url: String,
        /// The password that the definition names, if it names one.
        password: Option<Box<str>>,
    },
}

impl Database {
    /// That of a harness which runs; the definition says how it is reached.
    ///
    /// # Errors
    /// The password is not where the definition says.
    pub fn of(instance: &Instance, hub: &Hub) -> Result<Database, HarnessError> {
        if let Some(file) = instance.data.strip_prefix("sqlite:") {
            return Ok(Database::Sqlite(file.into()));
        }
        let store = &hub.store;
        // What the instance says of itself has no password in it, which the definition's URL may have.
        let url =
            store.url.clone().filter(|_| store.kind == StoreKind::Postgres).unwrap_or_else(|| instance.data.clone());
        let password = store.password_from.as_ref().map(|from| secret("store.passwordFrom", from)).transpose()?;
        Ok(Database::Postgres { url, password })
    }
}
