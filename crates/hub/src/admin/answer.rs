//! How operators are answered.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use fspiop::{ErrorCode, FspiopError};
use http::StatusCode;
use ledger::LedgerError;
use serde::Serialize;
use switch::{Administration, AdministrationError, Command, Outcome};

use crate::{Hub, edge::Refusal};

/// A refusal of an operator's request, with the HTTP status that upstream's clients expect.
pub(super) struct AdminError {
    status: StatusCode,
    error: FspiopError,
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
            AdministrationError::Ledger(LedgerError::LimitsAlreadySet) => (500, ErrorCode::InternalServerError),
            AdministrationError::Ledger(LedgerError::ParticipantNotFound | LedgerError::AccountNotFound) => {
                (404, ErrorCode::IdNotFound)
            }
            AdministrationError::Ledger(LedgerError::SettlementModelNotFound) => (404, ErrorCode::IdNotFound),
            AdministrationError::Ledger(LedgerError::ModifiedRequest) => (400, ErrorCode::ModifiedRequest),
            AdministrationError::Ledger(_) => (400, ErrorCode::ClientError),
            AdministrationError::OracleExists(_) => (400, ErrorCode::InternalServerError),
            AdministrationError::OracleNotFound | AdministrationError::JwsKeyNotFound => (404, ErrorCode::IdNotFound),
            AdministrationError::JwsKeyExists => (400, ErrorCode::ClientError),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        AdminError { status, error: FspiopError::new(code, error.to_string()) }
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
