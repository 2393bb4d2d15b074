//! Balances of accounts that have moved.

use fspiop::Amount;
use ledger::{Account, AccountId, Balance};
use rusqlite::Connection;
use store::StoreError;

use crate::{query, value::Stored};

/// The balance of an account, if it ever moved.
pub(crate) fn find(connection: &Connection, account: AccountId) -> Result<Option<Balance>, StoreError> {
    let sql = "SELECT amount, changed_at FROM balance WHERE account = ?1";
    query::row(connection, "balance", sql, [account.write()], |columns| {
        Ok(Balance { amount: columns.next("amount")?, changed_at: columns.next("changed_at")? })
    })
}

/// The balance of an account; one that never moved stands at zero since its creation.
pub(crate) fn of(connection: &Connection, account: &Account) -> Result<Balance, StoreError> {
    let nothing = Balance { amount: Amount::ZERO, changed_at: account.created_at };
    Ok(find(connection, account.id)?.unwrap_or(nothing))
}

/// Sets a balance.
pub(crate) fn write(connection: &Connection, account: AccountId, balance: Balance) -> Result<(), StoreError> {
    let sql = "INSERT INTO balance (account, amount, changed_at) VALUES (?1, ?2, ?3)
               ON CONFLICT DO UPDATE SET amount = excluded.amount, changed_at = excluded.changed_at";
    query::execute(connection, sql, [account.write(), balance.amount.write(), balance.changed_at.write()])
}
