//! I1: money is neither made nor lost.

use std::collections::{BTreeMap, HashMap};

use fspiop::{Amount, Currency};
use ledger::{Account, AccountId, AccountType, Entry, FundsStatus, TransferStatus};
use store::Archived;

use super::{
    accounts::Accounts,
    auditor::Movement,
    report::{Finding, Invariant},
};

/// Sums over the journal. They are kept in plain units: a sum may pass through values that no `Amount` can hold.
pub(super) struct Conservation {
    invariant: Invariant,
    sums: HashMap<AccountId, i128>,
    currencies: BTreeMap<Currency, Sums>,
}

#[derive(Clone, Copy, Default)]
struct Sums {
    /// Amounts of RESERVED transfers.
    reserved: i128,
    /// Amounts of RESERVED payments out.
    leaving: i128,
    /// Transit, by the journal.
    transit: i128,
    /// Balances of all accounts.
    balances: i128,
    /// Balances of position accounts.
    positions: i128,
    /// What archived lines left on all accounts.
    archived: i128,
}

impl Conservation {
    pub(super) fn new() -> Conservation {
        let invariant = Invariant::new(
            "I1",
            "Conservation",
            "each line of the journal moves an amount above 0 between two accounts of its currency; each balance is the \
             sum of its lines, archived ones too; in each currency all balances together, and what is in transit, are what is RESERVED, and \
             the positions together are the RESERVED transfers; archived lines raise as much as they lower",
        );
        Conservation { invariant, sums: HashMap::new(), currencies: BTreeMap::new() }
    }

    /// Begins an account with what archived lines left on it.
    pub(super) fn open(&mut self, account: &Account, archived: &Archived) {
        let units = archived.raised.units() - archived.lowered.units();
        *self.sums.entry(account.id).or_default() += units;
        self.currencies.entry(account.currency).or_default().archived += units;
    }

    pub(super) fn look_at(&mut self, movement: &Movement<'_>, accounts: &Accounts) {
        for entry in movement.entries {
            let wrong = wrong_sides(entry, accounts);
            self.invariant.check(wrong.is_none(), || {
                let line = format!("{}, journal line {}", movement.describe(), entry.kind.as_str());
                Finding::new(line, wrong.unwrap_or_default(), "an amount above 0 between two accounts of its currency")
            });
            let units = entry.amount.units();
            *self.sums.entry(entry.raised).or_default() += units;
            *self.sums.entry(entry.lowered).or_default() -= units;
            let sums = self.currencies.entry(entry.currency).or_default();
            sums.transit += if entry.raised == AccountId::TRANSIT { units } else { 0 };
            sums.transit -= if entry.lowered == AccountId::TRANSIT { units } else { 0 };
        }
        if let Some(open) = movement.transfer.filter(|transfer| transfer.status == TransferStatus::Reserved) {
            self.currencies.entry(open.currency).or_default().reserved += open.amount.units();
        }
        if let Some(open) = movement.funds.filter(|funds| funds.status == FundsStatus::Reserved) {
            self.currencies.entry(open.currency).or_default().leaving += open.amount.units();
        }
    }

    pub(super) fn finish(mut self, accounts: &Accounts) -> Invariant {
        for (account, balance) in accounts.all() {
            let sum = self.sums.get(&account.id).copied().unwrap_or_default();
            let (found, about) = (balance.amount.units(), || accounts.describe(account.id));
            self.invariant.check(found == sum, || {
                let expected = format!("{}, the sum of its lines of the journal, archived ones too", text(sum));
                Finding::new(about(), format!("the balance {}", text(found)), expected)
            });
            let sums = self.currencies.entry(account.currency).or_default();
            sums.balances += found;
            sums.positions += if account.kind == AccountType::Position { found } else { 0 };
        }
        for (currency, sums) in &self.currencies {
            let open = sums.reserved + sums.leaving;
            for (what, found, expected, of) in [
                ("all balances together are", sums.balances, open, "all that is RESERVED"),
                ("by the journal there is in transit", -sums.transit, open, "all that is RESERVED"),
                ("all positions together are", sums.positions, sums.reserved, "all RESERVED transfers"),
                ("archived lines left on all accounts", sums.archived, 0, "what they raised and lowered"),
            ] {
                self.invariant.check(found == expected, || {
                    let expected = format!("{}, the sum of {of}", text(expected));
                    Finding::new(format!("currency {currency}"), format!("{what} {}", text(found)), expected)
                });
            }
        }
        self.invariant
    }
}

/// What is wrong with the sides of a line.
fn wrong_sides(entry: &Entry, accounts: &Accounts) -> Option<String> {
    if !entry.amount.is_positive() {
        return Some(format!("the amount {}", entry.amount));
    }
    if entry.raised == entry.lowered {
        return Some(format!("both sides are {}", accounts.describe(entry.raised)));
    }
    let sides = [entry.raised, entry.lowered].into_iter().filter(|side| *side != AccountId::TRANSIT);
    let fits = |side: AccountId| accounts.get(side).is_some_and(|account| account.currency == entry.currency);
    let wrong = sides.into_iter().find(|side| !fits(*side))?;
    Some(format!("{} {} on {}", entry.amount, entry.currency, accounts.describe(wrong)))
}

fn text(units: i128) -> String {
    Amount::from_units(units).to_string()
}
