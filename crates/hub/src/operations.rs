//! The listener for the machine room: metrics, liveness, readiness, captured messages.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Query, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use crate::{Hub, capture::Wanted};

/// What is said where messages are not captured.
const NO_CAPTURE: &str = "messages are not captured: `mojaloop hub serve --capture true` (MOJALOOP_CAPTURE=true) keeps the \
                          last of them in memory. They hold personal data: not in production\n";

/// `/metrics`, `/live`, `/ready`, `/messages`.
pub(crate) fn router(hub: Arc<Hub>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/live", get(live))
        .route("/ready", get(ready))
        .route("/messages", get(messages))
        .with_state(hub)
}

/// All figures.
pub(crate) async fn metrics(State(hub): State<Arc<Hub>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], hub.metrics.encode())
}

/// Alive means: the program runs and answers. It says nothing of the store, so that an orchestrator does not restart a hub
/// that only waits for its database.
async fn live() -> &'static str {
    "live\n"
}

/// Ready means: requests would be accepted now.
async fn ready(State(hub): State<Arc<Hub>>) -> (StatusCode, String) {
    match hub.store.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {error}\n")),
    }
}

/// Which messages.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WhichMessages {
    after: Option<u64>,
    payment: Option<String>,
    limit: Option<usize>,
}

/// Messages that were captured, for tools on this machine: no site that a browser shows may read them under its own name.
async fn messages(State(hub): State<Arc<Hub>>, headers: HeaderMap, Query(which): Query<WhichMessages>) -> Response {
    let Some(capture) = &hub.capture else { return (StatusCode::NOT_FOUND, NO_CAPTURE).into_response() };
    if !portal::called_by_a_near_name(&headers) {
        return (StatusCode::FORBIDDEN, "ask under the address of this machine\n").into_response();
    }
    let WhichMessages { after, payment, limit } = which;
    let found = capture.find(&Wanted { after: after.unwrap_or(0), payment, limit });
    ([(header::CACHE_CONTROL, "no-store")], Json(found)).into_response()
}
