//! `/settlementModels`.

use std::sync::Arc;

use axum::extract::State;
use fspiop::Currency;
use http::StatusCode;
use ledger::{
    AccountType, LedgerError, SettlementDelay, SettlementGranularity, SettlementInterchange, SettlementModel,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use switch::{Administration, AdministrationError};

use super::{
    answer::{AdminError, Answer, administer, configuration, empty, json},
    participants::ActiveBody,
    request::{JsonBody, Path, invalid},
};
use crate::{Hub, openapi::words};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ModelBody {
    #[schemars(with = "words::NewName")]
    name: String,
    #[schemars(with = "words::Granularity")]
    settlement_granularity: String,
    #[schemars(with = "words::Interchange")]
    settlement_interchange: String,
    #[schemars(with = "words::Delay")]
    settlement_delay: String,
    #[schemars(with = "Option<words::CurrencyCode>")]
    currency: Option<Currency>,
    require_liquidity_check: bool,
    #[schemars(with = "words::AccountKind")]
    ledger_account_type: String,
    #[schemars(with = "Option<words::AccountKind>")]
    settlement_account_type: Option<String>,
    auto_position_reset: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ModelView<'a> {
    settlement_model_id: i32,
    name: &'a str,
    is_active: bool,
    #[schemars(with = "words::Granularity")]
    settlement_granularity: &'static str,
    #[schemars(with = "words::Interchange")]
    settlement_interchange: &'static str,
    #[schemars(with = "words::Delay")]
    settlement_delay: &'static str,
    #[schemars(with = "Option<words::CurrencyCode>")]
    currency: Option<Currency>,
    require_liquidity_check: bool,
    #[schemars(with = "words::AccountKind")]
    ledger_account_type_id: &'static str,
    #[schemars(with = "words::AccountKind")]
    settlement_account_type: &'static str,
    auto_position_reset: bool,
}

/// `GET /settlementModels`
pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Answer {
    let configuration = configuration(&hub).await?;
    let mut views: Vec<_> = configuration.registry.settlement_models().map(view).collect();
    views.sort_by_key(|view| view.settlement_model_id);
    json(StatusCode::OK, &views)
}

/// `GET /settlementModels/{name}`
pub(super) async fn read(State(hub): State<Arc<Hub>>, Path(wanted): Path<String>) -> Answer {
    let configuration = configuration(&hub).await?;
    let found = configuration.registry.settlement_model(&wanted);
    let unknown = || AdminError::from(AdministrationError::Ledger(LedgerError::SettlementModelNotFound));
    json(StatusCode::OK, &view(found.ok_or_else(unknown)?))
}

/// `POST /settlementModels`
pub(super) async fn create(State(hub): State<Arc<Hub>>, JsonBody(body): JsonBody<ModelBody>) -> Answer {
    administer(&hub, Administration::CreateSettlementModel(check(body)?)).await?;
    empty(StatusCode::CREATED)
}

/// `PUT /settlementModels/{name}`
pub(super) async fn activate(
    State(hub): State<Arc<Hub>>,
    Path(wanted): Path<String>,
    JsonBody(body): JsonBody<ActiveBody>,
) -> Answer {
    administer(&hub, Administration::ActivateSettlementModel(wanted.into(), body.is_active)).await?;
    empty(StatusCode::OK)
}

fn check(body: ModelBody) -> Result<SettlementModel, AdminError> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    if !(2..=30).contains(&body.name.len()) || !body.name.chars().all(allowed) {
        return Err(invalid("/requestBody/name", "must have 2 to 30 letters, digits, '-' or '_'"));
    }
    let accounts = AccountType::ALL.map(AccountType::as_str);
    let settlement_account = body.settlement_account_type.as_deref().unwrap_or(AccountType::Settlement.as_str());
    Ok(SettlementModel {
        // The ledger gives the number.
        id: 0,
        name: body.name.into(),
        granularity: one_of(
            "settlementGranularity",
            &body.settlement_granularity,
            SettlementGranularity::parse,
            SettlementGranularity::NAMES,
        )?,
        interchange: one_of(
            "settlementInterchange",
            &body.settlement_interchange,
            SettlementInterchange::parse,
            SettlementInterchange::NAMES,
        )?,
        delay: one_of("settlementDelay", &body.settlement_delay, SettlementDelay::parse, SettlementDelay::NAMES)?,
        currency: body.currency,
        require_liquidity_check: body.require_liquidity_check,
        ledger_account: one_of("ledgerAccountType", &body.ledger_account_type, AccountType::parse, &accounts)?,
        settlement_account: one_of("settlementAccountType", settlement_account, AccountType::parse, &accounts)?,
        auto_position_reset: body.auto_position_reset,
        active: true,
    })
}

fn one_of<T>(field: &str, found: &str, parse: impl Fn(&str) -> Option<T>, names: &[&str]) -> Result<T, AdminError> {
    let wrong =
        || invalid(&format!("/requestBody/{field}"), format!("must be one of {}; found {found}", names.join(", ")));
    parse(found).ok_or_else(wrong)
}

fn view(model: &SettlementModel) -> ModelView<'_> {
    ModelView {
        settlement_model_id: model.id,
        name: &model.name,
        is_active: model.active,
        settlement_granularity: model.granularity.as_str(),
        settlement_interchange: model.interchange.as_str(),
        settlement_delay: model.delay.as_str(),
        currency: model.currency,
        require_liquidity_check: model.require_liquidity_check,
        ledger_account_type_id: model.ledger_account.as_str(),
        settlement_account_type: model.settlement_account.as_str(),
        auto_position_reset: model.auto_position_reset,
    }
}
