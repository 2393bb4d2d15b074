//! What every node of the hub knows by heart: participants and accounts, endpoints, oracles.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use fspiop::{Currency, FspId, PartyIdType};
use ledger::{ParticipantId, Registry};

use crate::{EndpointType, Message, Oracle, OracleId};

/// Where messages and questions go: endpoints of participants, oracles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routing {
    endpoints: HashMap<ParticipantId, BTreeMap<EndpointType, Box<str>>>,
    oracles: BTreeMap<OracleId, Oracle>,
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

    /// All oracles, oldest first.
    pub fn oracles(&self) -> impl Iterator<Item = &Oracle> {
        self.oracles.values()
    }

    /// The oracle of this number.
    pub fn oracle(&self, id: OracleId) -> Option<&Oracle> {
        self.oracles.get(&id)
    }

    /// The oracle to ask about a type of party: the one for the currency, else the default one, else any.
    pub fn oracle_for(&self, kind: PartyIdType, currency: Option<Currency>) -> Option<&Oracle> {
        let fitting = |oracle: &&Oracle| {
            oracle.party_id_type == kind
                && (oracle.currency.is_none() || currency.is_none() || oracle.currency == currency)
        };
        let rank = |oracle: &&Oracle| (currency.is_some() && oracle.currency == currency, oracle.is_default);
        self.oracles.values().filter(fitting).max_by_key(rank)
    }

    /// Adds or replaces an endpoint.
    pub fn put_endpoint(&mut self, participant: ParticipantId, endpoint: EndpointType, value: Box<str>) {
        self.endpoints.entry(participant).or_default().insert(endpoint, value);
    }

    /// Adds or replaces an oracle, under its number.
    pub fn put_oracle(&mut self, oracle: Oracle) {
        self.oracles.insert(oracle.id, oracle);
    }

    /// Takes an oracle away.
    pub fn remove_oracle(&mut self, id: OracleId) {
        self.oracles.remove(&id);
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
    /// Endpoints and oracles.
    pub routing: Arc<Routing>,
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
