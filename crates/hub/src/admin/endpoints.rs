//! `/participants/{name}/endpoints`: where a participant wants its messages.

use std::{fmt, sync::Arc};

use axum::extract::State;
use http::StatusCode;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use switch::{Administration, EndpointType};

use super::{
    answer::{AdminError, Answer, administer, empty, json, participant_not_found},
    request::{JsonBody, Path, invalid, name},
};
use crate::Hub;

/// Longest value of an endpoint, in bytes.
const LONGEST_VALUE: usize = 2_048;

#[derive(Deserialize)]
pub(super) struct EndpointBody {
    #[serde(rename = "type")]
    kind: String,
    value: String,
}

#[derive(Serialize)]
struct EndpointView<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    value: &'a str,
}

/// One endpoint, or a list of them. Not an untagged enum, whose errors would not say where they are.
pub(super) struct EndpointsBody(Vec<EndpointBody>);

impl<'de> Deserialize<'de> for EndpointsBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<EndpointsBody, D::Error> {
        deserializer.deserialize_any(OneOrMany)
    }
}

struct OneOrMany;

impl<'de> Visitor<'de> for OneOrMany {
    type Value = EndpointsBody;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an endpoint or a list of endpoints")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<EndpointsBody, A::Error> {
        EndpointBody::deserialize(MapAccessDeserializer::new(map)).map(|one| EndpointsBody(vec![one]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<EndpointsBody, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(items)).map(EndpointsBody)
    }
}

/// `GET /participants/{name}/endpoints`
pub(super) async fn list(State(hub): State<Arc<Hub>>, Path(wanted): Path<String>) -> Answer {
    let configuration = hub.current.get();
    let owner = configuration.registry.participant_named(&wanted).ok_or_else(participant_not_found)?;
    let views: Vec<_> = configuration
        .routing
        .endpoints(owner.id)
        .map(|(endpoint, value)| EndpointView { kind: endpoint.as_str(), value })
        .collect();
    json(StatusCode::OK, &views)
}

/// `POST /participants/{name}/endpoints`: adds or replaces; a list is taken as a whole or not at all.
pub(super) async fn set(
    State(hub): State<Arc<Hub>>,
    Path(wanted): Path<String>,
    JsonBody(body): JsonBody<EndpointsBody>,
) -> Answer {
    let endpoints = body.0.into_iter().map(|body| check(&hub, body)).collect::<Result<Vec<_>, _>>()?;
    administer(&hub, Administration::SetEndpoints(name(&wanted)?, endpoints)).await?;
    empty(StatusCode::CREATED)
}

fn check(hub: &Hub, body: EndpointBody) -> Result<(EndpointType, Box<str>), AdminError> {
    let unknown = || invalid("/requestBody/type", format!("must be a type of endpoint; found {}", body.kind));
    let endpoint = EndpointType::parse(&body.kind).ok_or_else(unknown)?;
    if body.value.is_empty() || body.value.len() > LONGEST_VALUE {
        return Err(invalid("/requestBody/value", format!("must have 1 to {LONGEST_VALUE} bytes")));
    }
    if endpoint.is_url() {
        hub.callback_policy.check(&body.value).map_err(|reason| invalid("/requestBody/value", reason))?;
    }
    Ok((endpoint, body.value.into()))
}
