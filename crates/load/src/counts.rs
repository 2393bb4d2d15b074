//! What is counted and measured of the payments that count: [`Counts`], [`Distributions`].

use serde::{Deserialize, Serialize};

use crate::latencies::Latencies;

/// Messages that are counted for the gates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// The hub has taken a prepare over.
    PrepareAccepted,
    /// The hub has taken a fulfil over.
    FulfilAccepted,
    /// The payee was sent a prepare.
    PrepareDelivered,
}

/// Figures of the payments that count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Payments that were begun.
    pub offered: u64,
    /// Payments whose last phase ended as it should.
    pub committed: u64,
    /// Payments that ended otherwise.
    pub failed: u64,
    /// Payments of which the hub has refused a message, before it took it over.
    pub refused: u64,
    /// Prepares that the hub took over.
    pub prepares: u64,
    /// Fulfils that the hub took over.
    pub fulfils: u64,
    /// Prepares that payees were sent, and final states that payers were sent by PUT.
    pub notifications: u64,
}

/// Distributions of what was measured of the payments that count.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Distributions {
    /// Of phases and whole payments, in the order of [`MEASURES`](crate::MEASURES).
    pub taken: [Latencies; 4],
    /// The same, less what the FSPs themselves took.
    pub hub_added: [Latencies; 4],
    /// How late payments were begun: that much of every figure is the load's own fault.
    pub lateness: Latencies,
}
