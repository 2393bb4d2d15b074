//! What the originator of a message is told when its recipient can't be reached.

use fspiop::{ErrorCode, FspId, FspiopError, Resource, Timestamp, headers};

use crate::{Configuration, Message, Method, Subject, originate, request_to_pay};

/// The error callback to the originator of a question or request that could not be delivered: that its recipient `refused`
/// it, or could not be reached. Callbacks have none: whoever sent them has done its part. A transfer has none either: it
/// expires, and both FSPs are told then.
pub fn undeliverable(
    configuration: &Configuration,
    now: Timestamp,
    message: &Message,
    refused: bool,
) -> Option<Message> {
    let asker = FspId::parse(message.headers.get(&headers::FSPIOP_SOURCE)?).ok()?;
    let recipient = &message.recipient;
    let error = if refused {
        FspiopError::new(ErrorCode::ClientError, format!("{recipient} did not take the request"))
    } else if configuration.url(message).is_none() {
        let missing = message.endpoint.as_str();
        FspiopError::new(ErrorCode::DestinationFspError, format!("No {missing} endpoint found for {recipient}"))
    } else {
        FspiopError::new(ErrorCode::DestinationCommunicationError, format!("{recipient} can't be reached"))
    };
    let cause = Some(&message.headers);
    match (message.method, &message.subject) {
        (Method::Get, Subject::Party(party)) => {
            let party = party.parse().ok()?;
            Some(originate::party_error(configuration, now, &asker, Resource::Parties, &party, &error, cause))
        }
        (Method::Get | Method::Post, Subject::Quote(id)) => {
            Some(originate::quote_error(configuration, now, &asker, *id, &error, cause))
        }
        (Method::Get | Method::Post, Subject::Other(path)) => {
            let (resource, id) = request_to_pay::of_subject(path)?;
            Some(request_to_pay::error(configuration, now, &asker, resource, id, &error, cause))
        }
        _ => None,
    }
}
