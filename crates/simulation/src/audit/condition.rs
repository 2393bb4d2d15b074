//! I7: COMMITTED implies the right fulfilment, from the payee of record, before the expiration on the store's clock; and
//! nothing expires before that, however far the clocks of the nodes are ahead.

use fspiop::FspId;
use ledger::{EntryKind, Transfer, TransferStatus};
use switch::Command;

use super::Batch;
use crate::report::{Check, ensure};

/// Checks the transfers that a batch ended.
pub(crate) fn batch(batch: &Batch<'_>) -> Check {
    let ended =
        batch.changes.iter().filter(|(before, after)| before.is_none_or(|before| before.status != after.status));
    for (_, transfer) in ended {
        match transfer.status {
            TransferStatus::Committed => check(transfer, batch)?,
            TransferStatus::ExpiredReserved => check_expiry(transfer, batch)?,
            _ => {}
        }
    }
    Ok(())
}

fn check_expiry(transfer: &Transfer, batch: &Batch<'_>) -> Check {
    let now = batch.committed.now;
    ensure(transfer.expiration <= now, "I7", || {
        format!("{} expired at {now}, and its expiration is {}", transfer.id, transfer.expiration)
    })
}

fn check(transfer: &Transfer, batch: &Batch<'_>) -> Check {
    let id = transfer.id;
    let fits = transfer.fulfilment.is_some_and(|fulfilment| fulfilment.condition() == transfer.condition);
    ensure(fits, "I7", || format!("{id} is COMMITTED, and its fulfilment does not fit its condition"))?;
    let payee = transfer.payee.and_then(|payee| batch.registry.participant(payee)).map(|payee| &payee.name);
    let sent = batch.commands.iter().any(|command| fulfils(command, transfer, payee));
    ensure(sent, "I7", || format!("{id} is COMMITTED, and its payee did not send the fulfilment"))?;
    let line = batch.entries.iter().find(|entry| entry.transfer_id == id && entry.kind == EntryKind::Commit);
    let in_time = line.is_some_and(|line| line.at < transfer.expiration && line.at == batch.committed.now);
    ensure(in_time, "I7", || {
        format!("{id} expires at {} and was COMMITTED at {:?}", transfer.expiration, line.map(|line| line.at))
    })
}

fn fulfils(command: &Command, transfer: &Transfer, payee: Option<&FspId>) -> bool {
    matches!(command, Command::Fulfil { inbound, fulfil, .. }
        if fulfil.transfer_id == transfer.id
            && Some(&inbound.source) == payee
            && fulfil.fulfilment == transfer.fulfilment)
}
