//! Where a participant takes its callbacks: one base URL, from which an endpoint of each type follows.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Callback endpoints of a participant: type, and path behind its base URL.
const ENDPOINTS: &[(&str, &str)] = &[
    ("FSPIOP_CALLBACK_URL_PARTICIPANT_PUT", "/participants/{{partyIdType}}/{{partyIdentifier}}"),
    ("FSPIOP_CALLBACK_URL_PARTICIPANT_PUT_ERROR", "/participants/{{partyIdType}}/{{partyIdentifier}}/error"),
    ("FSPIOP_CALLBACK_URL_PARTIES_GET", "/parties/{{partyIdType}}/{{partyIdentifier}}"),
    ("FSPIOP_CALLBACK_URL_PARTIES_PUT", "/parties/{{partyIdType}}/{{partyIdentifier}}"),
    ("FSPIOP_CALLBACK_URL_PARTIES_PUT_ERROR", "/parties/{{partyIdType}}/{{partyIdentifier}}/error"),
    ("FSPIOP_CALLBACK_URL_PARTIES_SUB_ID_GET", "/parties/{{partyIdType}}/{{partyIdentifier}}/{{partySubIdOrType}}"),
    ("FSPIOP_CALLBACK_URL_PARTIES_SUB_ID_PUT", "/parties/{{partyIdType}}/{{partyIdentifier}}/{{partySubIdOrType}}"),
    (
        "FSPIOP_CALLBACK_URL_PARTIES_SUB_ID_PUT_ERROR",
        "/parties/{{partyIdType}}/{{partyIdentifier}}/{{partySubIdOrType}}/error",
    ),
    ("FSPIOP_CALLBACK_URL_QUOTES", ""),
    ("FSPIOP_CALLBACK_URL_TRANSFER_POST", "/transfers"),
    ("FSPIOP_CALLBACK_URL_TRANSFER_PUT", "/transfers/{{transferId}}"),
    ("FSPIOP_CALLBACK_URL_TRANSFER_ERROR", "/transfers/{{transferId}}/error"),
];

/// Whether the endpoints are those of this base URL.
pub(crate) fn are_of(base: &str, there: &BTreeMap<String, String>) -> bool {
    let fits = |(kind, path): &(&str, &str)| {
        there.get(*kind).is_some_and(|value| value.strip_prefix(base).is_some_and(|rest| rest == *path))
    };
    ENDPOINTS.iter().all(fits)
}

/// What is there, for people: nothing, the one base URL, or else each endpoint.
pub(crate) fn describe(there: &BTreeMap<String, String>) -> Value {
    if there.is_empty() {
        return Value::Null;
    }
    match there.get("FSPIOP_CALLBACK_URL_QUOTES").filter(|base| are_of(base, there)) {
        Some(base) => json!(base),
        None => json!(there),
    }
}

/// The body of the request that sets them.
pub(crate) fn body(base: &str) -> Value {
    let endpoint = |(kind, path): &(&str, &str)| json!({ "type": kind, "value": format!("{base}{path}") });
    ENDPOINTS.iter().map(endpoint).collect()
}
