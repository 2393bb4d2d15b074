//! How much a payer can still send.

use fspiop::Amount;

use crate::{Account, AccountType, Ledger};

/// What is left of a payer's two limits, before a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headroom {
    /// Net debit cap minus position.
    pub cap: Amount,
    /// What was paid in minus position; absent where the settlement model asks for no cover.
    pub liquidity: Option<Amount>,
}

impl Headroom {
    /// Whether an amount fits under both limits. Exactly reaching a limit is allowed.
    pub fn covers(self, amount: Amount) -> bool {
        amount <= self.cap && self.liquidity.is_none_or(|liquidity| amount <= liquidity)
    }
}

impl Ledger {
    /// What is left of the limits of a position account, as this very moment of the batch has it: each transfer of a batch
    /// sees those before it. Without a net debit cap nothing can be sent.
    pub fn headroom(&self, position: &Account) -> Option<Headroom> {
        let held = self.held(position);
        let cap = position.net_debit_cap?.checked_sub(held)?;
        let required =
            self.registry.position_model(position.currency).is_none_or(|model| model.require_liquidity_check);
        if !required {
            return Some(Headroom { cap, liquidity: None });
        }
        let settlement = self.registry.account_of(position.participant, position.currency, AccountType::Settlement)?;
        let paid_in = self.balance(settlement).amount.checked_neg()?;
        Some(Headroom { cap, liquidity: Some(paid_in.checked_sub(held)?) })
    }

    #[cfg(not(feature = "planted-bugs"))]
    fn held(&self, position: &Account) -> Amount {
        self.balance(position).amount
    }

    #[cfg(feature = "planted-bugs")]
    fn held(&self, position: &Account) -> Amount {
        if crate::planted::active(crate::planted::Bug::Cap) {
            return self.at_start.get(&position.id).copied().unwrap_or(Amount::ZERO);
        }
        self.balance(position).amount
    }
}
