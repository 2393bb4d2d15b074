//! Net debit caps.

use std::sync::Arc;

use axum::extract::{Query, State, rejection::QueryRejection};
use fspiop::{Amount, Currency};
use http::StatusCode;
use ledger::{Account, InitialPositionAndLimits, Registry};
use serde::{Deserialize, Serialize};
use switch::Administration;

use super::{
    accounts::{CurrencyQuery, NumberAmount},
    answer::{AdminError, Answer, administer, empty, json, participant_not_found},
    request::{JsonAmount, JsonBody, Path, invalid, name, required},
};
use crate::Hub;

/// The only kind of limit that the scheme has.
const NET_DEBIT_CAP: &str = "NET_DEBIT_CAP";
/// Upstream's default for the share of the cap at which it warns.
const ALARM_PERCENTAGE: u8 = Account::DEFAULT_ALARM_PERCENTAGE;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InitialBody {
    currency: Option<Currency>,
    limit: LimitBody,
    initial_position: Option<JsonAmount>,
}

#[derive(Deserialize)]
pub(super) struct AdjustBody {
    currency: Option<Currency>,
    limit: LimitBody,
}

#[derive(Deserialize)]
struct LimitBody {
    #[serde(rename = "type")]
    kind: String,
    value: JsonAmount,
}

#[derive(Serialize)]
struct LimitView {
    currency: Currency,
    limit: LimitValue,
}

#[derive(Serialize)]
struct NamedLimitView {
    name: String,
    #[serde(flatten)]
    limit: LimitView,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LimitValue {
    #[serde(rename = "type")]
    kind: &'static str,
    value: NumberAmount,
    alarm_percentage: u8,
}

/// `POST /participants/{name}/initialPositionAndLimits`
pub(super) async fn set_initially(
    State(hub): State<Arc<Hub>>,
    Path(wanted): Path<String>,
    JsonBody(body): JsonBody<InitialBody>,
) -> Answer {
    let initial = InitialPositionAndLimits {
        participant: name(&wanted)?,
        currency: required(body.currency)?,
        net_debit_cap: cap(&body.limit)?,
        initial_position: body.initial_position.map_or(Amount::ZERO, |amount| amount.0),
    };
    administer(&hub, Administration::SetInitialLimits(initial)).await?;
    empty(StatusCode::CREATED)
}

/// `PUT /participants/{name}/limits`
pub(super) async fn adjust(
    State(hub): State<Arc<Hub>>,
    Path(wanted): Path<String>,
    JsonBody(body): JsonBody<AdjustBody>,
) -> Answer {
    let (currency, cap) = (required(body.currency)?, cap(&body.limit)?);
    administer(&hub, Administration::AdjustLimit(name(&wanted)?, currency, cap)).await?;
    json(StatusCode::OK, &LimitView { currency, limit: value(cap) })
}

/// `GET /participants/{name}/limits`
pub(super) async fn read(
    State(hub): State<Arc<Hub>>,
    Path(wanted): Path<String>,
    query: Result<Query<CurrencyQuery>, QueryRejection>,
) -> Answer {
    let currency = currency(query)?;
    let configuration = hub.current.get();
    let owner = configuration.registry.participant_named(&wanted).ok_or_else(participant_not_found)?;
    let views: Vec<_> = configuration
        .registry
        .accounts_of(owner.id)
        .filter(|account| currency.is_none_or(|currency| currency == account.currency))
        .filter_map(view)
        .collect();
    json(StatusCode::OK, &views)
}

/// `GET /participants/limits`
pub(super) async fn list(State(hub): State<Arc<Hub>>, query: Result<Query<CurrencyQuery>, QueryRejection>) -> Answer {
    let currency = currency(query)?;
    let configuration = hub.current.get();
    let named = |registry: &Registry, account: &Account| {
        let name = registry.participant(account.participant)?.name.to_string();
        Some(NamedLimitView { name, limit: view(account)? })
    };
    let views: Vec<_> = configuration
        .registry
        .accounts()
        .filter(|account| currency.is_none_or(|currency| currency == account.currency))
        .filter_map(|account| named(&configuration.registry, account))
        .collect();
    json(StatusCode::OK, &views)
}

fn currency(query: Result<Query<CurrencyQuery>, QueryRejection>) -> Result<Option<Currency>, AdminError> {
    let wrong = |_| invalid("/query/currency", "must be equal to one of the allowed values");
    query.map(|Query(query)| query.currency).map_err(wrong)
}

fn cap(limit: &LimitBody) -> Result<Amount, AdminError> {
    if limit.kind != NET_DEBIT_CAP {
        return Err(invalid("/requestBody/limit/type", format!("must be {NET_DEBIT_CAP}; found {}", limit.kind)));
    }
    Ok(limit.value.0)
}

fn view(account: &Account) -> Option<LimitView> {
    account.net_debit_cap.map(|cap| LimitView { currency: account.currency, limit: value(cap) })
}

fn value(cap: Amount) -> LimitValue {
    LimitValue { kind: NET_DEBIT_CAP, value: NumberAmount(cap), alarm_percentage: ALARM_PERCENTAGE }
}
