//! The journal.

use ledger::Entry;
use store::StoreError;

use crate::{columns::Columns, value::column, writes::Writes, writes::parameters};

/// All lines, by what they belong to, then in their order.
pub(crate) const BY_TRANSFER: &str =
    "SELECT transfer_id, kind, raised, lowered, amount, currency, at FROM entry ORDER BY transfer_id, number";

/// Appends lines.
pub(crate) fn insert(writes: &mut Writes, entries: &[Entry]) {
    let sql = "INSERT INTO entry (transfer_id, kind, raised, lowered, amount, currency, at)
               SELECT * FROM unnest($1::bytea[], $2::text[], $3::bigint[], $4::bigint[], $5::numeric[], $6::text[],
                                    $7::bigint[])";
    let parameters = parameters![
        column(entries, |entry| entry.transfer_id),
        column(entries, |entry| entry.kind),
        column(entries, |entry| entry.raised),
        column(entries, |entry| entry.lowered),
        column(entries, |entry| entry.amount),
        column(entries, |entry| entry.currency),
        column(entries, |entry| entry.at),
    ];
    writes.push(sql, parameters);
}

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
