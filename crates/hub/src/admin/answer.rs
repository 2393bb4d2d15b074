//! How operators are answered.

use std::sync::Arc;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use fspiop::{ErrorCode, FspiopError};
use http::StatusCode;
use ledger::LedgerError;
use serde::Serialize;
use store::StoreError;
use switch::{Administration, AdministrationError, Command, Configuration, Outcome};

use crate::{Hub, edge::Refusal};

/// A refusal of an operator's request, with the HTTP status that upstream's clients expect.
pub(super) struct AdminError {
    status: StatusCode,
    error: FspiopError,
}

impl AdminError {
    /// Whether what the request names is not there.
    pub(super) fn is_not_found(&self) -> bool {
        self.error.code == ErrorCode::IdNotFound
    }
}

/// What the handlers return.
pub(super) type Answer = Result<Response, AdminError>;

impl From<FspiopError> for AdminError {
    fn from(error: FspiopError) -> AdminError {
        let status = StatusCode::from_u16(error.code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        AdminError { status, error }
    }
}

impl From<AdministrationError> for AdminError {
    /// Upstream answers a limit that is set already with 500, and a second oracle with error 2001; its provisioning scripts
    /// look for exactly that.
    fn from(error: AdministrationError) -> AdminError {
        let (status, code) = match &error {
            AdministrationError::Ledger(error) => of_ledger(error),
            AdministrationError::OracleExists(_) => (400, ErrorCode::InternalServerError),
            AdministrationError::OracleNotFound | AdministrationError::JwsKeyNotFound => (400, ErrorCode::IdNotFound),
            AdministrationError::JwsKeyExists | AdministrationError::JwsKeyRetired => (400, ErrorCode::ClientError),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        AdminError { status, error: FspiopError::new(code, error.to_string()) }
    }
}

/// Upstream answers 400 for what does not exist, too: 404 is for URIs that it does not have.
fn of_ledger(error: &LedgerError) -> (u16, ErrorCode) {
    match error {
        LedgerError::LimitsAlreadySet => (500, ErrorCode::InternalServerError),
        LedgerError::ParticipantNotFound | LedgerError::AccountNotFound | LedgerError::SettlementModelNotFound => {
            (400, ErrorCode::IdNotFound)
        }
        LedgerError::FundsNotFound => (400, ErrorCode::TransferIdNotFound),
        LedgerError::InsufficientFunds { .. } => (400, ErrorCode::PayerFspInsufficientLiquidity),
        LedgerError::ModifiedRequest => (400, ErrorCode::ModifiedRequest),
        _ => (400, ErrorCode::ClientError),
    }
}

impl IntoResponse for AdminError {
    fn into_response(self) -> Response {
        let mut response = Refusal::from(self.error).into_response();
        *response.status_mut() = self.status;
        response
    }
}

/// Nobody has this name.
pub(super) fn participant_not_found() -> AdminError {
    AdministrationError::Ledger(LedgerError::ParticipantNotFound).into()
}

/// The configuration as it is now, also when another node has just changed it.
pub(super) async fn configuration(hub: &Hub) -> Result<Arc<Configuration>, AdminError> {
    let configuration = hub.store.configuration().await.map_err(|error| unreadable("the configuration", &error))?;
    hub.current.set(configuration.clone());
    Ok(configuration)
}

/// The store does not answer, or holds what nobody can read: asking again helps only in the first case. What it said may
/// hold data of others: it is for the log.
pub(super) fn unreadable(what: &str, error: &StoreError) -> AdminError {
    tracing::error!(%error, "{what} can't be read");
    let code = match error {
        StoreError::Unavailable(_) | StoreError::Unknown(_) => ErrorCode::ServiceCurrentlyUnavailable,
        _ => ErrorCode::InternalServerError,
    };
    FspiopError::plain(code).into()
}

/// Decides an operator's request and makes it durable.
pub(super) async fn administer(hub: &Hub, administration: Administration) -> Result<(), AdminError> {
    match hub.committer.commit(Command::Administer(administration), 0).await? {
        Outcome::Administered(result) => Ok(result?),
        Outcome::Accepted => Ok(()),
    }
}

/// A JSON answer.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    Ok((status, Json(body)).into_response())
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Answer {
    Ok(status.into_response())
}
