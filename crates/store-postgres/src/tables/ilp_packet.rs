//! ILP packets of transfers that were reserved.

use std::collections::BTreeMap;

use fspiop::TransferId;

use crate::{value::column, writes::Writes, writes::parameters};

/// The packet of a transfer.
pub(crate) const FIND: &str = "SELECT packet FROM ilp_packet WHERE transfer_id = $1";

/// Packets of transfers between two participants within some time, the earliest first.
pub(crate) const BETWEEN: &str = "SELECT id, packet FROM transfer JOIN ilp_packet ON transfer_id = id
                                  WHERE payer = $1 AND payee = $2 AND prepared_at >= $3 AND prepared_at < $4
                                  ORDER BY prepared_at, id LIMIT $5";

/// Adds packets; they never change.
pub(crate) fn insert(writes: &mut Writes, packets: &BTreeMap<TransferId, Box<str>>) {
    let sql = "INSERT INTO ilp_packet (transfer_id, packet) SELECT * FROM unnest($1::bytea[], $2::text[])";
    writes.push(sql, parameters![column(packets.keys(), |id| *id), column(packets.values(), Clone::clone)]);
}
