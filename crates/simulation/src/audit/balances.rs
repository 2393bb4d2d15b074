//! Balances as the journal has them, added up by somebody else than the ledger.

use std::collections::BTreeMap;

use fspiop::{Amount, Currency};
use ledger::{AccountId, Entry};

/// The sums of the journal's lines. The transit account has one balance in each currency.
#[derive(Clone, Debug, Default)]
pub(crate) struct Balances(BTreeMap<(AccountId, Currency), Amount>);

impl Balances {
    /// Adds a line.
    pub(crate) fn post(&mut self, entry: &Entry) {
        self.add(entry.raised, entry.currency, Some(entry.amount));
        self.add(entry.lowered, entry.currency, entry.amount.checked_neg());
    }

    /// What stands on an account.
    pub(crate) fn of(&self, account: AccountId, currency: Currency) -> Amount {
        self.0.get(&(account, currency)).copied().unwrap_or(Amount::ZERO)
    }

    fn add(&mut self, account: AccountId, currency: Currency, amount: Option<Amount>) {
        let balance = self.0.entry((account, currency)).or_insert(Amount::ZERO);
        *balance = amount.and_then(|amount| balance.checked_add(amount)).expect("small amounts");
    }
}

/// The sum of amounts.
pub(crate) fn sum(amounts: impl Iterator<Item = Amount>) -> Amount {
    amounts.fold(Amount::ZERO, |sum, amount| sum.checked_add(amount).expect("small amounts"))
}
