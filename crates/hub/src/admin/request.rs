//! How operators' requests are read: bounded, and with errors that name the field.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use fspiop::{Amount, Currency, ErrorCode, FspId, FspiopError};
use ledger::AccountId;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::answer::AdminError;
use crate::{Hub, edge::read_body};

/// A JSON body, within the bound, with errors that say where.
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<Hub>> for JsonBody<T> {
    type Rejection = AdminError;

    async fn from_request(request: Request<Body>, hub: &Arc<Hub>) -> Result<Self, AdminError> {
        let body = read_body(request.into_body(), hub.intake.body_bytes).await?;
        serde_json::from_slice(&body).map(JsonBody).map_err(|error| {
            let code = match error.classify() {
                serde_json::error::Category::Data if error.to_string().starts_with("missing field") => {
                    ErrorCode::MissingElement
                }
                _ => ErrorCode::MalformedSyntax,
            };
            FspiopError::new(code, format!("/requestBody {error}")).into()
        })
    }
}

/// An exact amount from a JSON number or a text, as operators write both.
#[derive(Clone, Copy, Debug)]
pub(super) struct JsonAmount(pub(super) Amount);

impl<'de> Deserialize<'de> for JsonAmount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<JsonAmount, D::Error> {
        // The number's own digits: a float would lose some of them.
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get().trim_matches('"');
        Amount::parse_decimal(text).map(JsonAmount).map_err(serde::de::Error::custom)
    }
}

/// A participant's name from a path.
pub(super) fn name(text: &str) -> Result<FspId, AdminError> {
    FspId::parse(text).map_err(|_| invalid("/path/name", "must be the name of a participant, 1 to 32 characters"))
}

/// A new participant's name, within upstream's bounds.
pub(super) fn new_name(text: &str) -> Result<FspId, AdminError> {
    let expected = "must have 2 to 30 letters, digits, '-', '_' or '.'";
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    if !(2..=30).contains(&text.len()) || !text.chars().all(allowed) {
        return Err(invalid("/requestBody/name", expected));
    }
    FspId::parse(text).map_err(|_| invalid("/requestBody/name", expected))
}

/// A currency that the request must name.
pub(super) fn required(currency: Option<Currency>) -> Result<Currency, AdminError> {
    let missing = || FspiopError::new(ErrorCode::MissingElement, "/requestBody must have required property 'currency'");
    currency.ok_or_else(|| missing().into())
}

/// An account's number from a path.
pub(super) fn account_id(text: &str) -> Result<AccountId, AdminError> {
    text.parse().map(AccountId).map_err(|_| invalid("/path/id", "must be the number of an account"))
}

/// A field that does not have what it must.
pub(super) fn invalid(field: &str, expected: impl std::fmt::Display) -> AdminError {
    FspiopError::new(ErrorCode::ValidationError, format!("{field} {expected}")).into()
}
