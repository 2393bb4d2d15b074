//! The names that the admin API uses.

use std::collections::BTreeMap;

use axum::Json;
use fspiop::{ErrorCode, FspiopError};
use ledger::{AccountType, EntryKind, SettlementDelay, SettlementGranularity, SettlementInterchange, TransferStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use switch::EndpointType;

use super::{
    answer::Answer,
    request::{JsonBody, invalid},
};
use crate::openapi::words;

/// The names of a group, each under itself, as upstream has them.
pub(super) type Names = BTreeMap<&'static str, &'static str>;

/// A type of accounts that somebody wants to add.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "all fields must be there, but only the name is looked at")]
pub(super) struct NewAccountType {
    #[schemars(length(min = 2, max = 30), regex(pattern = r"^\w+$"))]
    name: String,
    description: String,
    is_active: bool,
    is_settleable: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LedgerAccountType {
    id: usize,
    #[schemars(with = "words::AccountKind")]
    name: &'static str,
    description: &'static str,
    is_active: bool,
    is_settleable: bool,
}

/// `GET /enums`: every name, in groups.
pub(super) async fn enums() -> Json<BTreeMap<&'static str, Names>> {
    let mut groups = BTreeMap::new();
    let mut add = |group, names: &mut dyn Iterator<Item = &'static str>| {
        groups.insert(group, names.map(|name| (name, name)).collect::<Names>());
    };
    add("endpointType", &mut EndpointType::ALL.iter().map(|endpoint| endpoint.as_str()));
    add("ledgerAccountType", &mut AccountType::ALL.iter().map(|kind| kind.as_str()));
    add("ledgerEntryType", &mut EntryKind::ALL.iter().map(|kind| kind.as_str()));
    add("participantLimitType", &mut ["NET_DEBIT_CAP"].into_iter());
    add("settlementDelay", &mut SettlementDelay::NAMES.iter().copied());
    add("settlementGranularity", &mut SettlementGranularity::NAMES.iter().copied());
    add("settlementInterchange", &mut SettlementInterchange::NAMES.iter().copied());
    add("transferState", &mut TransferStatus::ALL.iter().map(|status| status.as_str()));
    Json(groups)
}

/// `GET /ledgerAccountTypes`
pub(super) async fn ledger_account_types() -> Json<Vec<LedgerAccountType>> {
    let types = AccountType::ALL.iter().enumerate().map(|(index, kind)| LedgerAccountType {
        id: index + 1,
        name: kind.as_str(),
        description: description(*kind),
        is_active: true,
        is_settleable: matches!(kind, AccountType::Position | AccountType::InterchangeFee),
    });
    Json(types.collect())
}

/// `POST /ledgerAccountTypes`: refused, since each type has its rules in the ledger, and an account that nothing moves would
/// only look like one.
pub(super) async fn create_ledger_account_type(JsonBody(body): JsonBody<NewAccountType>) -> Answer {
    if AccountType::parse(&body.name).is_some() {
        return Err(FspiopError::new(ErrorCode::ClientError, "This Ledger Account Type already exists").into());
    }
    let known = AccountType::ALL.map(AccountType::as_str).join(", ");
    Err(invalid("/requestBody/name", format!("must be a type that the ledger has rules for: {known}")))
}

const fn description(kind: AccountType) -> &'static str {
    match kind {
        AccountType::Position => "What a participant owes the scheme in the open window, reservations included",
        AccountType::Settlement => "What a participant has paid in, with a minus sign",
        AccountType::InterchangeFee => "Fees between participants in the open window",
        AccountType::InterchangeFeeSettlement => "Where fees between participants are settled into",
        AccountType::HubMultilateralSettlement => "The hub's counter account of multilateral settlement",
        AccountType::HubReconciliation => "The hub's mirror of the settlement bank",
    }
}
