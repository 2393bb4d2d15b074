//! The names that the admin API uses.

use axum::Json;
use ledger::{AccountType, EntryKind, SettlementDelay, SettlementGranularity, SettlementInterchange, TransferStatus};
use serde::Serialize;
use serde_json::{Map, Value};
use switch::EndpointType;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LedgerAccountType {
    id: usize,
    name: &'static str,
    is_active: bool,
    is_settleable: bool,
}

/// `GET /enums`: every name, in groups.
pub(super) async fn enums() -> Json<Value> {
    let mut groups = Map::new();
    let mut add = |group: &str, names: &mut dyn Iterator<Item = &'static str>| {
        let names: Map<String, Value> = names.map(|name| (name.to_owned(), Value::from(name))).collect();
        groups.insert(group.to_owned(), Value::Object(names));
    };
    add("endpointType", &mut EndpointType::ALL.iter().map(|endpoint| endpoint.as_str()));
    add("ledgerAccountType", &mut AccountType::ALL.iter().map(|kind| kind.as_str()));
    add("ledgerEntryType", &mut EntryKind::ALL.iter().map(|kind| kind.as_str()));
    add("participantLimitType", &mut ["NET_DEBIT_CAP"].into_iter());
    add("settlementDelay", &mut SettlementDelay::NAMES.iter().copied());
    add("settlementGranularity", &mut SettlementGranularity::NAMES.iter().copied());
    add("settlementInterchange", &mut SettlementInterchange::NAMES.iter().copied());
    add("transferState", &mut TransferStatus::ALL.iter().map(|status| status.as_str()));
    Json(Value::Object(groups))
}

/// `GET /ledgerAccountTypes`
pub(super) async fn ledger_account_types() -> Json<Vec<LedgerAccountType>> {
    let types = AccountType::ALL.iter().enumerate().map(|(index, kind)| LedgerAccountType {
        id: index + 1,
        name: kind.as_str(),
        is_active: true,
        is_settleable: matches!(kind, AccountType::Position | AccountType::InterchangeFee),
    });
    Json(types.collect())
}
