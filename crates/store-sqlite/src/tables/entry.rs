//! The journal.

use ledger::Entry;
use rusqlite::Connection;
use store::StoreError;

use crate::{query, value::Stored};

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

/// All lines, in order.
pub(crate) fn all(connection: &Connection) -> Result<Vec<Entry>, StoreError> {
    let sql = "SELECT transfer_id, kind, raised, lowered, amount, currency, at FROM entry ORDER BY number";
    query::rows(connection, "entry", sql, [], |columns| {
        Ok(Entry {
            transfer_id: columns.next("transfer_id")?,
            kind: columns.next("kind")?,
            raised: columns.next("raised")?,
            lowered: columns.next("lowered")?,
            amount: columns.next("amount")?,
            currency: columns.next("currency")?,
            at: columns.next("at")?,
        })
    })
}
