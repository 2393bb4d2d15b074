//! I3: everything ends once, and the journal says the same as the row.

use ledger::{
    AccountId, AccountType, Entry, EntryKind, FundsDirection, FundsMovement, FundsStatus, ParticipantId, Transfer,
    TransferStatus,
};

use super::{
    accounts::Accounts,
    auditor::Movement,
    report::{Finding, Invariant},
};

pub(super) fn invariant() -> Invariant {
    Invariant::new(
        "I3",
        "One ending",
        "each transfer's lines of the journal are those of its status (RESERVED: RESERVE; COMMITTED: RESERVE and COMMIT; \
         aborted or expired: RESERVE and ABORT; INVALID: none), on the accounts of its payer and payee, with its amount; \
         its fields fit its status; the same for movements of funds; no line is without one of them",
    )
}

pub(super) fn look_at(invariant: &mut Invariant, movement: &Movement<'_>, accounts: &Accounts) {
    let of_transfer = |entry: &&Entry| is_of_transfer(entry.kind);
    if let Some(transfer) = movement.transfer {
        let entries: Vec<_> = movement.entries.iter().filter(of_transfer).collect();
        let expected = lines_of_transfer(transfer, accounts);
        compare(invariant, movement, (transfer.status.as_str(), accounts), &entries, &expected);
        let wrong = wrong_fields(transfer);
        invariant.ensure(wrong.is_none(), || {
            let found = format!("{} {}", transfer.status.as_str(), wrong.unwrap_or_default());
            Finding::new(movement.describe(), found, "fields that fit the status")
        });
    }
    if let Some(funds) = movement.funds {
        let entries: Vec<_> = movement.entries.iter().filter(|entry| !of_transfer(entry)).collect();
        let expected = lines_of_funds(funds, accounts);
        compare(invariant, movement, (funds.status.as_str(), accounts), &entries, &expected);
        let ended = funds.ended_at.is_some() != (funds.status == FundsStatus::Reserved);
        let possible = funds.direction == FundsDirection::Out || funds.status == FundsStatus::Committed;
        invariant.ensure(ended && possible, || {
            let found =
                format!("{} {}, ended: {}", funds.direction.as_str(), funds.status.as_str(), when(funds.ended_at));
            Finding::new(movement.describe(), found, "IN COMMITTED, or OUT; an end unless it is RESERVED")
        });
    }
    let owned = |entry: &Entry| {
        if is_of_transfer(entry.kind) { movement.transfer.is_some() } else { movement.funds.is_some() }
    };
    if let Some(orphan) = movement.entries.iter().find(|entry| !owned(entry)) {
        let found = format!("a line {} of the journal, and nothing that it belongs to", orphan.kind.as_str());
        invariant
            .check(false, || Finding::new(movement.describe(), found, "a transfer or movement of funds of this id"));
    }
}

/// A line as it must be: kind, raised account, lowered account; an account that does not exist is absent.
type Line = (EntryKind, Option<AccountId>, Option<AccountId>);

fn is_of_transfer(kind: EntryKind) -> bool {
    matches!(kind, EntryKind::Reserve | EntryKind::Commit | EntryKind::Abort)
}

fn lines_of_transfer(transfer: &Transfer, accounts: &Accounts) -> Vec<Line> {
    let position = |owner: ParticipantId| accounts.of(owner, transfer.currency, AccountType::Position);
    let (payer, payee) = (position(transfer.payer), transfer.payee.and_then(position));
    let transit = Some(AccountId::TRANSIT);
    let reserve = (EntryKind::Reserve, payer, transit);
    match transfer.status {
        TransferStatus::Reserved => vec![reserve],
        TransferStatus::Committed => vec![reserve, (EntryKind::Commit, transit, payee)],
        TransferStatus::AbortedRejected | TransferStatus::AbortedError | TransferStatus::ExpiredReserved => {
            vec![reserve, (EntryKind::Abort, transit, payer)]
        }
        TransferStatus::Invalid => Vec::new(),
    }
}

