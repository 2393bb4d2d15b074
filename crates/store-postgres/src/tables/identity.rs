//! Ids that were ever used, by transfers or movements of funds.

use fspiop::TransferId;

use crate::{value::column, writes::Writes, writes::parameters};

/// Which of these ids were used.
pub(crate) const FIND: &str = "SELECT id FROM identity WHERE id = ANY($1)";

/// Uses ids. If another node uses one of them at the same moment, one of the two batches is decided again.
pub(crate) fn insert(writes: &mut Writes, kind: &'static str, ids: &[TransferId]) {
    let sql = "INSERT INTO identity (id, kind) SELECT id, $2 FROM unnest($1::bytea[]) AS new (id)";
    writes.push(sql, parameters![column(ids, |id| *id), kind]);
}
