//! I5: an id is used once.

use std::collections::HashMap;

use ledger::EntryKind;

use super::{
    auditor::Movement,
    report::{Finding, Invariant},
};

pub(super) fn invariant() -> Invariant {
    Invariant::new(
        "I5",
        "Idempotency",
        "each id is a transfer's or a movement of funds', never both; no journal line of a kind is there twice under one id",
    )
}

pub(super) fn look_at(invariant: &mut Invariant, movement: &Movement<'_>) {
    let both = movement.transfer.is_some() && movement.funds.is_some();
    invariant.check(!both, || {
        Finding::new(format!("id {}", movement.id), "a transfer and a movement of funds", "one of them")
    });
    let mut counts = HashMap::<EntryKind, u32>::new();
    for entry in movement.entries {
        *counts.entry(entry.kind).or_default() += 1;
    }
    for kind in EntryKind::ALL {
        let count = counts.get(&kind).copied().unwrap_or_default();
        invariant.ensure(count <= 1, || {
            Finding::new(movement.describe(), format!("{count} lines {} in the journal", kind.as_str()), "one")
        });
    }
}
