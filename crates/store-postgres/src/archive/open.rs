//! What of a day has not ended yet.

use ledger::TransferStatus;
use tokio_postgres::Transaction;

use super::{day::Day, error::ArchiveError};
use crate::columns::Columns;

/// The only status that a transfer leaves.
const OPEN: TransferStatus = TransferStatus::Reserved;

const TRANSFER: &str = "SELECT id FROM {transfer} WHERE status = 'RESERVED' ORDER BY expiration, id LIMIT 1";
const FUNDS: &str = "SELECT id FROM funds_movement
     WHERE status = 'RESERVED' AND recorded_at >= {start} AND recorded_at < {end} ORDER BY id LIMIT 1";
const MESSAGE: &str = "SELECT outbox.id, name AS node FROM outbox JOIN node ON node.id = owner
     WHERE created_at >= {start} AND created_at < {end} ORDER BY outbox.id LIMIT 1";
const BATCH: &str =
    "SELECT number, name AS node FROM node JOIN {outbox_batch} AS batch ON batch.node = node.id AND number > settled_batch
     ORDER BY number LIMIT 1";

/// Refuses a day of which something is open.
pub(super) async fn check(transaction: &Transaction<'_>, day: Day) -> Result<(), ArchiveError> {
    let refuse = |what: String| Err(ArchiveError::Open { day, what });
    if let Some(row) = transaction.query_opt(&day.sql(TRANSFER), &[]).await? {
        let id: fspiop::TransferId = Columns::new("transfer", &row).next("id")?;
        return refuse(format!("transfer {id} is {}; a hub on this database ends it when it expires", OPEN.as_str()));
    }
    if let Some(row) = transaction.query_opt(&day.sql(FUNDS), &[]).await? {
        let id: fspiop::TransferId = Columns::new("funds_movement", &row).next("id")?;
        return refuse(format!(
            "funds {id} are RESERVED; commit or abort that payment out through the ledger's admin API"
        ));
    }
    if let Some(row) = transaction.query_opt(&day.sql(MESSAGE), &[]).await? {
        let (id, node): (i64, &str) = (row.get("id"), row.get("node"));
        return refuse(format!("message {id} is still to be delivered, by the hub's node {node}"));
    }
    if let Some(row) = transaction.query_opt(&day.sql(BATCH), &[]).await? {
        let (number, node): (i64, &str) = (row.get("number"), row.get("node"));
        return refuse(format!(
            "messages of batch {number} of the hub's node {node} may still have to be delivered; a hub on this database sees to them"
        ));
    }
    Ok(())
}
