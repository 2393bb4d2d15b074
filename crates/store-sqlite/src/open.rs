//! Opening the file: what it is, whose it is, and making it if there is none.

use std::{
    fs::OpenOptions,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use fspiop::{FspId, Timestamp};
use ledger::{Participant, ParticipantId};
use rusqlite::{Connection, Transaction};
use store::{Clock, FIRST_VERSION, StoreError};
use switch::{Configuration, MessageId};

use crate::{
    connection, error,
    lock::{self, Lock},
    migration::{self, Marks},
    tables::{configuration, meta, meta::Meta},
};

/// A file that is open and ours.
pub(crate) struct Opened {
    /// Held as long as there are connections.
    pub(crate) lock: Lock,
    /// The connection that writes.
    pub(crate) writer: Connection,
    /// The connection that answers questions.
    pub(crate) reader: Connection,
    /// The connection that reads the books.
    pub(crate) auditor: Connection,
    /// What the file knows of participants, accounts, endpoints, oracles.
    pub(crate) configuration: Configuration,
    /// Where the next batch goes on.
    pub(crate) meta: Meta,
}

/// Opens the file, or makes it for this hub. Its folder must exist.
pub(crate) fn open(path: &Path, hub: &FspId, clock: &Arc<dyn Clock>) -> Result<Opened, StoreError> {
    // Absolute, so that a later change of the working folder leads nobody astray.
    let path = std::path::absolute(path).map_err(|error| unavailable(path, &error))?;
    try_open(&path, hub, clock.now()).map_err(|error| error::about(&path, error))
}

fn try_open(path: &Path, hub: &FspId, now: Timestamp) -> Result<Opened, StoreError> {
    // First without a trace, so that nothing is left beside a file that is not for us; then again under the lock.
    inspect(path)?;
    let lock = Lock::take(path)?;
    inspect(path)?;
    create_if_missing(path)?;
    let mut writer = connection::writer(path).map_err(|error| clearer(path, error))?;
    migration::migrate(&mut writer, |transaction| fill(transaction, hub, now))?;
    connection::make_durable(&writer)?;
    let meta = meta::read(&writer)?.ok_or_else(|| StoreError::Corrupt("meta.id: no row".to_owned()))?;
    let configuration = Configuration { version: meta.configuration_version, ..configuration::read(&writer)? };
    check_hub(&configuration, hub)?;
    let (reader, auditor) = (connection::reader(path)?, connection::reader(path)?);
    Ok(Opened { lock, writer, reader, auditor, configuration, meta })
}

/// The schema version of a file; 0 if there is none, or none that can be read.
pub(crate) fn version(path: &Path) -> i64 {
    connection::glance(path).and_then(|connection| Marks::read(&connection)).map_or(0, Marks::version)
}

/// What must be said before anything is touched.
fn inspect(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(path);
    if !folder.is_dir() {
        return Err(StoreError::Unavailable(format!("there is no folder {}", folder.display())));
    }
    match path.metadata() {
        Ok(found) if found.is_dir() => return Err(StoreError::Unavailable("is a folder, not a file".to_owned())),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(StoreError::Unavailable(error.to_string())),
    }
    let marks = connection::glance(path).and_then(|connection| Marks::read(&connection));
    match marks {
        Err(error @ StoreError::Unavailable(_)) => Err(clearer(path, error)),
        // The first transaction was cut short, SQLite will undo it; or the moving of the write-ahead log into the file was,
        // SQLite will complete it. Until then the file alone makes no sense. What it is is checked again when it does.
        Err(_) if journal_of(path).exists() || log_of(path).exists() => Ok(()),
        marks => marks?.check(migration::KNOWN),
    }
}

/// The system's reason why the file can't be opened, if there is one: SQLite does not tell.
fn clearer(path: &Path, error: StoreError) -> StoreError {
    let reason = OpenOptions::new().read(true).write(true).open(path).err();
    reason.map_or(error, |reason| StoreError::Unavailable(reason.to_string()))
}

fn journal_of(path: &Path) -> PathBuf {
    lock::beside(path, "-journal")
}

fn log_of(path: &Path) -> PathBuf {
    lock::beside(path, "-wal")
}

fn create_if_missing(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    lock::owner_only(&mut options);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::Unavailable(error.to_string())),
    }
}

/// What a new file holds: the hub.
fn fill(transaction: &Transaction<'_>, hub: &FspId, now: Timestamp) -> Result<(), StoreError> {
    if meta::read(transaction)?.is_some() {
        return Ok(());
    }
    let hub = Participant { id: ParticipantId::HUB, name: hub.clone(), active: true, created_at: now };
    configuration::write_participant(transaction, &hub)?;
    meta::write(transaction, Meta { next_message: MessageId(1), configuration_version: FIRST_VERSION, last_batch: now })
}

fn check_hub(configuration: &Configuration, hub: &FspId) -> Result<(), StoreError> {
    match configuration.registry.hub() {
        Some(found) if found.name == *hub => Ok(()),
        Some(found) => Err(StoreError::Unavailable(format!("belongs to the hub {}, not to {hub}", found.name))),
        None => Err(StoreError::Corrupt("participant.id: the hub is missing".to_owned())),
    }
}

fn unavailable(path: &Path, error: &io::Error) -> StoreError {
    error::about(path, StoreError::Unavailable(error.to_string()))
}
