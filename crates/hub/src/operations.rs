//! The listener for the machine room: metrics, liveness, readiness.

use std::sync::Arc;

use axum::{Router, extract::State, response::IntoResponse, routing::get};
use http::{StatusCode, header};

use crate::Hub;

/// `/metrics`, `/live`, `/ready`.
pub(crate) fn router(hub: Arc<Hub>) -> Router {
    Router::new().route("/metrics", get(metrics)).route("/live", get(live)).route("/ready", get(ready)).with_state(hub)
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
