//! What a request asks for. Pure: the seeded simulation reads its messages with this very code.
//!
//! Order of the checks: URI and method, versions, other headers, JSON, the fields of the body, then who the participants
//! are. (Size comes before all of them, where the body is read.)

use bytes::Bytes;
use fspiop::{
    ApiVersion, BulkRegistration, BulkRegistrationAnswer, Currency, ErrorCallback, ErrorCode, FspId, FspiopError,
    Identifier, ParticipantAnswer, ParticipantRegistration, PartyAnswer, PartyId, QuoteAnswer, QuoteId, QuoteRequest,
    Resource, TransferFulfil, TransferId, TransferPatch, TransferPrepare, TransferState, check_request, headers,
};
use http::{HeaderMap, HeaderName, Uri, header, request::Parts};
use ledger::{Abort, AbortReason, Fulfil, Prepare, TransferStatus};
use switch::{Command, Configuration, Headers, Inbound, Method, NeededAccounts, content_hash};

use super::{Refusal, Route, passing};

/// A request that may be answered 202 or 200.
#[derive(Clone, Debug)]
pub enum Request {
    /// Something to decide and to remember.
    Command(Box<Command>),
    /// Something that changes nothing.
    Question(Box<Question>),
}

/// A question, or an answer on its way back; nothing of it is stored.
#[derive(Clone, Debug)]
pub enum Question {
    /// Which FSP serves a party?
    FindFsp(Inbound, PartyId, Option<Currency>),
    /// Who is a party?
    FindParty(Inbound, PartyId, Option<Currency>),
    /// Which FSP serves a party, as somebody says who was asked; `true` for an error.
    AnswerFsp(Inbound, PartyId, bool),
    /// What an FSP says of a party; `true` for an error.
    AnswerParty(Inbound, PartyId, bool),
    /// An FSP serves a party from now on. Where an oracle knows the type, the hub stores nothing.
    RegisterParty(Inbound, PartyId, FspId, Option<Currency>),
    /// An FSP serves many parties from now on.
    RegisterParties(Inbound, BulkRegistration),
    /// What became of a bulk registration, as somebody says who was asked; `true` for an error.
    AnswerRegistration(Inbound, Identifier, bool),
    /// An FSP serves a party no longer.
    RemoveParty(Inbound, PartyId, Option<Currency>),
    /// What became of a transfer?
    GetTransfer(Inbound, TransferId),
    /// What became of a quote?
    GetQuote(Inbound, QuoteId),
    /// The payee has reserved a transfer at its side and will say more later.
    Interim(Inbound, TransferId),
    /// A request to pay, its authorization or the state of a transaction, on its way between two FSPs.
    Pass(Inbound, Resource, Box<str>),
}

/// The headers that travel on with a message.
const TRAVELLING: [HeaderName; 10] = [
    header::CONTENT_TYPE,
    header::ACCEPT,
    header::DATE,
    headers::FSPIOP_SOURCE,
    headers::FSPIOP_DESTINATION,
    headers::FSPIOP_ENCRYPTION,
    headers::FSPIOP_SIGNATURE,
    headers::FSPIOP_URI,
    headers::FSPIOP_HTTP_METHOD,
    headers::TRACESTATE,
];

/// Reads a request. `trace` makes a `traceparent` for a message that has none.
pub fn interpret(
    parts: &Parts,
    body: Bytes,
    configuration: &Configuration,
    trace: impl FnOnce() -> Box<str>,
) -> Result<Request, Refusal> {
    let found = Route::of(&parts.method, parts.uri.path());
    if let (Err(refusal), Some(resource)) = (&found, resource_of(&parts.uri))
        && matches!(refusal.error.code, ErrorCode::ValidationError | ErrorCode::MalformedSyntax)
    {
        // A wrong id in the URI is a wrong field: versions and headers are looked at before it.
        check_request(&parts.method, resource, &parts.headers)?;
    }
    let (resource, route) = found?;
    let checked = check_request(&parts.method, resource, &parts.headers)?;
    let inbound = Inbound {
        source: checked.source,
        destination: checked.destination,
        method: Method::parse(parts.method.as_str())
            .ok_or_else(|| Refusal::method_not_allowed("GET, POST, PUT, PATCH, DELETE"))?,
        path: parts.uri.path().into(),
        headers: travelling(&parts.headers, trace),
        body,
    };
    let source = inbound.source.clone();
    // What the hub itself says never comes in from outside. No client of upstream's claims this name either: its
    // provisioning uses one that is no participant's.
    if source == configuration.hub_name() {
        return Err(unknown_source().into());
    }
    let request = match route {
        // In version 1.0 RESERVED is no end: the hub commits when the payee says COMMITTED (FSPIOP 1.0, 6.7.3.1).
        Route::Fulfil(id) if checked.version == ApiVersion::V1_0 && is_interim(&inbound)? => {
            Request::Question(Box::new(Question::Interim(inbound, id)))
        }
        route => read(route, inbound, &parts.uri)?,
    };
    // A registration from a stranger is taken, as upstream takes it, and comes to nothing: there is nobody to tell.
    let known = configuration.registry.participant_named(source.as_str()).is_some();
    if known || resource == Resource::Participants { Ok(request) } else { Err(unknown_source().into()) }
}

