//! An FSP that answers what a hub sends to it: [`Fsp`].

use std::collections::VecDeque;

use bytes::Bytes;
use fspiop::headers::FSPIOP_SOURCE;
use fspiop::write::{ErrorBody, PartyBody, QuoteAnswerBody, TransferFulfilBody, to_body};
use fspiop::{
    ErrorCode, FspiopError, Fulfilment, IlpPacket, PartyId, QuoteId, QuoteRequest, RequestHeaders, Resource, Timestamp,
    TransferId, TransferPrepare, TransferState, check_request,
};
use http::{Method, StatusCode};

use crate::body::{AgreedTransaction, PartyOf, QuoteParts, Transaction};
use crate::ilp::{Secret, Terms, fulfil};
use crate::leg::Phase;
use crate::memory::Memory;
use crate::message::{Envelope, Request, Target, Topic, pass_trace_on};
use crate::notice::Notice;
use crate::profile::Profile;
use crate::script::{Behaviour, Script, ScriptError, Subject};

/// How long a quote holds.
const QUOTE_VALIDITY_MS: i64 = 60_000;
/// How many quotes and transfers an FSP remembers, to answer a repeated message as it did the first time: more than
/// a hub that was away for some seconds has to repeat at 1000 a second. About 100 bytes each.
const REMEMBERED_ANSWERS: usize = 5_000;
/// How many callbacks and notifications an FSP notes: enough to look at, and 300 KB at most.
const REMEMBERED_NOTICES: usize = 1_000;

/// A simulated FSP: answers lookups, quotes and transfers as payee, notes what it is told as payer.
///
/// Pure: the caller carries the messages, and holds [`Reaction`]s back as long as they say.
#[derive(Clone, Debug)]
pub struct Fsp {
    profile: Profile,
    secret: Secret,
    script: Script,
    /// When the quotes expire that were answered: a repeated request gets the same answer.
    quotes: Memory<QuoteId, Timestamp>,
    /// When the transfers were completed that were answered.
    transfers: Memory<TransferId, Timestamp>,
    notices: VecDeque<Notice>,
}

/// What an FSP does with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The HTTP status of the answer.
    pub status: StatusCode,
    /// The body of the answer: empty, or an FSPIOP error as JSON.
    pub body: Bytes,
    /// What the message is about, if it could be read.
    pub topic: Option<Topic>,
    /// The callbacks that follow.
    pub reactions: Vec<Reaction>,
}

/// A message that an FSP sends to the hub because of one that it received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// The message.
    pub to_hub: Request,
    /// How long to wait before it is sent.
    pub after_ms: u64,
    /// The message leaves a transfer RESERVED, so that the hub is to tell its final state by PATCH.
    pub reserves: bool,
}

/// A message whose headers are in order.
struct Call<'a> {
    now: Timestamp,
    request: &'a Request,
    headers: RequestHeaders,
}

/// What a callback says.
enum Answer {
    Success(Vec<u8>),
    Reservation(Vec<u8>),
    Error(Vec<u8>),
}

impl Fsp {
    /// An FSP that follows `script`.
    ///
    /// # Errors
    /// [`ScriptError`] if a value of the script is out of its limits.
    pub fn new(profile: Profile, script: Script) -> Result<Self, ScriptError> {
        script.check()?;
        Ok(Self {
            secret: profile.effective_secret(),
            profile,
            script,
            quotes: Memory::new(REMEMBERED_ANSWERS),
            transfers: Memory::new(REMEMBERED_ANSWERS),
            notices: VecDeque::new(),
        })
    }

    /// Who the FSP is.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What the FSP follows.
    pub fn script(&self) -> &Script {
        &self.script
    }

    /// Follows another script from the next message on.
    ///
    /// # Errors
    /// [`ScriptError`] if a value is out of its limits; the FSP follows the old script then.
    pub fn set_script(&mut self, script: Script) -> Result<(), ScriptError> {
        script.check()?;
        self.script = script;
        Ok(())
    }

