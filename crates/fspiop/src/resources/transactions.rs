//! `/transactions`: [`TransactionAnswer`].

use crate::error::FspiopError;
use crate::json::read;
use crate::patterns::{CODE, DATE_TIME, TRANSACTION_STATE};
use crate::schema::{Shape, object, optional, required};
use crate::shapes::EXTENSION_LIST;

/// The body of `PUT /transactions/{ID}` (TransactionsIDPutResponse): what became of a transaction. Nothing of it concerns a hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransactionAnswer;

pub(crate) static ANSWER: Shape = object(&[
    optional("completedTimestamp", &DATE_TIME),
    required("transactionState", &TRANSACTION_STATE),
    optional("code", &CODE),
    optional("extensionList", &EXTENSION_LIST),
]);

impl TransactionAnswer {
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

    #[test]
    fn answers() {
        let good = json!({
            "completedTimestamp": "2026-11-22T14:00:00.000Z",
            "transactionState": "COMPLETED",
            "code": "Test1",
            "extensionList": {"extension": [{"key": "k", "value": "v"}]},
        });
        check_bodies(
            &Body { good, read: |bytes| TransactionAnswer::read(bytes).map(drop) },
            &["transactionState"],
            &[
                ("/transactionState", json!("ACCEPTED"), "3100 /transactionState must be equal"),
                ("/transactionState", json!("PENDING"), "ok"),
                ("/completedTimestamp", json!("2026-11-22"), "3100 /completedTimestamp must match pattern"),
                ("/code", json!("abc"), "3100 /code must match pattern"),
                ("/code", json!("Test-Code"), "3100 /code must match pattern"),
            ],
        );
    }
}
