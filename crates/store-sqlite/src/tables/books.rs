//! Everything about money, for audits.

use rusqlite::Connection;
use store::{Books, StoreError};

use super::{balance, configuration, entry, transfer};

/// Reads it; the caller sees to it that nothing changes meanwhile.
pub(crate) fn read(connection: &Connection) -> Result<Books, StoreError> {
    let accounts = configuration::accounts(connection)?.into_iter();
    let accounts = accounts.map(|account| balance::of(connection, &account).map(|balance| (account, balance)));
    Ok(Books {
        accounts: accounts.collect::<Result<_, _>>()?,
        transfers: transfer::all(connection)?,
        entries: entry::all(connection)?,
    })
}
