//! Movements of funds.

use fspiop::Timestamp;
use ledger::FundsMovement;
use store::StoreError;

use crate::{columns::Columns, value::column, writes::Writes, writes::parameters};

macro_rules! funds_columns {
    () => {
        "id, direction, status, participant, account, amount, currency, hash, recorded_at, ended_at"
    };
}

/// All movements, by the moment that is known of the id, and the id: one that has a transfer's id stands beside the transfer.
pub(crate) const ALL: &str = concat!(
    "SELECT ",
    funds_columns!(),
    ", coalesce(at, recorded_at) AS known_at FROM funds_movement
     LEFT JOIN (SELECT id AS known_id, at FROM identity WHERE kind = 'M') AS known ON known_id = id
     ORDER BY known_at, id"
);

/// A movement.
pub(crate) const FIND: &str = concat!("SELECT ", funds_columns!(), " FROM funds_movement WHERE id = $1");

/// These movements, locked in the order of their ids.
pub(crate) const LOCK: &str =
    concat!("SELECT ", funds_columns!(), " FROM funds_movement WHERE id = ANY($1) ORDER BY id FOR UPDATE");

/// Adds movements, or writes down how they ended.
pub(crate) fn write(writes: &mut Writes, movements: &[&FundsMovement]) {
    let sql = concat!(
        "INSERT INTO funds_movement (",
        funds_columns!(),
        ") SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::integer[], $5::bigint[], $6::numeric[],
                                $7::text[], $8::bytea[], $9::bigint[], $10::bigint[])
         ON CONFLICT (id) DO UPDATE SET status = excluded.status, ended_at = excluded.ended_at"
    );
    let rows = || movements.iter().copied();
    let parameters = parameters![
        column(rows(), |funds| funds.id),
        column(rows(), |funds| funds.direction),
        column(rows(), |funds| funds.status),
        column(rows(), |funds| funds.participant),
        column(rows(), |funds| funds.account),
        column(rows(), |funds| funds.amount),
        column(rows(), |funds| funds.currency),
        column(rows(), |funds| funds.hash),
        column(rows(), |funds| funds.recorded_at),
        column(rows(), |funds| funds.ended_at),
    ];
    writes.push(sql, parameters);
}

/// A row of [`ALL`], after the moment that is known of its id.
pub(crate) fn read_known(columns: &mut Columns<'_>) -> Result<(Timestamp, FundsMovement), StoreError> {
    let funds = read(columns)?;
    Ok((columns.next("known_at")?, funds))
}

/// A row with all its columns.
pub(crate) fn read(columns: &mut Columns<'_>) -> Result<FundsMovement, StoreError> {
    Ok(FundsMovement {
        id: columns.next("id")?,
        direction: columns.next("direction")?,
        status: columns.next("status")?,
        participant: columns.next("participant")?,
        account: columns.next("account")?,
        amount: columns.next("amount")?,
        currency: columns.next("currency")?,
        hash: columns.next("hash")?,
        recorded_at: columns.next("recorded_at")?,
        ended_at: columns.next("ended_at")?,
    })
}
