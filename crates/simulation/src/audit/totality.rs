//! I4: every transfer ends soon after its expiration, its FSPs are told, and all that they are told agrees.

use std::collections::{BTreeMap, BTreeSet};

use fspiop::{
    ErrorCallback, ErrorCode, Fulfilment, Timestamp, TransferFulfil, TransferId, TransferPatch, TransferState,
};
use http::Method;
use ledger::{ParticipantId, Transfer, TransferStatus};
use participant::Request;
use switch::Command;

use super::Batch;
use crate::report::{Breach, Check, ensure};

/// How long after its expiration a transfer may still be RESERVED while the hub works undisturbed: one sweep, and the
/// commands before it in the queue.
const BOUND_MS: i64 = 3_000;

/// Who was told what.
#[derive(Default)]
pub(crate) struct Totality {
    /// What is RESERVED, by expiration.
    open: BTreeSet<(Timestamp, TransferId)>,
    /// When the hub was last kept from working.
    disturbed_at: i64,
    ears: BTreeMap<(TransferId, ParticipantId), Ears>,
    /// Transfers whose payee asked to be told that they are committed.
    to_notify: BTreeSet<TransferId>,
    inspecting: bool,
}

/// What one FSP was told of one transfer.
#[derive(Debug, Default)]
struct Ears {
    /// How it ended, in messages that the hub owes: answers to GET are not among them.
    ending: u32,
    expired: u32,
    committed_by_patch: u32,
    modified: u64,
    /// Error 3100: an answer that came too late.
    late: u32,
    /// How it ended, in any message since the inspection began.
    inspected: u32,
}

/// What a message says.
#[derive(Debug)]
enum Word {
    State(TransferState, Option<Fulfilment>),
    Patch(TransferState),
    Error(Box<str>),
}

impl Totality {
    /// Notes what a batch opened and ended.
    pub(crate) fn batch(&mut self, batch: &Batch<'_>) {
        for (_, transfer) in &batch.changes {
            let key = (transfer.expiration, transfer.id);
            match transfer.status {
                TransferStatus::Reserved => drop(self.open.insert(key)),
                _ => drop(self.open.remove(&key)),
            }
            let notified = |command: &Command| {
                matches!(command, Command::Fulfil { fulfil, notify: true, .. }
                    if fulfil.transfer_id == transfer.id && Some(fulfil.hash) == transfer.answer_hash)
            };
            if transfer.status == TransferStatus::Committed && batch.commands.iter().any(notified) {
                self.to_notify.insert(transfer.id);
            }
        }
    }

    /// Something keeps the hub from working until then, or sets the clock.
    pub(crate) fn disturbed(&mut self, now: i64) {
        self.disturbed_at = self.disturbed_at.max(now);
    }

    /// Nothing is RESERVED long after its expiration. The clocks of the nodes that look for it may be behind by `lag_ms`.
    pub(crate) fn watch(&self, now: i64, wall: Timestamp, lag_ms: i64) -> Check {
        let Some((expiration, id)) = self.open.first() else { return Ok(()) };
        let late_ms = wall.millis_since(*expiration);
        let bound_ms = BOUND_MS + lag_ms;
        let overdue = late_ms > bound_ms && now - self.disturbed_at > bound_ms;
        ensure(!overdue, "I4", || format!("{id} is still RESERVED {late_ms} ms after its expiration"))
    }

    /// An FSP is told something about a transfer; it must be what the store says.
    pub(crate) fn told(
        &mut self,
        participant: ParticipantId,
        request: &Request,
        (id, known): (TransferId, Option<&Transfer>),
        is_error: bool,
        durable: bool,
    ) -> Check {
        let word = read(request, is_error).ok_or_else(|| Breach {
            invariant: "I4",
            what: format!("a message about {id} can't be read: {request:?}"),
        })?;
        let agrees = agrees(&word, participant, known, self.inspecting);
        ensure(agrees, "I4", || format!("participant {} was told {word:?} of {known:?}", participant.0))?;
        let ears = self.ears.entry((id, participant)).or_default();
        let ends = known.is_some_and(|known| is_ending(&word, participant, known));
        ears.ending += u32::from(ends && durable);
        ears.inspected += u32::from(ends && self.inspecting);
        match &word {
            Word::Patch(TransferState::Committed) => ears.committed_by_patch += 1,
            Word::Error(code) if **code == *ErrorCode::TransferExpired.text() => ears.expired += u32::from(durable),
            Word::Error(code) if **code == *ErrorCode::ModifiedRequest.text() => ears.modified += 1,
            Word::Error(code) if **code == *ErrorCode::ValidationError.text() => ears.late += 1,
            _ => {}
        }
        Ok(())
    }

