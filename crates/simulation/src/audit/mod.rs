//! The observer: it sees every batch, the whole store, and the wire, and says at once what does not hold.

mod balances;
mod condition;
mod conservation;
mod durability;
mod ending;
mod idempotency;
mod limits;
mod replay;
mod totality;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use fspiop::{FspId, Timestamp, TransferId};
use ledger::{ContentHash, Entry, ParticipantId, Registry, Transfer, TransferStatus};
use participant::Request;
use store::{Books, Committed, MemoryStore, Store};
use switch::{Command, Message, MessageId, Subject, content_hash};

use crate::{
    node::ready,
    report::{Check, Report, ensure},
};

/// A batch that has become durable, with what it changed.
pub(crate) struct Batch<'a> {
    pub(crate) commands: &'a [Command],
    pub(crate) committed: &'a Committed,
    pub(crate) registry: &'a Registry,
    pub(crate) books: &'a Books,
    /// The lines that it added to the journal.
    pub(crate) entries: &'a [Entry],
    /// Each transfer that it added or altered, with what it was before.
    pub(crate) changes: Vec<(Option<&'a Transfer>, &'a Transfer)>,
}

/// Knows what was promised to whom, and what became of it.
pub(crate) struct Auditor {
    hub: FspId,
    registry: Arc<Registry>,
    transfers: BTreeMap<TransferId, Transfer>,
    /// Lines of the journal that were seen.
    lines: usize,
    conservation: conservation::Conservation,
    limits: limits::Limits,
    endings: ending::Endings,
    totality: totality::Totality,
    idempotency: idempotency::Idempotency,
    durability: durability::Durability,
    replay: replay::Replay,
    delivered: Delivered,
    counts: Report,
}

/// Which durable messages have reached an FSP.
#[derive(Default)]
struct Delivered {
    messages: BTreeSet<MessageId>,
    /// The last of them about one transfer to one FSP.
    last: BTreeMap<(ParticipantId, TransferId), MessageId>,
}

impl Auditor {
    pub(crate) fn new(hub: FspId, liquidity_checked: bool) -> Auditor {
        Auditor {
            hub,
            registry: Arc::default(),
            transfers: BTreeMap::new(),
            lines: 0,
            conservation: conservation::Conservation::default(),
            limits: limits::Limits::new(liquidity_checked),
            endings: ending::Endings::default(),
            totality: totality::Totality::default(),
            idempotency: idempotency::Idempotency::default(),
            durability: durability::Durability::default(),
            replay: replay::Replay::default(),
            delivered: Delivered::default(),
            counts: Report::default(),
        }
    }

    /// A batch has become durable.
    pub(crate) fn committed(&mut self, commands: &Arc<Vec<Command>>, committed: &Committed, store: &MemoryStore) -> Check {
        if let Some(configuration) = &committed.configuration {
            self.registry = configuration.registry.clone();
        }
        let books = ready(store.books());
        ensure(books.entries.len() >= self.lines, "I6", || "lines of the journal have vanished".to_owned())?;
        let kept = books.transfers.iter().filter(|transfer| self.transfers.contains_key(&transfer.id)).count();
        ensure(kept == self.transfers.len(), "I6", || "transfers have vanished".to_owned())?;
        let changed = |transfer: &&Transfer| self.transfers.get(&transfer.id) != Some(*transfer);
        let changes: Vec<_> = books.transfers.iter().filter(changed).collect();
        let batch = Batch {
            commands,
            committed,
            registry: &self.registry,
            books: &books,
            entries: &books.entries[self.lines..],
            changes: changes.iter().map(|after| (self.transfers.get(&after.id), *after)).collect(),
        };
        count(&mut self.counts, &batch);
        // What is special comes first: a defect of one of the first breaks the later ones, too.
        self.idempotency.batch(&batch)?;
        self.endings.batch(&batch)?;
        self.conservation.batch(&batch)?;
        self.limits.batch(&batch)?;
        condition::batch(&batch)?;
        self.totality.batch(&batch);
        self.replay.batch(committed.now, commands);
        self.lines = books.entries.len();
        let changes: Vec<Transfer> = changes.into_iter().cloned().collect();
        self.transfers.extend(changes.into_iter().map(|transfer| (transfer.id, transfer)));
        Ok(())
    }

    /// The hub has answered 202 or 200.
    pub(crate) fn acknowledged(&mut self, command: &Command) {
        self.durability.acknowledged(command);
        self.idempotency.acknowledged(command);
    }

    /// The hub's process has died.
    pub(crate) fn after_crash(&self, store: &MemoryStore) -> Check {
        self.durability.check(&self.registry, store)
    }

    /// Something kept the hub from working, or set the clock.
    pub(crate) fn disturbed(&mut self, now: i64) {
        self.totality.disturbed(now);
    }

    /// Time has passed.
    pub(crate) fn watch(&self, now: i64, wall: Timestamp) -> Check {
        self.totality.watch(now, wall)
    }

