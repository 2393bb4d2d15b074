//! The control API's server: [`service`].

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use fspiop::{Currency, FspId};
use http::{HeaderValue, StatusCode, header};
use hyper_util::service::TowerToHyperService;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::control::MAX_REQUEST_BYTES;
use crate::profile::Party;
use crate::script::Script;
use crate::socket::{PayError, Running, Shared};
use crate::transfer::TransferRequest;

/// The control API of a simulator.
pub(crate) fn service(shared: Arc<Shared>) -> TowerToHyperService<Router> {
    let router = Router::new()
        .route("/live", get(live))
        .route("/health", get(live))
        .route("/transfers", post(transfer))
        .route("/fsps", get(list))
        .route("/fsps/{name}/script", get(script).put(set_script))
        .route("/fsps/{name}/notices", get(notices))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
        .with_state(shared);
    TowerToHyperService::new(router)
}

/// An error for the user of the API.
#[derive(Debug, Serialize)]
struct Refusal {
    #[serde(skip)]
    status: StatusCode,
    error: String,
    hint: String,
}

impl Refusal {
    fn new(status: StatusCode, error: impl ToString, hint: impl Into<String>) -> Self {
        Self { status, error: error.to_string(), hint: hint.into() }
    }

    fn unknown_fsp(shared: &Shared, name: &str) -> Self {
        let error = PayError::UnknownFsp { name: name.to_owned(), known: shared.names().to_string() };
        Self::from(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}

impl From<PayError> for Refusal {
    fn from(error: PayError) -> Self {
        let (status, hint) = match &error {
            PayError::UnknownFsp { .. } => (StatusCode::NOT_FOUND, "GET /fsps lists the simulated FSPs"),
            PayError::Note(_) => (StatusCode::BAD_REQUEST, "shorten the note or leave it out"),
            PayError::Timeout(_) => (StatusCode::BAD_REQUEST, "leave timeoutMs out to wait 30 seconds"),
            PayError::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "try again when some of them have ended"),
        };
        Self::new(status, &error, hint)
    }
}

#[derive(Serialize)]
struct FspView {
    name: FspId,
    currencies: Vec<Currency>,
    parties: Vec<Party>,
    endpoint: String,
    script: Script,
}

async fn live() -> Json<serde_json::Value> {
    Json(serde_json::json!({"status": "OK"}))
}

async fn list(State(shared): State<Arc<Shared>>) -> Json<Vec<FspView>> {
    let view = |name: &FspId| {
        shared.with_fsp(name, |fsp| FspView {
            name: name.clone(),
            currencies: fsp.profile().currencies.clone(),
            parties: fsp.profile().parties.clone(),
            endpoint: shared.endpoint(name),
            script: fsp.script().clone(),
        })
    };
    Json(shared.fsps().filter_map(view).collect())
}

async fn script(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Result<Json<Script>, Refusal> {
    of_fsp(&shared, &name, |fsp| fsp.script().clone()).map(Json)
}

async fn notices(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Result<Response, Refusal> {
    let notices = of_fsp(&shared, &name, |fsp| fsp.notices().cloned().collect::<Vec<_>>())?;
    Ok(Json(notices).into_response())
}

async fn set_script(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Json<Script>, Refusal> {
    let hint = r#"for example {"behaviour": {"silent": true}}, or {} for an FSP that agrees to everything"#;
    let script: Script = read(&body, hint)?;
    let set = of_fsp(&shared, &name, |fsp| fsp.set_script(script.clone()))?;
    set.map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, error, hint))?;
    Ok(Json(script))
}

async fn transfer(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Response, Refusal> {
    let hint = r#"for example {"from": "payerfsp", "to": "MSISDN/27713803912", "amount": "10", "currency": "USD"}"#;
    let request: TransferRequest = read(&body, hint)?;
    let running = crate::socket::pay(&shared, request)?;
    let lines = futures_util::stream::unfold(running, next_line);
    let mut response = Response::new(Body::from_stream(lines));
    let media_type = HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    Ok(response)
}

/// One event as one line of JSON.
async fn next_line(mut running: Running) -> Option<(Result<Bytes, Infallible>, Running)> {
    let event = running.next().await?;
    let mut line = serde_json::to_vec(&event).expect("events have text keys and no failing parts");
    line.push(b'\n');
    Some((Ok(line.into()), running))
}

async fn unknown() -> Refusal {
    let hint = "there are /transfers, /fsps, /fsps/{name}/script, /fsps/{name}/notices, /live and /health";
    Refusal::new(StatusCode::NOT_FOUND, "no such path", hint)
}

async fn wrong_method() -> Refusal {
    let hint = "POST /transfers, PUT /fsps/{name}/script, GET everything else";
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "no such method here", hint)
}

fn of_fsp<T>(shared: &Shared, name: &str, action: impl FnOnce(&mut crate::Fsp) -> T) -> Result<T, Refusal> {
    let found = FspId::parse(name).ok().and_then(|fsp| shared.with_fsp(&fsp, action));
    found.ok_or_else(|| Refusal::unknown_fsp(shared, name))
}

fn read<T: DeserializeOwned>(body: &[u8], hint: &str) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, error, hint))
}
