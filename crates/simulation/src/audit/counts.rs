//! Counts for the report: they show that a world was worth living in.

use std::collections::{BTreeMap, BTreeSet};

use fspiop::{ErrorCode, TransferId};
use ledger::{Transfer, TransferStatus};
use switch::Command;

use super::Batch;
use crate::report::Report;

/// Counts what a batch did.
pub(crate) fn of_batch(counts: &mut Report, batch: &Batch<'_>) {
    let commands = batch.commands.len() as u64;
    counts.batches += 1;
    counts.commands += commands;
    counts.largest_batch = counts.largest_batch.max(commands);
    let messages: Vec<(TransferId, bool)> = batch.commands.iter().filter_map(message).collect();
    let changed: BTreeSet<TransferId> = batch.changes.iter().map(|(_, transfer)| transfer.id).collect();
    for (id, is_answer) in messages {
        let known = batch.books.transfers.iter().find(|known| known.id == id);
        let expired = known.is_some_and(|known| known.status == TransferStatus::ExpiredReserved);
        counts.duplicates += u64::from(known.is_some() && !changed.contains(&id));
        counts.late_answers += u64::from(is_answer && expired && changed.contains(&id));
    }
}

/// Counts how the transfers ended.
pub(crate) fn of_endings(counts: &mut Report, transfers: &BTreeMap<TransferId, Transfer>) {
    let limits = ErrorCode::PayerFspInsufficientLiquidity.text();
    counts.transfers += transfers.len() as u64;
    for transfer in transfers.values() {
        let by_limits = transfer.abort_reason.as_ref().is_some_and(|reason| *reason.code == *limits);
        match transfer.status {
            TransferStatus::Committed => counts.committed += 1,
            TransferStatus::AbortedError | TransferStatus::AbortedRejected => counts.aborted += 1,
            TransferStatus::ExpiredReserved => counts.expired += 1,
            TransferStatus::Reserved => {}
            TransferStatus::Invalid => {
                counts.refused += 1;
                counts.refused_by_limits += u64::from(by_limits);
            }
        }
    }
}

/// The transfer that a message of an FSP is about, and whether it is an answer.
fn message(command: &Command) -> Option<(TransferId, bool)> {
    match command {
        Command::Prepare { prepare, .. } => Some((prepare.transfer_id, false)),
        Command::Fulfil { fulfil, .. } => Some((fulfil.transfer_id, true)),
        Command::Abort { abort, .. } => Some((abort.transfer_id, true)),
        _ => None,
    }
}
