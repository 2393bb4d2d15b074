//! How operators' requests are read: bounded, and with errors that name the field.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
};
use fspiop::{Amount, Currency, ErrorCode, FspId, FspiopError};
use http::request::Parts;
use ledger::AccountId;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::value::RawValue;

use super::{answer::AdminError, field_path::field_at};
use crate::{Hub, edge::read_body};

/// A JSON body, within the bound, with errors that say where.
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<Hub>> for JsonBody<T> {
    type Rejection = AdminError;

    async fn from_request(request: Request<Body>, hub: &Arc<Hub>) -> Result<Self, AdminError> {
        let (body, _room) = read_body(hub, request.into_body()).await?;
        Ok(JsonBody(read(&body)?))
    }
}

/// Bad JSON goes before everything that is wrong with its fields.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, FspiopError> {
    let malformed = |error: &dyn std::fmt::Display| {
        FspiopError::new(ErrorCode::MalformedSyntax, format!("/requestBody Invalid JSON: {error}"))
    };
    let text = std::str::from_utf8(body).map_err(|error| malformed(&error))?;
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| malformed(&error))?;
    serde_json::from_str(text).map_err(|error| wrong_field(text, &error))
}

fn wrong_field(text: &str, error: &serde_json::Error) -> FspiopError {
    let field = field_at(text, error.line(), error.column());
    let message = error.to_string();
    let what = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what);
    if let Some(name) = what.strip_prefix("missing field ") {
        let name = name.trim_matches('`');
        return FspiopError::new(ErrorCode::MissingElement, format!("{field} must have required property '{name}'"));
    }
    // Upstream takes what has not even the form of a currency for bad syntax, and a currency that nobody knows for bad
    // content.
    let is_malformed = what.starts_with("duplicate field") || has_no_form(what);
    let code = if is_malformed { ErrorCode::MalformedSyntax } else { ErrorCode::ValidationError };
    FspiopError::new(code, format!("{field} {what}"))
}

/// Whether an error is about a currency that is not three capital letters.
fn has_no_form(what: &str) -> bool {
    let found = what.strip_prefix("unknown currency: ").map(|found| found.trim_matches(['"', '\'']));
    found.is_some_and(|found| found.len() != 3 || !found.bytes().all(|byte| byte.is_ascii_uppercase()))
}

/// What a path names, with errors in the form of the API.
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = AdminError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AdminError> {
        let malformed = |_| FspiopError::new(ErrorCode::MalformedSyntax, "/path must be percent-encoded UTF-8");
        let axum::extract::Path(named) =
            axum::extract::Path::from_request_parts(parts, state).await.map_err(malformed)?;
        Ok(Path(named))
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

/// The value of a name that must be one of a list.
pub(super) fn one_of<T: Copy>(field: &str, found: &str, known: &[(&str, T)]) -> Result<T, AdminError> {
    let names = || known.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let wrong = || invalid(&format!("/requestBody/{field}"), format!("must be one of {}; found {found}", names()));
    known.iter().find(|(name, _)| *name == found).map(|(_, value)| *value).ok_or_else(wrong)
}
