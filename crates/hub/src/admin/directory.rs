//! `/participants/{Type}/{ID}[/{SubId}]`: whom the built-in directory names for a party, in the words of upstream's oracle
//! API. FSPIOP answers the same question by a callback to an FSP; operators and their tools are no FSPs. They enter and take
//! out parties of any FSP.

use std::{collections::BTreeSet, sync::Arc};

use axum::extract::{Query, State, rejection::QueryRejection};
use fspiop::{Currency, FspId, PartyId, PartyIdType};
use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use switch::{Administration, PartyEntry};

use super::{
    answer::{AdminError, Answer, administer, configuration, empty, json, unreadable},
    request::{JsonBody, Path, invalid},
};
use crate::{Hub, openapi::words};

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PartyList<'a> {
    party_list: Vec<Entry<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[schemars(with = "words::ParticipantName")]
    fsp_id: &'a FspId,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<words::CurrencyCode>")]
    currency: Option<Currency>,
}

/// `GET /participants/{Type}/{ID}`
pub(super) async fn read(hub: State<Arc<Hub>>, Path((kind, identifier)): Path<(String, String)>) -> Answer {
    answer(hub, &kind, &identifier, None).await
}

/// `GET /participants/{Type}/{ID}/{SubId}`
pub(super) async fn read_with_sub_id(
    hub: State<Arc<Hub>>,
    Path((kind, identifier, sub_id)): Path<(String, String, String)>,
) -> Answer {
    answer(hub, &kind, &identifier, Some(&sub_id)).await
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct EntryBody {
    #[schemars(with = "words::ParticipantName")]
    fsp_id: FspId,
    #[schemars(with = "Option<words::CurrencyCode>")]
    currency: Option<Currency>,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    currency: Option<Currency>,
}

/// `POST /participants/{Type}/{ID}`
pub(super) async fn enter(
    State(hub): State<Arc<Hub>>,
    Path((kind, identifier)): Path<(String, String)>,
    JsonBody(body): JsonBody<EntryBody>,
) -> Answer {
    put(&hub, party(&kind, &identifier, None)?, body).await
}

/// `POST /participants/{Type}/{ID}/{SubId}`
pub(super) async fn enter_with_sub_id(
    State(hub): State<Arc<Hub>>,
    Path((kind, identifier, sub_id)): Path<(String, String, String)>,
    JsonBody(body): JsonBody<EntryBody>,
) -> Answer {
    put(&hub, party(&kind, &identifier, Some(&sub_id))?, body).await
}

async fn put(hub: &Hub, party: PartyId, body: EntryBody) -> Answer {
    let entered = administer(hub, Administration::EnterParty(party.clone(), body.currency, body.fsp_id)).await;
    hub.lookup.forget(&party);
    entered?;
    empty(StatusCode::CREATED)
}

/// `DELETE /participants/{Type}/{ID}?currency=`
pub(super) async fn remove(
    State(hub): State<Arc<Hub>>,
    Path((kind, identifier)): Path<(String, String)>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Answer {
    take_out(&hub, party(&kind, &identifier, None)?, query).await
}

/// `DELETE /participants/{Type}/{ID}/{SubId}?currency=`
pub(super) async fn remove_with_sub_id(
    State(hub): State<Arc<Hub>>,
    Path((kind, identifier, sub_id)): Path<(String, String, String)>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Answer {
    take_out(&hub, party(&kind, &identifier, Some(&sub_id))?, query).await
}

/// Takes out the entries of all FSPs. That there are none is no error: afterwards there are none.
async fn take_out(hub: &Hub, party: PartyId, query: Result<Query<Wanted>, QueryRejection>) -> Answer {
    let bad = |_| invalid("/query/currency", "must be equal to one of the allowed values");
    let Query(Wanted { currency }) = query.map_err(bad)?;
    let entries = entries(hub, &party).await?;
    let configuration = configuration(hub).await?;
    let serving: BTreeSet<_> = entries.iter().map(|entry| entry.participant).collect();
    for fsp in serving.into_iter().filter_map(|id| configuration.registry.participant(id)) {
        let removed = administer(hub, Administration::RemoveParty(party.clone(), currency, fsp.name.clone())).await;
        hub.lookup.forget(&party);
        removed?;
    }
    empty(StatusCode::NO_CONTENT)
}

fn party(kind: &str, identifier: &str, sub_id: Option<&str>) -> Result<PartyId, AdminError> {
    let wrong = |error: fspiop::PartyIdError| invalid("/path", error);
    PartyId::new(PartyIdType::parse(kind).map_err(wrong)?, identifier, sub_id).map_err(wrong)
}

async fn entries(hub: &Hub, party: &PartyId) -> Result<Vec<PartyEntry>, AdminError> {
    hub.store.party(party.clone(), None).await.map_err(|error| unreadable("the built-in directory", &error))
}

/// Nobody is an empty list, as upstream's oracles have it: 404 means that there is no directory at this address.
async fn answer(State(hub): State<Arc<Hub>>, kind: &str, identifier: &str, sub_id: Option<&str>) -> Answer {
    let entries = entries(&hub, &party(kind, identifier, sub_id)?).await?;
    let configuration = configuration(&hub).await?;
    let named = |entry: &PartyEntry| {
        let participant = configuration.registry.participant(entry.participant)?;
        Some(Entry { fsp_id: &participant.name, currency: entry.currency })
    };
    json(StatusCode::OK, &PartyList { party_list: entries.iter().filter_map(named).collect() })
}
