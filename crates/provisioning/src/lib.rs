//! Brings a hub's business configuration to what the definition says: currencies, settlement models, oracles,
//! participants with accounts, caps, funds and endpoints, and the parties that they serve.
//!
//! [`plan`] reads what the hub has, through its admin API, and tells the differences; [`apply`] computes the same
//! differences and makes them so. There is one list of differences ([`difference`]), and each knows its own request, so
//! that the two can't disagree. Everything may be interrupted anywhere and run again. What the hub has beyond the scheme
//! stays untouched: nothing is ever deleted or switched off.

mod action;
mod apply;
mod callbacks;
mod difference;
mod failure;
mod health;
mod http_client;
mod risk;
mod scheme;
mod seen;

pub use apply::{Signers, apply, apply_signed, plan, readiness};
pub use health::check_hub;
pub use http_client::{HttpClient, HttpError};
pub use scheme::{Account, FirstPayment, Oracle, Participant, Party, Scheme, SettlementModel};

/// Where a hub's APIs are: `http://HOST:PORT`, without a slash at the end. Hosts may be names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apis {
    /// FSPIOP.
    pub fspiop: String,
    /// Ledger admin.
    pub ledger_admin: String,
    /// Oracle admin.
    pub oracle_admin: String,
}
