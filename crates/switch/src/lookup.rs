//! Lookup: which FSP serves a party, and what that FSP says of the party. Questions change nothing and are not stored; only
//! registrations in the built-in directory are.

use fspiop::{
    Currency, ErrorCode, FspId, FspiopError, PartyId, Resource, Timestamp,
    write::{self, ParticipantBody},
};

use crate::{
    Configuration, EndpointType, Inbound, Message, Method, PartyChange, PartyEntry, State, Subject,
    command::lifetime,
    originate::{Originated, originate, party_error},
    relay,
};

/// The question about a party, on its way to the FSP that serves it.
pub fn ask(inbound: &Inbound, party: &PartyId, fsp: &FspId, now: Timestamp) -> Message {
    let endpoint = if party.sub_id.is_some() { EndpointType::PartiesSubIdGet } else { EndpointType::PartiesGet };
    relay(inbound, fsp, endpoint, Subject::from(party), now, lifetime::lookup(now))
}

/// An FSP's answer about a party, on its way to the FSP that asked.
pub fn answer(inbound: &Inbound, party: &PartyId, asker: &FspId, failed: bool, now: Timestamp) -> Message {
    let endpoint = match (party.sub_id.is_some(), failed) {
        (false, false) => EndpointType::PartiesPut,
        (false, true) => EndpointType::PartiesPutError,
        (true, false) => EndpointType::PartiesSubIdPut,
        (true, true) => EndpointType::PartiesSubIdPutError,
    };
    relay(inbound, asker, endpoint, Subject::from(party), now, lifetime::lookup(now))
}

/// An answer to the question which FSP serves a party, on its way to the FSP that asked.
pub fn answer_fsp(inbound: &Inbound, party: &PartyId, asker: &FspId, failed: bool, now: Timestamp) -> Message {
    let endpoint = match (party.sub_id.is_some(), failed) {
        (false, false) => EndpointType::ParticipantPut,
        (false, true) => EndpointType::ParticipantPutError,
        (true, false) => EndpointType::ParticipantSubIdPut,
        (true, true) => EndpointType::ParticipantSubIdPutError,
    };
    relay(inbound, asker, endpoint, Subject::from(party), now, lifetime::lookup(now))
}

/// The hub's answer to the question which FSP serves a party, and to its registration.
pub fn served_by(
    configuration: &Configuration,
    inbound: &Inbound,
    party: &PartyId,
    fsp: &FspId,
    now: Timestamp,
) -> Message {
    let endpoint =
        if party.sub_id.is_some() { EndpointType::ParticipantSubIdPut } else { EndpointType::ParticipantPut };
    let what = Originated {
        recipient: &inbound.source,
        endpoint,
        method: Method::Put,
        resource: Resource::Participants,
        path: format!("/participants/{}", party.uri_path()),
        body: write::to_body(&ParticipantBody { fsp_id: fsp, currency: None }),
        subject: Subject::from(party),
        cause: Some(&inbound.headers),
        give_up_at: lifetime::lookup(now),
    };
    originate(configuration, now, what)
}

/// The error callback to whoever asked about a party; `resource` is the one that was asked for.
pub fn refuse(
    configuration: &Configuration,
    inbound: &Inbound,
    resource: Resource,
    party: &PartyId,
    error: &FspiopError,
    now: Timestamp,
) -> Message {
    party_error(configuration, now, &inbound.source, resource, party, error, Some(&inbound.headers))
}

/// Nobody serves the party.
pub fn not_found() -> FspiopError {
    FspiopError::plain(ErrorCode::PartyNotFound)
}

/// Enters a party into the built-in directory and tells the sender.
pub(crate) fn register(state: &mut State, inbound: &Inbound, party: &PartyId, fsp: &FspId, currency: Option<Currency>) {
    let configuration = state.configuration();
    let now = state.now;
    if let Err(error) = may_register(&configuration, inbound, fsp) {
        return state.send(refuse(&configuration, inbound, Resource::Participants, party, &error, now));
    }
    if let Some(participant) = configuration.registry.participant_named(fsp.as_str()) {
        let entry = PartyEntry { party: party.clone(), currency, participant: participant.id };
        state.changes.parties.push(PartyChange::Put(entry));
        state.send(served_by(&configuration, inbound, party, fsp, now));
    }
}

/// An FSP enters only its own parties; the hub may enter anybody's.
pub fn may_register(configuration: &Configuration, inbound: &Inbound, fsp: &FspId) -> Result<(), FspiopError> {
    if configuration.registry.participant_named(fsp.as_str()).is_none() {
        return Err(FspiopError::new(ErrorCode::DestinationFspError, format!("Unsupported participant '{fsp}'")));
    }
    if *fsp != inbound.source && inbound.source != configuration.hub_name() {
        return Err(FspiopError::new(ErrorCode::ValidationError, "FSPIOP-Source header should match fspId"));
    }
    Ok(())
}
