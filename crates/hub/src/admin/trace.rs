//! `GET /trace/{id}`: the story of a transfer, a quote or a movement of funds.

use std::sync::Arc;

use axum::extract::State;
use fspiop::{ErrorCode, FspiopError, TransferId};
use http::StatusCode;

use super::{
    answer::{Answer, json, unreadable},
    request::{Path, invalid},
};
use crate::{Hub, trace};

/// Tells it; error 3208 for an id that nobody knows.
pub(super) async fn read(State(hub): State<Arc<Hub>>, Path(wanted): Path<String>) -> Answer {
    let id: TransferId = wanted.parse().map_err(|error| invalid("/path/id", format!("must be an id: {error}")))?;
    let trace = trace::of(hub.store.as_ref(), id, hub.clock.now(), hub.inspection.pauses).await;
    let trace = trace.map_err(|error| unreadable("a story", &error))?;
    let unknown =
        || FspiopError::new(ErrorCode::TransferIdNotFound, "no transfer, quote or movement of funds has this id");
    json(StatusCode::OK, &trace.ok_or_else(unknown)?)
}
