//! One file for each command.

pub(crate) mod completions;
pub(crate) mod harness;
pub(crate) mod hub;
pub(crate) mod simulator;
pub(crate) mod transfer;

mod payment;
mod runtime;
mod store;
