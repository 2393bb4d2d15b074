//! The payer's side of one payment: [`Payment`].

use fspiop::headers::{FSPIOP_SOURCE, TRACEPARENT};
use fspiop::write::{Party as PartyBody, PartyIdInfo, QuoteRequestBody, TransactionType, TransferPrepareBody, to_body};
use fspiop::{
    AmountType, ApiVersion, Condition, ErrorCallback, FspId, FspiopError, Money, PartyAnswer, PartyId, QuoteAnswer,
    Timestamp, TransactionId, TransferFulfil, TransferState,
};
use http::Method;
use serde::{Deserialize, Serialize};

use crate::identifier_source::PaymentIdentifiers;
use crate::leg::{Leg, Phase};
use crate::message::{Envelope, Request, Target, Topic, visible};
use crate::profile::Party;

/// Most legs of a payment that are remembered: five times those of a payment without repetitions.
const MAX_LEGS: usize = 64;

/// What a payer wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The payer's FSP.
    pub from: FspId,
    /// Who pays: a customer of `from`.
    pub payer: Party,
    /// Who is to be paid.
    pub to: PartyId,
    /// How much.
    pub amount: Money,
    /// A message to the payee, 1 to 128 characters.
    pub note: Option<String>,
    /// How long the payer waits for the end of the payment. The transfer itself expires after half of this, so that the
    /// hub has time to tell the payer that it did.
    pub timeout_ms: u32,
    /// The version of FSPIOP in which the payer's FSP speaks.
    pub version: ApiVersion,
}

/// How a payment ended, as its payer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Ending {
    /// The transfer is committed.
    Committed,
    /// The transfer is aborted: rejected, failed or expired.
    Aborted,
    /// There is no transfer: the lookup or the quote failed, or the hub refused a message or cannot be reached.
    Failed,
    /// No answer came in time. What became of the transfer, if it was sent, is unknown to the payer.
    TimedOut,
}

/// Why a payment was not committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentError {
    /// The phase in which it went wrong.
    pub phase: Phase,
    /// The error code of FSPIOP, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What went wrong.
    pub description: String,
}

/// The payer's side of one payment: lookup, quote, transfer, each step on the callback to the one before.
///
/// Pure: requests come out of [`Payment::new`] and [`Payment::receive`], and the caller sends them.
#[derive(Clone, Debug)]
pub struct Payment {
    identifiers: PaymentIdentifiers,
    order: Order,
    deadline: Timestamp,
    stage: Stage,
    /// Messages sent, which number the spans of the trace.
    sent: u64,
    legs: Vec<Leg>,
}

#[derive(Clone, Debug)]
enum Stage {
    Lookup,
    Agreement { payee: FspId },
    Clearing { condition: Condition },
    Ended(Ending, Option<PaymentError>),
}

impl Payment {
    /// A payment, and its first request: the lookup of the payee.
    pub fn new(identifiers: PaymentIdentifiers, order: Order, now: Timestamp) -> (Self, Request) {
        let deadline = now.plus_millis(i64::from(order.timeout_ms));
        let mut payment = Self { identifiers, order, deadline, stage: Stage::Lookup, sent: 0, legs: Vec::new() };
        let path = Topic::Party(payment.order.to.clone()).path();
        let request = payment.seal(now, Phase::Lookup, None, (Method::GET, path, Vec::new()));
        (payment, request)
    }

    /// The identifiers of the payment.
    pub fn identifiers(&self) -> PaymentIdentifiers {
        self.identifiers
    }

    /// What the payer wants.
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// When the payer gives up.
    pub fn deadline(&self) -> Timestamp {
        self.deadline
    }

    /// The phase that the payment is in; `None` after its end.
    pub fn phase(&self) -> Option<Phase> {
        match self.stage {
            Stage::Lookup => Some(Phase::Lookup),
            Stage::Agreement { .. } => Some(Phase::Agreement),
            Stage::Clearing { .. } => Some(Phase::Clearing),
            Stage::Ended(..) => None,
        }
    }

    /// How the payment ended and what went wrong; `None` before its end.
    pub fn ending(&self) -> Option<(Ending, Option<&PaymentError>)> {
        match &self.stage {
            Stage::Ended(ending, error) => Some((*ending, error.as_ref())),
            _ => None,
        }
    }

