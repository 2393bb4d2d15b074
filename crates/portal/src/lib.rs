//! Pages that show the payments of a hub: a list, and each payment as a sequence of messages between its FSPs and the hub.
//!
//! The crate is a client of a list of captured messages: a [`Source`] hands them in, from one node or from several, and nothing
//! is decided or kept here. [`payments`] puts messages together that belong to one payment; [`router`] serves the pages.

mod diagram;
mod json;
mod message;
mod near;
mod pages;
mod payments;
mod reading;
mod router;
mod shown;
#[cfg(test)]
mod tests;

pub use json::pretty;
pub use message::{About, HUB, Message, Messages, Moment, Phase};
pub use near::called_by_a_near_name;
pub use payments::{Payment, of as payments};
pub use reading::{Reading, State};
pub use router::{Source, router};
