//! `/authorizations`: [`AuthorizationRequest`], [`AuthorizationQuestion`], [`AuthorizationAnswer`].

use crate::error::{ErrorCode, FspiopError};
use crate::identifier::TransactionRequestId;
use crate::json::read;
use crate::patterns::{
    AMOUNT, AUTHENTICATION_TEXT, AUTHENTICATION_TYPE, AUTHORIZATION_RESPONSE, CORRELATION_ID, CURRENCY, INTEGER,
    U2F_PIN,
};
use crate::resources::{mandatory, quotes};
use crate::schema::{Capture, Field, Shape, object, optional, required, slot};
use crate::shapes::{EXTENSION_LIST, MONEY};

/// The query of `GET /authorizations/{ID}`: a payee's FSP asks the payer to approve (FSPIOP 1.1, section 6.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthorizationQuestion;

/// The body of `POST /authorizations` (AuthorizationsPostRequest of Mojaloop's transaction request service).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthorizationRequest {
    /// The request to pay that is to be approved.
    pub transaction_request_id: TransactionRequestId,
}

/// The body of `PUT /authorizations/{ID}` (AuthorizationsIDPutResponse). Nothing of it concerns a hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthorizationAnswer;

/// The parameters that the specification asks for, with their shapes.
static QUESTION: [Field; 4] = [
    required("authenticationType", &AUTHENTICATION_TYPE),
    required("retriesLeft", &INTEGER),
    required("amount", &AMOUNT),
    required("currency", &CURRENCY),
];

pub(crate) static REQUEST: Shape = object(&[
    required("transactionRequestId", &CORRELATION_ID),
    required("authenticationType", &AUTHENTICATION_TYPE),
    required("retriesLeft", &INTEGER),
    required("amount", &MONEY),
    required("transactionId", &CORRELATION_ID),
    required("quote", &quotes::ANSWER),
    optional("extensionList", &EXTENSION_LIST),
]);
static REQUEST_CAPTURES: &[Capture] = &[slot("transactionRequestId", 0)];

pub(crate) static ANSWER: Shape = object(&[
    optional("authenticationInfo", &AUTHENTICATION_INFO),
    required("responseType", &AUTHORIZATION_RESPONSE),
    optional("extensionList", &EXTENSION_LIST),
]);
static AUTHENTICATION_INFO: Shape =
    object(&[required("authentication", &AUTHENTICATION_TYPE), required("authenticationValue", &AUTHENTICATION_VALUE)]);
static AUTHENTICATION_VALUE: Shape =
    Shape::TextOrObject(AUTHENTICATION_TEXT, &[required("pinValue", &U2F_PIN), required("counter", &INTEGER)]);

impl AuthorizationQuestion {
    /// Checks the query, percent-encoded as it stands in the URI. Parameters that the specification does not know are let pass,
    /// and so is a query that is missing altogether: Mojaloop's own service takes it.
    ///
    /// # Errors
    /// 3102 for a missing and 3100 for a wrong parameter, 3101 for one that stands twice or is not percent-encoded UTF-8.
    pub fn read(query: Option<&str>) -> Result<Self, FspiopError> {
        let Some(query) = query.filter(|query| !query.is_empty()) else { return Ok(Self) };
        for field in &QUESTION {
            check_parameter(query, field)?;
        }
        Ok(Self)
    }
}

fn check_parameter(query: &str, field: &Field) -> Result<(), FspiopError> {
    let name = field.name;
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut values = pairs.filter(|(known, _)| *known == name).map(|(_, value)| value);
    let value = values.next().ok_or_else(|| {
        FspiopError::new(ErrorCode::MissingElement, format!("/query must have required property '{name}'"))
    })?;
    let malformed = |what| FspiopError::new(ErrorCode::MalformedSyntax, format!("/query/{name} {what}"));
    if values.next().is_some() {
        return Err(malformed("must stand once"));
    }
    let text = crate::percent_decode(value).ok_or_else(|| malformed("must be percent-encoded UTF-8"))?;
    let violation = match field.shape {
        Shape::Text(rules) => rules.violation(&text),
        _ => None,
    };
    match violation {
        Some(violation) => Err(FspiopError::new(ErrorCode::ValidationError, format!("/query/{name} {violation}"))),
        None => Ok(()),
    }
}

impl AuthorizationRequest {
    /// Checks the body and takes out the fields.
    ///
    /// # Errors
    /// 3101 for bad JSON and wrong types, 3102 for missing and 3100 for wrong fields.
    pub fn read(body: &[u8]) -> Result<Self, FspiopError> {
        let [id] = read::<1>(body, &REQUEST, REQUEST_CAPTURES)?;
        Ok(Self { transaction_request_id: mandatory(id, TransactionRequestId::parse)? })
    }
}

