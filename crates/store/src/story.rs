//! What a store remembers of one transfer or quote, for people who ask how it went.

use fspiop::{FspId, Timestamp};
use ledger::{FundsMovement, Transfer};
use switch::{DeliveryResult, Message, MessageId, Method, Quote};

/// Everything that a store knows under one id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// The transfer of this id.
    pub transfer: Option<Transfer>,
    /// The movement of funds of this id.
    pub funds: Option<FundsMovement>,
    /// The quote of this id.
    pub quote: Option<Quote>,
    /// What had this id, if its day was archived: of that nothing else is left here.
    pub archived: Option<ArchivedId>,
    /// What the hub sent about the transfer and the quote, in the order in which it was decided.
    pub messages: Vec<SentMessage>,
}

/// An id of an archived day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchivedId {
    /// When that began whose id it is.
    pub at: Timestamp,
    /// Whether it is a quote's alone, and no transfer's.
    pub is_quote: bool,
}

/// A durable message, without its content: where it went, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMessage {
    /// Its number.
    pub id: MessageId,
    /// To whom.
    pub recipient: FspId,
    /// HTTP method.
    pub method: Method,
    /// FSPIOP path.
    pub path: Box<str>,
    /// When it was decided.
    pub created_at: Timestamp,
    /// How often it was sent, as far as the store was told.
    pub attempts: u32,
    /// When the last attempt that the store was told of ended.
    pub last_attempt_at: Option<Timestamp>,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It waits, or is on its way.
    Pending {
        /// Why the last attempt failed, if one did.
        reason: Option<Box<str>>,
    },
    /// Its recipient took it.
    Delivered,
    /// It was given up, for this reason.
    GaveUp {
        /// For people.
        reason: Box<str>,
    },
}

/// A message that was given up, with its content, so that somebody can see to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abandoned {
    /// The message.
    pub message: Message,
    /// Why, for people.
    pub reason: Box<str>,
    /// When.
    pub at: Timestamp,
}

impl SentMessage {
    /// A message of which no attempt is known yet.
    pub fn pending(message: &Message) -> SentMessage {
        SentMessage {
            id: message.id,
            recipient: message.recipient.clone(),
            method: message.method,
            path: message.path.clone(),
            created_at: message.created_at,
            attempts: 0,
            last_attempt_at: None,
            fate: Fate::Pending { reason: None },
        }
    }
}

impl From<&DeliveryResult> for Fate {
    fn from(result: &DeliveryResult) -> Fate {
        match result {
            DeliveryResult::Delivered => Fate::Delivered,
            DeliveryResult::Failing { reason } => Fate::Pending { reason: Some(reason.clone()) },
            DeliveryResult::GaveUp { reason, .. } => Fate::GaveUp { reason: reason.clone() },
        }
    }
}
