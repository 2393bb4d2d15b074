//! The operators' side: ledger admin and oracle admin, as upstream's `central_admin_1.0` and `als_admin_1.1` have them.

mod accounts;
mod answer;
mod audit;
mod catalog;
mod directory;
mod endpoints;
mod field_path;
mod funds;
mod inspection;
mod jws_keys;
mod limits;
mod oracles;
mod participants;
mod request;
mod routes;
mod settlement_models;
mod trace;
mod transactions;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use fspiop::{ErrorCode, FspiopError};
use http::StatusCode;

pub(crate) use inspection::Inspection;
pub(crate) use routes::{ledger_api, oracle_api};

use crate::{Denied, Hub, Operation, edge::Refusal, health};

/// What everybody may ask.
const HEALTH_PATHS: [&str; 3] = ["/health", "/v1/health", "/v2/health"];

/// The ledger admin API.
pub(crate) fn ledger_router(hub: Arc<Hub>) -> Router {
    finish(ledger_api().into_router(), hub, "ledger")
}

/// The oracle admin API, and what the hub's own directory holds.
pub(crate) fn oracle_router(hub: Arc<Hub>) -> Router {
    finish(oracle_api().into_router(), hub, "oracles")
}

/// The settlement API: so far only its health.
pub(crate) fn settlement_router(hub: Arc<Hub>) -> Router {
    let detailed = || get(health::detailed);
    let router = Router::new().route("/health", detailed());
    finish(router.route("/v1/health", detailed()).route("/v2/health", detailed()), hub, "settlement")
}

fn finish(router: Router<Arc<Hub>>, hub: Arc<Hub>, api: &'static str) -> Router {
    let guard = move |state: State<Arc<Hub>>, request: Request, next: Next| guard(api, state, request, next);
    router
        .fallback(unknown_uri)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(hub.clone(), guard))
        .with_state(hub)
}

/// Every request passes the authorizer before anything of it is read, and is counted.
async fn guard(api: &'static str, State(hub): State<Arc<Hub>>, request: Request, next: Next) -> Response {
    let started = std::time::Instant::now();
    let method = switch::Method::parse(request.method().as_str()).map_or("other", switch::Method::as_str);
    let path = request.uri().path();
    // Whole paths: a participant may be called "health".
    let resource = if HEALTH_PATHS.contains(&path) { "health" } else { "admin" };
    let operation = Operation { api, method: request.method(), path };
    let allowed = if resource == "health" { Ok(()) } else { hub.authorizer.authorize(operation, request.headers()) };
    let response = match allowed {
        Ok(()) => next.run(request).await,
        Err(denied) => {
            tracing::warn!(api, path, ?denied, "an operator's request was denied");
            deny(denied)
        }
    };
    hub.metrics.request(api, method, resource, response.status().as_u16(), started.elapsed());
    response
}

fn deny(denied: Denied) -> Response {
    let status = match denied {
        Denied::Unauthenticated => StatusCode::UNAUTHORIZED,
        Denied::Forbidden => StatusCode::FORBIDDEN,
    };
    let body = FspiopError::new(ErrorCode::ClientError, "not allowed").to_body();
    (status, [(http::header::CONTENT_TYPE, "application/json; charset=utf-8")], body).into_response()
}

async fn unknown_uri(request: Request) -> Response {
    Refusal::unknown_uri(request.uri().path()).into_response()
}

async fn method_not_allowed(request: Request) -> Response {
    let detail = format!("{} {}", request.method(), request.uri().path());
    Refusal::from(FspiopError::new(ErrorCode::MethodNotAllowed, detail)).into_response()
}