impl AuthorizationAnswer {
    /// Checks the body.
    ///
    /// # Errors
    /// 3101 for bad JSON and wrong types, 3102 for missing and 3100 for wrong fields.
    pub fn read(body: &[u8]) -> Result<Self, FspiopError> {
        let [] = read::<0>(body, &ANSWER, &[])?;
        Ok(Self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::resources::testing::{Body, check_bodies};

    #[track_caller]
    fn check(query: &str, expect: &str) {
        let found = AuthorizationQuestion::read(Some(query));
        let found = found.map_or_else(|error| format!("{} {}", error.code, error.description), |_| "ok".to_owned());
        assert!(found.contains(expect), "{query}: {found}");
    }

    #[test]
    fn questions() {
        assert!(AuthorizationQuestion::read(None).is_ok());
        check("", "ok");
        check("authenticationType=OTP&retriesLeft=2&amount=102&currency=USD", "ok");
        check("currency=USD&amount=1%2E5&retriesLeft=2&authenticationType=U2F&more=x", "ok");
        check("authenticationType=OTP&retriesLeft=2&amount=102", "3102");
        check(
            "authenticationType=PIN&retriesLeft=2&amount=102&currency=USD",
            "/query/authenticationType must be equal",
        );
        check("authenticationType=OTP&retriesLeft=0&amount=102&currency=USD", "/query/retriesLeft must match pattern");
        check("authenticationType=OTP&retriesLeft=2&amount=01&currency=USD", "/query/amount must match pattern");
        check("authenticationType=OTP&retriesLeft=2&amount=1&currency=ZZZ", "3100");
        check("authenticationType=OTP&retriesLeft=2&amount=1&currency=USD&amount=2", "/query/amount must stand once");
        check("authenticationType=OTP&retriesLeft=2&amount=%FF&currency=USD", "3101");
    }

    #[test]
    fn requests() {
        let good = json!({
            "transactionRequestId": "b51ec534-ee48-4575-b6a9-ead2955b8069",
            "authenticationType": "U2F",
            "retriesLeft": "1",
            "amount": {"amount": "102", "currency": "USD"},
            "transactionId": "b51ec534-ee48-4575-b6a9-ead2955b8069",
            "quote": {
                "transferAmount": {"currency": "USD", "amount": "5"},
                "expiration": "2026-11-22T14:00:00.000Z",
                "ilpPacket": "2h0999rduj2vl==",
                "condition": "9Mm5R0KAYxlf8VhcK7SGRivVHdjPjdqui0Nn8pOi5Yr",
            },
        });
        check_bodies(
            &Body { good, read: |bytes| AuthorizationRequest::read(bytes).map(drop) },
            &["transactionRequestId", "authenticationType", "retriesLeft", "amount", "transactionId", "quote"],
            &[
                ("/retriesLeft", json!("none"), "3100 /retriesLeft must match pattern"),
                ("/quote/condition", json!("x"), "3100 /quote/condition must match pattern"),
            ],
        );
    }

    #[test]
    fn answers() {
        let good = json!({
            "authenticationInfo": {"authentication": "OTP", "authenticationValue": "234567"},
            "responseType": "ENTERED",
        });
        let value = "/authenticationInfo/authenticationValue";
        check_bodies(
            &Body { good, read: |bytes| AuthorizationAnswer::read(bytes).map(drop) },
            &["responseType"],
            &[
                ("/responseType", json!("MAYBE"), "3100 /responseType must be equal"),
                ("/authenticationInfo", json!({}), "3102 /authenticationInfo must have required"),
                ("/authenticationInfo/authentication", json!("PIN"), "3100 /authenticationInfo/authentication must be"),
                (value, json!(""), "3100 /authenticationInfo/authenticationValue must match pattern"),
                (value, json!("two words"), "3100 /authenticationInfo/authenticationValue must match pattern"),
                (value, json!(["x"]), "3101 /authenticationInfo/authenticationValue must be string or object"),
                (value, json!(5), "3101 /authenticationInfo/authenticationValue must be string or object"),
                (value, json!({"pinValue": "xy", "counter": "1"}), "ok"),
                (value, json!({"pinValue": "xy"}), "3102 /authenticationInfo/authenticationValue must have required"),
                (
                    value,
                    json!({"pinValue": "", "counter": "1"}),
                    "3100 /authenticationInfo/authenticationValue/pinValue",
                ),
                ("/authenticationInfo", json!({"authentication": "QRCODE", "authenticationValue": "x/y"}), "ok"),
            ],
        );
    }
}
