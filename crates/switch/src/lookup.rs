//! Lookup: which FSP serves a party, and what that FSP says of the party. Questions change nothing and are not stored; only
//! registrations in the built-in directory are.

use fspiop::{
    Currency, ErrorCode, FspId, FspiopError, Identifier, PartyId, Resource, Timestamp,
    write::{
        self, BulkRegistrationAnswerBody, ErrorInformation, ParticipantBody, PartyIdInfo, PartyResult,
        RegistrationAnswerBody,
    },
};

use crate::{
    BulkFate, BulkParty, Configuration, EndpointType, Inbound, Message, Method, PartyChange, PartyEntry, State,
    Subject,
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

/// The hub's answer to the question which FSP serves a party, and to the order to forget it.
pub fn served_by(
    configuration: &Configuration,
    inbound: &Inbound,
    party: &PartyId,
    fsp: &FspId,
    now: Timestamp,
) -> Message {
    let body = write::to_body(&ParticipantBody { fsp_id: fsp, currency: None });
    about_party(configuration, inbound, party, body, now)
}

/// The hub's answer to a registration. It names the party and its FSP in the specification's words, and in those of upstream's
/// account-lookup-service, which answers as an oracle does.
pub fn registered(
    configuration: &Configuration,
    inbound: &Inbound,
    party: &PartyId,
    fsp: &FspId,
    currency: Option<Currency>,
    now: Timestamp,
) -> Message {
    let party_list = [PartyIdInfo::new(party, Some(fsp))];
    let body = write::to_body(&RegistrationAnswerBody { fsp_id: fsp, party_list, currency });
    about_party(configuration, inbound, party, body, now)
}

fn about_party(
    configuration: &Configuration,
    inbound: &Inbound,
    party: &PartyId,
    body: Vec<u8>,
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
        body,
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
        if let Err(error) = enter(state, entry) {
            return state.send(refuse(&configuration, inbound, Resource::Participants, party, &error, now));
        }
        state.send(registered(&configuration, inbound, party, fsp, currency, now));
    }
}

/// Enters the parties of a bulk registration into the built-in directory, and tells the sender what became of each of
/// them, those that oracles keep included.
pub(crate) fn register_many(
    state: &mut State,
    inbound: &Inbound,
    request_id: Identifier,
    parties: &[BulkParty],
    currency: Option<Currency>,
) {
    let configuration = state.configuration();
    // Who is not a participant is told nothing, since nobody knows where.
    let Some(serving) = configuration.registry.participant_named(inbound.source.as_str()) else { return };
    let mut register = |bulk: &BulkParty| match &bulk.fate {
        BulkFate::Enter(party) => enter(state, PartyEntry { party: party.clone(), currency, participant: serving.id }),
        BulkFate::Taken => Ok(()),
        BulkFate::Refused(error) => Err(error.clone()),
    };
    let results: Vec<_> = parties.iter().map(|bulk| (bulk, register(bulk).err())).collect();
    let party_list = results.iter().map(|(bulk, refused)| result(bulk, refused.as_ref())).collect();
    let body = write::to_body(&BulkRegistrationAnswerBody { party_list, currency });
    let now = state.now;
    state.send(bulk_message(&configuration, inbound, request_id, body, false, now));
}

/// Enters a party unless another FSP serves it. An entry without a currency is for each, so it stands against all others.
///
/// Upstream leaves this to its oracles, which keep one FSP for a party and currency. Were the last one to count, any FSP could
/// have the payments of a person by registering its number.
fn enter(state: &mut State, entry: PartyEntry) -> Result<(), FspiopError> {
    let stands_against = |known: &PartyEntry| {
        let overlaps = known.currency.is_none() || entry.currency.is_none() || known.currency == entry.currency;
        known.participant != entry.participant && overlaps
    };
    if state.serving(&entry.party).iter().any(stands_against) {
        return Err(FspiopError::new(ErrorCode::AddPartyInformationError, "another FSP serves the party"));
    }
    state.change_party(PartyChange::Put(entry));
    Ok(())
}

