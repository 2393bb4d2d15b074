//! What lines of archived days left on accounts.

use ledger::AccountId;
use store::{Archived, StoreError};

use crate::columns::Columns;

/// All of them; an account none of whose lines were archived has no row.
pub(crate) const ALL: &str = "SELECT account, raised, lowered FROM opening_balance";

/// A row of [`ALL`].
pub(crate) fn read(columns: &mut Columns<'_>) -> Result<(AccountId, Archived), StoreError> {
    let account = columns.next("account")?;
    Ok((account, Archived { raised: columns.next("raised")?, lowered: columns.next("lowered")? }))
}
