//! What the originator of a message is told when its recipient can't be reached.

use fspiop::{ErrorCode, FspId, FspiopError, Resource, Timestamp, headers};

use crate::{Configuration, Message, Method, Subject, originate};

/// The error callback to the originator of a question or request that could not be delivered. Callbacks have none: whoever
/// sent them has done its part. A transfer has none either: it expires, and both FSPs are told then.
pub fn undeliverable(configuration: &Configuration, now: Timestamp, message: &Message) -> Option<Message> {
    let asker = FspId::parse(message.headers.get(&headers::FSPIOP_SOURCE)?).ok()?;
    let error =
        FspiopError::new(ErrorCode::DestinationCommunicationError, format!("{} can't be reached", message.recipient));
    match (message.method, &message.subject) {
        (Method::Get, Subject::Party(party)) => {
            let party = party.parse().ok()?;
            Some(originate::party_error(
                configuration,
                now,
                &asker,
                Resource::Parties,
                &party,
                &error,
                Some(&message.headers),
            ))
        }
        (Method::Get | Method::Post, Subject::Quote(id)) => {
            Some(originate::quote_error(configuration, now, &asker, *id, &error, Some(&message.headers)))
        }
        _ => None,
    }
}
