//! The store in one SQLite file: the default on one machine.
//!
//! One process owns the file. It writes on one thread with one connection, so that a batch waits for nobody but the disk.
//! It reads on a second thread with a read-only connection, which never waits for the writer; a third one reads the books,
//! which take long. A batch is one transaction: decision and outbox together, answered after its COMMIT has reached the
//! disk (`synchronous=FULL`). The configuration is read at the start and kept in memory.

mod batch;
mod columns;
mod connection;
mod error;
mod fill;
mod lock;
mod migration;
mod open;
mod query;
mod read_only;
mod sqlite_store;
mod tables;
mod value;
mod worker;

#[cfg(test)]
mod tests;

pub use read_only::ReadOnlySqlite;
pub use sqlite_store::SqliteStore;
