//! One module a table: its statements, and how its rows are read and written.

pub(crate) mod balance;
pub(crate) mod configuration;
pub(crate) mod entry;
pub(crate) mod funds_movement;
pub(crate) mod identity;
pub(crate) mod ilp_packet;
pub(crate) mod opening_balance;
pub(crate) mod outbox;
pub(crate) mod outbox_batch;
pub(crate) mod party;
pub(crate) mod quote;
pub(crate) mod sent_message;
pub(crate) mod transfer;

/// A limit of rows for SQL.
pub(crate) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
