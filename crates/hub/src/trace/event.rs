//! One thing that happened.

use fspiop::{Amount, Currency, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::standing::brief;
use crate::openapi::words;

/// The part of a payment to which an event belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Quotes.
    Agreement,
    /// Transfers.
    Clearing,
    /// Money between a participant's bank and its settlement account.
    Funds,
}

impl Phase {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Phase::Agreement => "agreement",
            Phase::Clearing => "clearing",
            Phase::Funds => "funds",
        }
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// `from` asked `to` for terms.
    QuoteRequested,
    /// `from` gave its terms.
    QuoteAnswered,
    /// There are no terms: an error of `from`, or it could not be asked.
    QuoteFailed,
    /// The amount was reserved on the payer's position.
    Reserved,
    /// Nothing was reserved, for the reason in `code` and `description`.
    Refused,
    /// The payee has the money.
    Committed,
    /// The payee declined.
    Rejected,
    /// The payee answered with an error, or with the wrong fulfilment.
    Aborted,
    /// Nobody answered in time.
    Expired,
    /// A message waits to be sent, or is on its way, and no failure is known.
    MessageWaiting,
    /// A message was tried and did not reach its recipient so far.
    MessageFailing,
    /// A message was taken by its recipient.
    MessageDelivered,
    /// A message was given up.
    MessageGivenUp,
    /// A participant paid in.
    FundsIn,
    /// A payment out was prepared.
    FundsOutReserved,
    /// A payment out is done.
    FundsOutCommitted,
    /// A payment out was called off.
    FundsOutAborted,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// When. Of a message: when its last attempt ended, else when it was decided.
    #[schemars(with = "words::Moment")]
    pub time: Timestamp,
    /// What.
    pub what: What,
    /// In which part of the payment.
    pub phase: Phase,
    /// Who did it; of a message, always the hub.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Towards whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// How much.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub amount: Option<Amount>,
    /// In which currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<words::CurrencyCode>")]
    pub currency: Option<Currency>,
    /// FSPIOP error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Why: what goes with the code, or why a message failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Method and path of a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How often the message was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// When the message was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<words::Moment>")]
    pub decided_at: Option<Timestamp>,
}

impl Event {
    pub(super) fn new(time: Timestamp, what: What, phase: Phase) -> Event {
        Event {
            time,
            what,
            phase,
            from: None,
            to: None,
            amount: None,
            currency: None,
            code: None,
            description: None,
            message: None,
            attempts: None,
            decided_at: None,
        }
    }

    /// Whether it is something that went wrong.
    pub fn is_bad(&self) -> bool {
        use What::{Aborted, Expired, MessageFailing, MessageGivenUp, QuoteFailed, Refused, Rejected};
        matches!(self.what, QuoteFailed | Refused | Rejected | Aborted | Expired | MessageFailing | MessageGivenUp)
    }

    /// The event in a sentence, without its time.
    pub fn sentence(&self) -> String {
        let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "nobody known".to_owned());
        let (from, to) = (name(&self.from), name(&self.to));
        let message = self.message.as_deref().unwrap_or("a message");
        let money = match (self.amount, self.currency) {
            (Some(amount), Some(currency)) => format!("{amount} {currency}"),
            _ => "the amount".to_owned(),
        };
        let why = match (&self.code, &self.description) {
            (Some(code), Some(description)) => format!(": {code} {description}"),
            (None, Some(description)) => format!(": {}", brief(description)),
            (Some(code), None) => format!(": {code}"),
            (None, None) => String::new(),
        };
        let attempts = match self.attempts {
            Some(1) => "1 attempt".to_owned(),
            Some(count) => format!("{count} attempts"),
            None => "no attempt known".to_owned(),
        };
        match self.what {
            What::QuoteRequested => format!("{from} asked {to} for terms"),
            What::QuoteAnswered => format!("{from} gave its terms"),
            What::QuoteFailed => format!("no terms: {from} answered with an error, or could not be asked"),
            What::Reserved => format!("reserved {money} of {from} for {to}"),
            What::Refused => format!("refused to reserve {money} of {from}{why}"),
            What::Committed => format!("committed: {from} gave the fulfilment and has {money}"),
            What::Rejected => format!("aborted: {from} declined{why}"),
            What::Aborted => format!("aborted: the answer of {from} was an error, or its fulfilment wrong{why}"),
            What::Expired => format!("aborted: its time ran out{why}"),
            What::MessageWaiting => format!("{message} waits for {to}, or is on its way"),
            What::MessageFailing => format!("{to} has not taken {message} yet{why} ({attempts})"),
            What::MessageDelivered if self.attempts.is_some_and(|count| count > 1) => {
                format!("{to} took {message} ({attempts})")
            }
            What::MessageDelivered => format!("{to} took {message}"),
            What::MessageGivenUp => format!("{to} never took {message}, which was given up{why} ({attempts})"),
            What::FundsIn => format!("{from} paid in {money}"),
            What::FundsOutReserved => format!("{money} of {from} set aside, to be paid out"),
            What::FundsOutCommitted => format!("{money} paid out to {from}"),
            What::FundsOutAborted => format!("not paid out: {from} has {money} again"),
        }
    }
}
