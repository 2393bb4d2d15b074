//! The running hub: HTTP edge, group commit, delivery of callbacks, expiry, admin API, metrics.
//!
//! A request is read and checked by [`edge::interpret`], decided and made durable by the [`committer`], and answered; what
//! the FSPs are told of it goes out through the [`delivery`]. The hub knows nothing of how it is deployed: [`Settings`] and
//! a [`Store`] are all that it is given.

#![cfg_attr(feature = "planted-bugs", allow(dead_code))]

mod admin;
pub mod audit;
mod authorizer;
mod callback_policy;
mod capture;
mod committer;
mod connections;
mod current;
pub mod delivery;
pub mod edge;
mod expiry;
mod health;
mod load_shedding;
mod lookup;
mod metrics;
mod openapi;
mod operations;
mod patient_store;
mod phase;
mod roles;
mod serve;
mod settings;
mod signatures;
pub mod trace;

use std::sync::Arc;

use store::{Clock, Store};
use tokio::sync::Semaphore;

pub use authorizer::{Authorizer, Denied, OpenAuthorizer, Operation};
pub use callback_policy::CallbackPolicy;
pub use metrics::Metrics;
pub use openapi::{ApiName, Document, openapi};
pub use roles::{Role, Roles, UnknownRole};
pub use serve::{Addresses, Running, ServeError, serve, serve_on, system_clock};
pub use settings::{Intake, Jws, Listen, Settings, Tls};
pub use signatures::{Validation, ValidationError};

use crate::{
    admin::Inspection, capture::Capture, committer::Committer, current::Current, load_shedding::LoadShedding,
    lookup::Lookup, signatures::Signatures,
};

/// What the listeners share.
pub struct Hub {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) current: Arc<Current>,
    pub(crate) committer: Committer,
    pub(crate) lookup: Lookup,
    pub(crate) authorizer: Arc<dyn Authorizer>,
    pub(crate) callback_policy: CallbackPolicy,
    pub(crate) intake: Intake,
    pub(crate) signatures: Signatures,
    pub(crate) inspection: Inspection,
    /// Bytes of bodies that are being read, or whose requests are not answered yet.
    pub(crate) bodies: Arc<Semaphore>,
    pub(crate) on_us_transfers: bool,
    pub(crate) roles: Roles,
    pub(crate) load_shedding: Arc<LoadShedding>,
    pub(crate) metrics: Arc<Metrics>,
    /// Messages, where they are captured.
    pub(crate) capture: Option<Arc<Capture>>,
}