    /// The latest callbacks and notifications, the oldest first.
    pub fn notices(&self) -> impl ExactSizeIterator<Item = &Notice> {
        self.notices.iter()
    }

    /// Takes a message of the hub.
    pub fn receive(&mut self, now: Timestamp, request: &Request) -> Received {
        self.try_receive(now, request).unwrap_or_else(Received::refusal)
    }

    fn try_receive(&mut self, now: Timestamp, request: &Request) -> Result<Received, FspiopError> {
        if request.method == Method::PUT && request.path.starts_with("/participants/") {
            return registered(request);
        }
        let target = Target::parse(&request.method, &request.path).ok_or_else(|| {
            let detail = format!("a simulated FSP serves /parties, /quotes and /transfers, not {}", request.path);
            FspiopError::new(ErrorCode::UnknownUri, detail)
        })?;
        let phase = match &target {
            Target::Collection(phase) => *phase,
            Target::Topic(topic, _) => topic.phase(),
        };
        let headers = check_request(&request.method, phase.resource(), &request.headers)?;
        let call = Call { now, request, headers };
        match (&request.method, target) {
            (&Method::GET, Target::Topic(Topic::Party(party), _)) => Ok(self.look_up(&call, party)),
            (&Method::GET, Target::Topic(topic, _)) => Ok(self.look_into(&call, topic)),
            (&Method::POST, Target::Collection(Phase::Agreement)) => self.quote(&call),
            (&Method::POST, Target::Collection(_)) => self.transfer(&call),
            (&Method::PUT | &Method::PATCH, Target::Topic(topic, is_error)) => {
                Ok(self.take_notice(&call, topic, is_error))
            }
            (method, _) => Err(FspiopError::new(ErrorCode::MethodNotAllowed, method.as_str())),
        }
    }

    fn look_up(&self, call: &Call<'_>, party: PartyId) -> Received {
        let subject = Subject { phase: Phase::Lookup, party: Some(&party), amount: None };
        let behaviour = self.script.behaviour_for(subject);
        let answer = || match self.profile.party(&party) {
            Some(party) => {
                let party = party.to_wire(&self.profile.name, &self.profile.currencies);
                Answer::Success(to_body(&PartyBody { party }))
            }
            None => ErrorCode::PartyNotFound.into(),
        };
        self.react(call, behaviour, Topic::Party(party.clone()), answer)
    }

    /// Questions about a quote or a transfer: a simulated FSP has no books to look them up in.
    fn look_into(&self, call: &Call<'_>, topic: Topic) -> Received {
        let behaviour = self.script.behaviour_for(Subject { phase: topic.phase(), party: None, amount: None });
        let code = match topic {
            Topic::Quote(_) => ErrorCode::QuoteIdNotFound,
            _ => ErrorCode::TransferIdNotFound,
        };
        self.react(call, behaviour, topic, || code.into())
    }

    fn quote(&mut self, call: &Call<'_>) -> Result<Received, FspiopError> {
        let quote = QuoteRequest::read(&call.request.body)?;
        let parts: QuoteParts<'_> = serde_json::from_slice(&call.request.body).map_err(malformed)?;
        let payee: PartyOf<'_> = serde_json::from_str(parts.payee.get()).map_err(malformed)?;
        let party = payee.party_id_info.party();
        let expiration = self.quotes.first(quote.quote_id, call.now.plus_millis(QUOTE_VALIDITY_MS));
        let (party, amount) = (party.as_ref(), Some(quote.amount.amount));
        let behaviour = self.script.behaviour_for(Subject { phase: Phase::Agreement, party, amount });
        let answer = || {
            if party.is_none_or(|party| self.profile.party(party).is_none()) {
                return ErrorCode::PartyNotFound.into();
            }
            if !self.profile.currencies.contains(&quote.amount.currency) {
                return ErrorCode::PayeeUnsupportedCurrency.into();
            }
            Answer::Success(self.offer(&quote, &parts, expiration))
        };
        Ok(self.react(call, behaviour, Topic::Quote(quote.quote_id), answer))
    }

