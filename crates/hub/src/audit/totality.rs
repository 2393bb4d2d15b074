//! I4: what was begun ends, and its payer is told.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use fspiop::{Timestamp, TransferId};
use ledger::{Transfer, TransferStatus};
use store::{Fate, SentMessage};
use switch::Method;

use super::{
    auditor::Scope,
    report::{Finding, Invariant},
};

/// How long after its expiration a transfer may still be RESERVED while a hub works: a sweep and its batch take a second or
/// two, the loss of the database's node up to 25 s.
pub const BOUND_MS: i64 = 30_000;
/// Of so many transfers that ended last, the stories are heard: what is wrong now shows there. About 0.1 ms each.
const LATEST: usize = 500;
/// Of so many more, spread over the whole store, too.
const SPREAD: usize = 500;

pub(super) struct Totality {
    invariant: Invariant,
    now: Timestamp,
    scope: Scope,
    latest: BTreeSet<(Timestamp, TransferId)>,
    /// The smallest hashes of ids: a sample that is even, bounded, and the same in each audit.
    spread: BTreeSet<(u64, TransferId)>,
}

impl Totality {
    pub(super) fn new(now: Timestamp, scope: Scope) -> Totality {
        let invariant = Invariant::new(
            "I4",
            "Totality",
            "no transfer is RESERVED 30 s after its expiration, as long as a hub has worked on it; of the 500 transfers \
             that ended last and of 500 spread over the whole store, the payer was sent how it ended: delivered, being \
             tried, or given up after its time. Given up is a remark",
        );
        Totality { invariant, now, scope, latest: BTreeSet::new(), spread: BTreeSet::new() }
    }

    pub(super) fn look_at(&mut self, transfer: &Transfer) {
        self.invariant.checked += 1;
        match transfer.ended_at.filter(|_| transfer.status.is_final()) {
            Some(ended_at) => self.take_sample(transfer, ended_at),
            None if transfer.status == TransferStatus::Reserved => self.look_at_open(transfer),
            None => {}
        }
    }

    fn look_at_open(&mut self, transfer: &Transfer) {
        let due = match self.scope.served_since {
            Some(since) => transfer.expiration.max(since),
            None => transfer.expiration,
        };
        if self.now.millis_since(due) <= BOUND_MS {
            return;
        }
        let found = format!("RESERVED, and expired at {}", transfer.expiration);
        let about = format!("transfer {}", transfer.id);
        match self.scope.served_since {
            Some(_) => {
                let expected = format!("an end by {}", due.plus_millis(BOUND_MS));
                self.invariant.ensure(false, || Finding::new(about, found, expected));
            }
            None => self.invariant.remark(|| Finding::new(about, found, "an end soon after a hub works on this store")),
        }
    }

    fn take_sample(&mut self, transfer: &Transfer, ended_at: Timestamp) {
        let mut hasher = DefaultHasher::new();
        transfer.id.hash(&mut hasher);
        self.latest.insert((ended_at, transfer.id));
        self.spread.insert((hasher.finish(), transfer.id));
        if self.latest.len() > LATEST {
            self.latest.pop_first();
        }
        if self.spread.len() > SPREAD {
            self.spread.pop_last();
        }
    }

    /// Whose stories are to be heard.
    pub(super) fn sample(&self) -> BTreeSet<TransferId> {
        self.latest.iter().map(|(_, id)| *id).chain(self.spread.iter().map(|(_, id)| *id)).collect()
    }

    /// Looks at what was sent about a transfer that has ended.
    pub(super) fn hear(&mut self, transfer: &Transfer, payer: &str, messages: &[SentMessage]) {
        let (about, status) = (format!("transfer {}", transfer.id), transfer.status.as_str());
        let path = format!("/transfers/{}", transfer.id);
        let ends = |sent: &str| sent == path || sent.strip_suffix("/error") == Some(&path);
        let says_so =
            |sent: &&SentMessage| sent.method == Method::Put && ends(&sent.path) && sent.recipient.as_str() == payer;
        let told: Vec<_> = messages.iter().filter(says_so).collect();
        self.invariant.check(!told.is_empty(), || {
            Finding::new(
                &about,
                format!("{status}, and no message to {payer} says so"),
                format!("PUT {path} to {payer}"),
            )
        });
        let reached = told.iter().any(|sent| !matches!(sent.fate, Fate::GaveUp { .. }));
        if let Some(Fate::GaveUp { reason }) = told.last().map(|sent| &sent.fate).filter(|_| !reached) {
            let found = format!("{status}, and {payer} did not take that: {reason}");
            let expected = format!("{payer} asks GET {path}, or is told by people");
            self.invariant.remark(|| Finding::new(about, found, expected));
        }
    }

    pub(super) fn finish(self) -> Invariant {
        self.invariant
    }
}
