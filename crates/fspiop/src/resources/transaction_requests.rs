//! `/transactionRequests`: [`TransactionRequest`], [`TransactionRequestAnswer`].

use crate::error::FspiopError;
use crate::identifier::{TransactionId, TransactionRequestId};
use crate::json::read;
use crate::patterns::{AUTHENTICATION_TYPE, CORRELATION_ID, DATE_TIME, NOTE, TRANSACTION_REQUEST_STATE};
use crate::resources::{mandatory, typed};
use crate::schema::{Capture, Shape, object, optional, required, slot};
use crate::shapes::{EXTENSION_LIST, GEO_CODE, MONEY, PARTY, PARTY_ID_INFO, TRANSACTION_TYPE};

/// The body of `POST /transactionRequests` (TransactionRequestsPostRequest): a payee asks to be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransactionRequest {
    /// Names the request; chosen by the payee's FSP.
    pub transaction_request_id: TransactionRequestId,
}

/// The body of `PUT /transactionRequests/{ID}` (TransactionRequestsIDPutResponse).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransactionRequestAnswer {
    /// The transaction that the request has led to, if there is one.
    pub transaction_id: Option<TransactionId>,
}

pub(crate) static REQUEST: Shape = object(&[
    required("transactionRequestId", &CORRELATION_ID),
    required("payee", &PARTY),
    required("payer", &PARTY_ID_INFO),
    required("amount", &MONEY),
    required("transactionType", &TRANSACTION_TYPE),
    optional("note", &NOTE),
    optional("geoCode", &GEO_CODE),
    optional("authenticationType", &AUTHENTICATION_TYPE),
    optional("expiration", &DATE_TIME),
    optional("extensionList", &EXTENSION_LIST),
]);
static REQUEST_CAPTURES: &[Capture] = &[slot("transactionRequestId", 0)];

pub(crate) static ANSWER: Shape = object(&[
    optional("transactionId", &CORRELATION_ID),
    required("transactionRequestState", &TRANSACTION_REQUEST_STATE),
    optional("extensionList", &EXTENSION_LIST),
]);
static ANSWER_CAPTURES: &[Capture] = &[slot("transactionId", 0)];

impl TransactionRequest {
    /// Checks the body and takes out the fields.
    ///
    /// # Errors
    /// 3101 for bad JSON and wrong types, 3102 for missing and 3100 for wrong fields.
    pub fn read(body: &[u8]) -> Result<Self, FspiopError> {
        let [id] = read::<1>(body, &REQUEST, REQUEST_CAPTURES)?;
        Ok(Self { transaction_request_id: mandatory(id, TransactionRequestId::parse)? })
    }
}

impl TransactionRequestAnswer {
    /// Checks the body and takes out the fields.
    ///
    /// # Errors
    /// 3101 for bad JSON and wrong types, 3102 for missing and 3100 for wrong fields.
    pub fn read(body: &[u8]) -> Result<Self, FspiopError> {
        let [id] = read::<1>(body, &ANSWER, ANSWER_CAPTURES)?;
        Ok(Self { transaction_id: typed(id, TransactionId::parse)? })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::resources::testing::{Body, check_bodies};

    fn request() -> Value {
        json!({
            "transactionRequestId": "b51ec534-ee48-4575-b6a9-ead2955b8069",
            "payee": {"partyIdInfo": {"partyIdType": "MSISDN", "partyIdentifier": "27713803912", "fspId": "payeefsp"}},
            "payer": {"partyIdType": "PERSONAL_ID", "partyIdentifier": "16135551212", "partySubIdOrType": "PASSPORT"},
            "amount": {"amount": "123.45", "currency": "USD"},
            "transactionType": {
                "scenario": "DEPOSIT", "subScenario": "LOCAL", "initiator": "PAYEE", "initiatorType": "CONSUMER",
                "refundInfo": {"originalTransactionId": "b51ec534-ee48-4575-b6a9-ead2955b8069", "refundReason": "why"},
                "balanceOfPayments": "123",
            },
            "note": "Free-text memo",
            "geoCode": {"latitude": "+45.4215", "longitude": "+75.6972"},
            "authenticationType": "OTP",
            "expiration": "2026-11-22T14:00:00.000Z",
            "extensionList": {"extension": [{"key": "k", "value": "v"}]},
        })
    }

    #[test]
    fn requests() {
        let body = Body { good: request(), read: |bytes| TransactionRequest::read(bytes).map(drop) };
        let found = TransactionRequest::read(body.good.to_string().as_bytes()).unwrap();
        assert_eq!(found.transaction_request_id.to_string(), "b51ec534-ee48-4575-b6a9-ead2955b8069");
        check_bodies(
            &body,
            &["transactionRequestId", "payee", "payer", "amount", "transactionType"],
            &[
                ("/transactionRequestId", json!("1"), "3100 /transactionRequestId must match pattern"),
                ("/payee/partyIdInfo/partyIdType", json!("SHOE"), "3100 /payee/partyIdInfo/partyIdType must be equal"),
                ("/payer/partyIdentifier", json!(""), "3100 /payer/partyIdentifier must NOT have fewer"),
                ("/payer", json!("x"), "3101 /payer must be object"),
                ("/amount/amount", json!("1e9"), "3100 /amount/amount must match pattern"),
                ("/amount/currency", json!("ZZZ"), "3100 /amount/currency must be equal"),
                ("/transactionType/scenario", json!("GIFT"), "3100 /transactionType/scenario must be equal"),
                ("/transactionType/subScenario", json!("a b"), "3100 /transactionType/subScenario must match pattern"),
                ("/transactionType/balanceOfPayments", json!("12"), "3100 /transactionType/balanceOfPayments must"),
                ("/transactionType/refundInfo", json!({}), "3102 /transactionType/refundInfo must have required"),
                ("/note", json!("x".repeat(129)), "3100 /note must NOT have more than 128"),
                ("/geoCode/latitude", json!("91"), "3100 /geoCode/latitude must match pattern"),
                ("/authenticationType", json!("PIN"), "3100 /authenticationType must be equal"),
                ("/authenticationType", json!("U2F"), "ok"),
                ("/expiration", json!("tomorrow"), "3100 /expiration must match pattern"),
                ("/extensionList/extension", json!([]), "3100 /extensionList/extension must NOT have fewer"),
                ("/unknown", json!(1), "ok"),
            ],
        );
    }

    #[test]
    fn answers() {
        let good = json!({
            "transactionId": "b51ec534-ee48-4575-b6a9-ead2955b8069",
            "transactionRequestState": "RECEIVED",
            "extensionList": {"extension": [{"key": "k", "value": "v"}]},
        });
        let found = TransactionRequestAnswer::read(good.to_string().as_bytes()).unwrap();
        assert!(found.transaction_id.is_some());
        check_bodies(
            &Body { good, read: |bytes| TransactionRequestAnswer::read(bytes).map(drop) },
            &["transactionRequestState"],
            &[
                ("/transactionRequestState", json!("COMPLETED"), "3100 /transactionRequestState must be equal"),
                ("/transactionRequestState", json!(null), "3101 /transactionRequestState must be string"),
                ("/transactionRequestState", json!("ACCEPTED"), "ok"),
                ("/transactionId", json!("no"), "3100 /transactionId must match pattern"),
            ],
        );
    }
}
