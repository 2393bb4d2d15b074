//! `/participants/{name}/jwsKeys`: the public keys with which a participant's signatures are checked. Upstream has no such
//! API. The hub's own public key may be registered under the hub's name, where everybody finds it.

use std::sync::Arc;

use axum::extract::State;
use fspiop::Timestamp;
use http::StatusCode;
use identity::PublicKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use switch::{Administration, AdministrationError, Configuration, JwsKey, JwsKeyId};

use super::{
    answer::{AdminError, Answer, administer, configuration, empty, json, participant_not_found},
    request::{JsonBody, Path, invalid, name},
};
use crate::{Hub, openapi::words};

/// Longest PEM text, in bytes: a key of 8192 bits has 1,500.
const LONGEST_PEM: usize = 8_192;
/// Keys of one participant that are valid at the same time. A forged signature is tried with each of them, and a rotation
/// needs two.
const VALID_KEYS: usize = 4;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewKey {
    #[schemars(length(max = LONGEST_PEM))]
    public_key: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Validity {
    #[schemars(with = "words::Moment")]
    valid_until: Timestamp,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeyView<'a> {
    id: &'a str,
    public_key: &'a str,
    #[schemars(with = "words::Moment")]
    created_date: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<words::Moment>")]
    valid_until: Option<Timestamp>,
    #[schemars(with = "words::Flag")]
    is_active: u8,
}

impl KeyView<'_> {
    fn of(key: &JwsKey, now: Timestamp) -> KeyView<'_> {
        KeyView {
            id: &key.id.0,
            public_key: &key.public_key,
            created_date: key.created_at,
            valid_until: key.valid_until,
            is_active: key.is_valid(now).into(),
        }
    }
}

/// `GET /participants/{name}/jwsKeys`: those that are retired included, oldest first.
pub(super) async fn list(State(hub): State<Arc<Hub>>, Path(wanted): Path<String>) -> Answer {
    let (configuration, now) = (configuration(&hub).await?, hub.clock.now());
    let mut keys = keys(&configuration, &wanted)?;
    keys.sort_by_key(|key| key.created_at);
    json(StatusCode::OK, &keys.into_iter().map(|key| KeyView::of(key, now)).collect::<Vec<_>>())
}

/// `POST /participants/{name}/jwsKeys`: from now on what this key signs is believed, beside those that are there.
pub(super) async fn add(
    State(hub): State<Arc<Hub>>,
    Path(wanted): Path<String>,
    JsonBody(body): JsonBody<NewKey>,
) -> Answer {
    if body.public_key.len() > LONGEST_PEM {
        return Err(invalid("/requestBody/publicKey", format!("must have at most {LONGEST_PEM} bytes")));
    }
    let key = PublicKey::from_pem(&body.public_key)
        .map_err(|error| invalid("/requestBody/publicKey", format!("must be an RSA key in PEM: {error}")))?;
    let now = hub.clock.now();
    if keys(&*configuration(&hub).await?, &wanted)?.iter().filter(|key| key.is_valid(now)).count() >= VALID_KEYS {
        let reason = format!("is one too many: {VALID_KEYS} keys are valid; retire one first");
        return Err(invalid("/requestBody/publicKey", reason));
    }
    let (participant, id) = (name(&wanted)?, JwsKeyId(key.id().into()));
    let pem = key.to_pem().into();
    administer(&hub, Administration::AddJwsKey(participant.clone(), id.clone(), pem)).await?;
    tracing::info!(%participant, key = %id.0, bits = key.bits(), "a public key was registered");
    show(&hub, &wanted, &id, StatusCode::CREATED).await
}

/// `PUT /participants/{name}/jwsKeys/{id}`: the key is valid until a moment, so that another can take over meanwhile.
pub(super) async fn limit(
    State(hub): State<Arc<Hub>>,
    Path((wanted, id)): Path<(String, String)>,
    JsonBody(body): JsonBody<Validity>,
) -> Answer {
    let (participant, id) = (name(&wanted)?, JwsKeyId(id.into()));
    administer(&hub, Administration::RetireJwsKey(participant.clone(), id.clone(), body.valid_until)).await?;
    tracing::info!(%participant, key = %id.0, until = %body.valid_until, "the validity of a public key was limited");
    show(&hub, &wanted, &id, StatusCode::OK).await
}

/// `DELETE /participants/{name}/jwsKeys/{id}`: nothing that the key has signed is believed from now on. It stays in the list.
pub(super) async fn retire(State(hub): State<Arc<Hub>>, Path((wanted, id)): Path<(String, String)>) -> Answer {
    let (participant, id, now) = (name(&wanted)?, JwsKeyId(id.into()), hub.clock.now());
    let configuration = configuration(&hub).await?;
    let known = keys(&configuration, &wanted)?.into_iter().find(|key| key.id == id).map(|key| key.is_valid(now));
    if known != Some(false) {
        administer(&hub, Administration::RetireJwsKey(participant.clone(), id.clone(), now)).await?;
        tracing::info!(%participant, key = %id.0, "a public key was retired");
    }
    empty(StatusCode::NO_CONTENT)
}

fn keys<'a>(configuration: &'a Configuration, wanted: &str) -> Result<Vec<&'a JwsKey>, AdminError> {
    let owner = configuration.registry.participant_named(wanted).ok_or_else(participant_not_found)?;
    Ok(configuration.routing.jws_keys(owner.id).collect())
}

async fn show(hub: &Hub, wanted: &str, id: &JwsKeyId, status: StatusCode) -> Answer {
    let (configuration, now) = (configuration(hub).await?, hub.clock.now());
    let key = keys(&configuration, wanted)?.into_iter().find(|key| key.id == *id);
    json(status, &KeyView::of(key.ok_or(AdministrationError::JwsKeyNotFound)?, now))
}
