//! How much a payer can still send.

use fspiop::{Amount, ErrorCode};

use crate::{Account, AccountType, Ledger};

/// What is left of a payer's two limits, before a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headroom {
    /// Net debit cap minus position.
    pub cap: Amount,
    /// What was paid in minus position.
    pub liquidity: Amount,
}

impl Headroom {
    /// Which limit an amount would exceed; liquidity is looked at first, as upstream does. Exactly reaching a limit is allowed.
    pub fn exceeded(self, amount: Amount) -> Option<ErrorCode> {
        if amount > self.liquidity {
            return Some(ErrorCode::PayerFspInsufficientLiquidity);
        }
        (amount > self.cap).then_some(ErrorCode::PayerLimitError)
    }
}

impl Ledger {
    /// What is left of the limits of a position account, as this very moment of the batch has it: each transfer of a batch
    /// sees those before it. Without a net debit cap nothing can be sent.
    ///
    /// Both limits always hold. A settlement model's `requireLiquidityCheck` is kept and shown, but it lets nobody send what
    /// is not covered: upstream does not ask it either, and its tests of blocked transfers rely on that.
    pub fn headroom(&self, position: &Account) -> Option<Headroom> {
        let held = self.held(position);
        let cap = position.net_debit_cap?.checked_sub(held)?;
        let settlement = self.registry.account_of(position.participant, position.currency, AccountType::Settlement)?;
        let paid_in = self.balance(settlement).amount.checked_neg()?;
        Some(Headroom { cap, liquidity: paid_in.checked_sub(held)? })
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
