//! The built-in directory: which FSP serves a party, where no oracle is registered for its type.

use fspiop::{Currency, PartyId};
use ledger::ParticipantId;

/// One line of the built-in directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyEntry {
    /// The party.
    pub party: PartyId,
    /// For which currency; absent: any.
    pub currency: Option<Currency>,
    /// Who serves it.
    pub participant: ParticipantId,
}

/// A change of the built-in directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartyChange {
    /// The party is served by this participant from now on, in this currency.
    Put(PartyEntry),
    /// The party is no longer served by this participant in this currency (absent: in any).
    Remove(PartyEntry),
}