    /// The terms of a quote: no fees, and a packet that carries the transaction.
    fn offer(&self, quote: &QuoteRequest, parts: &QuoteParts<'_>, expiration: Timestamp) -> Vec<u8> {
        let transaction = to_body(&Transaction {
            transaction_id: quote.transaction_id,
            quote_id: quote.quote_id,
            payee: parts.payee,
            payer: parts.payer,
            amount: quote.amount,
            transaction_type: parts.transaction_type,
            note: parts.note,
            expiration,
        });
        let terms = Terms::new(&self.secret, &transaction, quote.amount, expiration);
        to_body(&QuoteAnswerBody {
            transfer_amount: quote.amount,
            payee_receive_amount: Some(quote.amount),
            payee_fsp_fee: None,
            payee_fsp_commission: None,
            expiration,
            ilp_packet: &terms.packet,
            condition: terms.condition,
        })
    }

    fn transfer(&mut self, call: &Call<'_>) -> Result<Received, FspiopError> {
        let prepare = TransferPrepare::read(&call.request.body)?;
        let completed = self.transfers.first(prepare.transfer_id, call.now);
        let transaction = IlpPacket::parse(&prepare.ilp_packet).ok().and_then(|packet| packet.transaction());
        let agreed = transaction.as_deref().and_then(|json| serde_json::from_slice(json).ok());
        let agreed: Option<AgreedTransaction<'_>> = agreed;
        let party = agreed.as_ref().and_then(|agreed| agreed.payee.party_id_info.party());
        let amount = Some(prepare.amount.amount);
        let behaviour = self.script.behaviour_for(Subject { phase: Phase::Clearing, party: party.as_ref(), amount });
        let answer = || {
            if behaviour.reject {
                return fulfil_answer(TransferState::Aborted, None, completed);
            }
            // A repeated message was already checked when it came first.
            if let Err(error) = check_transfer(&prepare, agreed.as_ref(), completed) {
                return error.into();
            }
            let fulfilment = fulfil(&self.secret, transaction.as_deref().unwrap_or_default());
            if fulfilment.condition() != prepare.condition {
                return rejected("the condition is not that of the ILP packet").into();
            }
            let fulfilment = if behaviour.wrong_fulfilment { another(fulfilment) } else { fulfilment };
            let state = if behaviour.reserve { TransferState::Reserved } else { TransferState::Committed };
            fulfil_answer(state, Some(fulfilment), completed)
        };
        Ok(self.react(call, behaviour, Topic::Transfer(prepare.transfer_id), answer))
    }

    fn take_notice(&mut self, call: &Call<'_>, topic: Topic, is_error: bool) -> Received {
        let party = if let Topic::Party(party) = &topic { Some(party) } else { None };
        let behaviour = self.script.behaviour_for(Subject { phase: topic.phase(), party, amount: None });
        let status = behaviour.status.map_or(StatusCode::OK, scripted_status);
        if status.is_success() {
            if self.notices.len() == REMEMBERED_NOTICES {
                self.notices.pop_front();
            }
            let source = call.headers.source.as_str();
            self.notices.push_back(Notice::new(call.now, source, topic.clone(), is_error, call.request));
        }
        Received { status, body: Bytes::new(), topic: Some(topic), reactions: Vec::new() }
    }

    /// Accepts a message and answers it as the behaviour says.
    fn react(&self, call: &Call<'_>, behaviour: &Behaviour, topic: Topic, answer: impl FnOnce() -> Answer) -> Received {
        let status = behaviour.status.map_or(StatusCode::ACCEPTED, scripted_status);
        let mut reactions = Vec::new();
        if status.is_success() && !behaviour.silent {
            let answer = match behaviour.error() {
                Some((code, description)) => Answer::Error(to_body(&ErrorBody::new(code, description, []))),
                None => answer(),
            };
            let reserves = matches!(answer, Answer::Reservation(_));
            let to_hub = self.callback(call, &topic, answer);
            let reaction = Reaction { to_hub, after_ms: behaviour.delay_ms, reserves };
            reactions.extend((1..behaviour.times()).map(|_| reaction.clone()));
            reactions.push(reaction);
        }
        Received { status, body: Bytes::new(), topic: Some(topic), reactions }
    }

