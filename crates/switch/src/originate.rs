//! Messages that the hub writes itself.

use bytes::Bytes;
use fspiop::{FspId, FspiopError, PartyId, QuoteId, Resource, Timestamp, TransferId, headers};

use crate::{Configuration, EndpointType, Headers, Message, MessageId, Method, Subject};

/// Who is told what by the hub.
pub(crate) struct Originated<'a> {
    /// The recipient.
    pub(crate) recipient: &'a FspId,
    /// Which of its endpoints.
    pub(crate) endpoint: EndpointType,
    /// PUT or PATCH.
    pub(crate) method: Method,
    /// Which resource, for the content type.
    pub(crate) resource: Resource,
    /// FSPIOP path.
    pub(crate) path: String,
    /// Body.
    pub(crate) body: Vec<u8>,
    /// What it is about.
    pub(crate) subject: Subject,
    /// Headers of the message that caused it, for the trace.
    pub(crate) cause: Option<&'a Headers>,
    /// When the hub stops trying.
    pub(crate) give_up_at: Timestamp,
}

/// Makes the message: from the hub, in version 2.0, without Accept.
pub(crate) fn originate(configuration: &Configuration, now: Timestamp, what: Originated<'_>) -> Message {
    let mut headers = Headers::new();
    headers.set(http::header::CONTENT_TYPE, fspiop::content_type(what.resource, fspiop::ApiVersion::V2_0));
    headers.set(http::header::DATE, now.http_date());
    headers.set(headers::FSPIOP_SOURCE, configuration.hub_name().as_str());
    headers.set(headers::FSPIOP_DESTINATION, what.recipient.as_str());
    headers.set(headers::FSPIOP_HTTP_METHOD, what.method.as_str());
    headers.set(headers::FSPIOP_URI, what.path.as_str());
    for name in [headers::TRACEPARENT, headers::TRACESTATE] {
        if let Some(value) = what.cause.and_then(|cause| cause.get(&name)) {
            headers.set(name, value);
        }
    }
    Message {
        id: MessageId::TRANSIENT,
        recipient: what.recipient.clone(),
        endpoint: what.endpoint,
        method: what.method,
        path: what.path.into(),
        headers,
        body: Bytes::from(what.body),
        subject: what.subject,
        created_at: now,
        give_up_at: what.give_up_at,
    }
}

/// The error callback of a transfer.
pub(crate) fn transfer_error(
    configuration: &Configuration,
    now: Timestamp,
    recipient: &FspId,
    id: TransferId,
    body: Vec<u8>,
    cause: Option<&Headers>,
) -> Message {
    let what = Originated {
        recipient,
        endpoint: EndpointType::TransferError,
        method: Method::Put,
        resource: Resource::Transfers,
        path: format!("/transfers/{id}/error"),
        body,
        subject: Subject::Transfer(id),
        cause,
        give_up_at: crate::command::lifetime::final_state(now),
    };
    originate(configuration, now, what)
}

/// The error callback of a quote.
pub(crate) fn quote_error(
    configuration: &Configuration,
    now: Timestamp,
    recipient: &FspId,
    id: QuoteId,
    error: &FspiopError,
    cause: Option<&Headers>,
) -> Message {
    let what = Originated {
        recipient,
        endpoint: EndpointType::Quotes,
        method: Method::Put,
        resource: Resource::Quotes,
        path: format!("/quotes/{id}/error"),
        body: error.to_body(),
        subject: Subject::Quote(id),
        cause,
        give_up_at: crate::command::lifetime::quote(now),
    };
    originate(configuration, now, what)
}

/// The error callback of a question about a party; `resource` is parties or participants.
pub(crate) fn party_error(
    configuration: &Configuration,
    now: Timestamp,
    recipient: &FspId,
    resource: Resource,
    party: &PartyId,
    error: &FspiopError,
    cause: Option<&Headers>,
) -> Message {
    let endpoint = match (resource, party.sub_id.is_some()) {
        (Resource::Participants, false) => EndpointType::ParticipantPutError,
        (Resource::Participants, true) => EndpointType::ParticipantSubIdPutError,
        (_, false) => EndpointType::PartiesPutError,
        (_, true) => EndpointType::PartiesSubIdPutError,
    };
    let what = Originated {
        recipient,
        endpoint,
        method: Method::Put,
        resource,
        path: format!("/{}/{}/error", resource.path(), party.uri_path()),
        body: error.to_body(),
        subject: Subject::from(party),
        cause,
        give_up_at: crate::command::lifetime::lookup(now),
    };
    originate(configuration, now, what)
}
