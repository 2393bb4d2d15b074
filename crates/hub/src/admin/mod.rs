//! The operators' side: ledger admin and oracle admin, as upstream's `central_admin_1.0` and `als_admin_1.1` have them.

mod accounts;
mod answer;
mod catalog;
mod directory;
mod endpoints;
mod field_path;
mod funds;
mod limits;
mod oracles;
mod participants;
mod request;
mod settlement_models;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use fspiop::{ErrorCode, FspiopError};
use http::StatusCode;

use crate::{Denied, Hub, Operation, edge::Refusal, health};

/// What everybody may ask.
const HEALTH_PATHS: [&str; 3] = ["/health", "/v1/health", "/v2/health"];

/// The ledger admin API.
pub(crate) fn ledger_router(hub: Arc<Hub>) -> Router {
    let router = Router::new()
        .route("/participants", get(participants::list).post(participants::create))
        .route("/participants/limits", get(limits::list))
        .route("/participants/{name}", get(participants::read).put(participants::activate))
        .route("/participants/{name}/accounts", get(accounts::list).post(accounts::create))
        .route("/participants/{name}/accounts/{id}", put(accounts::activate).post(funds::record))
        .route("/participants/{name}/endpoints", get(endpoints::list).post(endpoints::set))
        .route("/participants/{name}/initialPositionAndLimits", post(limits::set_initially))
        .route("/participants/{name}/limits", get(limits::read).put(limits::adjust))
        .route("/participants/{name}/positions", get(accounts::positions))
        .route("/settlementModels", get(settlement_models::list).post(settlement_models::create))
        .route("/settlementModels/{name}", get(settlement_models::read).put(settlement_models::activate))
        .route("/enums", get(catalog::enums))
        .route("/ledgerAccountTypes", get(catalog::ledger_account_types));
    finish(router, hub, "ledger")
}

/// The oracle admin API, and what the hub's own directory holds.
pub(crate) fn oracle_router(hub: Arc<Hub>) -> Router {
    let router = Router::new()
        .route("/oracles", get(oracles::list).post(oracles::create))
        .route("/oracles/{id}", put(oracles::update).delete(oracles::delete))
        .route("/participants/{type}/{id}", get(directory::read))
        .route("/participants/{type}/{id}/{sub_id}", get(directory::read_with_sub_id));
    finish(router, hub, "oracles")
}

/// The settlement API: so far only its health.
pub(crate) fn settlement_router(hub: Arc<Hub>) -> Router {
    let router = Router::new().route("/v1/health", get(health::detailed)).route("/v2/health", get(health::detailed));
    finish(router, hub, "settlement")
}

fn finish(router: Router<Arc<Hub>>, hub: Arc<Hub>, api: &'static str) -> Router {
    let guard = move |state: State<Arc<Hub>>, request: Request, next: Next| guard(api, state, request, next);
    router
        .route("/health", get(health::detailed))
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
