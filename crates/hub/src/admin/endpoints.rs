//! `/participants/{name}/endpoints`: where a participant wants its messages.

use std::{borrow::Cow, fmt, sync::Arc};

use axum::extract::{Query, State, rejection::QueryRejection};
use fspiop::{ErrorCode, FspiopError};
use http::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use switch::{Administration, EndpointType};

use super::{
    answer::{AdminError, Answer, administer, configuration, empty, json, participant_not_found},
    request::{JsonBody, Path, invalid, name},
};
use crate::{Hub, openapi::words};

/// Longest value of an endpoint, in bytes.
const LONGEST_VALUE: usize = 2_048;
/// Most endpoints in one request: each type has one, and a request that names one twice means the last.
const MOST_ENDPOINTS: usize = 2 * EndpointType::ALL.len();

#[derive(Deserialize, JsonSchema)]
pub(super) struct EndpointBody {
    #[serde(rename = "type")]
    #[schemars(with = "words::EndpointKind")]
    kind: String,
    #[schemars(length(min = 1, max = LONGEST_VALUE))]
    value: String,
}

/// Which endpoints are asked for.
#[derive(Deserialize)]
pub(super) struct Filter {
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct EndpointView<'a> {
    #[serde(rename = "type")]
    #[schemars(with = "words::EndpointKind")]
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

impl JsonSchema for EndpointsBody {
    fn schema_name() -> Cow<'static, str> {
        "EndpointsBody".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (one, many) = (EndpointBody::json_schema(generator), EndpointBody::json_schema(generator));
        json_schema!({"anyOf": [one, {"type": "array", "maxItems": MOST_ENDPOINTS, "items": many}]})
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

/// `GET /participants/{name}/endpoints?type=`
pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Path(wanted): Path<String>,
    query: Result<Query<Filter>, QueryRejection>,
) -> Answer {
    let Query(filter) = query.map_err(|_| invalid("/query", "must have type at most once"))?;
    let configuration = configuration(&hub).await?;
    let owner = configuration.registry.participant_named(&wanted).ok_or_else(participant_not_found)?;
    let endpoints = configuration.routing.endpoints(owner.id);
    let views = endpoints.map(|(endpoint, value)| EndpointView { kind: endpoint.as_str(), value });
    let wanted = views.filter(|view| filter.kind.as_deref().is_none_or(|kind| kind == view.kind));
    json(StatusCode::OK, &wanted.collect::<Vec<_>>())
}

/// `POST /participants/{name}/endpoints`: adds or replaces; a list is taken as a whole or not at all.
pub(super) async fn set(
    State(hub): State<Arc<Hub>>,
    Path(wanted): Path<String>,
    JsonBody(body): JsonBody<EndpointsBody>,
) -> Answer {
    if body.0.len() > MOST_ENDPOINTS {
        let detail = format!("/requestBody must NOT have more than {MOST_ENDPOINTS} items");
        return Err(FspiopError::new(ErrorCode::TooManyElements, detail).into());
    }
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
