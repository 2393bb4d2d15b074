//! The hub's FSPIOP side towards the network.

mod interpret;
mod moment;
mod party_route;
mod passing;
mod refusal;
mod route;
mod service;

pub use interpret::{Question, Request, interpret};
pub use refusal::Refusal;
pub use route::{Passing, Route};
pub(crate) use service::read_body;
pub use service::router;
