//! What every node of the hub knows by heart: participants and accounts, endpoints, oracles, public keys.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use fspiop::{Currency, FspId, PartyIdType};
use ledger::{ParticipantId, Registry};

use crate::{EndpointType, JwsKey, JwsKeyId, Message, Oracle, OracleId};

/// Where messages and questions go: endpoints of participants, oracles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routing {
    endpoints: HashMap<ParticipantId, BTreeMap<EndpointType, Box<str>>>,
    oracles: BTreeMap<OracleId, Oracle>,
    jws_keys: BTreeMap<(ParticipantId, JwsKeyId), JwsKey>,
}

impl Routing {
    /// What a participant registered for a type of endpoint.
    pub fn endpoint(&self, participant: ParticipantId, endpoint: EndpointType) -> Option<&str> {
        self.endpoints.get(&participant).and_then(|known| known.get(&endpoint)).map(AsRef::as_ref)
    }

    /// All endpoints of a participant.
    pub fn endpoints(&self, participant: ParticipantId) -> impl Iterator<Item = (EndpointType, &str)> {
        self.endpoints.get(&participant).into_iter().flatten().map(|(endpoint, value)| (*endpoint, value.as_ref()))
    }

    /// All oracles that are asked, oldest first.
    pub fn oracles(&self) -> impl Iterator<Item = &Oracle> {
        self.oracles.values().filter(|oracle| oracle.active)
    }

    /// The oracle of this number, if it was not taken away.
    pub fn oracle(&self, id: OracleId) -> Option<&Oracle> {
        self.oracles.get(&id).filter(|oracle| oracle.active)
    }

    /// The oracle of this number, even if it was taken away; for stores.
    pub fn stored_oracle(&self, id: OracleId) -> Option<&Oracle> {
        self.oracles.get(&id)
    }

    /// The public keys of a participant, those included that are not valid any more.
    pub fn jws_keys(&self, participant: ParticipantId) -> impl Iterator<Item = &JwsKey> {
        self.jws_keys.values().filter(move |key| key.participant == participant)
    }

    /// A public key of a participant.
    pub fn jws_key(&self, participant: ParticipantId, id: &JwsKeyId) -> Option<&JwsKey> {
        self.jws_keys.get(&(participant, id.clone()))
    }

    /// The oracle to ask about a type of party: the one for the currency, else the default one, else any.
    pub fn oracle_for(&self, kind: PartyIdType, currency: Option<Currency>) -> Option<&Oracle> {
        let fitting = |oracle: &&Oracle| {
            oracle.party_id_type == kind
                && (oracle.currency.is_none() || currency.is_none() || oracle.currency == currency)
        };
        let rank = |oracle: &&Oracle| (currency.is_some() && oracle.currency == currency, oracle.is_default);
        self.oracles().filter(fitting).max_by_key(rank)
    }

    /// Adds or replaces an endpoint.
    pub fn put_endpoint(&mut self, participant: ParticipantId, endpoint: EndpointType, value: Box<str>) {
        self.endpoints.entry(participant).or_default().insert(endpoint, value);
    }

    /// Adds or replaces an oracle, under its number.
    pub fn put_oracle(&mut self, oracle: Oracle) {
        self.oracles.insert(oracle.id, oracle);
    }

    /// Adds or replaces a public key.
    pub fn put_jws_key(&mut self, key: JwsKey) {
        self.jws_keys.insert((key.participant, key.id.clone()), key);
    }

    pub(crate) fn next_oracle_id(&self) -> OracleId {
        OracleId(self.oracles.keys().next_back().map_or(1, |last| last.0 + 1))
    }
}

/// Everything that changes rarely and is read with every request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// Participants, accounts, limits, settlement models.
    pub registry: Arc<Registry>,
    /// Endpoints, oracles, public keys.
    pub routing: Arc<Routing>,
    /// Rises with every batch that changes the configuration; a higher one is newer.
    pub version: i64,
}

impl Configuration {
    /// The name that the hub signs its own messages with.
    pub fn hub_name(&self) -> FspId {
        self.registry.hub().expect("every registry holds the hub").name.clone()
    }

    /// The full URL of a message, if its recipient is known and has registered an endpoint for it.
    pub fn url(&self, message: &Message) -> Option<String> {
        let recipient = self.registry.participant_named(message.recipient.as_str())?;
        let value = self.routing.endpoint(recipient.id, message.endpoint)?;
        Some(message.endpoint.url(value, &message.path))
    }
}