    /// A message has reached an FSP: messages about one transfer do so in the order of their decision.
    pub(crate) fn arrived(&mut self, participant: ParticipantId, message: &Message) -> Check {
        if !message.id.is_durable() {
            return Ok(());
        }
        if !self.delivered.messages.insert(message.id) {
            self.counts.redeliveries += 1;
            return Ok(());
        }
        let Subject::Transfer(id) = message.subject else { return Ok(()) };
        let last = self.delivered.last.insert((participant, id), message.id).unwrap_or(MessageId::TRANSIENT);
        ensure(last < message.id, "I4", || {
            format!("{} got message {} about {id} before message {}", message.recipient, last.0, message.id.0)
        })
    }

    /// A payee is asked to take a transfer.
    pub(crate) fn asked(&self, id: TransferId, payee: &FspId, body: &[u8]) -> Check {
        let known = self.transfers.get(&id);
        let named = |transfer: &Transfer| transfer.payee.and_then(|payee| self.registry.participant(payee));
        let fits = known.is_some_and(|transfer| {
            transfer.prepare_hash == content_hash(body) && named(transfer).is_some_and(|named| named.name == *payee)
        });
        ensure(fits, "I5", || format!("{payee} was asked for another {id} than the one that is reserved"))
    }

    /// An FSP is told something about a transfer.
    pub(crate) fn told(
        &mut self,
        participant: ParticipantId,
        request: &Request,
        id: TransferId,
        is_error: bool,
        durable: bool,
    ) -> Check {
        let known = self.transfers.get(&id);
        self.totality.told(participant, request, (id, known), is_error, durable)
    }

    /// Time enough has passed since the faults ended.
    pub(crate) fn settled(&mut self) -> Check {
        self.totality.settled(&self.transfers)
    }

    /// The world has ended.
    pub(crate) fn conclude(&self, store: &MemoryStore) -> Check {
        self.totality.conclude(&self.transfers)?;
        self.durability.check(&self.registry, store)?;
        self.idempotency.conclude(&self.registry, &self.transfers, &self.totality)?;
        self.replay.conclude(&self.hub, store)
    }

    /// The content of the request for a transfer that the hub holds.
    pub(crate) fn content_of(&self, id: TransferId) -> Option<ContentHash> {
        self.transfers.get(&id).map(|transfer| transfer.prepare_hash)
    }

    /// Where a transfer stands.
    pub(crate) fn status_of(&self, id: TransferId) -> Option<TransferStatus> {
        self.transfers.get(&id).map(|transfer| transfer.status)
    }

    /// The number of an FSP.
    pub(crate) fn participant(&self, name: &FspId) -> ParticipantId {
        self.registry.participant_named(name.as_str()).expect("every FSP is registered").id
    }

    /// Adds what was seen.
    pub(crate) fn report(&mut self, report: &mut Report) {
        let limits = fspiop::ErrorCode::PayerFspInsufficientLiquidity.text();
        self.counts.transfers = self.transfers.len() as u64;
        for transfer in self.transfers.values() {
            let count = match transfer.status {
                TransferStatus::Committed => &mut self.counts.committed,
                TransferStatus::AbortedError | TransferStatus::AbortedRejected => &mut self.counts.aborted,
                TransferStatus::ExpiredReserved => &mut self.counts.expired,
                TransferStatus::Reserved => continue,
                TransferStatus::Invalid => {
                    let by_limits = transfer.abort_reason.as_ref().is_some_and(|reason| &*reason.code == limits);
                    self.counts.refused_by_limits += u64::from(by_limits);
                    &mut self.counts.refused
                }
            };
            *count += 1;
        }
        self.counts.modified = self.totality.modified();
        *report += &self.counts;
    }
}

fn count(counts: &mut Report, batch: &Batch<'_>) {
    counts.batches += 1;
    counts.commands += batch.commands.len() as u64;
    counts.largest_batch = counts.largest_batch.max(batch.commands.len() as u64);
    let mut before: BTreeMap<TransferId, Option<&Transfer>> = BTreeMap::new();
    for (earlier, transfer) in &batch.changes {
        before.insert(transfer.id, *earlier);
        let answered = batch.commands.iter().any(|command| match command {
            Command::Fulfil { fulfil, .. } => fulfil.transfer_id == transfer.id,
            Command::Abort { abort, .. } => abort.transfer_id == transfer.id,
            _ => false,
        });
        counts.late_answers += u64::from(answered && transfer.status == TransferStatus::ExpiredReserved);
    }
    for command in batch.commands {
        let id = match command {
            Command::Prepare { prepare, .. } => prepare.transfer_id,
            Command::Fulfil { fulfil, .. } => fulfil.transfer_id,
            Command::Abort { abort, .. } => abort.transfer_id,
            _ => continue,
        };
        counts.duplicates += u64::from(!before.contains_key(&id) && batch.books.transfers.iter().any(|known| known.id == id));
    }
}