fn resource_of(uri: &Uri) -> Option<Resource> {
    Resource::from_path(uri.path().split('/').nth(1)?)
}

fn unknown_source() -> FspiopError {
    FspiopError::new(ErrorCode::MalformedSyntax, "invalid fspiop-source header")
}

fn travelling(all: &HeaderMap, trace: impl FnOnce() -> Box<str>) -> Headers {
    let mut kept = Headers::new();
    let value = |name: &HeaderName| all.get(name)?.to_str().ok().filter(|value| !value.is_empty());
    for name in TRAVELLING {
        if let Some(value) = value(&name) {
            kept.set(name, value);
        }
    }
    match value(&headers::TRACEPARENT) {
        Some(parent) => kept.set(headers::TRACEPARENT, parent),
        None => kept.set(headers::TRACEPARENT, trace()),
    }
    kept
}

fn read(route: Route, inbound: Inbound, uri: &Uri) -> Result<Request, FspiopError> {
    let question = match route {
        Route::Prepare => return prepare(inbound),
        Route::Fulfil(id) => return fulfil(inbound, id),
        Route::Abort(id) => return abort(inbound, id),
        Route::RequestQuote => return request_quote(inbound),
        Route::AnswerQuote(id, failed) => return answer_quote(inbound, id, failed),
        Route::FindFsp(party) => Question::FindFsp(inbound, party, currency_of(uri)?),
        Route::FindParty(party) => Question::FindParty(inbound, party, currency_of(uri)?),
        Route::GetTransfer(id) => Question::GetTransfer(inbound, id),
        Route::GetQuote(id) => Question::GetQuote(inbound, id),
        Route::AnswerFsp(party, failed) => {
            match failed {
                true => drop(ErrorCallback::read(&inbound.body)?),
                false => return answer_fsp(inbound, party),
            }
            Question::AnswerFsp(inbound, party, failed)
        }
        Route::RegisterParties => {
            let bulk = BulkRegistration::read(&inbound.body)?;
            Question::RegisterParties(inbound, bulk)
        }
        Route::AnswerRegistration(id, failed) => {
            match failed {
                true => drop(ErrorCallback::read(&inbound.body)?),
                false => _ = BulkRegistrationAnswer::read(&inbound.body)?,
            }
            Question::AnswerRegistration(inbound, id, failed)
        }
        Route::RemoveParty(party) => Question::RemoveParty(inbound, party, currency_of(uri)?),
        Route::AnswerParty(party, failed) => {
            match failed {
                true => drop(ErrorCallback::read(&inbound.body)?),
                false => drop(PartyAnswer::read(&inbound.body)?),
            }
            Question::AnswerParty(inbound, party, failed)
        }
        Route::Notify(_) => return Err(notify(&inbound)),
        Route::Pass(passing) => {
            let (resource, id) = passing::read(passing, uri, &inbound.body)?;
            Question::Pass(Inbound { path: passing::path_with_query(uri), ..inbound }, resource, id)
        }
        Route::RegisterParty(party) => {
            let registration = ParticipantRegistration::read(&inbound.body)?;
            Question::RegisterParty(inbound, party, registration.fsp_id, registration.currency)
        }
    };
    Ok(Request::Question(Box::new(question)))
}

/// One that names no destination is no answer, but a registration in other words, which upstream takes likewise.
fn answer_fsp(inbound: Inbound, party: PartyId) -> Result<Request, FspiopError> {
    let question = match (ParticipantAnswer::read(&inbound.body)?.fsp_id, &inbound.destination) {
        (Some(fsp), None) => Question::RegisterParty(inbound, party, fsp, None),
        _ => Question::AnswerFsp(inbound, party, false),
    };
    Ok(Request::Question(Box::new(question)))
}

/// Whether a payee says RESERVED.
fn is_interim(inbound: &Inbound) -> Result<bool, FspiopError> {
    Ok(TransferFulfil::read(&inbound.body)?.state == TransferState::Reserved)
}

