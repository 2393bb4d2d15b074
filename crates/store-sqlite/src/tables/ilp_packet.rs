//! ILP packets of transfers that were reserved.

use fspiop::TransferId;
use rusqlite::Connection;
use store::StoreError;

use crate::{query, value::Stored};

/// The packet of a transfer.
pub(crate) fn find(connection: &Connection, id: TransferId) -> Result<Option<Box<str>>, StoreError> {
    let sql = "SELECT packet FROM ilp_packet WHERE transfer_id = ?1";
    query::row(connection, "ilp_packet", sql, [id.write()], |columns| columns.next("packet"))
}

/// Adds a packet; they never change.
pub(crate) fn write(connection: &Connection, id: TransferId, packet: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO ilp_packet (transfer_id, packet) VALUES (?1, ?2)";
    query::execute(connection, sql, [id.write(), Box::<str>::from(packet).write()])
}
