//! Transfers.

use fspiop::{Timestamp, TransferId};
use ledger::{AbortReason, Transfer};
use rusqlite::Connection;
use store::StoreError;

use crate::{columns::Columns, query, value::Stored};

macro_rules! transfer_columns {
    () => {
        "id, payer, payee, amount, currency, condition, expiration, prepare_hash, status, prepared_at, completed_at, \
         fulfilment, answer_hash, abort_code, abort_description, ended_at"
    };
}

/// A transfer.
pub(crate) fn find(connection: &Connection, id: TransferId) -> Result<Option<Transfer>, StoreError> {
    let sql = concat!("SELECT ", transfer_columns!(), " FROM transfer WHERE id = ?1");
    query::row(connection, "transfer", sql, [id.write()], read)
}

/// All transfers, by id.
pub(crate) const BY_ID: &str = concat!("SELECT ", transfer_columns!(), " FROM transfer ORDER BY id");

/// RESERVED transfers whose expiration is not after `now`, the earliest first.
pub(crate) fn due(connection: &Connection, now: Timestamp, rows: usize) -> Result<Vec<TransferId>, StoreError> {
    let sql = "SELECT id FROM transfer WHERE status = 'RESERVED' AND expiration <= ?1 ORDER BY expiration, id";
    query::readable(connection, "transfer", sql, [now.write()], rows, |columns| columns.next("id"))
}

/// Adds a transfer, or writes down how it went on.
pub(crate) fn write(connection: &Connection, transfer: &Transfer) -> Result<(), StoreError> {
    let sql = concat!(
        "INSERT INTO transfer (",
        transfer_columns!(),
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
         ON CONFLICT DO UPDATE SET
             status = excluded.status, completed_at = excluded.completed_at, fulfilment = excluded.fulfilment,
             answer_hash = excluded.answer_hash, abort_code = excluded.abort_code,
             abort_description = excluded.abort_description, ended_at = excluded.ended_at"
    );
    let (code, description) = transfer.abort_reason.clone().map(|reason| (reason.code, reason.description)).unzip();
    let values = [
        transfer.id.write(),
        transfer.payer.write(),
        transfer.payee.write(),
        transfer.amount.write(),
        transfer.currency.write(),
        transfer.condition.write(),
        transfer.expiration.write(),
        transfer.prepare_hash.write(),
        transfer.status.write(),
        transfer.prepared_at.write(),
        transfer.completed_at.write(),
        transfer.fulfilment.write(),
        transfer.answer_hash.write(),
        code.write(),
        description.write(),
        transfer.ended_at.write(),
    ];
    query::execute(connection, sql, values)
}

/// A row with all its columns.
pub(crate) fn read(columns: &mut Columns<'_>) -> Result<Transfer, StoreError> {
    Ok(Transfer {
        id: columns.next("id")?,
        payer: columns.next("payer")?,
        payee: columns.next("payee")?,
        amount: columns.next("amount")?,
        currency: columns.next("currency")?,
        condition: columns.next("condition")?,
        expiration: columns.next("expiration")?,
        prepare_hash: columns.next("prepare_hash")?,
        status: columns.next("status")?,
        prepared_at: columns.next("prepared_at")?,
        completed_at: columns.next("completed_at")?,
        fulfilment: columns.next("fulfilment")?,
        answer_hash: columns.next("answer_hash")?,
        abort_reason: read_abort_reason(columns)?,
        ended_at: columns.next("ended_at")?,
    })
}

fn read_abort_reason(columns: &mut Columns<'_>) -> Result<Option<AbortReason>, StoreError> {
    match (columns.next("abort_code")?, columns.next("abort_description")?) {
        (Some(code), Some(description)) => Ok(Some(AbortReason { code, description })),
        (None, None) => Ok(None),
        _ => Err(columns.corrupt("abort_code", "without abort_description, or the other way round")),
    }
}
