//! The store on PostgreSQL (15 or later): for production, where several nodes of the hub share it.
//!
//! A batch is one transaction in three round trips, at READ COMMITTED, with `synchronous_commit` on: what it names is locked
//! in one order on all nodes, decided by `switch::decide`, and written with one statement a table. The time is the
//! database's. Nodes wait for each other only where they touch the same transfer, quote or account, and for a change of the
//! configuration.
//!
//! What a payment costs is counted and asserted in `tests/budget.rs`: 13 to 16 statements and two or three round trips a batch,
//! at most 3 KB that stay and 6 KB of log a payment. NUMERIC against `bigint` and sixteen bytes, in batches of 500 rows: 0.8, 0.5
//! and 0.8 µs a row; 7, 8 and 17 bytes a value (`tests/figures.rs`).

mod archive;
mod batch;
mod books;
mod columns;
mod content;
mod error;
mod fill;
mod migration;
mod node;
mod numeric;
mod packets;
mod partitions;
mod postgres_store;
mod session;
mod settings;
mod story;
mod tables;
mod time;
mod unpack;
mod value;
mod writes;

#[cfg(test)]
mod tests;

pub use archive::{ArchiveError, ArchivedDay, Checked, Day, MIN_DAYS_KEPT, Retention, Step, archive, check_archive};
pub use fill::fill;
pub use migration::{Migrate, Migrated};
pub use postgres_store::PostgresStore;
pub use settings::PostgresSettings;
