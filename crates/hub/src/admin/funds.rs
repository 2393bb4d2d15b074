//! `/participants/{name}/accounts/{id}` and `…/transfers/{transferId}`: money that a participant pays in, or is paid out.

use std::sync::Arc;

use axum::extract::State;
use fspiop::{Currency, TransferId};
use http::StatusCode;
use ledger::{FundsRequest, FundsStatus};
use schemars::JsonSchema;
use serde::Deserialize;
use switch::{Administration, FundsOutEnd, content_hash};

use super::{
    answer::{Answer, administer, empty},
    request::{JsonAmount, JsonBody, Path, account_id, invalid, name, one_of},
};
use crate::{
    Hub,
    openapi::words::{self, ExtensionList},
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct FundsBody {
    #[schemars(with = "words::TransferIdentifier")]
    transfer_id: TransferId,
    external_reference: String,
    #[schemars(with = "FundsAction")]
    action: String,
    reason: String,
    amount: MoneyBody,
    #[expect(dead_code, reason = "taken and checked, as upstream does; the ledger has no use for it")]
    extension_list: Option<ExtensionList>,
}

#[derive(Deserialize, JsonSchema)]
struct MoneyBody {
    #[schemars(with = "words::NumberOrText")]
    amount: JsonAmount,
    #[schemars(with = "Option<words::CurrencyCode>")]
    currency: Option<Currency>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct EndBody {
    #[schemars(with = "EndAction")]
    action: String,
    reason: String,
}

/// What a movement of funds begins with.
#[derive(Clone, Copy, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum FundsAction {
    RecordFundsIn,
    RecordFundsOutPrepareReserve,
}

/// How a payment out ends.
#[derive(Clone, Copy, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum EndAction {
    RecordFundsOutCommit,
    RecordFundsOutAbort,
}

impl FundsAction {
    const ALL: [(&'static str, FundsAction); 2] = [
        ("recordFundsIn", FundsAction::RecordFundsIn),
        ("recordFundsOutPrepareReserve", FundsAction::RecordFundsOutPrepareReserve),
    ];
}

impl EndAction {
    const ALL: [(&'static str, EndAction); 2] = [
        ("recordFundsOutCommit", EndAction::RecordFundsOutCommit),
        ("recordFundsOutAbort", EndAction::RecordFundsOutAbort),
    ];
}

/// Records that a participant has paid in, or prepares a payment out to it. The same request again changes nothing.
pub(super) async fn record(
    State(hub): State<Arc<Hub>>,
    Path((wanted, id)): Path<(String, String)>,
    JsonBody(body): JsonBody<FundsBody>,
) -> Answer {
    let action = one_of("action", &body.action, &FundsAction::ALL)?;
    let (participant, account) = (name(&wanted)?, account_id(&id)?);
    let MoneyBody { amount, currency } = body.amount;
    // The fields that make the movement what it is; text for people may be written differently in a resend.
    let content = format!("{participant}|{}|{}|{:?}|{}", account.0, amount.0, currency, body.external_reference);
    let hash = content_hash(content.as_bytes());
    let funds = FundsRequest { id: body.transfer_id, participant, account, amount: amount.0, currency, hash };
    tracing::info!(participant = %funds.participant, account = funds.account.0, amount = %funds.amount, action = body.action, reason = body.reason, "funds");
    let administration = match action {
        FundsAction::RecordFundsIn => Administration::RecordFundsIn(funds),
        FundsAction::RecordFundsOutPrepareReserve => Administration::ReserveFundsOut(funds),
    };
    administer(&hub, administration).await?;
    empty(StatusCode::ACCEPTED)
}

/// Ends a payment out: it was made, or it was called off. The same end again changes nothing.
pub(super) async fn end(
    State(hub): State<Arc<Hub>>,
    Path((wanted, id, transfer_id)): Path<(String, String, String)>,
    JsonBody(body): JsonBody<EndBody>,
) -> Answer {
    let end = match one_of("action", &body.action, &EndAction::ALL)? {
        EndAction::RecordFundsOutCommit => FundsStatus::Committed,
        EndAction::RecordFundsOutAbort => FundsStatus::Aborted,
    };
    let wrong = |_| invalid("/path/transferId", "must be a lowercase UUID or an uppercase ULID");
    let id_of_funds = TransferId::parse(&transfer_id).map_err(wrong)?;
    let ended = FundsOutEnd { participant: name(&wanted)?, account: account_id(&id)?, id: id_of_funds, end };
    tracing::info!(participant = %ended.participant, id = %ended.id, action = body.action, reason = body.reason, "funds");
    administer(&hub, Administration::EndFundsOut(ended)).await?;
    empty(StatusCode::ACCEPTED)
}
