//! The bodies of messages as JSON Schema, for API documents: made from the tables that check them.

use serde_json::{Map, Value, json};

use crate::currency::Currency;
use crate::party::PartyIdType;
use crate::resources::{
    authorizations, error_callback, participants, parties, quotes, transaction_requests, transactions, transfers,
};
use crate::schema::{Field, Rule, Shape, Text};

/// The bodies that FSPs send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the name of a data type of FSPIOP 1.1, section 7, or of its reader")]
pub enum Body {
    Error,
    ParticipantRegistration,
    ParticipantAnswer,
    BulkRegistration,
    BulkRegistrationAnswer,
    PartyAnswer,
    QuoteRequest,
    QuoteAnswer,
    TransferPrepare,
    TransferFulfil,
    TransferPatch,
    TransactionRequest,
    TransactionRequestAnswer,
    AuthorizationRequest,
    AuthorizationAnswer,
    TransactionAnswer,
}

impl Body {
    /// All bodies.
    pub const ALL: &'static [Self] = &[
        Self::Error,
        Self::ParticipantRegistration,
        Self::ParticipantAnswer,
        Self::BulkRegistration,
        Self::BulkRegistrationAnswer,
        Self::PartyAnswer,
        Self::QuoteRequest,
        Self::QuoteAnswer,
        Self::TransferPrepare,
        Self::TransferFulfil,
        Self::TransferPatch,
        Self::TransactionRequest,
        Self::TransactionRequestAnswer,
        Self::AuthorizationRequest,
        Self::AuthorizationAnswer,
        Self::TransactionAnswer,
    ];

    /// The body as JSON Schema (draft 2020-12), without references.
    pub fn json_schema(self) -> Value {
        schema_of(self.shape())
    }

    fn shape(self) -> &'static Shape {
        match self {
            Self::Error => &error_callback::SHAPE,
            Self::ParticipantRegistration => &participants::REGISTRATION,
            Self::ParticipantAnswer => &participants::ANSWER,
            Self::BulkRegistration => &participants::BULK,
            Self::BulkRegistrationAnswer => &participants::BULK_ANSWER,
            Self::PartyAnswer => &parties::ANSWER,
            Self::QuoteRequest => &quotes::REQUEST,
            Self::QuoteAnswer => &quotes::ANSWER,
            Self::TransferPrepare => &transfers::PREPARE,
            Self::TransferFulfil => &transfers::FULFIL,
            Self::TransferPatch => &transfers::PATCH,
            Self::TransactionRequest => &transaction_requests::REQUEST,
            Self::TransactionRequestAnswer => &transaction_requests::ANSWER,
            Self::AuthorizationRequest => &authorizations::REQUEST,
            Self::AuthorizationAnswer => &authorizations::ANSWER,
            Self::TransactionAnswer => &transactions::ANSWER,
        }
    }
}

fn schema_of(shape: &Shape) -> Value {
    match shape {
        Shape::Object(fields) => object(fields),
        Shape::Array { item, min, max } => {
            json!({"type": "array", "items": schema_of(item), "minItems": min, "maxItems": max})
        }
        Shape::Text(text) => text_schema(text),
        Shape::TextOrInteger(text) => json!({"anyOf": [text_schema(text), {"type": "integer"}]}),
        Shape::TextOrObject(text, fields) => json!({"anyOf": [text_schema(text), object(fields)]}),
        Shape::Any => json!({}),
    }
}

fn object(fields: &[Field]) -> Value {
    let properties: Map<String, Value> =
        fields.iter().map(|field| (field.name.to_owned(), schema_of(field.shape))).collect();
    let required: Vec<_> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    match required.as_slice() {
        [] => json!({"type": "object", "properties": properties}),
        required => json!({"type": "object", "properties": properties, "required": required}),
    }
}

