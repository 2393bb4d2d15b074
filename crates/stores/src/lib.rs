//! Any store by its name: which one a text means, and opening it.

mod location;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use fspiop::FspId;
use store::{Clock, Store, StoreError};
use store_postgres::{Migrate, PostgresSettings, PostgresStore};
use store_sqlite::{ReadOnlySqlite, SqliteStore};

pub use location::{StoreLocation, StoreLocationError};
pub use store::past::Past;
pub use store_postgres::{
    ArchiveError, ArchivedDay, Checked, Day, MIN_DAYS_KEPT, Migrated, Retention, Step, check_archive,
};

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
        StoreLocation::Sqlite(file) => Ok(Arc::new(open_file(file, opening.hub, clock).await?)),
        StoreLocation::Postgres(url) => {
            let settings = settings(url, opening.hub, opening.database);
            Ok(Arc::new(PostgresStore::open(settings, Migrate::Yes).await?))
        }
    }
}

/// Opens a store for reading only, beside the hubs that use it: nothing is locked, migrated or written. For tools:
/// a file is read on the thread that asks.
pub async fn open_read_only(opening: Opening) -> Result<Arc<dyn Store>, StoreError> {
    match &opening.location {
        StoreLocation::Sqlite(file) => Ok(Arc::new(ReadOnlySqlite::open(file)?)),
        StoreLocation::Postgres(url) => {
            let settings = settings(url, opening.hub, opening.database);
            Ok(Arc::new(Box::pin(PostgresStore::open_read_only(settings)).await?))
        }
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
        StoreLocation::Postgres(url) => PostgresStore::migrate(&settings(url, opening.hub, opening.database)).await,
    }
}

/// Adds transfers of the past, to see how a hub works on a store that has seen many; `progress` is told how many so far.
///
/// # Errors
/// As [`SqliteStore::fill`] and [`store_postgres::fill`], and those of opening: a file is its hub's alone while that runs.
pub async fn fill(
    opening: Opening,
    clock: Arc<dyn Clock>,
    past: Past,
    progress: impl FnMut(u64),
) -> Result<(), StoreError> {
    match &opening.location {
        StoreLocation::Sqlite(file) => open_file(file, opening.hub, clock).await?.fill(past, progress).await,
        StoreLocation::Postgres(url) => {
            let settings = settings(url, opening.hub, opening.database);
            Box::pin(store_postgres::fill(&settings, past, progress)).await
        }
    }
}

async fn open_file(file: &Path, hub: FspId, clock: Arc<dyn Clock>) -> Result<SqliteStore, StoreError> {
    let file = file.to_owned();
    let opened = tokio::task::spawn_blocking(move || SqliteStore::open(&file, hub, clock)).await;
    opened.map_err(|error| StoreError::Unavailable(error.to_string()))?
}

/// Archives old days, and drops them; `tell` is told how far it is.
///
/// # Errors
/// As [`store_postgres::archive`]; [`ArchiveError::Refused`] for a file.
pub async fn archive(opening: Opening, retention: &Retention, tell: impl FnMut(Step)) -> Result<(), ArchiveError> {
    match &opening.location {
        StoreLocation::Sqlite(_) => Err(ArchiveError::Refused(format!(
            "{}: days of a file can't be archived, only those of a PostgreSQL database, which keeps them apart",
            opening.location
        ))),
        StoreLocation::Postgres(url) => {
            let settings = settings(url, opening.hub, opening.database);
            Box::pin(store_postgres::archive(&settings, retention, tell)).await
        }
    }
}

fn settings(url: &str, hub: FspId, database: Database) -> PostgresSettings {
    let Database { password, root_certificates, node } = database;
    PostgresSettings { url: url.into(), password, root_certificates, node: node.unwrap_or_else(this_machine), hub }
}

/// This machine's name.
pub fn this_machine() -> Box<str> {
    rustix::system::uname().nodename().to_string_lossy().into()
}
