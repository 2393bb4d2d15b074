//! One module a table: how its rows are read and written.

pub(crate) mod balance;
pub(crate) mod books;
pub(crate) mod configuration;
pub(crate) mod entry;
pub(crate) mod funds_movement;
pub(crate) mod ilp_packet;
pub(crate) mod jws_key;
pub(crate) mod meta;
pub(crate) mod outbox;
pub(crate) mod party;
pub(crate) mod quote;
pub(crate) mod sent_message;
pub(crate) mod transfer;

/// A limit of rows for SQL.
fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
