//! I5: n deliveries of a message equal one; the same id with other content is error 3106 (or 3100, where an error
//! follows a state or a state an error) and changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use fspiop::{FspId, TransferId};
use ledger::{ContentHash, EntryKind, Registry, Transfer};
use switch::Command;

use super::{Batch, totality::Totality};
use crate::report::{Check, ensure};

/// What was posted, and what was acknowledged.
#[derive(Default)]
pub(crate) struct Idempotency {
    posted: BTreeSet<TransferId>,
    requests: BTreeMap<TransferId, Vec<(FspId, ContentHash)>>,
    answers: BTreeMap<TransferId, Vec<(FspId, ContentHash)>>,
}

impl Idempotency {
    /// Checks what a batch posted, and that no request changed another one.
    pub(crate) fn batch(&mut self, batch: &Batch<'_>) -> Check {
        for entry in batch.entries {
            if matches!(entry.kind, EntryKind::Reserve | EntryKind::FundsIn | EntryKind::FundsOut) {
                let id = entry.transfer_id;
                ensure(self.posted.insert(id), "I5", || format!("{id} was posted twice: {:?}", entry.kind))?;
            }
        }
        batch.changes.iter().try_for_each(|(before, after)| {
            let same = before.is_none_or(|before| request_of(before) == request_of(after));
            ensure(same, "I5", || format!("the request for {} changed: {before:?}, {after:?}", after.id))
        })
    }

    /// The hub has answered 202 or 200.
    pub(crate) fn acknowledged(&mut self, command: &Command) {
        let (of, id, source, hash) = match command {
            Command::Prepare { inbound, prepare, .. } if prepare.payer == inbound.source => {
                (&mut self.requests, prepare.transfer_id, &inbound.source, prepare.hash)
            }
            Command::Fulfil { inbound, fulfil, .. } => {
                (&mut self.answers, fulfil.transfer_id, &inbound.source, fulfil.hash)
            }
            Command::Abort { inbound, abort } => (&mut self.answers, abort.transfer_id, &inbound.source, abort.hash),
            _ => return,
        };
        of.entry(id).or_default().push((source.clone(), hash));
    }

    /// Everybody who sent other content under a known id was told so.
    pub(crate) fn conclude(
        &self,
        registry: &Registry,
        transfers: &BTreeMap<TransferId, Transfer>,
        told: &Totality,
    ) -> Check {
        for transfer in transfers.values() {
            let nothing = Vec::new();
            let payer = registry.participant(transfer.payer);
            let payee = transfer.payee.and_then(|payee| registry.participant(payee));
            let requests = self.requests.get(&transfer.id).unwrap_or(&nothing).iter();
            let other_requests = requests.filter(|(_, hash)| *hash != transfer.prepare_hash).zip(payer);
            let answers = self.answers.get(&transfer.id).unwrap_or(&nothing).iter();
            let of_payee = answers.filter(|(source, _)| payee.is_some_and(|payee| payee.name == *source));
            let other_answers = of_payee.filter(|(_, hash)| transfer.answer_hash.is_some_and(|first| first != *hash));
            let requests = other_requests.map(|((sender, _), _)| (sender, false));
            // An error after a state is not a modified one, but late.
            for (sender, may_be_late) in requests.chain(other_answers.map(|(sender, _)| (sender, true))) {
                let participant = registry.participant_named(sender.as_str()).map(|known| known.id);
                let warned = participant.is_some_and(|sender| {
                    told.was_told_modified(transfer.id, sender)
                        || may_be_late && told.was_told_late(transfer.id, sender)
                });
                ensure(warned, "I5", || {
                    format!("{sender} sent other content for {} and was not told 3106", transfer.id)
                })?;
            }
        }
        Ok(())
    }
}

/// What a request says; it never changes.
fn request_of(transfer: &Transfer) -> Transfer {
    Transfer {
        status: ledger::TransferStatus::Reserved,
        completed_at: None,
        ended_at: None,
        fulfilment: None,
        answer_hash: None,
        abort_reason: None,
        ..transfer.clone()
    }
}
