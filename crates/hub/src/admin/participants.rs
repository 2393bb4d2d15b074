//! `/participants`: who takes part.

use std::sync::Arc;

use axum::extract::State;
use fspiop::{Currency, Timestamp};
use http::StatusCode;
use ledger::{Account, AccountId, NewParticipant, Participant, Registry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use switch::Administration;

use super::{
    answer::{Answer, administer, configuration, json, participant_not_found},
    request::{JsonBody, Path, name, new_name},
};
use crate::{Hub, openapi::words};

#[derive(Deserialize, JsonSchema)]
pub(super) struct NewParticipantBody {
    #[schemars(with = "words::NewName")]
    name: String,
    #[schemars(with = "Option<words::CurrencyCode>")]
    currency: Option<Currency>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActiveBody {
    pub(super) is_active: bool,
}

/// A participant as operators see it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ParticipantView {
    name: String,
    id: String,
    #[schemars(with = "words::Moment")]
    created: Timestamp,
    #[schemars(with = "words::Flag")]
    is_active: u8,
    links: Links,
    accounts: Vec<AccountView>,
}

#[derive(Serialize, JsonSchema)]
struct Links {
    #[serde(rename = "self")]
    own: String,
}

/// An account as it stands in a participant.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AccountView {
    #[schemars(with = "words::AccountNumber")]
    id: AccountNumber,
    #[schemars(with = "words::AccountKind")]
    ledger_account_type: &'static str,
    #[schemars(with = "words::CurrencyCode")]
    currency: Currency,
    #[schemars(with = "words::Flag")]
    is_active: u8,
    #[schemars(with = "words::Moment")]
    created_date: Timestamp,
    created_by: &'static str,
}

#[derive(Serialize)]
#[serde(transparent)]
struct AccountNumber(i64);

impl From<AccountId> for AccountNumber {
    fn from(id: AccountId) -> AccountNumber {
        AccountNumber(id.0)
    }
}

/// `GET /participants`
pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Answer {
    let configuration = configuration(&hub).await?;
    let registry = &configuration.registry;
    let views: Vec<_> = registry.participants().map(|participant| view(registry, participant)).collect();
    json(StatusCode::OK, &views)
}

/// `GET /participants/{name}`
pub(super) async fn read(State(hub): State<Arc<Hub>>, Path(wanted): Path<String>) -> Answer {
    answer_one(&hub, StatusCode::OK, &wanted).await
}

/// `POST /participants`
pub(super) async fn create(State(hub): State<Arc<Hub>>, JsonBody(body): JsonBody<NewParticipantBody>) -> Answer {
    let new = NewParticipant { name: new_name(&body.name)?, currency: body.currency };
    administer(&hub, Administration::RegisterParticipant(new)).await?;
    answer_one(&hub, StatusCode::CREATED, &body.name).await
}

/// `PUT /participants/{name}`
pub(super) async fn activate(
    State(hub): State<Arc<Hub>>,
    Path(wanted): Path<String>,
    JsonBody(body): JsonBody<ActiveBody>,
) -> Answer {
    administer(&hub, Administration::ActivateParticipant(name(&wanted)?, body.is_active)).await?;
    answer_one(&hub, StatusCode::OK, &wanted).await
}

/// One participant, as the configuration has it now.
pub(super) async fn answer_one(hub: &Hub, status: StatusCode, wanted: &str) -> Answer {
    let configuration = configuration(hub).await?;
    let participant = configuration.registry.participant_named(wanted).ok_or_else(participant_not_found)?;
    json(status, &view(&configuration.registry, participant))
}

fn view(registry: &Registry, participant: &Participant) -> ParticipantView {
    ParticipantView {
        name: participant.name.to_string(),
        id: format!("central-ledger/participants/{}", participant.name),
        created: participant.created_at,
        is_active: u8::from(participant.active),
        links: Links { own: format!("central-ledger/participants/{}", participant.name) },
        accounts: registry.accounts_of(participant.id).map(account_view).collect(),
    }
}

fn account_view(account: &Account) -> AccountView {
    AccountView {
        id: account.id.into(),
        ledger_account_type: account.kind.as_str(),
        currency: account.currency,
        is_active: u8::from(account.active),
        created_date: account.created_at,
        created_by: "unknown",
    }
}