fn lines_of_funds(funds: &FundsMovement, accounts: &Accounts) -> Vec<Line> {
    let (own, transit) = (Some(funds.account), Some(AccountId::TRANSIT));
    let prepared = (EntryKind::FundsOut, own, transit);
    let bank = accounts.of(ParticipantId::HUB, funds.currency, AccountType::HubReconciliation);
    match (funds.direction, funds.status) {
        (FundsDirection::In, _) => vec![(EntryKind::FundsIn, bank, own)],
        (FundsDirection::Out, FundsStatus::Reserved) => vec![prepared],
        (FundsDirection::Out, FundsStatus::Committed) => vec![prepared, (EntryKind::FundsOutCommit, transit, bank)],
        (FundsDirection::Out, FundsStatus::Aborted) => vec![prepared, (EntryKind::FundsOutAbort, transit, own)],
    }
}

/// One violation at most for one movement: the first thing that differs says most.
fn compare(
    invariant: &mut Invariant,
    movement: &Movement<'_>,
    (status, accounts): (&str, &Accounts),
    found: &[&Entry],
    expected: &[Line],
) {
    let names = |kinds: Vec<EntryKind>| match kinds.is_empty() {
        true => "no line".to_owned(),
        false => kinds.into_iter().map(EntryKind::as_str).collect::<Vec<_>>().join(", "),
    };
    let kinds: Vec<_> = found.iter().map(|entry| entry.kind).collect();
    let wanted: Vec<_> = expected.iter().map(|line| line.0).collect();
    if kinds != wanted {
        return invariant.check(false, || {
            Finding::new(movement.describe(), format!("{status} with {} in the journal", names(kinds)), names(wanted))
        });
    }
    let (amount, currency) = match (movement.transfer, movement.funds) {
        (Some(transfer), _) => (transfer.amount, transfer.currency),
        (None, Some(funds)) => (funds.amount, funds.currency),
        (None, None) => return,
    };
    let fits = |(entry, line): &(&&Entry, &Line)| {
        (entry.amount, entry.currency) == (amount, currency)
            && (Some(entry.raised), Some(entry.lowered)) == (line.1, line.2)
    };
    let wrong = found.iter().zip(expected).find(|pair| !fits(pair));
    invariant.check(wrong.is_none(), || {
        let (found, expected) = wrong.map_or_else(Default::default, |(entry, line)| {
            let side = |side: Option<AccountId>| side.map_or("an account".to_owned(), |id| accounts.describe(id));
            let text = |amount, currency, raised, lowered| {
                let kind = line.0.as_str();
                format!("{kind} of {amount} {currency} raising {} and lowering {}", side(raised), side(lowered))
            };
            let found = text(entry.amount, entry.currency, Some(entry.raised), Some(entry.lowered));
            (found, text(amount, currency, line.1, line.2))
        });
        Finding::new(movement.describe(), found, expected)
    });
}

/// What does not fit the status of a transfer.
fn wrong_fields(transfer: &Transfer) -> Option<String> {
    let (status, ended) = (transfer.status, transfer.ended_at);
    let committed = status == TransferStatus::Committed;
    if ended.is_some() != status.is_final() {
        return Some(format!("ended: {}", when(ended)));
    }
    if ended.is_some_and(|ended| ended < transfer.prepared_at) && status != TransferStatus::Committed {
        return Some(format!("ended {}, prepared {}", when(ended), transfer.prepared_at));
    }
    if transfer.fulfilment.is_some() != committed {
        return Some(if committed { "without a fulfilment" } else { "with a fulfilment" }.to_owned());
    }
    if transfer.abort_reason.is_some() != (status.is_final() && !committed) {
        return Some(if transfer.abort_reason.is_some() { "with an error" } else { "without an error" }.to_owned());
    }
    (transfer.payee.is_none() && status != TransferStatus::Invalid).then(|| "without a payee".to_owned())
}

fn when(at: Option<fspiop::Timestamp>) -> String {
    at.map_or_else(|| "never".to_owned(), |at| at.to_string())
}
