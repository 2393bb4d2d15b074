//! The observer: it sees every batch, the whole store, and the wire, and says at once what does not hold.

mod balances;
mod condition;
mod conservation;
mod counts;
mod durability;
mod ending;
mod funds;
mod idempotency;
mod limits;
mod order;
mod replay;
mod totality;

use std::{collections::BTreeMap, sync::Arc};

use fspiop::{FspId, Timestamp, TransferId};
use ledger::{ContentHash, Entry, ParticipantId, Registry, Transfer, TransferStatus};
use participant::Request;
use store::{Books, Committed, MemoryStore, Store};
use switch::{Command, content_hash};

use crate::{
    event::Parcel,
    node::ready,
    report::{Check, Report, ensure},
    timeline::START,
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
    /// The time of the last batch.
    now: Timestamp,
    conservation: conservation::Conservation,
    limits: limits::Limits,
    endings: ending::Endings,
    funds: funds::Funds,
    totality: totality::Totality,
    idempotency: idempotency::Idempotency,
    durability: durability::Durability,
    replay: replay::Replay,
    order: order::Order,
    counts: Report,
}

impl Auditor {
    pub(crate) fn new(hub: FspId, liquidity_checked: bool) -> Auditor {
        Auditor {
            hub,
            registry: Arc::default(),
            transfers: BTreeMap::new(),
            lines: 0,
            now: START,
            conservation: conservation::Conservation::default(),
            limits: limits::Limits::new(liquidity_checked),
            endings: ending::Endings::default(),
            funds: funds::Funds::default(),
            totality: totality::Totality::default(),
            idempotency: idempotency::Idempotency::default(),
            durability: durability::Durability::default(),
            replay: replay::Replay::default(),
            order: order::Order::default(),
            counts: Report::default(),
        }
    }

    /// A batch has become durable.
    pub(crate) fn committed(
        &mut self,
        commands: &Arc<Vec<Command>>,
        committed: &Committed,
        store: &MemoryStore,
    ) -> Check {
        if let Some(configuration) = &committed.configuration {
            self.registry = configuration.registry.clone();
        }
        ensure(committed.now >= self.now, "I7", || format!("the store's clock ran back to {}", committed.now))?;
        self.now = committed.now;
        let books = ready(store.books());
        self.check(commands, committed, &books)?;
        self.replay.batch(committed.now, commands);
        self.lines = books.entries.len();
        self.transfers = books.transfers.into_iter().map(|transfer| (transfer.id, transfer)).collect();
        Ok(())
    }

    fn check(&mut self, commands: &[Command], committed: &Committed, books: &Books) -> Check {
        ensure(books.entries.len() >= self.lines, "I6", || "lines of the journal have vanished".to_owned())?;
        let kept = books.transfers.iter().filter(|transfer| self.transfers.contains_key(&transfer.id)).count();
        ensure(kept == self.transfers.len(), "I6", || "transfers have vanished".to_owned())?;
        let known = books.transfers.iter().map(|after| (self.transfers.get(&after.id), after));
        let batch = Batch {
            commands,
            committed,
            registry: &self.registry,
            books,
            entries: &books.entries[self.lines..],
            changes: known.filter(|(before, after)| *before != Some(*after)).collect(),
        };
        counts::of_batch(&mut self.counts, &batch);
        // What is special comes first: what breaks one of the first breaks the later ones, too.
        self.idempotency.batch(&batch)?;
        self.endings.batch(&batch)?;
        self.funds.batch(&batch)?;
        self.conservation.batch(&batch)?;
        self.limits.batch(&batch)?;
        condition::batch(&batch)?;
        self.totality.batch(&batch);
        self.durability.batch(&batch);
        self.order.batch(commands, committed.messages.iter().map(|message| message.id));
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

    /// Something keeps the hub from working until then, or sets the clock.
    pub(crate) fn disturbed(&mut self, now: i64) {
        self.totality.disturbed(now);
    }

    /// Time has passed.
    pub(crate) fn watch(&self, now: i64, wall: Timestamp, lag_ms: i64) -> Check {
        self.totality.watch(now, wall, lag_ms)
    }

    /// A message has reached an FSP.
    pub(crate) fn arrived(&mut self, participant: ParticipantId, parcel: &Parcel, now: (i64, Timestamp)) -> Check {
        self.order.arrived(participant, parcel, now)
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
        self.totality.settled(&self.transfers)?;
        self.order.settled()
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

    /// Whether an FSP was told that it had used a transfer's id for other content.
    pub(crate) fn was_told_modified(&self, id: TransferId, name: &FspId) -> bool {
        self.totality.was_told_modified(id, self.participant(name))
    }

    /// The number of an FSP.
    pub(crate) fn participant(&self, name: &FspId) -> ParticipantId {
        self.registry.participant_named(name.as_str()).expect("every FSP is registered").id
    }

    /// Adds what was seen.
    pub(crate) fn report(&self, report: &mut Report) {
        *report += &self.counts;
        report.redeliveries += self.order.redeliveries();
        report.given_up += self.order.given_up();
        report.handed_over += self.order.handed_over();
        self.funds.report(report);
        report.modified += self.totality.modified();
        counts::of_endings(report, &self.transfers);
    }
}
