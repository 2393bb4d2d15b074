//! The protocol's words in the documents: what the types of other crates, which know nothing of OpenAPI, look like.

use std::borrow::Cow;

use fspiop::PartyIdType;
use ledger::{AccountType, SettlementDelay, SettlementGranularity, SettlementInterchange};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Value, json};
use switch::EndpointType;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = $schema:expr;)+) => {$(
        $(#[$doc])*
        pub(crate) enum $name {}

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                Schema::try_from($schema).expect("the schemas of this file are objects")
            }
        }
    )+};
}

words! {
    /// A currency of ISO 4217.
    CurrencyCode = one_of(fspiop::Currency::all().map(|code| code.as_str().to_owned()));
    /// A type of accounts.
    AccountKind = one_of(AccountType::ALL.map(|kind| kind.as_str().to_owned()));
    /// A type of endpoints.
    EndpointKind = one_of(EndpointType::ALL.iter().map(|kind| kind.as_str().to_owned()));
    /// A type of identifiers of parties.
    PartyKind = one_of(PartyIdType::ALL.map(|kind| kind.as_str().to_owned()));
    /// Whether it is settled one by one or in sums.
    Granularity = one_of(SettlementGranularity::NAMES.iter().map(|name| (*name).to_owned()));
    /// Between whom it is settled.
    Interchange = one_of(SettlementInterchange::NAMES.iter().map(|name| (*name).to_owned()));
    /// When it is settled.
    Delay = one_of(SettlementDelay::NAMES.iter().map(|name| (*name).to_owned()));
    /// The name of a participant that is there.
    ParticipantName = json!({"type": "string", "minLength": 1, "maxLength": 32});
    /// The name of a new participant or settlement model.
    NewName = json!({"type": "string", "minLength": 2, "maxLength": 30});
    /// The number of an account.
    AccountNumber = json!({"type": "integer", "format": "int64", "minimum": 1});
    /// The id of a transfer or of a movement of funds.
    TransferIdentifier = json!({
        "type": "string",
        "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[1-7][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$|^[0-9A-HJKMNP-TV-Z]{26}$",
    });
    /// The kind of limit that the scheme has.
    LimitKind = json!({"type": "string", "enum": ["NET_DEBIT_CAP"]});
    /// A share in percent; fractions are cut off.
    Percentage = json!({"type": "number", "minimum": 0, "maximum": 100});
    /// A moment as HTTP has it.
    HttpDate = json!({"type": "string", "minLength": 29, "maxLength": 29});
    /// A moment in UTC.
    Moment = json!({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"});
    /// An exact amount that is written as a number.
    Number = json!({"type": "number"});
    /// An exact amount that may be written as a number or as text, with at most 4 decimals.
    NumberOrText = json!({"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?\d{1,24}(\.\d{1,4})?$"}]});
    /// 1 for active, 0 for not.
    Flag = json!({"type": "integer", "enum": [0, 1]});
}

fn one_of(names: impl IntoIterator<Item = String>) -> Value {
    json!({"type": "string", "enum": names.into_iter().collect::<Vec<_>>()})
}

/// An error as every refusal has it (FSPIOP 1.1, section 7.5).
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
#[allow(dead_code, reason = "errors are written by fspiop; here is what they look like")]
pub(crate) struct ErrorBody {
    error_information: ErrorInformation,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
#[allow(dead_code, reason = "see ErrorBody")]
struct ErrorInformation {
    /// Four digits.
    #[schemars(regex(pattern = r"^[1-9]\d{3}$"))]
    error_code: String,
    #[schemars(length(min = 1, max = 128))]
    error_description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    extension_list: Option<ExtensionList>,
}

/// More to say, as keys and values.
#[derive(Serialize, serde::Deserialize, JsonSchema)]
pub(crate) struct ExtensionList {
    #[schemars(length(min = 1, max = 16))]
    extension: Vec<Extension>,
}

#[derive(Serialize, serde::Deserialize, JsonSchema)]
struct Extension {
    key: String,
    value: String,
}
