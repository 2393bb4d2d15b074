//! What a seed led to: [`Report`], or [`Violation`].

use std::{collections::BTreeMap, fmt, ops::AddAssign};

/// What happened in a world in which every invariant held. Counts; they can be added up over seeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Events that took place.
    pub steps: u64,
    /// Batches that were committed.
    pub batches: u64,
    /// Commands in them.
    pub commands: u64,
    /// The most commands in one batch.
    pub largest_batch: u64,
    /// Transfers in the store at the end.
    pub transfers: u64,
    /// Of them COMMITTED.
    pub committed: u64,
    /// Of them declined by their payee, or answered with an error or a wrong fulfilment.
    pub aborted: u64,
    /// Of them expired.
    pub expired: u64,
    /// Of them refused by the ledger before anything was reserved.
    pub refused: u64,
    /// Of those refused because a net debit cap or the liquidity would not cover them.
    pub refused_by_limits: u64,
    /// Payments from lookup to transfer that were committed as their payer saw it.
    pub payments_committed: u64,
    /// Answers to transfers that came after the expiration, and ended the transfer by that.
    pub late_answers: u64,
    /// Requests and answers about transfers that the hub had decided before.
    pub duplicates: u64,
    /// Error 3106, as FSPs were told it.
    pub modified: u64,
    /// Messages that the network lost, in either direction.
    pub lost: u64,
    /// Messages that the network doubled.
    pub doubled: u64,
    /// Attempts to send a message to an FSP.
    pub attempts: u64,
    /// Durable messages that reached an FSP more than once.
    pub redeliveries: u64,
    /// Durable messages that the hub gave up.
    pub given_up: u64,
    /// Times at which a node read messages from the store: at its start, for want of room before, or because they had been
    /// another node's.
    pub take_overs: u64,
    /// Times at which the store gave a node messages that it had not been told of: handed over, or left behind by another.
    pub untold: u64,
    /// Messages that one node decided and another one delivered, to keep them in order.
    pub handed_over: u64,
    /// Worlds with several nodes.
    pub worlds_of_several: u64,
    /// Times at which a node stood still.
    pub pauses: u64,
    /// Nodes that were lost and did not come back.
    pub lost_nodes: u64,
    /// Nodes that ended in good order to be replaced by newer ones.
    pub upgrades: u64,
    /// Payments out that were committed.
    pub paid_out: u64,
    /// Payments out that were called off.
    pub payments_out_called_off: u64,
    /// Batches that the store did not take, or of which it did not say whether it did.
    pub store_faults: u64,
    /// Crashes of the hub, by what it was doing.
    pub crashes: BTreeMap<&'static str, u64>,
    /// A hash of everything that happened, in order; of several seeds: of their hashes.
    pub history_hash: u64,
}

impl Report {
    /// Crashes of the hub, at whatever point.
    pub fn all_crashes(&self) -> u64 {
        self.crashes.values().sum()
    }
}

impl AddAssign<&Report> for Report {
    fn add_assign(&mut self, other: &Report) {
        for (sum, more) in [
            (&mut self.steps, other.steps),
            (&mut self.batches, other.batches),
            (&mut self.commands, other.commands),
            (&mut self.transfers, other.transfers),
            (&mut self.committed, other.committed),
            (&mut self.aborted, other.aborted),
            (&mut self.expired, other.expired),
            (&mut self.refused, other.refused),
            (&mut self.refused_by_limits, other.refused_by_limits),
            (&mut self.payments_committed, other.payments_committed),
            (&mut self.late_answers, other.late_answers),
            (&mut self.duplicates, other.duplicates),
            (&mut self.modified, other.modified),
            (&mut self.lost, other.lost),
            (&mut self.doubled, other.doubled),
            (&mut self.attempts, other.attempts),
            (&mut self.redeliveries, other.redeliveries),
            (&mut self.given_up, other.given_up),
            (&mut self.take_overs, other.take_overs),
            (&mut self.untold, other.untold),
            (&mut self.handed_over, other.handed_over),
            (&mut self.worlds_of_several, other.worlds_of_several),
            (&mut self.pauses, other.pauses),
            (&mut self.lost_nodes, other.lost_nodes),
            (&mut self.upgrades, other.upgrades),
            (&mut self.paid_out, other.paid_out),
            (&mut self.payments_out_called_off, other.payments_out_called_off),
            (&mut self.store_faults, other.store_faults),
        ] {
            *sum += more;
        }
        self.largest_batch = self.largest_batch.max(other.largest_batch);
        for (point, count) in &other.crashes {
            *self.crashes.entry(point).or_default() += count;
        }
        self.history_hash = self.history_hash.rotate_left(1) ^ other.history_hash;
    }
}

/// An invariant did not hold. Prints as a person needs it who looks for the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// `I1` to `I7`.
    pub invariant: &'static str,
    /// The seed of the world; it leads to the same violation again.
    pub seed: u64,
    /// The number of the event after which it was seen.
    pub step: u64,
    /// Virtual milliseconds since the world began.
    pub at_ms: i64,
    /// What does not hold.
    pub what: String,
    /// The events about what is named there, and the latest ones; the oldest first.
    pub history: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { invariant, seed, step, at_ms, what, history } = self;
        writeln!(formatter, "{invariant} is violated at step {step}, after {at_ms} ms: {what}")?;
        writeln!(formatter, "  what happened to it, and at last:")?;
        for line in history {
            writeln!(formatter, "    {line}")?;
        }
        write!(formatter, "  replay: cargo xtask simulate --seeds 1 --seed {seed}")
    }
}

impl std::error::Error for Violation {}

/// An invariant that does not hold, where it is found.
#[derive(Debug)]
pub(crate) struct Breach {
    pub(crate) invariant: &'static str,
    pub(crate) what: String,
}

/// What every check gives.
pub(crate) type Check = Result<(), Breach>;

/// A breach of `invariant`, unless `holds`.
pub(crate) fn ensure(holds: bool, invariant: &'static str, what: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(Breach { invariant, what: what() }) }
}
