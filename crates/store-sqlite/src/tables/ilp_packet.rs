//! ILP packets of transfers that were reserved.

use fspiop::TransferId;
use rusqlite::Connection;
use store::{Between, StoreError};

use super::limit;
use crate::{query, value::Stored};

/// The packet of a transfer.
pub(crate) fn find(connection: &Connection, id: TransferId) -> Result<Option<Box<str>>, StoreError> {
    let sql = "SELECT packet FROM ilp_packet WHERE transfer_id = ?1";
    query::row(connection, "ilp_packet", sql, [id.write()], |columns| columns.next("packet"))
}

/// Packets of transfers between two participants within some time, the earliest first.
pub(crate) fn between(
    connection: &Connection,
    between: Between,
    rows: usize,
) -> Result<Vec<(TransferId, Box<str>)>, StoreError> {
    let sql = "SELECT id, packet FROM transfer JOIN ilp_packet ON transfer_id = id
               WHERE payer = ?1 AND payee = ?2 AND prepared_at >= ?3 AND prepared_at < ?4
               ORDER BY prepared_at, id LIMIT ?5";
    let Between { payer, payee, since, until } = between;
    let values = (payer.write(), payee.write(), since.write(), until.write(), limit(rows));
    query::rows(connection, "ilp_packet", sql, values, |columns| Ok((columns.next("id")?, columns.next("packet")?)))
}

/// Adds a packet; they never change.
pub(crate) fn write(connection: &Connection, id: TransferId, packet: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO ilp_packet (transfer_id, packet) VALUES (?1, ?2)";
    query::execute(connection, sql, [id.write(), Box::<str>::from(packet).write()])
}
