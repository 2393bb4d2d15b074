//! Net debit caps.

use std::sync::Arc;

use axum::extract::{Query, State, rejection::QueryRejection};
use fspiop::{Amount, Currency};
use http::StatusCode;
use ledger::{Account, AccountType, InitialPositionAndLimits, Registry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use switch::Administration;

use super::{
    accounts::NumberAmount,
    answer::{AdminError, Answer, administer, configuration, empty, json, participant_not_found},
    request::{JsonAmount, JsonBody, Path, invalid, name, required},
};
use crate::{Hub, openapi::words};

/// The only kind of limit that the scheme has.
const NET_DEBIT_CAP: &str = "NET_DEBIT_CAP";
/// The share of the cap, in percent, at which operators can be warned at the latest.
const HIGHEST_PERCENTAGE: u8 = 100;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct InitialBody {
    #[schemars(with = "Option<words::CurrencyCode>")]
    currency: Option<Currency>,
    limit: LimitBody,
    #[schemars(with = "Option<words::NumberOrText>")]
    initial_position: Option<JsonAmount>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct AdjustBody {
    #[schemars(with = "Option<words::CurrencyCode>")]
    currency: Option<Currency>,
    limit: LimitBody,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LimitBody {
    #[serde(rename = "type")]
    #[schemars(with = "words::LimitKind")]
    kind: String,
    #[schemars(with = "words::NumberOrText")]
    value: JsonAmount,
    #[schemars(with = "Option<words::Percentage>")]
    alarm_percentage: Option<JsonAmount>,
}

/// What of the limits is asked for.
#[derive(Deserialize)]
pub(super) struct Filter {
    currency: Option<Currency>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct LimitView {
    #[schemars(with = "words::CurrencyCode")]
    currency: Currency,
    limit: LimitValue,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct NamedLimitView {
    name: String,
    #[serde(flatten)]
    limit: LimitView,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LimitValue {
    #[serde(rename = "type")]
    #[schemars(with = "words::LimitKind")]
    kind: &'static str,
    #[schemars(with = "words::Number")]
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
    let (participant, currency, cap) = (name(&wanted)?, required(body.currency)?, cap(&body.limit)?);
    let change = match body.limit.alarm_percentage {
        Some(share) => Administration::AdjustLimitAndAlarm(participant, currency, cap, percentage(share)?),
        None => Administration::AdjustLimit(participant, currency, cap),
    };
    administer(&hub, change).await?;
    let configuration = configuration(&hub).await?;
    let owner = configuration.registry.participant_named(&wanted).ok_or_else(participant_not_found)?;
    let account = configuration.registry.account_of(owner.id, currency, AccountType::Position);
    json(StatusCode::OK, &account.and_then(view))
}

/// `GET /participants/{name}/limits`
pub(super) async fn read(
    State(hub): State<Arc<Hub>>,
    Path(wanted): Path<String>,
    query: Result<Query<Filter>, QueryRejection>,
) -> Answer {
    let filter = filter(query)?;
    let configuration = configuration(&hub).await?;
    let owner = configuration.registry.participant_named(&wanted).ok_or_else(participant_not_found)?;
    let accounts = configuration.registry.accounts_of(owner.id).filter(|account| filter.wants(account));
    json(StatusCode::OK, &accounts.filter_map(view).collect::<Vec<_>>())
}

/// `GET /participants/limits`
pub(super) async fn list(State(hub): State<Arc<Hub>>, query: Result<Query<Filter>, QueryRejection>) -> Answer {
    let filter = filter(query)?;
    let configuration = configuration(&hub).await?;
    let named = |registry: &Registry, account: &Account| {
        let name = registry.participant(account.participant)?.name.to_string();
        Some(NamedLimitView { name, limit: view(account)? })
    };
    let accounts = configuration.registry.accounts().filter(|account| filter.wants(account));
    let views: Vec<_> = accounts.filter_map(|account| named(&configuration.registry, account)).collect();
    json(StatusCode::OK, &views)
}

impl Filter {
    fn wants(&self, account: &Account) -> bool {
        self.currency.is_none_or(|currency| currency == account.currency)
    }
}

fn filter(query: Result<Query<Filter>, QueryRejection>) -> Result<Filter, AdminError> {
    let wrong = |_| invalid("/query/currency", "must be equal to one of the allowed values");
    let Query(filter) = query.map_err(wrong)?;
    match &filter.kind {
        Some(kind) if kind != NET_DEBIT_CAP => {
            Err(invalid("/query/type", format!("must be {NET_DEBIT_CAP}; found {kind}")))
        }
        _ => Ok(filter),
    }
}

fn cap(limit: &LimitBody) -> Result<Amount, AdminError> {
    if limit.kind != NET_DEBIT_CAP {
        return Err(invalid("/requestBody/limit/type", format!("must be {NET_DEBIT_CAP}; found {}", limit.kind)));
    }
    Ok(limit.value.0)
}

/// A share in whole percent; a fraction of a percent is cut off.
fn percentage(share: JsonAmount) -> Result<u8, AdminError> {
    let text = share.0.to_string();
    let whole = text.split('.').next().and_then(|whole| whole.parse().ok());
    let wrong = || invalid("/requestBody/limit/alarmPercentage", format!("must be 0 to 100; found {text}"));
    whole.filter(|percent| *percent <= HIGHEST_PERCENTAGE).ok_or_else(wrong)
}

fn view(account: &Account) -> Option<LimitView> {
    let alarm_percentage = account.alarm_percentage;
    account.net_debit_cap.map(|cap| LimitView {
        currency: account.currency,
        limit: LimitValue { kind: NET_DEBIT_CAP, value: NumberAmount(cap), alarm_percentage },
    })
}
