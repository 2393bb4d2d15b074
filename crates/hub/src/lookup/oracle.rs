//! Oracles: external directories, asked over HTTP.

use std::time::Duration;

use bytes::Bytes;
use fspiop::{
    Currency, ErrorCode, FspId, FspiopError, PartyId,
    write::{self, ParticipantBody},
};
use http::{Method, Request, StatusCode, header};
use http_body_util::Full;
use serde::Deserialize;
use switch::Oracle;

use crate::delivery::CallbackClient;

/// How long an oracle may take; the asking FSP waits meanwhile.
const TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    party_list: Vec<Served>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Served {
    fsp_id: String,
}

/// Asks which FSPs serve a party; none is an answer, too.
pub(super) async fn ask(
    client: &CallbackClient,
    oracle: &Oracle,
    party: &PartyId,
    currency: Option<Currency>,
) -> Result<Vec<FspId>, FspiopError> {
    let query = currency.map(|currency| format!("?currency={currency}")).unwrap_or_default();
    let request = request(Method::GET, oracle, party, &query, Bytes::new())?;
    let (status, body) = client.ask(request, TIMEOUT).await.map_err(|reason| unreachable(oracle, &reason))?;
    match status {
        status if status.is_success() => {
            let answer: Answer =
                serde_json::from_slice(&body).map_err(|error| unreachable(oracle, &error.to_string()))?;
            Ok(answer.party_list.iter().filter_map(|served| FspId::parse(&served.fsp_id).ok()).collect())
        }
        StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => Ok(Vec::new()),
        status => Err(unreachable(oracle, &format!("answered {status}"))),
    }
}

/// Enters a party.
pub(super) async fn register(
    client: &CallbackClient,
    oracle: &Oracle,
    party: &PartyId,
    fsp: &FspId,
    currency: Option<Currency>,
) -> Result<(), FspiopError> {
    let body = write::to_body(&ParticipantBody { fsp_id: fsp, currency });
    let request = request(Method::POST, oracle, party, "", body.into())?;
    let refused = |reason: &str| {
        tracing::warn!(oracle = oracle.id.0, reason, "an oracle did not take a party");
        FspiopError::plain(ErrorCode::AddPartyInformationError)
    };
    let (status, _) = client.ask(request, TIMEOUT).await.map_err(|reason| refused(&reason))?;
    if status.is_success() { Ok(()) } else { Err(refused(&format!("answered {status}"))) }
}

fn request(
    method: Method,
    oracle: &Oracle,
    party: &PartyId,
    query: &str,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, FspiopError> {
    let base = oracle.endpoint.trim_end_matches('/');
    Request::builder()
        .method(method)
        .uri(format!("{base}/participants/{}{query}", party.uri_path()))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json")
        .body(Full::new(body))
        .map_err(|error| unreachable(oracle, &error.to_string()))
}

/// The asker learns that the directory failed, not that there is no such party.
fn unreachable(oracle: &Oracle, reason: &str) -> FspiopError {
    tracing::warn!(oracle = oracle.id.0, kind = %oracle.party_id_type, reason, "an oracle did not answer");
    let detail = format!("the oracle for {} did not answer", oracle.party_id_type);
    FspiopError::new(ErrorCode::DestinationCommunicationError, detail)
}
