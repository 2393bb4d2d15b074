//! I1: money is neither made nor lost. For each currency the journal's lines sum to zero, balances are sums of lines, and
//! the positions together are what is RESERVED; what is in transit is that, and the payments out that are prepared.

use std::collections::{BTreeMap, BTreeSet};

use fspiop::{Amount, Currency, TransferId};
use ledger::{
    Account, AccountId, AccountType, Entry, EntryKind, FundsDirection, FundsStatus, ParticipantId, Transfer,
    TransferStatus,
};

use super::{
    Batch,
    balances::{Balances, sum},
};
use crate::report::{Check, ensure};

/// The journal, added up.
#[derive(Default)]
pub(crate) struct Conservation {
    balances: Balances,
    kinds: BTreeMap<TransferId, Vec<EntryKind>>,
}

impl Conservation {
    /// Checks the books after a batch.
    pub(crate) fn batch(&mut self, batch: &Batch<'_>) -> Check {
        for entry in batch.entries {
            check_line(entry, batch)?;
            self.balances.post(entry);
            self.kinds.entry(entry.transfer_id).or_default().push(entry.kind);
        }
        for (account, balance) in &batch.books.accounts {
            let expected = self.balances.of(account.id, account.currency);
            ensure(balance.amount == expected, "I1", || {
                format!("{} stands at {}, and its lines sum to {expected}", describe(account, batch), balance.amount)
            })?;
        }
        for (_, transfer) in &batch.changes {
            self.check_transfer(transfer)?;
            let mut lines = batch.entries.iter().filter(|entry| entry.transfer_id == transfer.id);
            lines.try_for_each(|line| check_sides(line, transfer, batch))?;
        }
        let currencies: BTreeSet<_> = batch.books.accounts.iter().map(|(account, _)| account.currency).collect();
        currencies.into_iter().try_for_each(|currency| self.check_currency(currency, batch))
    }

    /// The lines of a transfer are those of its state.
    fn check_transfer(&self, transfer: &Transfer) -> Check {
        let expected: &[EntryKind] = match transfer.status {
            TransferStatus::Reserved => &[EntryKind::Reserve],
            TransferStatus::Committed => &[EntryKind::Reserve, EntryKind::Commit],
            TransferStatus::Invalid => &[],
            _ => &[EntryKind::Reserve, EntryKind::Abort],
        };
        let found = self.kinds.get(&transfer.id).map_or(&[][..], Vec::as_slice);
        ensure(found == expected, "I1", || {
            format!("{} is {} and has the lines {found:?}", transfer.id, transfer.status.as_str())
        })
    }

    fn check_currency(&self, currency: Currency, batch: &Batch<'_>) -> Check {
        let of_currency = || batch.books.accounts.iter().filter(move |(account, _)| account.currency == currency);
        let all = sum(of_currency().map(|(_, balance)| balance.amount));
        let with_transit = sum([all, self.balances.of(AccountId::TRANSIT, currency)].into_iter());
        ensure(with_transit == Amount::ZERO, "I1", || format!("all {currency} accounts sum to {with_transit}"))?;
        let positions = of_currency().filter(|(account, _)| account.kind == AccountType::Position);
        let positions = sum(positions.map(|(_, balance)| balance.amount));
        let reserved = batch
            .books
            .transfers
            .iter()
            .filter(|transfer| transfer.status == TransferStatus::Reserved && transfer.currency == currency);
        let reserved = sum(reserved.map(|transfer| transfer.amount));
        ensure(positions == reserved, "I1", || {
            format!("the {currency} positions sum to {positions}, and {reserved} are RESERVED")
        })?;
        let leaving = batch.books.funds.iter().filter(|movement| {
            movement.direction == FundsDirection::Out
                && movement.status == FundsStatus::Reserved
                && movement.currency == currency
        });
        let leaving = sum(leaving.map(|movement| movement.amount));
        let in_transit = self.balances.of(AccountId::TRANSIT, currency);
        let nothing = sum([in_transit, reserved, leaving].into_iter());
        ensure(nothing == Amount::ZERO, "I1", || {
            format!("{in_transit} {currency} are in transit; {reserved} are RESERVED, and {leaving} are to be paid out")
        })
    }
}

fn check_line(entry: &Entry, batch: &Batch<'_>) -> Check {
    let holds = |id: AccountId| {
        id == AccountId::TRANSIT || batch.registry.account(id).is_some_and(|account| account.currency == entry.currency)
    };
    let fits =
        entry.amount.is_positive() && entry.raised != entry.lowered && holds(entry.raised) && holds(entry.lowered);
    ensure(fits, "I1", || format!("a line of the journal is not a movement between two accounts: {entry:?}"))
}

/// A reservation is on the payer's position and its undoing too, a payment on the payee's.
fn check_sides(line: &Entry, transfer: &Transfer, batch: &Batch<'_>) -> Check {
    let position = |owner: Option<ParticipantId>| {
        let account = batch.registry.account_of(owner?, transfer.currency, AccountType::Position);
        account.map(|account| account.id)
    };
    let (raised, lowered) = match line.kind {
        EntryKind::Reserve => (position(Some(transfer.payer)), Some(AccountId::TRANSIT)),
        EntryKind::Commit => (Some(AccountId::TRANSIT), position(transfer.payee)),
        EntryKind::Abort => (Some(AccountId::TRANSIT), position(Some(transfer.payer))),
        _ => (None, None),
    };
    let sides = (Some(line.raised), Some(line.lowered)) == (raised, lowered);
    ensure(sides && line.amount == transfer.amount, "I1", || format!("the line {line:?} is not one of {transfer:?}"))
}

fn describe(account: &Account, batch: &Batch<'_>) -> String {
    let owner = batch.registry.participant(account.participant);
    let owner = owner.map_or("nobody", |owner| owner.name.as_str());
    format!("the {} account of {owner} in {}", account.kind.as_str(), account.currency)
}
