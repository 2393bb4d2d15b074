//! The accounts that the ledger keeps.

use fspiop::{Amount, Currency, Timestamp};

use crate::ParticipantId;

/// Number of an account, given by the ledger in the order of creation, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub i64);

impl AccountId {
    /// The counter side of reservations. It has no row of its own: its balance is, by definition, minus the sum of all
    /// RESERVED amounts, of transfers and of payments out, so that no two nodes ever wait for each other over it.
    pub const TRANSIT: AccountId = AccountId(0);
}

/// What an account is for; the names are those of the admin API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountType {
    /// What a participant owes the scheme in the open settlement window, reservations included.
    Position,
    /// What a participant has paid in, with a minus sign.
    Settlement,
    /// Fees between participants in the open window.
    InterchangeFee,
    /// Where interchange fees are settled into.
    InterchangeFeeSettlement,
    /// The hub's counter account of multilateral settlement.
    HubMultilateralSettlement,
    /// The hub's mirror of the settlement bank.
    HubReconciliation,
}

impl AccountType {
    /// All types, in the order in which the admin API lists them.
    pub const ALL: [AccountType; 6] = [
        AccountType::Position,
        AccountType::Settlement,
        AccountType::HubReconciliation,
        AccountType::HubMultilateralSettlement,
        AccountType::InterchangeFee,
        AccountType::InterchangeFeeSettlement,
    ];

    /// The admin API's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            AccountType::Position => "POSITION",
            AccountType::Settlement => "SETTLEMENT",
            AccountType::InterchangeFee => "INTERCHANGE_FEE",
            AccountType::InterchangeFeeSettlement => "INTERCHANGE_FEE_SETTLEMENT",
            AccountType::HubMultilateralSettlement => "HUB_MULTILATERAL_SETTLEMENT",
            AccountType::HubReconciliation => "HUB_RECONCILIATION",
        }
    }

    /// The type of this name, if there is one.
    pub fn parse(name: &str) -> Option<AccountType> {
        AccountType::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether only the hub can own such an account.
    pub const fn is_hub(self) -> bool {
        matches!(self, AccountType::HubMultilateralSettlement | AccountType::HubReconciliation)
    }
}

/// An account of one participant in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The ledger's number for it.
    pub id: AccountId,
    /// Who owns it.
    pub participant: ParticipantId,
    /// The only currency that it holds.
    pub currency: Currency,
    /// What it is for.
    pub kind: AccountType,
    /// An inactive account takes part in no new transfer.
    pub active: bool,
    /// The highest position allowed; on position accounts only, absent until it is set for the first time.
    pub net_debit_cap: Option<Amount>,
    /// The share of the cap, in percent, at which operators want to be warned; on position accounts.
    pub alarm_percentage: u8,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Account {
    /// Upstream's default for the share of the cap at which it warns.
    pub const DEFAULT_ALARM_PERCENTAGE: u8 = 10;
}

/// What stands on an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The value, with the signs explained at the top of the crate.
    pub amount: Amount,
    /// When it last changed.
    pub changed_at: Timestamp,
}