fn result<'a>(bulk: &'a BulkParty, refused: Option<&'a FspiopError>) -> PartyResult<'a> {
    let error_information = refused.map(|error| ErrorInformation::new(error.code.text(), error.wire_description(), []));
    PartyResult { party_id: PartyIdInfo::as_named(&bulk.named), error_information }
}

/// The error callback of a bulk registration of which nothing was entered.
pub fn refuse_bulk(
    configuration: &Configuration,
    inbound: &Inbound,
    request_id: Identifier,
    error: &FspiopError,
    now: Timestamp,
) -> Message {
    bulk_message(configuration, inbound, request_id, error.to_body(), true, now)
}

fn bulk_message(
    configuration: &Configuration,
    inbound: &Inbound,
    request_id: Identifier,
    body: Vec<u8>,
    failed: bool,
    now: Timestamp,
) -> Message {
    let suffix = if failed { "/error" } else { "" };
    let what = Originated {
        recipient: &inbound.source,
        endpoint: bulk_endpoint(failed),
        method: Method::Put,
        resource: Resource::Participants,
        path: format!("/participants/{request_id}{suffix}"),
        body,
        subject: bulk_subject(request_id),
        cause: Some(&inbound.headers),
        give_up_at: lifetime::lookup(now),
    };
    originate(configuration, now, what)
}

/// An answer to a bulk registration, on its way to the FSP that it names.
pub fn answer_bulk(inbound: &Inbound, request_id: Identifier, asker: &FspId, failed: bool, now: Timestamp) -> Message {
    relay(inbound, asker, bulk_endpoint(failed), bulk_subject(request_id), now, lifetime::lookup(now))
}

fn bulk_endpoint(failed: bool) -> EndpointType {
    if failed { EndpointType::ParticipantBatchPutError } else { EndpointType::ParticipantBatchPut }
}

pub(crate) fn bulk_subject(request_id: Identifier) -> Subject {
    Subject::Other(format!("/participants/{request_id}").into())
}

/// Takes the sender's entries for a party out of the built-in directory, and tells it so. Entries of others stay: they are
/// not its to take out.
///
/// Upstream's account-lookup-service answers a deletion as it answers a registration, by `PUT /participants/…` with the
/// sender's own name, at the endpoint `FSPIOP_CALLBACK_URL_PARTICIPANT_PUT` (`…_SUB_ID_PUT`); the types
/// `…_PARTICIPANT_DELETE` can be registered, and nothing is ever sent there. FSPs see the same here.
pub(crate) fn remove(state: &mut State, inbound: &Inbound, party: &PartyId, currency: Option<Currency>) {
    let configuration = state.configuration();
    let Some(serving) = configuration.registry.participant_named(inbound.source.as_str()) else { return };
    let entry = PartyEntry { party: party.clone(), currency, participant: serving.id };
    state.change_party(PartyChange::Remove(entry));
    let now = state.now;
    state.send(served_by(&configuration, inbound, party, &inbound.source, now));
}

/// Whether an FSP may take a party out of a directory that names these FSPs for it (FSPIOP 1.1, section 6.2.2.4: the
/// party's current FSP may).
pub fn may_remove(inbound: &Inbound, serving: &[FspId]) -> Result<(), FspiopError> {
    match serving {
        [] => Err(not_found()),
        _ if serving.contains(&inbound.source) => Ok(()),
        _ => Err(FspiopError::new(ErrorCode::DeletePartyInformationError, "another FSP serves the party")),
    }
}

/// An FSP enters only its own parties. Operators enter anybody's through the admin API, not here: the hub itself sends no
/// registrations, and the edge refuses whoever says to be the hub.
pub fn may_register(configuration: &Configuration, inbound: &Inbound, fsp: &FspId) -> Result<(), FspiopError> {
    if configuration.registry.participant_named(fsp.as_str()).is_none() {
        return Err(FspiopError::new(ErrorCode::DestinationFspError, format!("Unsupported participant '{fsp}'")));
    }
    if *fsp != inbound.source {
        return Err(FspiopError::new(ErrorCode::ValidationError, "FSPIOP-Source header should match fspId"));
    }
    Ok(())
}
