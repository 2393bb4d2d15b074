//! Any store by its name: which one a text means, and opening it.

mod location;

use std::{path::PathBuf, sync::Arc};

use fspiop::FspId;
use store::{Clock, Store, StoreError};
use store_sqlite::{ReadOnlySqlite, SqliteStore};

pub use location::{StoreLocation, StoreLocationError};

/// What is to be opened, and by whom.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Which store.
    pub location: StoreLocation,
    /// The hub that it belongs to.
    pub hub: FspId,
    /// What a database needs beside its URL.
    pub database: Database,
}

/// From which schema version to which a store was brought; 0 is an empty one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// Before.
    pub from: i64,
    /// After.
    pub to: i64,
}

/// What a database needs beside its URL; a file needs nothing of it.
#[derive(Clone, Default)]
pub struct Database {
    /// The password, if it is not in the URL.
    pub password: Option<Box<str>>,
    /// Certificates (PEM) that the server's is checked against; absent: those of the system.
    pub root_certificates: Option<PathBuf>,
    /// The name of this node, which no other has; absent: this machine's name.
    pub node: Option<Box<str>>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Database")
            .field("root_certificates", &self.root_certificates)
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

/// Opens a store and brings it to this program's schema version. A file takes its time from `clock`; a database has its
/// own.
pub async fn open(opening: Opening, clock: Arc<dyn Clock>) -> Result<Arc<dyn Store>, StoreError> {
    match &opening.location {
        StoreLocation::Sqlite(file) => {
            let (file, hub) = (file.clone(), opening.hub);
            let opened = tokio::task::spawn_blocking(move || SqliteStore::open(&file, hub, clock)).await;
            Ok(Arc::new(opened.map_err(|error| StoreError::Unavailable(error.to_string()))??))
        }
        StoreLocation::Postgres(_) => Err(not_yet(&opening.location)),
    }
}

/// Opens a store for reading only, beside the hubs that use it: nothing is locked, migrated or written. It answers on the
/// thread that asks; for tools.
pub fn open_read_only(location: &StoreLocation) -> Result<Arc<dyn Store>, StoreError> {
    match location {
        StoreLocation::Sqlite(file) => Ok(Arc::new(ReadOnlySqlite::open(file)?)),
        StoreLocation::Postgres(_) => Err(not_yet(location)),
    }
}

/// Brings a store to this program's schema version, and says from which.
pub async fn migrate(opening: Opening, clock: Arc<dyn Clock>) -> Result<Migrated, StoreError> {
    match &opening.location {
        StoreLocation::Sqlite(file) => {
            let (file, hub) = (file.clone(), opening.hub);
            let migrated = tokio::task::spawn_blocking(move || SqliteStore::migrate(&file, hub, clock)).await;
            let (from, to) = migrated.map_err(|error| StoreError::Unavailable(error.to_string()))??;
            Ok(Migrated { from, to })
        }
        StoreLocation::Postgres(_) => Err(not_yet(&opening.location)),
    }
}

fn not_yet(location: &StoreLocation) -> StoreError {
    StoreError::Unavailable(format!("{location}: PostgreSQL is not available yet"))
}

/// This machine's name.
pub fn this_machine() -> Box<str> {
    rustix::system::uname().nodename().to_string_lossy().into()
}
