//! `/health` as upstream's services answer it.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use fspiop::Timestamp;
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{Hub, openapi::words};

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Health {
    status: &'static str,
    uptime: f64,
    #[schemars(with = "words::Moment")]
    start_time: Timestamp,
    version_number: &'static str,
    services: [Service; 3],
}

#[derive(Serialize, JsonSchema)]
struct Service {
    name: &'static str,
    status: &'static str,
}

/// The health of the hub, with the services that clients of upstream look for. There is one thing behind them all: the
/// store, which is data store, broker and cache in one.
pub(crate) async fn detailed(State(hub): State<Arc<Hub>>) -> Response {
    let healthy = hub.store.ping().await.is_ok();
    let status = if healthy { "OK" } else { "DOWN" };
    let uptime = hub.metrics.uptime();
    let health = Health {
        status,
        uptime: uptime.as_secs_f64(),
        start_time: hub.inspection.served_since,
        version_number: env!("CARGO_PKG_VERSION"),
        services: ["datastore", "broker", "proxyCache"].map(|name| Service { name, status }),
    };
    let code = if healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(health)).into_response()
}
