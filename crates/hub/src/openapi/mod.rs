//! Our own OpenAPI documents, made from the tables of routes and from the types that are read and written. There is no file
//! to keep up to date: what is not in a table has no route, and what has a route is in the document.

mod api;
mod document;
mod fspiop;
pub(crate) mod words;

use std::sync::Arc;

use axum::{
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use http::header;

pub(crate) use api::Api;
pub use document::Document;
pub(crate) use document::{Describe, Verb};

use crate::{Hub, admin};

/// Where each listener serves the document of its API.
pub(crate) const PATH: &str = "/openapi.json";

/// An API of the hub that has a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiName {
    /// What FSPs use.
    Fspiop,
    /// What operators of the ledger use.
    Ledger,
    /// What operators of oracles use.
    Oracles,
}

/// The OpenAPI document of an API, as a hub of this version serves it at `/openapi.json`.
pub fn openapi(api: ApiName) -> Document {
    match api {
        ApiName::Fspiop => fspiop::document(),
        ApiName::Ledger => admin::ledger_api().into_document(),
        ApiName::Oracles => admin::oracle_api().into_document(),
    }
}

/// Serves a document; it is written once.
pub(crate) fn serve(document: &Document) -> MethodRouter<Arc<Hub>> {
    let text: bytes::Bytes = document.to_json().into();
    get(async move || -> Response {
        ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], text).into_response()
    })
}
