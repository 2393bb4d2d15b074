//! Requests to pay, their authorizations and the state of transactions: messages that pass between two participants. The hub
//! remembers nothing of them; whoever loses an answer asks again.

use fspiop::{ErrorCode, FspId, FspiopError, Resource, Timestamp, headers};

use crate::{
    Configuration, EndpointType, Headers, Inbound, Message, Method, Subject,
    command::lifetime,
    originate::{Originated, originate},
    relay,
};

/// The message on its way to the participant that FSPIOP-Destination names, or the error callback to its sender. `None` for an
/// error callback that nobody can take: there is nobody to tell. `id` is as it stands in a URI.
pub fn pass(
    configuration: &Configuration,
    now: Timestamp,
    inbound: &Inbound,
    resource: Resource,
    id: &str,
) -> Option<Message> {
    let recipient = match recipient(configuration, inbound, resource) {
        Ok(recipient) => recipient,
        Err(_) if inbound.method == Method::Put && inbound.path.ends_with("/error") => return None,
        Err(error) => {
            return Some(self::error(
                configuration,
                now,
                &inbound.source,
                resource,
                id,
                &error,
                Some(&inbound.headers),
            ));
        }
    };
    let subject = Subject::Other(format!("{}/{id}", resource.path()).into());
    Some(relay(inbound, recipient, endpoint(resource), subject, now, lifetime::lookup(now)))
}

/// Reads back which of these resources a message is about.
pub(crate) fn of_subject(subject: &str) -> Option<(Resource, &str)> {
    let (resource, id) = subject.split_once('/')?;
    let resource = Resource::from_path(resource)?;
    let is_ours = matches!(resource, Resource::TransactionRequests | Resource::Authorizations | Resource::Transactions);
    is_ours.then_some((resource, id))
}

/// The error callback about one of these resources.
pub(crate) fn error(
    configuration: &Configuration,
    now: Timestamp,
    recipient: &FspId,
    resource: Resource,
    id: &str,
    error: &FspiopError,
    cause: Option<&Headers>,
) -> Message {
    let what = Originated {
        recipient,
        endpoint: endpoint(resource),
        method: Method::Put,
        resource,
        path: format!("/{}/{id}/error", resource.path()),
        body: error.to_body(),
        subject: Subject::Other(format!("{}/{id}", resource.path()).into()),
        cause,
        give_up_at: lifetime::lookup(now),
    };
    originate(configuration, now, what)
}

/// A participant that is there, takes part, and has said where it wants such messages.
fn recipient<'a>(
    configuration: &Configuration,
    inbound: &'a Inbound,
    resource: Resource,
) -> Result<&'a FspId, FspiopError> {
    let name = inbound.destination.as_ref().ok_or_else(|| {
        let detail = format!("/header must have required property '{}'", headers::FSPIOP_DESTINATION);
        FspiopError::new(ErrorCode::MissingElement, detail)
    })?;
    let unusable = |detail| FspiopError::new(ErrorCode::DestinationFspError, detail);
    let known = configuration.registry.participant_named(name.as_str()).filter(|known| known.active);
    let known = known.ok_or_else(|| unusable(format!("Unsupported participant '{name}'")))?;
    if configuration.routing.endpoint(known.id, endpoint(resource)).is_none() {
        return Err(unusable(format!("No {} endpoint found for {name}", endpoint(resource).as_str())));
    }
    Ok(name)
}

/// Upstream has no endpoint of its own for the state of transactions; who takes requests to pay answers for them, too.
const fn endpoint(resource: Resource) -> EndpointType {
    match resource {
        Resource::Authorizations => EndpointType::Authorizations,
        _ => EndpointType::TransactionRequests,
    }
}
