//! What the ledger refuses when an operator asks for it.

use fspiop::Currency;

use crate::AccountType;

/// A refusal of an administrative operation; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// No such participant.
    #[error("Participant does not exist")]
    ParticipantNotFound,
    /// The participant is switched off.
    #[error("Participant is currently set inactive")]
    ParticipantInactive,
    /// The name is taken and has the currency already.
    #[error("Participant currency has already been registered")]
    CurrencyRegistered,
    /// No such account, or not this participant's.
    #[error("Account does not exist")]
    AccountNotFound,
    /// The account is switched off.
    #[error("Account is currently set inactive")]
    AccountInactive,
    /// The account is of the wrong type for the operation.
    #[error("Account type {found} can not be used here; expected {expected}")]
    AccountType {
        /// The account's type.
        found: &'static str,
        /// The type that the operation needs.
        expected: &'static str,
    },
    /// The hub lacks an account that the operation needs.
    #[error("Hub {} account for the specified currency {currency} does not exist", .kind.as_str())]
    HubAccountMissing {
        /// The missing account's type.
        kind: AccountType,
        /// The currency asked for.
        currency: Currency,
    },
    /// The hub account exists already.
    #[error("Hub account has already been registered")]
    HubAccountRegistered,
    /// Only the hub can have accounts of this type, and the hub only these.
    #[error(
        "Account type {0} can not be created by this operation; allowed are HUB_MULTILATERAL_SETTLEMENT and HUB_RECONCILIATION"
    )]
    NotAHubAccount(&'static str),
    /// Limits can be set initially only once.
    #[error("Participant Limit or Initial Position already set")]
    LimitsAlreadySet,
    /// A limit can be adjusted only after it was set.
    #[error("Participant Limit is not set for this currency")]
    LimitsNotSet,
    /// The model's name or currency is taken.
    #[error("Settlement Model already exists")]
    SettlementModelExists,
    /// No such settlement model.
    #[error("Settlement Model does not exist")]
    SettlementModelNotFound,
    /// The amount does not fit the operation.
    #[error("The amount {found} is not allowed; it must be {expected}")]
    Amount {
        /// What was asked.
        found: fspiop::Amount,
        /// What is allowed.
        expected: &'static str,
    },
    /// The currency is another one than the account's.
    #[error("The account's currency is {expected}, found {found}")]
    CurrencyMismatch {
        /// The account's currency.
        expected: Currency,
        /// The currency asked for.
        found: Currency,
    },
    /// The id was used before with other content.
    #[error("Transfer id was used before with other content")]
    ModifiedRequest,
    /// No movement of funds has this id, or not on this account.
    #[error("Transfer does not exist")]
    FundsNotFound,
    /// The movement has ended already, otherwise than asked now.
    #[error("The movement of funds is {found}; it can be ended only while it is RESERVED")]
    FundsEnded {
        /// Where it stands.
        found: &'static str,
    },
    /// More was asked than the settlement account holds beyond what secures the position.
    #[error("Settlement account balance is insufficient: {available} can be taken out")]
    InsufficientFunds {
        /// What could be taken out.
        available: fspiop::Amount,
    },
    /// A balance would leave the range that an `Amount` can hold.
    #[error("The amount would exceed the range of the ledger")]
    OutOfRange,
}
