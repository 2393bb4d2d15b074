//! What can be asked of the hub's durable state, already read and checked.

use bytes::Bytes;
use fspiop::{Currency, FspId, Identifier, PartyId, QuoteId, Timestamp, TransferId};
use ledger::ContentHash;

use crate::{
    Administration, AdministrationError, BulkParty, Headers, Message, MessageId, Method, NeededAccounts, Subject,
};

/// A message as an FSP sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// Who sent it; known to be a participant.
    pub source: FspId,
    /// For whom it is, if the sender says so.
    pub destination: Option<FspId>,
    /// HTTP method.
    pub method: Method,
    /// Path without query.
    pub path: Box<str>,
    /// The headers that travel with it.
    pub headers: Headers,
    /// The body, byte for byte.
    pub body: Bytes,
}

/// Something to decide, together with the rest of its batch.
#[derive(Clone, Debug)]
pub enum Command {
    /// POST /transfers.
    Prepare {
        /// The message.
        inbound: Inbound,
        /// What it asks of the ledger.
        prepare: ledger::Prepare,
        /// The ILP packet, base64url as it came: it holds the transaction that the operators may ask for.
        ilp_packet: Box<str>,
    },
    /// PUT /transfers/{ID} with COMMITTED or RESERVED.
    Fulfil {
        /// The message.
        inbound: Inbound,
        /// What it asks of the ledger.
        fulfil: ledger::Fulfil,
        /// The payee said RESERVED: it wants to hear from the hub that the transfer is committed.
        notify: bool,
    },
    /// PUT /transfers/{ID} with ABORTED, or PUT /transfers/{ID}/error.
    Abort {
        /// The message.
        inbound: Inbound,
        /// What it asks of the ledger.
        abort: ledger::Abort,
    },
    /// The time of a transfer may have come.
    Expire(TransferId),
    /// POST /quotes.
    RequestQuote {
        /// The message.
        inbound: Inbound,
        /// Which quote.
        quote_id: QuoteId,
        /// Who is asked.
        payee: FspId,
        /// The accounts that it needs.
        needs: NeededAccounts,
        /// Content of the message.
        hash: ContentHash,
    },
    /// PUT /quotes/{ID} or PUT /quotes/{ID}/error.
    AnswerQuote {
        /// The message.
        inbound: Inbound,
        /// Which quote.
        quote_id: QuoteId,
        /// The accounts that it needs.
        needs: NeededAccounts,
        /// Content of the message.
        hash: ContentHash,
        /// Whether it is an error.
        failed: bool,
    },
    /// POST /participants/{Type}/{ID}, where no oracle is registered for the type.
    RegisterParty {
        /// The message.
        inbound: Inbound,
        /// Which party.
        party: PartyId,
        /// Who serves it.
        fsp: FspId,
        /// In which currency.
        currency: Option<Currency>,
    },
    /// POST /participants: many parties of one FSP.
    RegisterParties {
        /// The message.
        inbound: Inbound,
        /// Its name, for the callback.
        request_id: Identifier,
        /// The parties in the sender's order, those included that are not entered.
        parties: Vec<BulkParty>,
        /// In which currency.
        currency: Option<Currency>,
    },
    /// DELETE /participants/{Type}/{ID}, where no oracle is registered for the type.
    RemoveParty {
        /// The message.
        inbound: Inbound,
        /// Which party.
        party: PartyId,
        /// In which currency; absent: in any.
        currency: Option<Currency>,
    },
    /// An operator's request.
    Administer(Administration),
    /// What became of messages that were sent.
    Deliveries(Vec<Delivery>),
}

/// What became of one durable message, so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which message.
    pub message: MessageId,
    /// How often it was sent.
    pub attempts: u32,
    /// When the last attempt ended, on the delivering node's clock.
    pub at: Timestamp,
    /// What became of it.
    pub result: DeliveryResult,
}

/// How a delivery ended, or why it has not yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryResult {
    /// The recipient took it.
    Delivered,
    /// It did not reach its recipient so far and is tried on.
    Failing {
        /// Why the last attempt failed, for people.
        reason: Box<str>,
    },
    /// It is not tried any more.
    GaveUp {
        /// The message, to tell its originator.
        message: Box<Message>,
        /// Whether its recipient answered that it does not take it; else it was never reached.
        refused: bool,
        /// Why, for people.
        reason: Box<str>,
    },
}

/// What is answered to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Taken; results come as callbacks.
    Accepted,
    /// What became of an operator's request.
    Administered(Result<(), AdministrationError>),
}

impl Command {
    /// What the command is about, for logs and for people.
    pub fn subject(&self) -> Option<Subject> {
        Some(match self {
            Command::Prepare { prepare, .. } => Subject::Transfer(prepare.transfer_id),
            Command::Fulfil { fulfil, .. } => Subject::Transfer(fulfil.transfer_id),
            Command::Abort { abort, .. } => Subject::Transfer(abort.transfer_id),
            Command::Expire(id) => Subject::Transfer(*id),
            Command::RequestQuote { quote_id, .. } | Command::AnswerQuote { quote_id, .. } => Subject::Quote(*quote_id),
            Command::RegisterParty { party, .. } | Command::RemoveParty { party, .. } => Subject::from(party),
            Command::RegisterParties { request_id, .. } => crate::lookup::bulk_subject(*request_id),
            Command::Administer(_) | Command::Deliveries(_) => return None,
        })
    }
}

/// How long a message is tried before the hub gives up, counted from its decision.
pub(crate) mod lifetime {
    use super::Timestamp;

    /// Answers to questions: the asker has given up by then (FSPs time out after 10 s or less).
    const LOOKUP_MS: i64 = 10_000;
    /// Quotes: their requester gives up after half a minute.
    const QUOTE_MS: i64 = 30_000;
    /// Final states: an FSP that is down for a working day still learns what became of its transfers.
    const FINAL_STATE_MS: i64 = 24 * 60 * 60 * 1000;

    pub(crate) fn lookup(now: Timestamp) -> Timestamp {
        now.plus_millis(LOOKUP_MS)
    }

    pub(crate) fn quote(now: Timestamp) -> Timestamp {
        now.plus_millis(QUOTE_MS)
    }

    pub(crate) fn final_state(now: Timestamp) -> Timestamp {
        now.plus_millis(FINAL_STATE_MS)
    }
}
