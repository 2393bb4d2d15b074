//! Transfers.

use fspiop::{Timestamp, TransferId};
use ledger::{AbortReason, Transfer};
use store::StoreError;

use crate::{
    columns::Columns,
    session::since,
    value::column,
    writes::{Parameter, Writes, parameters},
};

macro_rules! transfer_columns {
    () => {
        "id, payer, payee, amount, currency, condition, expiration, prepare_hash, status, prepared_at, completed_at, \
         fulfilment, answer_hash, abort_code, abort_description, ended_at"
    };
}

/// A transfer's row among the partitions: the moment says which.
macro_rules! from_transfer {
    () => {
        " FROM (SELECT id AS known_id, at FROM identity WHERE kind = 'M') AS known \
          JOIN transfer ON prepared_at = at AND id = known_id "
    };
}

/// A transfer.
pub(crate) const FIND: &str = concat!("SELECT ", transfer_columns!(), from_transfer!(), "WHERE known_id = $1");

/// These transfers, if they were prepared since then, locked in the order of their ids, in which all nodes lock them. Each is
/// looked up by its key, whatever the planner takes the tables for: plans are made while a day has no rows yet.
pub(crate) const LOCK: &str = concat!(
    "SELECT ",
    transfer_columns!(),
    " FROM (SELECT id AS known_id, at FROM identity WHERE id = ANY($1) AND kind = 'M' AND at >= ",
    since!(),
    " ORDER BY id) AS known CROSS JOIN LATERAL (SELECT ",
    transfer_columns!(),
    " FROM transfer WHERE prepared_at = at AND id = known_id AND prepared_at >= ",
    since!(),
    " FOR UPDATE) AS locked"
);

/// All transfers, by the moment and the id.
pub(crate) const ALL: &str = concat!("SELECT ", transfer_columns!(), " FROM transfer ORDER BY prepared_at, id");

/// RESERVED transfers whose expiration is not after a moment, the earliest first.
pub(crate) const DUE: &str =
    "SELECT id FROM transfer WHERE status = 'RESERVED' AND expiration <= $1 ORDER BY expiration, id LIMIT $2";

/// When transfers between two participants within some time were prepared, the earliest first.
pub(crate) const BETWEEN: &str = "SELECT id, prepared_at FROM transfer
     WHERE payer = $1 AND payee = $2 AND prepared_at >= $3 AND prepared_at < $4 ORDER BY prepared_at, id LIMIT $5";

/// When a transfer was prepared.
pub(crate) const PREPARED: &str = "SELECT id, at AS prepared_at FROM identity WHERE id = $1 AND kind = 'M'";

/// A row of [`BETWEEN`] or [`PREPARED`].
pub(crate) fn read_prepared(columns: &mut Columns<'_>) -> Result<(TransferId, Timestamp), StoreError> {
    Ok((columns.next("id")?, columns.next("prepared_at")?))
}

/// Rows of the transfers in `$1` and so on.
macro_rules! insert {
    () => {
        concat!(
            "INSERT INTO transfer (",
            transfer_columns!(),
            ") SELECT * FROM unnest($1::bytea[], $2::integer[], $3::integer[], $4::numeric[], $5::text[], $6::bytea[],
                                    $7::bigint[], $8::bytea[], $9::text[], $10::bigint[], $11::bigint[], $12::bytea[],
                                    $13::bytea[], $14::text[], $15::text[], $16::bigint[])"
        )
    };
}

/// Adds transfers.
pub(crate) fn insert(writes: &mut Writes, transfers: &[&Transfer]) {
    writes.push(insert!(), rows(transfers));
}

/// Writes down how transfers went on. Rows that are to be inserted find their partitions and keys without a plan.
pub(crate) fn update(writes: &mut Writes, transfers: &[&Transfer]) {
    let sql = concat!(
        insert!(),
        " ON CONFLICT (prepared_at, id) DO UPDATE
          SET status = excluded.status, completed_at = excluded.completed_at, fulfilment = excluded.fulfilment,
              answer_hash = excluded.answer_hash, abort_code = excluded.abort_code,
              abort_description = excluded.abort_description, ended_at = excluded.ended_at"
    );
    writes.push(sql, rows(transfers));
}

fn rows(transfers: &[&Transfer]) -> Vec<Parameter> {
    let rows = || transfers.iter().copied();
    parameters![
        column(rows(), |transfer| transfer.id),
        column(rows(), |transfer| transfer.payer),
        column(rows(), |transfer| transfer.payee),
        column(rows(), |transfer| transfer.amount),
        column(rows(), |transfer| transfer.currency),
        column(rows(), |transfer| transfer.condition),
        column(rows(), |transfer| transfer.expiration),
        column(rows(), |transfer| transfer.prepare_hash),
        column(rows(), |transfer| transfer.status),
        column(rows(), |transfer| transfer.prepared_at),
        column(rows(), |transfer| transfer.completed_at),
        column(rows(), |transfer| transfer.fulfilment),
        column(rows(), |transfer| transfer.answer_hash),
        column(rows(), code),
        column(rows(), description),
        column(rows(), |transfer| transfer.ended_at),
    ]
}

fn code(transfer: &Transfer) -> Option<Box<str>> {
    transfer.abort_reason.as_ref().map(|reason| reason.code.clone())
}

fn description(transfer: &Transfer) -> Option<Box<str>> {
    transfer.abort_reason.as_ref().map(|reason| reason.description.clone())
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