/// Only the hub says how a transfer has ended.
fn notify(inbound: &Inbound) -> FspiopError {
    match TransferPatch::read(&inbound.body) {
        Err(error) => error,
        Ok(_) => FspiopError::new(ErrorCode::ClientError, "PATCH /transfers/{ID} is the hub's own notification"),
    }
}

fn command(command: Command) -> Result<Request, FspiopError> {
    Ok(Request::Command(Box::new(command)))
}

fn prepare(inbound: Inbound) -> Result<Request, FspiopError> {
    let fields = TransferPrepare::read(&inbound.body)?;
    let ilp_packet = fields.ilp_packet.as_ref().into();
    let prepare = Prepare {
        transfer_id: fields.transfer_id,
        payer: fields.payer_fsp,
        payee: fields.payee_fsp,
        amount: fields.amount.amount,
        currency: fields.amount.currency,
        condition: fields.condition,
        expiration: fields.expiration,
        may_be_on_us: false,
        hash: content_hash(&inbound.body),
    };
    command(Command::Prepare { inbound, prepare, ilp_packet })
}

fn fulfil(inbound: Inbound, transfer_id: TransferId) -> Result<Request, FspiopError> {
    let fields = TransferFulfil::read(&inbound.body)?;
    let hash = content_hash(&inbound.body);
    let source = inbound.source.clone();
    let notify = match fields.state {
        TransferState::Committed => false,
        TransferState::Reserved => true,
        TransferState::Aborted => {
            let reason = AbortReason::from(&FspiopError::plain(ErrorCode::PayeeRejectedTransaction));
            let status = TransferStatus::AbortedRejected;
            return command(Command::Abort { inbound, abort: Abort { transfer_id, source, status, reason, hash } });
        }
        TransferState::Received => {
            let detail = "/requestBody/transferState must be COMMITTED, RESERVED or ABORTED";
            return Err(FspiopError::new(ErrorCode::ValidationError, detail));
        }
    };
    let completed_at = fields.completed_timestamp;
    let fulfil = Fulfil { transfer_id, source, fulfilment: fields.fulfilment, completed_at, hash };
    command(Command::Fulfil { inbound, fulfil, notify })
}

fn abort(inbound: Inbound, transfer_id: TransferId) -> Result<Request, FspiopError> {
    let fields = ErrorCallback::read(&inbound.body)?;
    let reason = AbortReason { code: fields.code, description: fields.description };
    let hash = content_hash(&inbound.body);
    let (source, status) = (inbound.source.clone(), TransferStatus::AbortedError);
    command(Command::Abort { inbound, abort: Abort { transfer_id, source, status, reason, hash } })
}

fn request_quote(inbound: Inbound) -> Result<Request, FspiopError> {
    let fields = QuoteRequest::read(&inbound.body)?;
    let payee = inbound.destination.clone().ok_or_else(|| {
        FspiopError::new(ErrorCode::MissingElement, "/header must have required property 'fspiop-destination'")
    })?;
    // As upstream has it: a payer that lists currencies says that it may convert, so the payee need not have the quote's.
    let needs = if fields.payer_currencies.is_empty() {
        NeededAccounts { payer: Vec::new(), payee: Some(fields.amount.currency) }
    } else {
        NeededAccounts { payer: fields.payer_currencies, payee: None }
    };
    let (quote_id, hash) = (fields.quote_id, content_hash(&inbound.body));
    command(Command::RequestQuote { inbound, quote_id, payee, needs, hash })
}

fn answer_quote(inbound: Inbound, quote_id: QuoteId, failed: bool) -> Result<Request, FspiopError> {
    let currency = if failed {
        ErrorCallback::read(&inbound.body)?;
        None
    } else {
        let fields = QuoteAnswer::read(&inbound.body)?;
        Some(fields.payee_currency.unwrap_or(fields.transfer_amount.currency))
    };
    let needs = NeededAccounts { payer: Vec::new(), payee: currency };
    let hash = content_hash(&inbound.body);
    command(Command::AnswerQuote { inbound, quote_id, needs, hash, failed })
}

fn currency_of(uri: &Uri) -> Result<Option<Currency>, FspiopError> {
    let mut pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.find(|(name, _)| *name == "currency").map(|(_, value)| value);
    let bad =
        |_| FspiopError::new(ErrorCode::ValidationError, "/query/currency must be equal to one of the allowed values");
    value.map(|value| Currency::parse(value).map_err(bad)).transpose()
}
