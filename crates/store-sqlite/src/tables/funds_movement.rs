//! Movements of funds.

use fspiop::TransferId;
use ledger::FundsMovement;
use rusqlite::Connection;
use store::StoreError;

use crate::{columns::Columns, query, value::Stored};

macro_rules! funds_columns {
    () => {
        "id, direction, status, participant, account, amount, currency, hash, recorded_at, ended_at"
    };
}

/// All movements, by id.
pub(crate) const BY_ID: &str = concat!("SELECT ", funds_columns!(), " FROM funds_movement ORDER BY id");

/// A movement.
pub(crate) fn find(connection: &Connection, id: TransferId) -> Result<Option<FundsMovement>, StoreError> {
    let sql = concat!("SELECT ", funds_columns!(), " FROM funds_movement WHERE id = ?1");
    query::row(connection, "funds_movement", sql, [id.write()], read)
}

/// Adds a movement, or writes down how it ended.
pub(crate) fn write(connection: &Connection, movement: &FundsMovement) -> Result<(), StoreError> {
    let sql = concat!(
        "INSERT INTO funds_movement (",
        funds_columns!(),
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT DO UPDATE SET status = excluded.status, ended_at = excluded.ended_at"
    );
    let FundsMovement { id, direction, status, participant, account, amount, currency, hash, recorded_at, ended_at } =
        movement;
    let values = [
        id.write(),
        direction.write(),
        status.write(),
        participant.write(),
        account.write(),
        amount.write(),
        currency.write(),
        hash.write(),
        recorded_at.write(),
        ended_at.write(),
    ];
    query::execute(connection, sql, values)
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
