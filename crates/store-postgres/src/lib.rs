//! The store on PostgreSQL (15 or later): for production, where several nodes of the hub share it.
//!
//! A batch is one transaction in three round trips, at READ COMMITTED, with `synchronous_commit` on: what it names is locked
//! in one order on all nodes, decided by `switch::decide`, and written with one statement a table. The time is the
//! database's. Nodes wait for each other only where they touch the same transfer, quote or account, and for a change of the
//! configuration.
//!
//! Measured (PostgreSQL 15, two shared cores, unoptimised build, fsync on; `tests/figures.rs`): 1200 to 1560 payments a second
//! of four legs and four deliveries, whether one payer pays them all or twenty, on one node or two; 0.15 ms of the server's
//! CPU, 3.0 KB stored (0.4 KB of it are what the outbox leaves for the next payments) and 9.9 KB of write-ahead log for each.
//! Of the log, 4.4 KB are the bodies and headers of the four messages, which nobody compresses. NUMERIC against `bigint` and sixteen bytes, in batches of 500
//! rows: 0.8, 0.5 and 0.8 µs a row; 7, 8 and 17 bytes a value.

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
mod tls;
mod unpack;
mod value;
mod writes;

#[cfg(test)]
mod tests;

pub use fill::{Past, fill};
pub use migration::{Migrate, Migrated};
pub use postgres_store::PostgresStore;
pub use settings::PostgresSettings;