    /// A callback to whoever asked, in the version that is accepted there.
    fn callback(&self, call: &Call<'_>, topic: &Topic, answer: Answer) -> Request {
        let envelope = Envelope {
            phase: topic.phase(),
            version: call.headers.accept.map_or(call.headers.version, |accept| accept.highest()),
            source: &self.profile.name,
            destination: call.request.headers.get(FSPIOP_SOURCE).cloned(),
            now: call.now,
        };
        let (path, body) = match answer {
            Answer::Success(body) | Answer::Reservation(body) => (topic.path(), body),
            Answer::Error(body) => (topic.path() + "/error", body),
        };
        let mut callback = envelope.seal(Method::PUT, path, body);
        pass_trace_on(call.request, &mut callback);
        callback
    }
}

/// Whether a transfer is what was agreed, as Mojaloop's SDK checks it.
fn check_transfer(
    prepare: &TransferPrepare<'_>,
    agreed: Option<&AgreedTransaction<'_>>,
    now: Timestamp,
) -> Result<(), FspiopError> {
    if prepare.expiration <= now {
        return Err(ErrorCode::TransferExpired.into());
    }
    let agreed = agreed.ok_or_else(|| rejected("the ILP packet carries no transaction"))?;
    if agreed.amount != prepare.amount {
        return Err(rejected("the amount is not the one that was agreed"));
    }
    for (party, fsp) in [(&agreed.payer, &prepare.payer_fsp), (&agreed.payee, &prepare.payee_fsp)] {
        if party.party_id_info.fsp_id.as_ref().is_some_and(|agreed| agreed != fsp.as_str()) {
            return Err(rejected("the FSPs are not those that have agreed"));
        }
    }
    Ok(())
}

fn rejected(detail: &str) -> FspiopError {
    FspiopError::new(ErrorCode::PayeeFspRejectedTransaction, detail)
}

fn malformed(error: serde_json::Error) -> FspiopError {
    FspiopError::new(ErrorCode::MalformedSyntax, error.to_string())
}

fn fulfil_answer(transfer_state: TransferState, fulfilment: Option<Fulfilment>, completed: Timestamp) -> Answer {
    let body = to_body(&TransferFulfilBody {
        fulfilment,
        completed_timestamp: Some(completed),
        transfer_state,
        extension_list: None,
    });
    match transfer_state {
        TransferState::Reserved => Answer::Reservation(body),
        _ => Answer::Success(body),
    }
}

/// A fulfilment of something else.
fn another(fulfilment: Fulfilment) -> Fulfilment {
    Fulfilment::from_bytes(fulfilment.as_bytes().map(|byte| !byte))
}

/// Scripts are checked before they are followed, so that their statuses are valid.
fn scripted_status(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

impl Received {
    fn refusal(error: FspiopError) -> Self {
        let status = scripted_status(error.code.http_status());
        Self { status, body: error.to_body().into(), topic: None, reactions: Vec::new() }
    }
}

/// The hub's answer to a registration of a party: it belongs to no payment, and there is nothing to do about it.
fn registered(request: &Request) -> Result<Received, FspiopError> {
    check_request(&request.method, Resource::Participants, &request.headers)?;
    Ok(Received { status: StatusCode::OK, body: Bytes::new(), topic: None, reactions: Vec::new() })
}

impl From<FspiopError> for Answer {
    fn from(error: FspiopError) -> Self {
        Self::Error(error.to_body())
    }
}

impl From<ErrorCode> for Answer {
    fn from(code: ErrorCode) -> Self {
        FspiopError::plain(code).into()
    }
}
