//! `GET /audit`: the invariants that the store shows, on the hub as it works.

use std::sync::Arc;

use axum::extract::State;
use fspiop::{ErrorCode, FspiopError};
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use super::answer::{Answer, json, unreadable};
use crate::{Hub, audit, audit::Scope};

/// How far an audit is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProgressView {
    /// Whether one runs.
    running: bool,
    /// Accounts and movements that it has read.
    pages: u64,
}

/// Audits the store. Only one audit runs at a time; it goes on to its end even if whoever asked has gone away.
pub(super) async fn run(State(hub): State<Arc<Hub>>) -> Answer {
    let turn = hub.inspection.turn().ok_or_else(|| {
        let detail = "an audit is running already; GET /audit/progress says how far it is";
        FspiopError::new(ErrorCode::ServiceCurrentlyUnavailable, detail)
    })?;
    let scope = Scope { served_since: Some(hub.inspection.served_since) };
    // The visitor keeps the turn, since the store reads on if this request is broken off; this request keeps it, too, for
    // what comes after the books.
    let (turn, at_reading) = {
        let turn = Arc::new(turn);
        (turn.clone(), turn)
    };
    let audit = audit::run(hub.store.as_ref(), hub.clock.as_ref(), scope, move |pages| at_reading.read(pages)).await;
    drop(turn);
    let audit = audit.map_err(|error| unreadable("the books", &error))?;
    for invariant in &audit.invariants {
        for finding in &invariant.violations {
            let (about, found) = (&finding.about, &finding.found);
            tracing::error!(
                invariant = invariant.id,
                about,
                found,
                expected = finding.expected,
                "an invariant is violated"
            );
        }
    }
    json(StatusCode::OK, &audit)
}

/// `GET /audit/progress`
pub(super) async fn progress(State(hub): State<Arc<Hub>>) -> Answer {
    let pages = hub.inspection.pages();
    json(StatusCode::OK, &ProgressView { running: pages.is_some(), pages: pages.unwrap_or_default() })
}
