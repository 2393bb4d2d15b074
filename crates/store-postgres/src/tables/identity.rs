//! Ids that were ever used, and when: by transfers or movements of funds, and by quotes.

use fspiop::{Identifier, Timestamp};
use store::{ArchivedId, StoreError};

use crate::{columns::Columns, value::Stored, writes::Writes, writes::parameters};

/// Whose ids they are. A transfer and a movement of funds never have the same one; a quote may have a transfer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Movement,
    Quote,
}

impl Kind {
    /// As it stands in the table, and in the statements that join it.
    const fn as_str(self) -> &'static str {
        match self {
            Kind::Movement => "M",
            Kind::Quote => "Q",
        }
    }
}

/// Which of these ids were used, by movements `$1` and by quotes `$2`.
pub(crate) const FIND: &str = "SELECT id, kind = 'M' AS is_movement, at FROM identity WHERE id = ANY($1) AND kind = 'M'
     UNION ALL SELECT id, false, at FROM identity WHERE id = ANY($2) AND kind = 'Q'";

/// An id that was used.
pub(crate) struct Used {
    pub(crate) id: Identifier,
    pub(crate) kind: Kind,
    pub(crate) at: Timestamp,
}

/// A row of [`FIND`].
pub(crate) fn read(columns: &mut Columns<'_>) -> Result<Used, StoreError> {
    let id = columns.next("id")?;
    let kind = if columns.next("is_movement")? { Kind::Movement } else { Kind::Quote };
    Ok(Used { id, kind, at: columns.next("at")? })
}

/// The id of something whose day was archived: a transfer's first.
pub(crate) const ARCHIVED: &str = "SELECT at, kind = 'Q' AS is_quote FROM identity
     JOIN archived_day ON day = DATE '1970-01-01' + (at / 86400000)::integer WHERE id = $1 ORDER BY kind LIMIT 1";

/// A row of [`ARCHIVED`].
pub(crate) fn read_archived(columns: &mut Columns<'_>) -> Result<ArchivedId, StoreError> {
    Ok(ArchivedId { at: columns.next("at")?, is_quote: columns.next("is_quote")? })
}

/// Uses ids. If another node uses one of them at the same moment, one of the two batches is decided again.
pub(crate) fn insert(writes: &mut Writes, kind: Kind, ids: &[(Identifier, Timestamp)]) {
    if ids.is_empty() {
        return;
    }
    let sql =
        "INSERT INTO identity (at, id, kind) SELECT at, id, $3 FROM unnest($1::bigint[], $2::bytea[]) AS new (at, id)";
    let moments: Vec<_> = ids.iter().map(|(_, at)| at.write()).collect();
    let names: Vec<_> = ids.iter().map(|(id, _)| id.write()).collect();
    writes.push(sql, parameters![moments, names, kind.as_str()]);
}
