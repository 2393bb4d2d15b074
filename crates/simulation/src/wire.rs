//! Messages of FSPs as they go over the wire.

use bytes::Bytes;
use fspiop::{
    ApiVersion, ErrorCode, FspId, FspiopError, Fulfilment, Money, Resource, Timestamp, TransferId, TransferPrepare,
    TransferState, content_type,
    headers::{FSPIOP_DESTINATION, FSPIOP_SOURCE},
    write::{TransferFulfilBody, TransferPrepareBody, to_body},
};
use http::{
    HeaderMap, HeaderValue, Method,
    header::{ACCEPT, CONTENT_TYPE, DATE},
    request::Parts,
};
use participant::Request;
use switch::Message;

/// A packet that means nothing: the hub looks only at the condition.
const PACKET: &str =
    "AYIBgQAAAAAAAASwNGxldmVsb25lLmRmc3AxLm1lci45T2RTOF81MDdqUUZERmZlakgyOVc4bXFmNEpLMHlGTFGCAUBQU0svMS4w";

/// Who sends to whom, and when.
pub(crate) struct Envelope<'a> {
    pub(crate) source: &'a FspId,
    pub(crate) destination: Option<&'a FspId>,
    pub(crate) now: Timestamp,
}

impl Envelope<'_> {
    /// A message about a transfer.
    pub(crate) fn seal(&self, method: Method, path: String, body: impl Into<Bytes>) -> Request {
        let media_type = value(&content_type(Resource::Transfers, ApiVersion::V1_1));
        let mut headers = HeaderMap::with_capacity(5);
        if matches!(method, Method::GET | Method::POST) {
            headers.insert(ACCEPT, media_type.clone());
        }
        headers.insert(CONTENT_TYPE, media_type);
        headers.insert(DATE, value(&self.now.http_date()));
        headers.insert(FSPIOP_SOURCE, value(self.source.as_str()));
        if let Some(destination) = self.destination {
            headers.insert(FSPIOP_DESTINATION, value(destination.as_str()));
        }
        Request { method, path, headers, body: body.into() }
    }
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("names, dates and media types are visible ASCII")
}

/// What a payer asks for.
pub(crate) struct Terms<'a> {
    pub(crate) id: TransferId,
    pub(crate) payer: &'a FspId,
    pub(crate) payee: &'a FspId,
    pub(crate) money: Money,
    pub(crate) fulfilment: Fulfilment,
    pub(crate) expiration: Timestamp,
}

impl Terms<'_> {
    /// The body of POST /transfers.
    pub(crate) fn body(&self) -> Bytes {
        let body = TransferPrepareBody {
            transfer_id: self.id,
            payee_fsp: self.payee,
            payer_fsp: self.payer,
            amount: self.money,
            ilp_packet: PACKET,
            condition: self.fulfilment.condition(),
            expiration: self.expiration,
        };
        to_body(&body).into()
    }
}

/// The same content with other white space.
pub(crate) fn reprinted(body: &Bytes) -> Bytes {
    let mut text = vec![b'{', b'\n', b' '];
    text.extend_from_slice(&body[1..]);
    text.into()
}

/// The body of PUT /transfers/{ID}.
pub(crate) fn answer_body(state: TransferState, fulfilment: Option<Fulfilment>, completed: Option<Timestamp>) -> Bytes {
    to_body(&TransferFulfilBody {
        fulfilment,
        completed_timestamp: completed,
        transfer_state: state,
        extension_list: None,
    })
    .into()
}

/// The body of PUT /transfers/{ID}/error.
pub(crate) fn error_body() -> Bytes {
    FspiopError::plain(ErrorCode::PayeeRejectedTransaction).to_body().into()
}

/// A request as the hub's HTTP server hands it on.
pub(crate) fn to_parts(request: &Request) -> Parts {
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.method = request.method.clone();
    parts.uri = request.path.parse().expect("paths are made of identifiers and encoded text");
    parts.headers = request.headers.clone();
    parts
}

/// A message of the hub as the FSP's HTTP server hands it on, under the path that its endpoint's URL has.
pub(crate) fn to_request(message: &Message, path: &str) -> Request {
    let mut headers = HeaderMap::with_capacity(12);
    for (name, text) in message.headers.iter() {
        headers.insert(name.clone(), value(text));
    }
    let method = message.method.as_str().parse().expect("a method of HTTP");
    Request { method, path: path.to_owned(), headers, body: message.body.clone() }
}

/// What a message to an FSP is, as far as transfers go.
pub(crate) enum Topic {
    /// POST /transfers.
    Prepare,
    /// PUT or PATCH /transfers/{ID}, or PUT /transfers/{ID}/error (`true`).
    Told(TransferId, bool),
    /// Anything else.
    Other,
}

pub(crate) fn topic(request: &Request) -> Topic {
    let Some(rest) = request.path.strip_prefix("/transfers") else { return Topic::Other };
    if request.method == Method::POST {
        return Topic::Prepare;
    }
    let rest = rest.trim_start_matches('/');
    let (id, is_error) = rest.strip_suffix("/error").map_or((rest, false), |id| (id, true));
    TransferId::parse(id).map_or(Topic::Other, |id| Topic::Told(id, is_error))
}

/// Method, path, and the transfer that the body names.
pub(crate) fn about(request: &Request) -> String {
    let named = TransferPrepare::read(&request.body).ok().filter(|_| request.path == "/transfers");
    let id = named.map(|prepare| format!(" {}", prepare.transfer_id)).unwrap_or_default();
    format!("{} {}{id}", request.method, request.path)
}
