//! Movements of funds.

use fspiop::TransferId;
use ledger::FundsMovement;
use rusqlite::Connection;
use store::StoreError;

use crate::{query, value::Stored};

/// A movement.
pub(crate) fn find(connection: &Connection, id: TransferId) -> Result<Option<FundsMovement>, StoreError> {
    let sql = "SELECT id, participant, account, amount, currency, hash, recorded_at FROM funds_movement WHERE id = ?1";
    query::row(connection, "funds_movement", sql, [id.write()], |columns| {
        Ok(FundsMovement {
            id: columns.next("id")?,
            participant: columns.next("participant")?,
            account: columns.next("account")?,
            amount: columns.next("amount")?,
            currency: columns.next("currency")?,
            hash: columns.next("hash")?,
            recorded_at: columns.next("recorded_at")?,
        })
    })
}

/// Adds a movement; they never change.
pub(crate) fn write(connection: &Connection, movement: &FundsMovement) -> Result<(), StoreError> {
    let sql = "INSERT INTO funds_movement (id, participant, account, amount, currency, hash, recorded_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let FundsMovement { id, participant, account, amount, currency, hash, recorded_at } = movement;
    let values = [
        id.write(),
        participant.write(),
        account.write(),
        amount.write(),
        currency.write(),
        hash.write(),
        recorded_at.write(),
    ];
    query::execute(connection, sql, values)
}
