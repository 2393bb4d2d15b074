//! The store on PostgreSQL (15 or later): for production, where several nodes of the hub share it.
//!
//! A batch is one transaction in three round trips, at READ COMMITTED, with `synchronous_commit` on: what it names is locked
//! in one order on all nodes, decided by `switch::decide`, and written with one statement a table. The time is the
//! database's. Nodes wait for each other only where they touch the same transfer, quote or account, and for a change of the
//! configuration.

mod batch;
mod books;
mod columns;
mod error;
mod migration;
mod node;
mod numeric;
mod postgres_store;
mod session;
mod settings;
mod tables;
mod time;
mod tls;
mod value;
mod writes;

#[cfg(test)]
mod tests;

pub use migration::{Migrate, Migrated};
pub use postgres_store::PostgresStore;
pub use settings::PostgresSettings;
