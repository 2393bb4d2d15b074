//! The auditor: gives every page to those who know an invariant.

use std::sync::Arc;

use fspiop::{Timestamp, TransferId};
use ledger::{Entry, FundsMovement, Registry, Transfer};
use store::{Page, Story};

use super::{
    accounts::Accounts,
    condition,
    conservation::Conservation,
    ending, idempotency,
    limits::Limits,
    report::{Audit, Invariant, Verdict},
    totality::Totality,
};

/// From where a store is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scope {
    /// Since when a hub has been working on the store without a break. Transfers that were due before need be ended only
    /// since then. Absent: nobody knows whether one works, so that nothing is overdue.
    pub served_since: Option<Timestamp>,
}

/// Everything under one id.
pub(super) struct Movement<'a> {
    pub(super) id: TransferId,
    pub(super) transfer: Option<&'a Transfer>,
    pub(super) funds: Option<&'a FundsMovement>,
    pub(super) entries: &'a [Entry],
}

impl Movement<'_> {
    /// What a report calls it.
    pub(super) fn describe(&self) -> String {
        match (self.transfer, self.funds) {
            (None, Some(_)) => format!("funds {}", self.id),
            _ => format!("transfer {}", self.id),
        }
    }
}

/// Looks at a store's books, page by page.
pub struct Auditor {
    at: Timestamp,
    accounts: Accounts,
    counted: Counted,
    conservation: Conservation,
    limits: Limits,
    endings: Invariant,
    totality: Totality,
    idempotency: Invariant,
    condition: Invariant,
}

/// How much was read.
#[derive(Default)]
struct Counted {
    accounts: u64,
    transfers: u64,
    funds: u64,
    entries: u64,
}

impl Auditor {
    /// An auditor who has seen nothing yet. `names` says what participants are called; the books are to be of `now`, or of
    /// a moment after it.
    pub fn new(names: Arc<Registry>, now: Timestamp, scope: Scope) -> Auditor {
        Auditor {
            at: now,
            accounts: Accounts::new(names),
            counted: Counted::default(),
            conservation: Conservation::new(),
            limits: Limits::new(),
            endings: ending::invariant(),
            totality: Totality::new(now, scope),
            idempotency: idempotency::invariant(),
            condition: condition::invariant(),
        }
    }

    /// Looks at a page; accounts come first, as [`Store::visit_books`](store::Store::visit_books) has them.
    pub fn visit(&mut self, page: Page) {
        match page {
            Page::Account { account, balance, archived } => {
                self.counted.accounts += 1;
                self.conservation.open(&account, &archived);
                self.accounts.add(account, balance);
            }
            Page::Movement { id, transfer, funds, entries } => {
                let movement = Movement { id, transfer: transfer.as_ref(), funds: funds.as_ref(), entries: &entries };
                self.look_at(&movement);
            }
        }
    }

    fn look_at(&mut self, movement: &Movement<'_>) {
        self.counted.transfers += u64::from(movement.transfer.is_some());
        self.counted.funds += u64::from(movement.funds.is_some());
        self.counted.entries += movement.entries.len() as u64;
        self.conservation.look_at(movement, &self.accounts);
        self.limits.look_at(movement, &self.accounts);
        ending::look_at(&mut self.endings, movement, &self.accounts);
        idempotency::look_at(&mut self.idempotency, movement);
        if let Some(transfer) = movement.transfer {
            self.totality.look_at(transfer);
            condition::look_at(&mut self.condition, transfer, movement.entries);
        }
    }

    /// Ends the reading of pages. `registry` is one that is not older than the books: settlement models are looked up in it.
    /// Returned are transfers whose stories are to be heard, a bounded number.
    pub fn close_books(&mut self, registry: Arc<Registry>) -> Vec<TransferId> {
        self.accounts.rename(registry);
        self.totality.sample().into_iter().collect()
    }

    /// Looks at what was sent about a transfer of the sample.
    pub fn hear(&mut self, story: &Story) {
        if let Some(transfer) = &story.transfer {
            self.totality.hear(transfer, &self.accounts.participant(transfer.payer), &story.messages);
        }
    }

    /// What was found.
    pub fn finish(self) -> Audit {
        let invariants = vec![
            self.conservation.finish(&self.accounts),
            self.limits.finish(&self.accounts),
            self.endings,
            self.totality.finish(),
            self.idempotency,
            self.condition,
        ];
        let violated = invariants.iter().any(|invariant| invariant.violation_count > 0);
        let Counted { accounts, transfers, funds, entries } = self.counted;
        let verdict = if violated { Verdict::Fail } else { Verdict::Pass };
        Audit { at: self.at, accounts, transfers, funds, entries, invariants, verdict }
    }
}