    /// Takes a message of the hub to the payer's FSP, and returns the request that follows from it. Messages that are
    /// not the callback that the payment waits for change nothing.
    pub fn receive(&mut self, now: Timestamp, request: &Request) -> Option<Request> {
        let is_error = match Target::parse(&request.method, &request.path)? {
            Target::Topic(topic, is_error) if request.method == Method::PUT && self.waits_for(&topic) => is_error,
            _ => return None,
        };
        let next = if is_error { self.take_error(request) } else { self.take_answer(now, request) };
        next.unwrap_or_else(|error| {
            self.fail(Ending::Failed, Some(error.code.text()), error.wire_description());
            None
        })
    }

    /// Takes the hub's HTTP answer to the request of a phase. An answer that refuses ends the payment, unless the
    /// callback was faster.
    pub fn answered(&mut self, phase: Phase, status: u16, body: &[u8]) {
        if self.phase() != Some(phase) || (200..300).contains(&status) {
            return;
        }
        match ErrorCallback::read(body) {
            Ok(error) => self.fail(Ending::Failed, Some(&error.code), &error.description),
            Err(_) => self.fail(Ending::Failed, None, &format!("the hub answered with HTTP status {status}")),
        }
    }

    /// Takes note that the request of a phase got no HTTP answer; ends the payment, unless the callback was faster.
    pub fn unanswered(&mut self, phase: Phase, reason: &str) {
        if self.phase() == Some(phase) {
            self.fail(Ending::Failed, None, reason);
        }
    }

    /// Ends the payment if its deadline has come.
    pub fn expire(&mut self, now: Timestamp) {
        if let Some(phase) = self.phase()
            && now >= self.deadline
        {
            let resource = phase.resource().path();
            let timeout_ms = self.order.timeout_ms;
            let description = format!("no callback of /{resource} came before the payment's {timeout_ms} ms were over");
            self.fail(Ending::TimedOut, None, &description);
        }
    }

    /// A request that asks the hub for the state of the transfer; the answer comes as the callback to a transfer.
    pub fn inquiry(&mut self, now: Timestamp) -> Request {
        let path = Topic::Transfer(self.identifiers.transfer).path();
        self.seal(now, Phase::Clearing, None, (Method::GET, path, Vec::new()))
    }

    /// Remembers a leg of the payment, up to 64.
    pub fn record(&mut self, leg: Leg) {
        if self.legs.len() < MAX_LEGS {
            self.legs.push(leg);
        }
    }

    /// The legs that were recorded, in the order of their times.
    pub fn into_legs(mut self) -> Vec<Leg> {
        self.legs.sort_by_key(|leg| leg.at);
        self.legs
    }

    fn waits_for(&self, topic: &Topic) -> bool {
        match (&self.stage, topic) {
            (Stage::Lookup, Topic::Party(party)) => *party == self.order.to,
            (Stage::Agreement { .. }, Topic::Quote(quote)) => *quote == self.identifiers.quote,
            (Stage::Clearing { .. }, Topic::Transfer(transfer)) => *transfer == self.identifiers.transfer,
            _ => false,
        }
    }

    fn take_error(&mut self, request: &Request) -> Result<Option<Request>, FspiopError> {
        let error = ErrorCallback::read(&request.body)?;
        let is_transfer = matches!(self.stage, Stage::Clearing { .. });
        let ending = if is_transfer { Ending::Aborted } else { Ending::Failed };
        self.fail(ending, Some(&error.code), &error.description);
        Ok(None)
    }

    fn take_answer(&mut self, now: Timestamp, request: &Request) -> Result<Option<Request>, FspiopError> {
        match &self.stage {
            Stage::Lookup => self.take_party(now, request).map(Some),
            Stage::Agreement { payee } => {
                let payee = payee.clone();
                self.take_quote(now, request, &payee)
            }
            Stage::Clearing { condition } => {
                let condition = *condition;
                self.take_transfer(request, condition)?;
                Ok(None)
            }
            Stage::Ended(..) => Ok(None),
        }
    }

