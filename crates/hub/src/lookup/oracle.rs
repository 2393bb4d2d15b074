//! Oracles: external directories, asked over HTTP.
//!
//! Upstream's account-lookup-service calls an oracle at `{endpoint}/participants/{Type}/{ID}[/{SubId}]` with the method of
//! the FSP's own request, and at `{endpoint}/participants` for bulks, one call for each type of identifier.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use fspiop::{
    Currency, ErrorCode, FspId, FspiopError, Identifier, PartyId,
    write::{self, ParticipantBody, PartyIdInfo},
};
use http::{Method, Request, StatusCode, header};
use http_body_util::Full;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use switch::{Oracle, OracleId};
use tokio::{
    sync::{Semaphore, SemaphorePermit, TryAcquireError},
    time::Instant,
};

use super::breaker::Breaker;
use crate::{CallbackPolicy, delivery::CallbackClient, metrics::Metrics};

/// How long an oracle may take, a second attempt included; the asking FSP waits meanwhile.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Attempts of a question; the second one helps when a connection that was kept open is not there any more.
const ATTEMPTS: usize = 2;
/// Questions under way to one oracle at the same time. A tenth of those that the hub answers at a time, so that one oracle
/// that hangs leaves room for the others; one that answers in 50 ms gets 4,000 questions a second.
const AT_A_TIME: usize = 200;
/// Parties of a bulk registration that an oracle is sent at once, so that its answer fits into what is read of it.
pub(super) const BULK_PARTIES: usize = 1_000;

/// Asks oracles, and leaves those alone that fail.
#[derive(Clone)]
pub(crate) struct Oracles(Arc<Shared>);

struct Shared {
    client: CallbackClient,
    policy: CallbackPolicy,
    metrics: Arc<Metrics>,
    gates: Mutex<BTreeMap<OracleId, Arc<Gate>>>,
}

/// What stands before one oracle.
struct Gate {
    /// For which address; an oracle that moves begins anew.
    endpoint: Box<str>,
    breaker: Mutex<Breaker>,
    room: Semaphore,
}

/// What an oracle says of a party.
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
    party_sub_id_or_type: Option<String>,
}

/// A bulk registration, as an oracle gets it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bulk<'a> {
    request_id: Identifier,
    party_list: Vec<PartyIdInfo<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
}

