//! What the store holds, read by plain SQL and not by the store's own code: a second opinion.

pub(super) mod postgres;
pub(super) mod sqlite;

use std::collections::BTreeMap;

use fspiop::{Amount, Timestamp, TransferId};

/// The account that holds what is reserved; it has no row of its own.
pub(super) const TRANSIT: i64 = 0;

/// What the store says about money, at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Books {
    /// What the database itself finds wrong with its files.
    pub(super) damage: Vec<String>,
    /// Balances by account; accounts that never moved may be missing.
    pub(super) balances: BTreeMap<i64, Amount>,
    /// Net debit caps by account.
    pub(super) caps: BTreeMap<i64, Amount>,
    pub(super) transfers: BTreeMap<TransferId, Transfer>,
    /// The journal, its lines about each account in the order in which they were posted.
    pub(super) entries: Vec<Entry>,
    /// How many messages are still to be delivered.
    pub(super) outbox: i64,
    pub(super) abandoned: Vec<Abandoned>,
}

/// A message that was given up.
#[derive(Clone, Debug)]
pub(super) struct Abandoned {
    pub(super) recipient: String,
    pub(super) method: String,
    /// `transfer ID`, or what else it is about.
    pub(super) subject: String,
    pub(super) reason: String,
    pub(super) at: Timestamp,
}

impl Abandoned {
    /// The transfer that it is about.
    pub(super) fn transfer(&self) -> Option<TransferId> {
        TransferId::parse(self.subject.strip_prefix("transfer ")?).ok()
    }
}

/// A row of the table `transfer`.
#[derive(Clone, Debug)]
pub(super) struct Transfer {
    pub(super) payer: String,
    pub(super) payee: Option<String>,
    pub(super) amount: Amount,
    pub(super) status: String,
}

/// A line of the journal.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) transfer: TransferId,
    pub(super) kind: String,
    pub(super) raised: i64,
    pub(super) lowered: i64,
    pub(super) amount: Amount,
    pub(super) at: Timestamp,
}