    /// The payee is known: asks its FSP for a quote.
    fn take_party(&mut self, now: Timestamp, request: &Request) -> Result<Request, FspiopError> {
        let payee = match PartyAnswer::read(&request.body)?.fsp_id {
            Some(payee) => payee,
            None => source(request)?,
        };
        let order = &self.order;
        let body = to_body(&QuoteRequestBody {
            quote_id: self.identifiers.quote,
            transaction_id: TransactionId(self.identifiers.transfer.0),
            payee: PartyBody {
                party_id_info: PartyIdInfo::new(&order.to, Some(&payee)),
                name: None,
                personal_info: None,
                supported_currencies: &[],
            },
            payer: order.payer.to_wire(&order.from, &[]),
            amount_type: AmountType::Send,
            amount: order.amount,
            transaction_type: TransactionType { scenario: "TRANSFER", initiator: "PAYER", initiator_type: "CONSUMER" },
            expiration: Some(self.deadline),
            note: order.note.as_deref(),
        });
        let message = (Method::POST, "/quotes".to_owned(), body);
        let next = self.seal(now, Phase::Agreement, Some(&payee), message);
        self.stage = Stage::Agreement { payee };
        Ok(next)
    }

    /// The terms are known: transfers the money, if they are in the currency that the payer has.
    fn take_quote(&mut self, now: Timestamp, request: &Request, payee: &FspId) -> Result<Option<Request>, FspiopError> {
        let quote = QuoteAnswer::read(&request.body)?;
        if quote.transfer_amount.currency != self.order.amount.currency {
            self.fail(Ending::Failed, None, "the quote is in another currency than the payment");
            return Ok(None);
        }
        let body = to_body(&TransferPrepareBody {
            transfer_id: self.identifiers.transfer,
            payee_fsp: payee,
            payer_fsp: &self.order.from,
            amount: quote.transfer_amount,
            ilp_packet: &quote.ilp_packet,
            condition: quote.condition,
            expiration: now.plus_millis(i64::from(self.order.timeout_ms / 2)),
        });
        let message = (Method::POST, "/transfers".to_owned(), body);
        let next = self.seal(now, Phase::Clearing, Some(payee), message);
        self.stage = Stage::Clearing { condition: quote.condition };
        Ok(Some(next))
    }

    /// The state of the transfer is known. RECEIVED and RESERVED are no ending.
    fn take_transfer(&mut self, request: &Request, condition: Condition) -> Result<(), FspiopError> {
        let fulfil = TransferFulfil::read(&request.body)?;
        match fulfil.state {
            TransferState::Committed if fulfil.fulfilment.is_some_and(|found| found.condition() != condition) => {
                self.fail(Ending::Committed, None, "the fulfilment does not fulfil the condition of the transfer");
            }
            TransferState::Committed => self.stage = Stage::Ended(Ending::Committed, None),
            TransferState::Aborted => self.fail(Ending::Aborted, None, "the transfer was aborted"),
            TransferState::Received | TransferState::Reserved => {}
        }
        Ok(())
    }

    fn fail(&mut self, ending: Ending, code: Option<&str>, description: &str) {
        let phase = self.phase().unwrap_or(Phase::Clearing);
        let error = PaymentError { phase, code: code.map(str::to_owned), description: description.to_owned() };
        self.stage = Stage::Ended(ending, Some(error));
    }

    /// A message of the payer's FSP, in the trace of the payment.
    fn seal(
        &mut self,
        now: Timestamp,
        phase: Phase,
        to: Option<&FspId>,
        (method, path, body): (Method, String, Vec<u8>),
    ) -> Request {
        let envelope = Envelope {
            phase,
            version: self.order.version,
            source: &self.order.from,
            destination: to.map(|fsp| visible(fsp.to_string())),
            now,
        };
        let mut request = envelope.seal(method, path, body);
        self.sent += 1;
        // The lower half of the trace is random; the spans count on from there.
        let span = (self.identifiers.trace.0 as u64).wrapping_add(self.sent).max(1);
        request.headers.insert(TRACEPARENT, visible(self.identifiers.trace.traceparent(span)));
        request
    }
}

/// Who sent a message, if its body does not say it.
fn source(request: &Request) -> Result<FspId, FspiopError> {
    let source = request.header(&FSPIOP_SOURCE).and_then(|source| FspId::parse(source).ok());
    source.ok_or_else(|| {
        FspiopError::new(fspiop::ErrorCode::MissingElement, "neither fspId nor fspiop-source names the payee's FSP")
    })
}