/// What an oracle says of a bulk registration.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BulkAnswer {
    #[serde(default)]
    party_list: Vec<BulkResult>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BulkResult {
    party_id: NamedParty,
    error_information: Option<BulkError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NamedParty {
    party_id_type: String,
    party_identifier: String,
    party_sub_id_or_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BulkError {
    error_code: String,
}

impl Oracles {
    /// Nobody was asked yet.
    pub(crate) fn new(client: CallbackClient, policy: CallbackPolicy, metrics: Arc<Metrics>) -> Oracles {
        Oracles(Arc::new(Shared { client, policy, metrics, gates: Mutex::default() }))
    }

    /// Asks which FSPs serve a party; none is an answer, too.
    ///
    /// An oracle may name parties with sub-identifiers when asked for one without; those are others.
    pub(super) async fn ask(
        &self,
        oracle: &Oracle,
        party: &PartyId,
        currency: Option<Currency>,
    ) -> Result<Vec<FspId>, FspiopError> {
        let url = party_url(oracle, party, currency);
        let asked = self.call(oracle, &Method::GET, &url, Bytes::new(), ATTEMPTS).await;
        let (status, body) = asked.map_err(|reason| unreachable(oracle, &reason))?;
        match status {
            status if status.is_success() => {
                let answer: Answer = read(&body).map_err(|reason| unreachable(oracle, &reason))?;
                let about_it = |served: &&Served| match (&party.sub_id, &served.party_sub_id_or_type) {
                    (None, sub_id) => sub_id.as_deref().unwrap_or_default().is_empty(),
                    (Some(wanted), Some(sub_id)) => **wanted == *sub_id,
                    (Some(_), None) => true,
                };
                let fsps = answer.party_list.iter().filter(about_it);
                Ok(fsps.filter_map(|served| FspId::parse(&served.fsp_id).ok()).collect())
            }
            StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => Ok(Vec::new()),
            status => Err(unreachable(oracle, &format!("answered {status}"))),
        }
    }

    /// Enters a party, by POST or PUT as the FSP has it.
    pub(super) async fn register(
        &self,
        oracle: &Oracle,
        method: Method,
        party: &PartyId,
        fsp: &FspId,
        currency: Option<Currency>,
    ) -> Result<(), FspiopError> {
        let body = write::to_body(&ParticipantBody { fsp_id: fsp, currency });
        self.change(oracle, &method, &party_url(oracle, party, None), body, ErrorCode::AddPartyInformationError)
            .await?;
        Ok(())
    }

    /// Takes a party out.
    pub(super) async fn remove(
        &self,
        oracle: &Oracle,
        party: &PartyId,
        currency: Option<Currency>,
    ) -> Result<(), FspiopError> {
        let url = party_url(oracle, party, currency);
        self.change(oracle, &Method::DELETE, &url, Vec::new(), ErrorCode::DeletePartyInformationError).await?;
        Ok(())
    }

    /// Enters up to [`BULK_PARTIES`] parties; what became of each, in order.
    pub(super) async fn register_many(
        &self,
        oracle: &Oracle,
        request_id: Identifier,
        parties: &[PartyId],
        fsp: &FspId,
        currency: Option<Currency>,
    ) -> Result<Vec<Result<(), FspiopError>>, FspiopError> {
        let party_list = parties.iter().map(|party| PartyIdInfo::new(party, Some(fsp))).collect();
        let body = write::to_body(&Bulk { request_id, party_list, currency });
        let url = format!("{}/participants", oracle.endpoint.trim_end_matches('/'));
        let error = ErrorCode::AddPartyInformationError;
        let answer = self.change(oracle, &Method::POST, &url, body, error).await?;
        let answer: BulkAnswer = read(&answer).map_err(|reason| refused(oracle, &reason, error))?;
        let said = |result: BulkResult| Some((result.party_id.read()?, result.error_information));
        let said: std::collections::HashMap<_, _> = answer.party_list.into_iter().filter_map(said).collect();
        let fate = |party: &PartyId| match said.get(party) {
            Some(None) => Ok(()),
            Some(Some(why)) => Err(FspiopError::plain(ErrorCode::parse(&why.error_code).unwrap_or(error))),
            None => Err(FspiopError::plain(error)),
        };
        Ok(parties.iter().map(fate).collect())
    }

    /// A request that changes what the oracle holds; never sent twice.
    async fn change(
        &self,
        oracle: &Oracle,
        method: &Method,
        url: &str,
        body: Vec<u8>,
        error: ErrorCode,
    ) -> Result<Bytes, FspiopError> {
        let called = self.call(oracle, method, url, body.into(), 1).await;
        let (status, answer) = called.map_err(|reason| refused(oracle, &reason, error))?;
        if status.is_success() { Ok(answer) } else { Err(refused(oracle, &format!("answered {status}"), error)) }
    }

    /// One exchange with an oracle, within all bounds.
    async fn call(
        &self,
        oracle: &Oracle,
        method: &Method,
        url: &str,
        body: Bytes,
        attempts: usize,
    ) -> Result<(StatusCode, Bytes), String> {
        // What was allowed when the oracle was registered may not be any more.
        self.0.policy.check(&oracle.endpoint)?;
        let gate = self.gate(oracle);
        let _room = self.enter(&gate)?;
        let deadline = Instant::now() + TIMEOUT;
        let mut ended = Err(String::new());
        for _ in 0..attempts {
            let request = request(method, url, body.clone())?;
            let left = deadline.saturating_duration_since(Instant::now());
            ended = self.0.client.ask(request, left).await;
            let worth_another = match &ended {
                Ok((status, _)) => status.is_server_error(),
                Err(_) => Instant::now() < deadline,
            };
            if !worth_another {
                break;
            }
        }
        self.note(&gate, &ended);
        ended
    }

    /// Room at the oracle, if there is some and it may be asked.
    fn enter<'a>(&self, gate: &'a Gate) -> Result<SemaphorePermit<'a>, String> {
        let refused = |result, reason: &str| {
            self.0.metrics.oracle(result);
            reason.to_owned()
        };
        let room = gate.room.try_acquire().map_err(|error: TryAcquireError| {
            refused("busy", &format!("{AT_A_TIME} questions are waiting for it already ({error})"))
        })?;
        if !gate.breaker().admits(Instant::now()) {
            return Err(refused("left_alone", "it failed again and again, and is left alone for a while"));
        }
        Ok(room)
    }

    fn note(&self, gate: &Gate, ended: &Result<(StatusCode, Bytes), String>) {
        let succeeded = matches!(ended, Ok((status, _)) if !status.is_server_error());
        let mut breaker = gate.breaker();
        if succeeded {
            breaker.succeeded();
        } else {
            breaker.failed(Instant::now());
        }
        drop(breaker);
        self.0.metrics.oracle(if succeeded { "answered" } else { "failed" });
        let open = self.gates().values().filter(|gate| gate.breaker().is_open()).count();
        self.0.metrics.oracles_left_alone(open);
    }

    fn gate(&self, oracle: &Oracle) -> Arc<Gate> {
        let mut gates = self.gates();
        if let Some(gate) = gates.get(&oracle.id).filter(|gate| gate.endpoint == oracle.endpoint) {
            return gate.clone();
        }
        let endpoint = oracle.endpoint.clone();
        let gate = Arc::new(Gate { endpoint, breaker: Mutex::default(), room: Semaphore::new(AT_A_TIME) });
        gates.insert(oracle.id, gate.clone());
        gate
    }

    fn gates(&self) -> MutexGuard<'_, BTreeMap<OracleId, Arc<Gate>>> {
        self.0.gates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gate {
    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NamedParty {
    fn read(&self) -> Option<PartyId> {
        let sub_id = self.party_sub_id_or_type.as_deref().filter(|sub_id| !sub_id.is_empty());
        PartyId::new(self.party_id_type.parse().ok()?, &self.party_identifier, sub_id).ok()
    }
}

fn party_url(oracle: &Oracle, party: &PartyId, currency: Option<Currency>) -> String {
    let query = currency.map(|currency| format!("?currency={currency}")).unwrap_or_default();
    format!("{}/participants/{}{query}", oracle.endpoint.trim_end_matches('/'), party.uri_path())
}

fn request(method: &Method, url: &str, body: Bytes) -> Result<Request<Full<Bytes>>, String> {
    Request::builder()
        .method(method)
        .uri(url)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json")
        .body(Full::new(body))
        .map_err(|error| error.to_string())
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

/// The asker learns that the directory failed, not that there is no such party.
fn unreachable(oracle: &Oracle, reason: &str) -> FspiopError {
    tracing::warn!(oracle = oracle.id.0, kind = %oracle.party_id_type, reason, "an oracle did not answer");
    let detail = format!("the oracle for {} did not answer", oracle.party_id_type);
    FspiopError::new(ErrorCode::DestinationCommunicationError, detail)
}

fn refused(oracle: &Oracle, reason: &str, error: ErrorCode) -> FspiopError {
    tracing::warn!(oracle = oracle.id.0, reason, "an oracle did not take a change");
    FspiopError::plain(error)
}
