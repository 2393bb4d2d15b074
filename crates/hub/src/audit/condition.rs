//! I7: money moves only for the right fulfilment, in time.

use fspiop::Timestamp;
use ledger::{Entry, EntryKind, Transfer, TransferStatus};

use super::report::{Finding, Invariant};

pub(super) fn invariant() -> Invariant {
    Invariant::new(
        "I7",
        "Condition and time",
        "each COMMITTED transfer has a fulfilment whose SHA-256 is its condition, an answer of its payee on record, and \
         was committed before its expiration on the ledger's clock; none was reserved at or after its expiration, or \
         expired before it",
    )
}

pub(super) fn look_at(invariant: &mut Invariant, transfer: &Transfer, entries: &[Entry]) {
    let about = || format!("transfer {}", transfer.id);
    // The journal's time is the ledger's; that of the row was the payee's in stores of the first schema.
    let moved_at = |kind: EntryKind| entries.iter().find(|entry| entry.kind == kind).map(|entry| entry.at);
    invariant.checked += 1;
    if transfer.status != TransferStatus::Invalid {
        let reserved_at = moved_at(EntryKind::Reserve).unwrap_or(transfer.prepared_at);
        invariant
            .ensure(reserved_at < transfer.expiration, || late(about(), "reserved", reserved_at, transfer.expiration));
    }
    match transfer.status {
        TransferStatus::Committed => {
            let fits = transfer.fulfilment.is_some_and(|fulfilment| fulfilment.condition() == transfer.condition);
            invariant.ensure(fits, || {
                let found = match transfer.fulfilment {
                    Some(fulfilment) => {
                        format!("COMMITTED by a fulfilment of the condition {}", fulfilment.condition())
                    }
                    None => "COMMITTED without a fulfilment".to_owned(),
                };
                Finding::new(about(), found, format!("a fulfilment of its condition {}", transfer.condition))
            });
            invariant.ensure(transfer.answer_hash.is_some(), || {
                Finding::new(about(), "COMMITTED, and no answer of its payee is on record", "the hash of that answer")
            });
            if let Some(at) = moved_at(EntryKind::Commit).or(transfer.ended_at) {
                invariant.ensure(at < transfer.expiration, || late(about(), "committed", at, transfer.expiration));
            }
        }
        TransferStatus::ExpiredReserved => {
            let at = moved_at(EntryKind::Abort).or(transfer.ended_at).unwrap_or(transfer.expiration);
            invariant.ensure(at >= transfer.expiration, || {
                Finding::new(about(), format!("expired at {at}"), format!("not before {}", transfer.expiration))
            });
        }
        TransferStatus::Reserved
        | TransferStatus::AbortedRejected
        | TransferStatus::AbortedError
        | TransferStatus::Invalid => {}
    }
}

fn late(about: String, what: &str, at: Timestamp, expiration: Timestamp) -> Finding {
    Finding::new(about, format!("{what} at {at}"), format!("before its expiration {expiration}"))
}
