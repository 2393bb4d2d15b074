//! How positions of a currency are settled.

use fspiop::Currency;

use crate::AccountType;

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }
        impl $name {
            /// The admin API's name.
            pub const fn as_str(self) -> &'static str { match self { $($name::$variant => $text),+ } }
            /// The value of this name, if there is one.
            pub fn parse(name: &str) -> Option<$name> { match name { $($text => Some($name::$variant),)+ _ => None } }
            /// All names, for error messages.
            pub const NAMES: &'static [&'static str] = &[$($text),+];
        }
    };
}

named! {
    /// Whether each transfer is settled alone or only sums are.
    SettlementGranularity {
        /// Each transfer alone.
        Gross = "GROSS",
        /// Sums of a window.
        Net = "NET",
    }
}
named! {
    /// Between whom it is settled.
    SettlementInterchange {
        /// Between pairs of participants.
        Bilateral = "BILATERAL",
        /// Between each participant and the scheme.
        Multilateral = "MULTILATERAL",
    }
}
named! {
    /// When it is settled.
    SettlementDelay {
        /// At the end of a window.
        Deferred = "DEFERRED",
        /// At once.
        Immediate = "IMMEDIATE",
    }
}

/// A settlement model of the scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlementModel {
    /// The ledger's number for it, in the order of creation, from 1; the ledger gives it when the model is created.
    pub id: i32,
    /// Unique name, 2 to 30 characters.
    pub name: Box<str>,
    /// Alone or in sums.
    pub granularity: SettlementGranularity,
    /// Between whom.
    pub interchange: SettlementInterchange,
    /// When.
    pub delay: SettlementDelay,
    /// The currency that it serves; absent: each currency that has no model of its own.
    pub currency: Option<Currency>,
    /// Whether a transfer must be covered by what the payer has paid in.
    pub require_liquidity_check: bool,
    /// Which accounts it settles.
    pub ledger_account: AccountType,
    /// Which accounts it settles into.
    pub settlement_account: AccountType,
    /// Whether positions are reset when a settlement completes.
    pub auto_position_reset: bool,
    /// An inactive model is kept but not used.
    pub active: bool,
}
