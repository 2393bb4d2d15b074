//! By how much lines of the journal raised and lowered accounts.

use std::collections::BTreeMap;

use fspiop::{Amount, Currency};
use ledger::AccountId;
use store::Archived;

/// An account in a currency: its own, unless somebody damaged the journal.
pub(super) type Key = (AccountId, Currency);

/// Sums of lines, by account. Transit, which has no account, is among them until [`Sums::settle`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums(BTreeMap<Key, Archived>);

impl Sums {
    /// Adds a line; `None` if a sum is too large for an amount.
    pub(super) fn add_line(&mut self, raised: AccountId, lowered: AccountId, line: (Amount, Currency)) -> Option<()> {
        let (amount, currency) = line;
        self.add((raised, currency), Archived { raised: amount, ..Archived::NOTHING })?;
        self.add((lowered, currency), Archived { lowered: amount, ..Archived::NOTHING })
    }

    /// Adds to an account's sums.
    pub(super) fn add(&mut self, key: Key, more: Archived) -> Option<()> {
        let sums = self.0.entry(key).or_insert(Archived::NOTHING);
        sums.raised = sums.raised.checked_add(more.raised)?;
        sums.lowered = sums.lowered.checked_add(more.lowered)?;
        Some(())
    }

    /// The sums of all accounts, once transit has turned out to be what it is when everything has ended: nothing. The error
    /// says what was found.
    pub(super) fn settle(&self) -> Result<BTreeMap<Key, Archived>, String> {
        let mut sums = self.0.clone();
        let is_open = |key: &Key, sum: &Archived| key.0 == AccountId::TRANSIT && sum.raised != sum.lowered;
        if let Some((key, sum)) = sums.iter().find(|(key, sum)| is_open(key, sum)) {
            return Err(format!(
                "its journal leaves something in transit: {} {currency} went in and {} {currency} came out; \
                 `mojaloop audit` says more",
                sum.lowered,
                sum.raised,
                currency = key.1
            ));
        }
        sums.retain(|(account, _), _| *account != AccountId::TRANSIT);
        Ok(sums)
    }
}
