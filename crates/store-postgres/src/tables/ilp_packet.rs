//! ILP packets of transfers that were reserved.

use std::collections::BTreeMap;

use fspiop::TransferId;

use crate::{value::column, writes::Writes, writes::parameters};

/// The packet of a transfer.
pub(crate) const FIND: &str = "SELECT packet FROM ilp_packet WHERE transfer_id = $1";

/// Adds packets; they never change.
pub(crate) fn insert(writes: &mut Writes, packets: &BTreeMap<TransferId, Box<str>>) {
    let sql = "INSERT INTO ilp_packet (transfer_id, packet) SELECT * FROM unnest($1::bytea[], $2::text[])";
    writes.push(sql, parameters![column(packets.keys(), |id| *id), column(packets.values(), Clone::clone)]);
}
