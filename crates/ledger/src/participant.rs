//! Who takes part in the scheme.

use fspiop::{FspId, Timestamp};

/// Number of a participant, given by the ledger in the order of registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParticipantId(pub i32);

impl ParticipantId {
    /// The hub itself, which owns the reconciliation and settlement accounts. It exists in every registry.
    pub const HUB: ParticipantId = ParticipantId(1);
}

/// A member of the scheme, or the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// The ledger's number for it.
    pub id: ParticipantId,
    /// The name that stands in FSPIOP-Source and FSPIOP-Destination.
    pub name: FspId,
    /// An inactive participant can neither send nor receive new transfers.
    pub active: bool,
    /// When it was registered.
    pub created_at: Timestamp,
}
