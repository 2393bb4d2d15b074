//! The built-in directory: which FSP serves a party, where no oracle is registered for its type.

use fspiop::{Currency, FspiopError, PartyId, RegisteredParty};
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

impl PartyChange {
    /// Makes the change in a list of entries, be they of this party or of all: what is entered becomes the youngest entry, in
    /// the place of the one for the same currency.
    pub fn apply(&self, entries: &mut Vec<PartyEntry>) {
        match self {
            PartyChange::Put(entry) => {
                entries.retain(|known| known.party != entry.party || known.currency != entry.currency);
                entries.push(entry.clone());
            }
            PartyChange::Remove(entry) => entries.retain(|known| {
                let same = known.party == entry.party && known.participant == entry.participant;
                !(same && (entry.currency.is_none() || known.currency == entry.currency))
            }),
        }
    }
}

/// A party of a bulk registration.
#[derive(Clone, Debug)]
pub struct BulkParty {
    /// As the sender named it.
    pub named: RegisteredParty,
    /// What is to be done with it, or was.
    pub fate: BulkFate,
}

/// What becomes of a party of a bulk registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BulkFate {
    /// It is to be entered into the built-in directory.
    Enter(PartyId),
    /// An oracle has taken it.
    Taken,
    /// It is not registered.
    Refused(FspiopError),
}
