//! The API by which payments are started and scripts are set, and its client.
//!
//! | request | does |
//! |---|---|
//! | `POST /transfers` | makes a payment ([`TransferRequest`](crate::TransferRequest)) and streams its events, one JSON object ([`Event`](crate::Event)) a line |
//! | `GET /fsps` | the FSPs, with parties, currencies, endpoint and script |
//! | `GET`, `PUT /fsps/{name}/script` | what the FSP follows ([`Script`](crate::Script)) |
//! | `GET /fsps/{name}/notices` | what the FSP was told lately |
//! | `GET /live`, `GET /health` | 200 |
//!
//! Errors are JSON: `{"error": …, "hint": …}`.

mod client;
mod server;

pub use client::{Client, ClientError};
pub(crate) use server::service;

/// Where the control API listens, unless it is moved.
pub const DEFAULT_PORT: u16 = 9101;
/// Requests of the API are small; the longest are scripts with many rules.
pub(crate) const MAX_REQUEST_BYTES: usize = 256 * 1024;
/// The longest line of a stream is a result with all its legs.
pub(crate) const MAX_LINE_BYTES: usize = 256 * 1024;
