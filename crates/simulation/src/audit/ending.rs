//! I3: a transfer ends once. Its state changes from RESERVED to one final state, and never again.

use std::collections::BTreeSet;

use fspiop::TransferId;
use ledger::{EntryKind, Transfer};

use super::Batch;
use crate::report::{Check, ensure};

/// Transfers that the journal has begun and ended.
#[derive(Default)]
pub(crate) struct Endings {
    begun: BTreeSet<TransferId>,
    ended: BTreeSet<TransferId>,
}

impl Endings {
    /// Checks what a batch did to transfers.
    pub(crate) fn batch(&mut self, batch: &Batch<'_>) -> Check {
        for entry in batch.entries {
            let id = entry.transfer_id;
            match entry.kind {
                EntryKind::Reserve => drop(self.begun.insert(id)),
                EntryKind::Commit | EntryKind::Abort => {
                    ensure(self.begun.contains(&id), "I3", || format!("{id} ended and was never reserved"))?;
                    ensure(self.ended.insert(id), "I3", || format!("{id} ended a second time: {:?}", entry.kind))?;
                }
                _ => {}
            }
        }
        batch.changes.iter().try_for_each(|(before, after)| check_change(*before, after))
    }
}

fn check_change(before: Option<&Transfer>, after: &Transfer) -> Check {
    let Some(before) = before else { return Ok(()) };
    let (from, to) = (before.status, after.status);
    ensure(!from.is_final(), "I3", || {
        format!("{} changed after its end: from {} to {}", after.id, from.as_str(), to.as_str())
    })?;
    ensure(to.is_final(), "I3", || format!("{} changed while it was RESERVED: {before:?}, {after:?}", after.id))
}
