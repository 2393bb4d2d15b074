//! `/transactions/{id}`: what a transfer was about, as its ILP packet has it.

use std::sync::Arc;

use axum::extract::State;
use fspiop::{Amount, Currency, ErrorCode, FspiopError, IlpPacket, PartyIdType, QuoteId, TransactionId, TransferId};
use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    answer::{Answer, json, unreadable},
    request::{Path, invalid},
};
use crate::{
    Hub,
    openapi::words::{self, ExtensionList},
};

/// Records of the data model of FSPIOP 1.1, section 7.4: fields that must be there, a semicolon, fields that may be left out.
/// What else a record holds is not shown.
macro_rules! records {
    ($($(#[$doc:meta])* $name:ident {
        $($(#[$required_attribute:meta])* $required:ident: $required_type:ty),* ;
        $($(#[$attribute:meta])* $field:ident: $type:ty),* $(,)?
    })+) => {$(
        $(#[$doc])*
        #[derive(Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub(super) struct $name {
            $($(#[$required_attribute])* $required: $required_type,)*
            $($(#[$attribute])* #[serde(default, skip_serializing_if = "Option::is_none")] $field: Option<$type>,)*
        }
    )+};
}

records! {
    /// What the payer's and the payee's FSP have agreed on.
    Transaction {
        ;
        #[schemars(with = "Option<words::TransferIdentifier>")]
        quote_id: QuoteId,
        #[schemars(with = "Option<words::TransferIdentifier>")]
        transaction_id: TransactionId,
        transaction_request_id: String,
        payee: Party,
        payer: Party,
        amount: MoneyView,
        transaction_type: TransactionType,
        note: String,
        extension_list: ExtensionList,
    }
    /// A party.
    Party {
        party_id_info: PartyIdInfo;
        merchant_classification_code: String,
        name: String,
        personal_info: PersonalInfo,
    }
    /// How a party is known.
    PartyIdInfo {
        #[schemars(with = "words::PartyKind")]
        party_id_type: PartyIdType,
        party_identifier: String;
        party_sub_id_or_type: String,
        fsp_id: String,
        extension_list: ExtensionList,
    }
    /// Who a party is.
    PersonalInfo { ; complex_name: ComplexName, date_of_birth: String }
    /// A party's name.
    ComplexName { ; first_name: String, middle_name: String, last_name: String }
    /// What kind of transaction it is.
    TransactionType {
        scenario: String,
        initiator: String,
        initiator_type: String;
        sub_scenario: String,
        refund_info: Refund,
        balance_of_payments: String,
    }
    /// What is given back.
    Refund { original_transaction_id: String; refund_reason: String }
    /// How much.
    MoneyView {
        #[schemars(with = "words::CurrencyCode")]
        currency: Currency,
        #[schemars(with = "String")]
        amount: Amount;
    }
}

/// `GET /transactions/{id}`
pub(super) async fn read(State(hub): State<Arc<Hub>>, Path(id): Path<String>) -> Answer {
    let wrong = |_| invalid("/path/id", "must be a lowercase UUID or an uppercase ULID");
    let id = TransferId::parse(&id).map_err(wrong)?;
    let packet = hub.store.ilp_packet(id).await.map_err(|error| unreadable("an ILP packet", &error))?;
    let unknown = || FspiopError::new(ErrorCode::TransferIdNotFound, "no transfer with this id was reserved");
    json(StatusCode::OK, &transaction(&packet.ok_or_else(unknown)?)?)
}

/// What an FSP has put into its packet is its own; a packet that holds no transaction is no fault of the hub.
fn transaction(packet: &str) -> Result<Transaction, FspiopError> {
    let unreadable = |why: String| FspiopError::new(ErrorCode::TransactionIdNotFound, why);
    let packet = IlpPacket::parse(packet).map_err(|error| unreadable(error.to_string()))?;
    let text = packet.transaction().ok_or_else(|| unreadable("the ILP packet's data is not base64url".to_owned()))?;
    let read = |text: &[u8]| serde_json::from_value(Value::Object(serde_json::from_slice(text)?));
    read(&text).map_err(|_: serde_json::Error| unreadable("the ILP packet holds no transaction".to_owned()))
}
