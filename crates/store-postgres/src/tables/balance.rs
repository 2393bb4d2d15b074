//! Balances. Every account has a row from its creation on.

use fspiop::Amount;
use ledger::{Account, AccountId, Balance};
use store::StoreError;

use crate::{columns::Columns, value::column, writes::Writes, writes::parameters};

/// Balances of these accounts, locked in the order of their numbers, in which all nodes lock them.
pub(crate) const LOCK: &str =
    "SELECT account, amount, changed_at FROM balance WHERE account = ANY($1) ORDER BY account FOR UPDATE";

/// Balances of these accounts.
pub(crate) const FIND: &str =
    "SELECT account, amount, changed_at FROM balance WHERE account = ANY($1) ORDER BY account";

/// A row.
pub(crate) fn read(columns: &mut Columns<'_>) -> Result<(AccountId, Balance), StoreError> {
    let account = columns.next("account")?;
    Ok((account, Balance { amount: columns.next("amount")?, changed_at: columns.next("changed_at")? }))
}

/// The rows of new accounts.
pub(crate) fn create(writes: &mut Writes, accounts: &[&Account]) {
    let sql = "INSERT INTO balance (account, amount, changed_at)
               SELECT * FROM unnest($1::bigint[], $2::numeric[], $3::bigint[])";
    let ids = column(accounts.iter().copied(), |account| account.id);
    let zero = column(accounts.iter().copied(), |_| Amount::ZERO);
    writes.push(sql, parameters![ids, zero, column(accounts.iter().copied(), |account| account.created_at)]);
}

/// Sets balances.
pub(crate) fn update(writes: &mut Writes, balances: &[(AccountId, Balance)]) {
    let sql = "UPDATE balance SET amount = new.amount, changed_at = new.changed_at
               FROM unnest($1::bigint[], $2::numeric[], $3::bigint[]) AS new (account, amount, changed_at)
               WHERE balance.account = new.account";
    let amounts = column(balances, |(_, balance)| balance.amount);
    let moments = column(balances, |(_, balance)| balance.changed_at);
    writes.push(sql, parameters![column(balances, |(account, _)| *account), amounts, moments]);
}