    /// All has ended, and everybody knows.
    pub(crate) fn settled(&mut self, transfers: &BTreeMap<TransferId, Transfer>) -> Check {
        for transfer in transfers.values() {
            let (id, status) = (transfer.id, transfer.status.as_str());
            ensure(transfer.status.is_final(), "I4", || format!("{id} never ended"))?;
            let payer = self.ears.get(&(id, transfer.payer));
            ensure(payer.is_some_and(|ears| ears.ending > 0), "I4", || {
                format!("the payer was not told that {id} is {status}")
            })?;
            let payee = transfer.payee.and_then(|payee| self.ears.get(&(id, payee)));
            let told = payee.is_some_and(|ears| ears.expired > 0);
            ensure(transfer.status != TransferStatus::ExpiredReserved || told, "I4", || {
                format!("the payee was not told that {id} has expired")
            })?;
            let told = payee.is_some_and(|ears| ears.committed_by_patch > 0);
            ensure(!self.to_notify.contains(&id) || told, "I4", || {
                format!("the payee answered RESERVED and was not told that {id} is COMMITTED")
            })?;
        }
        self.inspecting = true;
        Ok(())
    }

    /// Who asked once more was answered: the payer twice, to GET and to the repeated POST.
    pub(crate) fn conclude(&self, transfers: &BTreeMap<TransferId, Transfer>) -> Check {
        for transfer in transfers.values() {
            let answers = self.ears.get(&(transfer.id, transfer.payer)).map_or(0, |ears| ears.inspected);
            ensure(answers >= 2, "I4", || {
                format!("the payer asked twice how {} ended, and got {answers} answers", transfer.id)
            })?;
        }
        Ok(())
    }

    /// Whether an FSP was told that it had used an id for other content.
    pub(crate) fn was_told_modified(&self, id: TransferId, participant: ParticipantId) -> bool {
        self.ears.get(&(id, participant)).is_some_and(|ears| ears.modified > 0)
    }

    /// Whether an FSP was told that its answer came after another one, or after the end.
    pub(crate) fn was_told_late(&self, id: TransferId, participant: ParticipantId) -> bool {
        self.ears.get(&(id, participant)).is_some_and(|ears| ears.late > 0)
    }

    /// How often anybody was told so.
    pub(crate) fn modified(&self) -> u64 {
        self.ears.values().map(|ears| ears.modified).sum()
    }
}

fn read(request: &Request, is_error: bool) -> Option<Word> {
    if is_error {
        return ErrorCallback::read(&request.body).ok().map(|error| Word::Error(error.code));
    }
    if request.method == Method::PATCH {
        return TransferPatch::read(&request.body).ok().map(|patch| Word::Patch(patch.state));
    }
    TransferFulfil::read(&request.body).ok().map(|fulfil| Word::State(fulfil.state, fulfil.fulfilment))
}

/// Whether a message fits what the store holds now. An answer to GET may be older than that.
fn agrees(word: &Word, participant: ParticipantId, known: Option<&Transfer>, settled: bool) -> bool {
    let unknown = |code: &str| code == ErrorCode::TransferIdNotFound.text() && !settled;
    let Some(transfer) = known else {
        // A transfer in somebody else's name is refused and not kept.
        return matches!(word, Word::Error(_));
    };
    match word {
        Word::State(TransferState::Reserved, None) => !settled,
        Word::State(TransferState::Committed, fulfilment) => {
            transfer.status == TransferStatus::Committed && *fulfilment == transfer.fulfilment
        }
        Word::State(TransferState::Aborted, _) => transfer.status.wire() == TransferState::Aborted,
        Word::State(..) => false,
        Word::Patch(state) => transfer.status.wire() == *state && transfer.payee == Some(participant),
        Word::Error(code) if participant == transfer.payer => {
            **code == *ErrorCode::ModifiedRequest.text() || unknown(code) || is_reason(code, transfer)
        }
        Word::Error(code) => **code != *ErrorCode::TransferExpired.text() || is_reason(code, transfer),
    }
}

fn is_reason(code: &str, transfer: &Transfer) -> bool {
    transfer.abort_reason.as_ref().is_some_and(|reason| *reason.code == *code)
}

/// Whether a message tells how the transfer ended.
fn is_ending(word: &Word, participant: ParticipantId, transfer: &Transfer) -> bool {
    match word {
        Word::State(state, _) | Word::Patch(state) => {
            transfer.status.is_final() && matches!(state, TransferState::Committed | TransferState::Aborted)
        }
        Word::Error(code) => participant == transfer.payer && is_reason(code, transfer),
    }
}
