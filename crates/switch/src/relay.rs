//! Messages that pass through: the body byte for byte, the headers as their sender wrote them.

use fspiop::{FspId, Timestamp, headers};

use crate::{EndpointType, Inbound, Message, MessageId, Method, Subject};

/// The message as it goes on to its recipient. What the sender's signature covers stays as it is, a
/// missing destination included; in what is not signed it is filled in. (GET is not signed: it has no body.)
pub fn relay(
    inbound: &Inbound,
    recipient: &FspId,
    endpoint: EndpointType,
    subject: Subject,
    now: Timestamp,
    give_up_at: Timestamp,
) -> Message {
    let mut headers = inbound.headers.clone();
    if inbound.method == Method::Get || headers.get(&headers::FSPIOP_SIGNATURE).is_none() {
        headers.set_if_absent(headers::FSPIOP_DESTINATION, || recipient.as_str().into());
    }
    Message {
        id: MessageId::TRANSIENT,
        recipient: recipient.clone(),
        endpoint,
        method: inbound.method,
        path: inbound.path.clone(),
        headers,
        body: inbound.body.clone(),
        subject,
        created_at: now,
        give_up_at,
    }
}
