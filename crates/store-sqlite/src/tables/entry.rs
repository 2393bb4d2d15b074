//! The journal.

use ledger::Entry;
use rusqlite::Connection;
use store::StoreError;

use crate::{columns::Columns, query, value::Stored};

/// Appends a line.
pub(crate) fn write(connection: &Connection, entry: &Entry) -> Result<(), StoreError> {
    let sql = "INSERT INTO entry (transfer_id, kind, raised, lowered, amount, currency, at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let Entry { transfer_id, kind, raised, lowered, amount, currency, at } = entry;
    let values = [
        transfer_id.write(),
        kind.write(),
        raised.write(),
        lowered.write(),
        amount.write(),
        currency.write(),
        at.write(),
    ];
    query::execute(connection, sql, values)
}

/// All lines, by what they belong to, then in their order.
pub(crate) const BY_TRANSFER: &str =
    "SELECT transfer_id, kind, raised, lowered, amount, currency, at FROM entry ORDER BY transfer_id, number";

/// A line.
pub(crate) fn read(columns: &mut Columns<'_>) -> Result<Entry, StoreError> {
    Ok(Entry {
        transfer_id: columns.next("transfer_id")?,
        kind: columns.next("kind")?,
        raised: columns.next("raised")?,
        lowered: columns.next("lowered")?,
        amount: columns.next("amount")?,
        currency: columns.next("currency")?,
        at: columns.next("at")?,
    })
}
