//! `/oracles`: external directories.

use std::sync::Arc;

use axum::extract::{Query, State, rejection::QueryRejection};
use fspiop::{Currency, ErrorCode, FspiopError, PartyIdType};
use http::{HeaderMap, StatusCode, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use switch::{Administration, Oracle, OracleId, OracleSettings};

use super::{
    answer::{AdminError, Answer, administer, configuration, empty, json},
    request::{JsonBody, Path, invalid},
};
use crate::{Hub, openapi::words};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OracleBody {
    #[schemars(with = "words::PartyKind")]
    oracle_id_type: String,
    endpoint: EndpointBody,
    #[schemars(with = "Option<words::CurrencyCode>")]
    currency: Option<Currency>,
    #[serde(default)]
    is_default: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct EndpointBody {
    value: String,
    endpoint_type: String,
}

#[derive(Deserialize)]
pub(super) struct Filter {
    #[serde(rename = "type")]
    kind: Option<String>,
    currency: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OracleView<'a> {
    oracle_id: String,
    #[schemars(with = "words::PartyKind")]
    oracle_id_type: &'static str,
    endpoint: EndpointView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<words::CurrencyCode>")]
    currency: Option<Currency>,
    is_default: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct EndpointView<'a> {
    value: &'a str,
    endpoint_type: &'static str,
}

/// `GET /oracles?type=&currency=`
pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    headers: HeaderMap,
    query: Result<Query<Filter>, QueryRejection>,
) -> Answer {
    must_accept(&headers)?;
    let Query(filter) = query.map_err(|_| invalid("/query", "must have type and currency once each"))?;
    let configuration = configuration(&hub).await?;
    let wanted = |oracle: &&Oracle| {
        filter.kind.as_deref().is_none_or(|kind| kind == oracle.party_id_type.as_str())
            && filter.currency.as_deref().is_none_or(|wanted| oracle.currency.is_some_and(|own| own.as_str() == wanted))
    };
    let views: Vec<_> = configuration.routing.oracles().filter(wanted).map(view).collect();
    json(StatusCode::OK, &views)
}

/// `POST /oracles`
pub(super) async fn create(
    State(hub): State<Arc<Hub>>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<OracleBody>,
) -> Answer {
    must_accept(&headers)?;
    administer(&hub, Administration::CreateOracle(check(&hub, body)?)).await?;
    empty(StatusCode::CREATED)
}

/// `PUT /oracles/{ID}`
pub(super) async fn update(
    State(hub): State<Arc<Hub>>,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<OracleBody>,
) -> Answer {
    administer(&hub, Administration::UpdateOracle(oracle_id(&id)?, check(&hub, body)?)).await?;
    empty(StatusCode::NO_CONTENT)
}

/// `DELETE /oracles/{ID}`: afterwards there is no such oracle, whether or not there was one, as upstream answers it.
pub(super) async fn delete(State(hub): State<Arc<Hub>>, headers: HeaderMap, Path(id): Path<String>) -> Answer {
    must_accept(&headers)?;
    if let Ok(id) = oracle_id(&id) {
        match administer(&hub, Administration::DeleteOracle(id)).await {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
    }
    empty(StatusCode::NO_CONTENT)
}

/// The header that `als_admin_1.1` asks for; upstream looks for it before anything else.
fn must_accept(headers: &HeaderMap) -> Result<(), AdminError> {
    let missing = || FspiopError::new(ErrorCode::MissingElement, "/header must have required property 'accept'");
    headers.get(header::ACCEPT).map(drop).ok_or_else(|| missing().into())
}

fn check(hub: &Hub, body: OracleBody) -> Result<OracleSettings, AdminError> {
    let types = PartyIdType::ALL.map(PartyIdType::as_str).join(", ");
    let unknown =
        |_| invalid("/requestBody/oracleIdType", format!("must be one of {types}; found {}", body.oracle_id_type));
    let party_id_type = PartyIdType::parse(&body.oracle_id_type).map_err(unknown)?;
    if body.endpoint.endpoint_type != "URL" {
        let found = body.endpoint.endpoint_type;
        return Err(invalid("/requestBody/endpoint/endpointType", format!("must be URL; found {found}")));
    }
    hub.callback_policy.check(&body.endpoint.value).map_err(|reason| invalid("/requestBody/endpoint/value", reason))?;
    let endpoint = body.endpoint.value.into();
    Ok(OracleSettings { party_id_type, currency: body.currency, endpoint, is_default: body.is_default })
}

fn oracle_id(text: &str) -> Result<OracleId, AdminError> {
    text.parse().map(OracleId).map_err(|_| invalid("/path/ID", "must be the number of an oracle"))
}

fn view(oracle: &Oracle) -> OracleView<'_> {
    OracleView {
        oracle_id: oracle.id.0.to_string(),
        oracle_id_type: oracle.party_id_type.as_str(),
        endpoint: EndpointView { value: &oracle.endpoint, endpoint_type: "URL" },
        currency: oracle.currency,
        is_default: oracle.is_default,
    }
}
