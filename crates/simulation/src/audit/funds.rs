//! I1, I3 and I5 of payments in and out: a movement of funds is posted once, ends once, and its lines are those of its state.

use std::collections::BTreeMap;

use fspiop::TransferId;
use ledger::{AccountId, AccountType, Entry, EntryKind, FundsDirection, FundsMovement, FundsStatus, ParticipantId};

use super::Batch;
use crate::report::{Check, Report, ensure};

/// All movements, and their lines.
#[derive(Default)]
pub(crate) struct Funds {
    known: BTreeMap<TransferId, FundsMovement>,
    lines: BTreeMap<TransferId, Vec<Entry>>,
}

impl Funds {
    /// Checks what a batch did to movements of funds.
    pub(crate) fn batch(&mut self, batch: &Batch<'_>) -> Check {
        let mut touched: Vec<TransferId> = Vec::new();
        for entry in batch.entries.iter().filter(|entry| is_of_funds(entry.kind)) {
            self.lines.entry(entry.transfer_id).or_default().push(entry.clone());
            touched.push(entry.transfer_id);
        }
        ensure(batch.books.funds.len() >= self.known.len(), "I6", || "movements of funds have vanished".to_owned())?;
        for movement in &batch.books.funds {
            let before = self.known.get(&movement.id);
            if before == Some(movement) && !touched.contains(&movement.id) {
                continue;
            }
            check_change(before, movement)?;
            self.check_lines(movement, batch)?;
            self.known.insert(movement.id, movement.clone());
        }
        let stray = touched.iter().find(|id| !self.known.contains_key(id));
        ensure(stray.is_none(), "I1", || format!("lines of no movement of funds: {stray:?}"))
    }

    fn check_lines(&self, movement: &FundsMovement, batch: &Batch<'_>) -> Check {
        let expected: &[EntryKind] = match (movement.direction, movement.status) {
            (FundsDirection::In, FundsStatus::Committed) => &[EntryKind::FundsIn],
            (FundsDirection::Out, FundsStatus::Reserved) => &[EntryKind::FundsOut],
            (FundsDirection::Out, FundsStatus::Committed) => &[EntryKind::FundsOut, EntryKind::FundsOutCommit],
            (FundsDirection::Out, FundsStatus::Aborted) => &[EntryKind::FundsOut, EntryKind::FundsOutAbort],
            (FundsDirection::In, _) => &[],
        };
        let lines = self.lines.get(&movement.id).map_or(&[][..], Vec::as_slice);
        let kinds: Vec<EntryKind> = lines.iter().map(|line| line.kind).collect();
        ensure(kinds == expected, "I1", || format!("{movement:?} has the lines {kinds:?}"))?;
        let hub = batch.registry.account_of(ParticipantId::HUB, movement.currency, AccountType::HubReconciliation);
        let hub = hub.map_or(AccountId::TRANSIT, |account| account.id);
        let fits = |line: &Entry| {
            let (raised, lowered) = match line.kind {
                EntryKind::FundsOut => (movement.account, AccountId::TRANSIT),
                EntryKind::FundsOutCommit => (AccountId::TRANSIT, hub),
                EntryKind::FundsOutAbort => (AccountId::TRANSIT, movement.account),
                _ => (hub, movement.account),
            };
            (line.raised, line.lowered, line.amount, line.currency)
                == (raised, lowered, movement.amount, movement.currency)
        };
        ensure(lines.iter().all(fits), "I1", || format!("the lines {lines:?} are not those of {movement:?}"))
    }

    /// Adds what was seen.
    pub(crate) fn report(&self, report: &mut Report) {
        let of = |status| {
            let out = self.known.values().filter(|movement| movement.direction == FundsDirection::Out);
            out.filter(|movement| movement.status == status).count() as u64
        };
        report.paid_out += of(FundsStatus::Committed);
        report.payments_out_called_off += of(FundsStatus::Aborted);
    }
}

fn is_of_funds(kind: EntryKind) -> bool {
    matches!(kind, EntryKind::FundsIn | EntryKind::FundsOut | EntryKind::FundsOutCommit | EntryKind::FundsOutAbort)
}

/// A movement ends once, and says the same from its beginning to its end.
fn check_change(before: Option<&FundsMovement>, after: &FundsMovement) -> Check {
    let Some(before) = before else { return Ok(()) };
    let same = FundsMovement { status: after.status, ended_at: after.ended_at, ..before.clone() };
    ensure(same == *after, "I5", || format!("the movement of funds {before:?} became {after:?}"))?;
    ensure(before == after || before.status == FundsStatus::Reserved, "I3", || {
        format!("the movement of funds {} changed after its end: {before:?}, {after:?}", after.id)
    })
}
