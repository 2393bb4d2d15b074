//! The journal.

use fspiop::Timestamp;
use ledger::Entry;
use store::StoreError;

use crate::{columns::Columns, value::column, writes::Writes, writes::parameters};

/// All lines, by what they belong to, that is, by its moment and its id, then in their order.
pub(crate) const ALL: &str = "SELECT transfer_id, kind, raised, lowered, amount, currency, at, movement_at FROM entry
     ORDER BY movement_at, transfer_id, number";

/// Appends lines, each with the moment at which its movement began.
pub(crate) fn insert(writes: &mut Writes, entries: &[(Timestamp, &Entry)]) {
    let sql = "INSERT INTO entry (movement_at, transfer_id, kind, raised, lowered, amount, currency, at)
               SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::text[], $4::bigint[], $5::bigint[], $6::numeric[],
                                    $7::text[], $8::bigint[])";
    let parameters = parameters![
        column(entries, |(movement_at, _)| *movement_at),
        column(entries, |(_, entry)| entry.transfer_id),
        column(entries, |(_, entry)| entry.kind),
        column(entries, |(_, entry)| entry.raised),
        column(entries, |(_, entry)| entry.lowered),
        column(entries, |(_, entry)| entry.amount),
        column(entries, |(_, entry)| entry.currency),
        column(entries, |(_, entry)| entry.at),
    ];
    writes.push(sql, parameters);
}

/// A row of [`ALL`]: a line, and the moment at which its movement began.
pub(crate) fn read(columns: &mut Columns<'_>) -> Result<(Timestamp, Entry), StoreError> {
    let entry = Entry {
        transfer_id: columns.next("transfer_id")?,
        kind: columns.next("kind")?,
        raised: columns.next("raised")?,
        lowered: columns.next("lowered")?,
        amount: columns.next("amount")?,
        currency: columns.next("currency")?,
        at: columns.next("at")?,
    };
    Ok((columns.next("movement_at")?, entry))
}
