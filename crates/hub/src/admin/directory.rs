//! `/participants/{Type}/{ID}[/{SubId}]`: whom the built-in directory names for a party, in the words of upstream's oracle
//! API. FSPIOP answers the same question by a callback to an FSP; operators and their tools are no FSPs.

use std::sync::Arc;

use axum::extract::State;
use fspiop::{Currency, FspId, PartyId, PartyIdType};
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    answer::{Answer, configuration, json, unreadable},
    request::{Path, invalid},
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

/// Nobody is an empty list, as upstream's oracles have it: 404 means that there is no directory at this address.
async fn answer(State(hub): State<Arc<Hub>>, kind: &str, identifier: &str, sub_id: Option<&str>) -> Answer {
    let wrong = |error: fspiop::PartyIdError| invalid("/path", error);
    let kind = PartyIdType::parse(kind).map_err(wrong)?;
    let party = PartyId::new(kind, identifier, sub_id).map_err(wrong)?;
    let entries = hub.store.party(party, None).await.map_err(|error| unreadable("the built-in directory", &error))?;
    let configuration = configuration(&hub).await?;
    let named = |entry: &switch::PartyEntry| {
        let participant = configuration.registry.participant(entry.participant)?;
        Some(Entry { fsp_id: &participant.name, currency: entry.currency })
    };
    json(StatusCode::OK, &PartyList { party_list: entries.iter().filter_map(named).collect() })
}
