//! I2: nobody sends more than its limits allow.

use fspiop::Currency;
use ledger::{Account, AccountType, EntryKind, Registry, SettlementModel};

use super::{
    accounts::Accounts,
    auditor::Movement,
    report::{Finding, Invariant},
};

/// What balances show of the limits. Caps are lowered at any time, also under a position that was allowed before, and a
/// store keeps only the current one; so a position above its cap is remarked on and is no violation. That what was paid in
/// covers the position follows from the rules for every order of events, unless a settlement model has waived it.
pub(super) struct Limits(Invariant);

impl Limits {
    pub(super) fn new() -> Limits {
        Limits(Invariant::new(
            "I2",
            "Cap",
            "nothing was reserved on a position that never had a net debit cap; no position is above what was paid in, \
             where no settlement model of its currency waives that. Positions above their current cap are remarks, since \
             a cap may be lowered later; the cap after every single transfer is what the simulator looks at",
        ))
    }

    pub(super) fn look_at(&mut self, movement: &Movement<'_>, accounts: &Accounts) {
        for entry in movement.entries.iter().filter(|entry| entry.kind == EntryKind::Reserve) {
            let capped = accounts.get(entry.raised).is_some_and(|account| account.net_debit_cap.is_some());
            self.0.check(capped, || {
                let found =
                    format!("{} {} reserved on {}", entry.amount, entry.currency, accounts.describe(entry.raised));
                Finding::new(movement.describe(), found, "a position account with a net debit cap")
            });
        }
    }

    pub(super) fn finish(mut self, accounts: &Accounts) -> Invariant {
        for (account, balance) in accounts.all().filter(|(account, _)| account.kind == AccountType::Position) {
            let position = balance.amount;
            let paid_in = paid_in(account, accounts);
            let covered = position.units() <= paid_in.max(0) || is_waived(accounts.registry(), account.currency);
            self.0.check(covered, || {
                let expected = format!("at most {}, which was paid in", fspiop::Amount::from_units(paid_in));
                Finding::new(accounts.describe(account.id), format!("the position {position}"), expected)
            });
            if let Some(cap) = account.net_debit_cap.filter(|cap| position > *cap && position.is_positive()) {
                self.0.remark(|| {
                    let found = format!("the position {position} is above the net debit cap {cap}");
                    let expected =
                        "a cap above it, unless it was lowered since; nothing more can be reserved meanwhile";
                    Finding::new(accounts.describe(account.id), found, expected)
                });
            }
        }
        self.0
    }
}

/// What the owner of a position has paid in, in units.
fn paid_in(position: &Account, accounts: &Accounts) -> i128 {
    let settlement = accounts.of(position.participant, position.currency, AccountType::Settlement);
    settlement.and_then(|settlement| accounts.balance(settlement)).map_or(0, |balance| -balance.amount.units())
}

/// Whether a model, in use or not, lets positions of a currency be without cover. Models are never deleted.
fn is_waived(registry: &Registry, currency: Currency) -> bool {
    let waives = |model: &SettlementModel| {
        model.ledger_account == AccountType::Position
            && !model.require_liquidity_check
            && model.currency.is_none_or(|own| own == currency)
    };
    registry.settlement_models().any(waives)
}
