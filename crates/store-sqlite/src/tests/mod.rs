//! The suite on SQLite, and what only a file can get wrong.

mod abandoned;
mod checkpoint;
mod corrupt_rows;
mod failures;
mod fill;
mod folder;
mod opening;
mod plans;
mod suite;
mod versions;

use std::{path::Path, sync::Arc};

use fspiop::{FspId, Timestamp};
use store::{Clock, Committed, Store, StoreError, suite::block_on};
use switch::{Administration, Command};

use crate::SqliteStore;
pub(crate) use folder::Folder;

const NOW: Timestamp = Timestamp::from_millis(1_795_356_000_000);

fn clock() -> Arc<dyn Clock> {
    Arc::new(|| NOW)
}

fn hub() -> FspId {
    FspId::parse("Hub").unwrap()
}

pub(crate) fn open(path: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(path, hub(), clock())
}

/// The error of opening a file, as people read it.
#[track_caller]
fn refusal(path: &Path) -> String {
    open(path).err().expect("the file is refused").to_string()
}

pub(crate) fn commit(store: &SqliteStore, commands: Vec<Command>) -> Result<Committed, StoreError> {
    block_on(store.commit(Arc::new(commands)))
}

/// Registers a participant without accounts.
pub(crate) fn register(name: &str) -> Command {
    let name = FspId::parse(name).unwrap();
    Command::Administer(Administration::RegisterParticipant(ledger::NewParticipant { name, currency: None }))
}

/// Changes a file behind the store's back.
fn tamper(path: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    connection.execute_batch(sql).unwrap();
}
