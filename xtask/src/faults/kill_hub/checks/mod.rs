//! What must be true after all the kills. Pure: each check finds in the evidence what is wrong.

mod endings;
mod money;
#[cfg(test)]
mod tests;
mod transfers;

use super::book::Records;
use super::hub::Account;
use super::journal::Books;

/// Everything that was seen from outside, and what the store holds.
#[derive(Clone)]
pub(super) struct Evidence {
    pub(super) records: Records,
    /// Callbacks that belong to no record.
    pub(super) strays: Vec<String>,
    /// All accounts, from the admin API, before the hub was stopped.
    pub(super) accounts: Vec<Account>,
    /// The store's, after the hub was stopped.
    pub(super) books: Books,
}

/// A check by its name; no findings is good.
pub(super) type Check = (&'static str, fn(&Evidence) -> Vec<String>);

pub(super) const ALL: [Check; 11] = [
    ("every acknowledged transfer is found", transfers::lost),
    ("every transfer was passed on, and everybody was told its end", transfers::untold),
    ("nothing ended twice, in whatever words", endings::contradictory),
    ("the journal has one reservation and one ending of each", endings::misposted),
    ("answers decided if they were in time, and only then", endings::wrongly_decided),
    ("positions are those of the committed transfers", money::wrong_positions),
    ("no position ever stood above its cap", money::over_cap),
    ("nothing but positions has moved", money::moved_funds),
    ("the journal adds up to the balances, in sound files", money::unbalanced),
    ("nothing is left to do", transfers::left_over),
    ("nothing unexpected was answered or sent", transfers::unexpected),
];
