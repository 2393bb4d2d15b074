//! `POST /participants/{name}/accounts/{id}`: money that a participant pays in.

use std::sync::Arc;

use axum::extract::State;
use fspiop::{Currency, ErrorCode, FspiopError, TransferId};
use http::StatusCode;
use ledger::FundsRequest;
use serde::Deserialize;
use switch::{Administration, content_hash};

use super::{
    answer::{Answer, administer, empty},
    request::{JsonAmount, JsonBody, Path, account_id, invalid, name},
};
use crate::Hub;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FundsBody {
    transfer_id: TransferId,
    external_reference: String,
    action: String,
    reason: String,
    amount: MoneyBody,
}

#[derive(Deserialize)]
struct MoneyBody {
    amount: JsonAmount,
    currency: Option<Currency>,
}

/// Records that a participant has paid in. The same request again changes nothing.
pub(super) async fn record(
    State(hub): State<Arc<Hub>>,
    Path((wanted, id)): Path<(String, String)>,
    JsonBody(body): JsonBody<FundsBody>,
) -> Answer {
    match body.action.as_str() {
        "recordFundsIn" => {}
        "recordFundsOutPrepareReserve" => {
            return Err(FspiopError::new(ErrorCode::NotImplemented, "recordFundsOutPrepareReserve").into());
        }
        other => return Err(invalid("/requestBody/action", format!("must be recordFundsIn; found {other}"))),
    }
    let (participant, account) = (name(&wanted)?, account_id(&id)?);
    let MoneyBody { amount, currency } = body.amount;
    // The fields that make the movement what it is; text for people may be written differently in a resend.
    let content = format!("{participant}|{}|{}|{:?}|{}", account.0, amount.0, currency, body.external_reference);
    let hash = content_hash(content.as_bytes());
    let funds = FundsRequest { id: body.transfer_id, participant, account, amount: amount.0, currency, hash };
    tracing::info!(participant = %funds.participant, account = funds.account.0, amount = %funds.amount, reason = body.reason, "funds in");
    administer(&hub, Administration::RecordFundsIn(funds)).await?;
    empty(StatusCode::ACCEPTED)
}