fn text_schema(text: &Text) -> Value {
    let mut schema = Map::from_iter([("type".to_owned(), json!("string"))]);
    if text.min > 0 {
        schema.insert("minLength".to_owned(), json!(text.min));
    }
    if text.max < usize::MAX {
        schema.insert("maxLength".to_owned(), json!(text.max));
    }
    match text.rule {
        Rule::Free => {}
        Rule::Pattern { pattern, .. } => drop(schema.insert("pattern".to_owned(), json!(pattern))),
        Rule::Listed(matches) => drop(schema.insert("enum".to_owned(), json!(words_of(matches)))),
    }
    Value::Object(schema)
}

/// Every word of the enumerations of FSPIOP, currencies and types of identifiers apart.
const WORDS: [&str; 32] = [
    "SEND",
    "RECEIVE",
    "OTP",
    "QRCODE",
    "U2F",
    "ENTERED",
    "REJECTED",
    "RESEND",
    "PAYER",
    "PAYEE",
    "CONSUMER",
    "AGENT",
    "BUSINESS",
    "DEVICE",
    "DEPOSIT",
    "WITHDRAWAL",
    "TRANSFER",
    "PAYMENT",
    "REFUND",
    "RECEIVED",
    "RESERVED",
    "COMMITTED",
    "ABORTED",
    "PENDING",
    "ACCEPTED",
    "COMPLETED",
    "PROCESSING",
    "INFLOW",
    "OUTFLOW",
    "PERSON",
    "ACTIVE",
    "INACTIVE",
];

/// The words that a list holds: what decides is a function, so all words are put to it.
fn words_of(matches: fn(&str) -> bool) -> Vec<String> {
    let words = WORDS.into_iter().map(ToOwned::to_owned);
    let currencies = Currency::all().map(|code| code.as_str().to_owned());
    let kinds = PartyIdType::ALL.into_iter().map(|kind| kind.as_str().to_owned());
    let mut found = Vec::new();
    for word in words.chain(currencies).chain(kinds) {
        if matches(&word) && !found.contains(&word) {
            found.push(word);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every list in a schema, with its path.
    fn lists(schema: &Value, path: &str, found: &mut Vec<(String, usize)>) {
        if let Some(words) = schema["enum"].as_array() {
            found.push((path.to_owned(), words.len()));
        }
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            lists(inner, &format!("{path}/{name}"), found);
        }
        if schema["items"].is_object() {
            lists(&schema["items"], path, found);
        }
    }

    #[test]
    fn every_list_has_its_words() {
        let mut found = Vec::new();
        Body::ALL.iter().for_each(|body| lists(&body.json_schema(), &format!("{body:?}"), &mut found));
        assert!(found.iter().all(|(_, words)| *words > 1), "{found:?}");
        let of = |path: &str| found.iter().find(|(known, _)| known == path).map(|(_, words)| *words);
        assert_eq!(of("QuoteRequest/amountType"), Some(2));
        assert_eq!(of("TransferFulfil/transferState"), Some(4));
        assert_eq!(of("QuoteRequest/payer/partyIdInfo/partyIdType"), Some(PartyIdType::ALL.len()));
        assert_eq!(of("TransferPrepare/amount/currency"), Some(Currency::all().count()));
    }

    #[test]
    fn tables_become_schemas() {
        let schema = Body::TransferPrepare.json_schema();
        let required = ["transferId", "payeeFsp", "payerFsp", "amount", "ilpPacket", "condition", "expiration"];
        assert_eq!(schema["required"], json!(required));
        assert_eq!(schema["properties"]["payeeFsp"]["maxLength"], 32);
        assert_eq!(schema["properties"]["amount"]["required"], json!(["currency", "amount"]));
        let extensions = &schema["properties"]["extensionList"]["properties"]["extension"];
        assert_eq!((&extensions["minItems"], &extensions["maxItems"]), (&json!(1), &json!(16)));
        assert_eq!(Body::ParticipantAnswer.json_schema()["required"], Value::Null);
    }
}
