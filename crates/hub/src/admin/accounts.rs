//! `/participants/{name}/accounts` and `/positions`: what stands on whose accounts.

use std::{collections::HashMap, sync::Arc};

use axum::extract::{Query, State};
use fspiop::{Amount, Currency, Timestamp};
use http::StatusCode;
use ledger::{Account, AccountId, AccountType, Balance};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer, ser::Error};
use serde_json::value::RawValue;
use switch::Administration;

use super::{
    answer::{AdminError, Answer, administer, configuration, empty, json, participant_not_found, unreadable},
    participants::{self, ActiveBody},
    request::{JsonBody, Path, account_id, invalid, name, required},
};
use crate::{Hub, openapi::words};

#[derive(Deserialize, JsonSchema)]
pub(super) struct NewAccountBody {
    #[schemars(with = "Option<words::CurrencyCode>")]
    currency: Option<Currency>,
    #[serde(rename = "type")]
    #[schemars(with = "words::AccountKind")]
    kind: String,
}

#[derive(Deserialize)]
pub(super) struct CurrencyQuery {
    pub(super) currency: Option<Currency>,
}

/// An exact amount as a JSON number, which is what upstream's clients read.
pub(super) struct NumberAmount(pub(super) Amount);

impl Serialize for NumberAmount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountView {
    #[schemars(with = "words::AccountNumber")]
    id: i64,
    #[schemars(with = "words::AccountKind")]
    ledger_account_type: &'static str,
    #[schemars(with = "words::CurrencyCode")]
    currency: Currency,
    #[schemars(with = "words::Flag")]
    is_active: u8,
    #[schemars(with = "words::Number")]
    value: NumberAmount,
    #[schemars(with = "words::Number")]
    reserved_value: NumberAmount,
    #[schemars(with = "words::Moment")]
    changed_date: Timestamp,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PositionView {
    #[schemars(with = "words::CurrencyCode")]
    currency: Currency,
    #[schemars(with = "words::Number")]
    value: NumberAmount,
    #[schemars(with = "words::Moment")]
    changed_date: Timestamp,
}

/// Positions: with a currency that of it, which is `null` where there is none; else all.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Positions {
    One(PositionView),
    None,
    All(Vec<PositionView>),
}

/// `GET /participants/{name}/accounts`
pub(super) async fn list(State(hub): State<Arc<Hub>>, Path(wanted): Path<String>) -> Answer {
    let accounts = accounts_with_balances(&hub, &wanted).await?;
    let views: Vec<_> = accounts.iter().map(|(account, balance)| view(account, *balance)).collect();
    json(StatusCode::OK, &views)
}

/// `GET /participants/{name}/positions`: of one currency an object, else of all a list.
pub(super) async fn positions(
    State(hub): State<Arc<Hub>>,
    Path(wanted): Path<String>,
    query: Result<Query<CurrencyQuery>, axum::extract::rejection::QueryRejection>,
) -> Answer {
    let Query(query) = query.map_err(|_| invalid("/query/currency", "must be equal to one of the allowed values"))?;
    let accounts = accounts_with_balances(&hub, &wanted).await?;
    let is_position = |account: &Account| account.kind == AccountType::Position;
    let mut views = accounts
        .iter()
        .filter(|(account, _)| {
            is_position(account) && query.currency.is_none_or(|currency| currency == account.currency)
        })
        .map(|(account, balance)| PositionView {
            currency: account.currency,
            value: NumberAmount(balance.amount),
            changed_date: balance.changed_at,
        });
    let positions = match query.currency {
        Some(_) => views.next().map_or(Positions::None, Positions::One),
        None => Positions::All(views.collect()),
    };
    json(StatusCode::OK, &positions)
}

/// `POST /participants/{name}/accounts`
pub(super) async fn create(
    State(hub): State<Arc<Hub>>,
    Path(wanted): Path<String>,
    JsonBody(body): JsonBody<NewAccountBody>,
) -> Answer {
    let names = AccountType::ALL.map(AccountType::as_str).join(", ");
    let unknown = || invalid("/requestBody/type", format!("must be one of {names}; found {}", body.kind));
    let kind = AccountType::parse(&body.kind).ok_or_else(unknown)?;
    let (owner, currency) = (name(&wanted)?, required(body.currency)?);
    administer(&hub, Administration::CreateHubAccount(owner, currency, kind)).await?;
    participants::answer_one(&hub, StatusCode::CREATED, &wanted).await
}

/// `PUT /participants/{name}/accounts/{id}`
pub(super) async fn activate(
    State(hub): State<Arc<Hub>>,
    Path((wanted, id)): Path<(String, String)>,
    JsonBody(body): JsonBody<ActiveBody>,
) -> Answer {
    administer(&hub, Administration::ActivateAccount(name(&wanted)?, account_id(&id)?, body.is_active)).await?;
    empty(StatusCode::OK)
}

/// All accounts of a participant with what stands on them.
async fn accounts_with_balances(hub: &Hub, wanted: &str) -> Result<Vec<(Account, Balance)>, AdminError> {
    let configuration = configuration(hub).await?;
    let owner = configuration.registry.participant_named(wanted).ok_or_else(participant_not_found)?.id;
    let accounts: Vec<Account> = configuration.registry.accounts_of(owner).cloned().collect();
    let ids: Vec<AccountId> = accounts.iter().map(|account| account.id).collect();
    let balances = hub.store.balances(ids).await.map_err(|error| unreadable("the balances", &error))?;
    let balances: HashMap<AccountId, Balance> = balances.into_iter().collect();
    let with_balance = |account: Account| {
        let nothing = Balance { amount: Amount::ZERO, changed_at: account.created_at };
        let balance = balances.get(&account.id).copied().unwrap_or(nothing);
        (account, balance)
    };
    Ok(accounts.into_iter().map(with_balance).collect())
}

fn view(account: &Account, balance: Balance) -> AccountView {
    AccountView {
        id: account.id.0,
        ledger_account_type: account.kind.as_str(),
        currency: account.currency,
        is_active: u8::from(account.active),
        value: NumberAmount(balance.amount),
        // Reservations stand in the position itself; nothing is reserved beside it.
        reserved_value: NumberAmount(Amount::ZERO),
        changed_date: balance.changed_at,
    }
}
