//! The journal: every change of a balance, with both of its sides.

use fspiop::{Amount, Currency, Timestamp, TransferId};

use crate::AccountId;

/// Why money moved between two accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A transfer was reserved: payer's position up, transit down.
    Reserve,
    /// A transfer was committed: transit up, payee's position down.
    Commit,
    /// A reservation was undone: transit up, payer's position down.
    Abort,
    /// A participant paid in: reconciliation up, settlement account down.
    FundsIn,
    /// A participant's payment out was prepared: settlement account up, transit down.
    FundsOut,
    /// A payment out was done: transit up, reconciliation down.
    FundsOutCommit,
    /// A payment out was called off: transit up, settlement account down.
    FundsOutAbort,
}

impl EntryKind {
    /// All kinds.
    pub const ALL: [EntryKind; 7] = [
        EntryKind::Reserve,
        EntryKind::Commit,
        EntryKind::Abort,
        EntryKind::FundsIn,
        EntryKind::FundsOut,
        EntryKind::FundsOutCommit,
        EntryKind::FundsOutAbort,
    ];

    /// The name under which it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            EntryKind::Reserve => "RESERVE",
            EntryKind::Commit => "COMMIT",
            EntryKind::Abort => "ABORT",
            EntryKind::FundsIn => "FUNDS_IN",
            EntryKind::FundsOut => "FUNDS_OUT",
            EntryKind::FundsOutCommit => "FUNDS_OUT_COMMIT",
            EntryKind::FundsOutAbort => "FUNDS_OUT_ABORT",
        }
    }

    /// The kind of this name, if there is one.
    pub fn parse(name: &str) -> Option<EntryKind> {
        EntryKind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One line of the journal. Both sides stand in one value, so the books balance by construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The transfer or movement of funds that it belongs to.
    pub transfer_id: TransferId,
    /// Why.
    pub kind: EntryKind,
    /// The account whose balance rises by `amount`.
    pub raised: AccountId,
    /// The account whose balance falls by `amount`.
    pub lowered: AccountId,
    /// How much, never negative.
    pub amount: Amount,
    /// In which currency; both accounts hold it.
    pub currency: Currency,
    /// When it was decided, on the ledger's clock.
    pub at: Timestamp,
}
