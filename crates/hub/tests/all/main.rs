//! Whole hubs in the process, in one program so that it is linked once.

#![allow(clippy::unwrap_used, reason = "the lint knows tests, but not what they call")]

#[path = "../support/mod.rs"]
mod support;

mod admin_refused;
mod answers;
mod endpoints;
mod passing;
mod payment;
mod refused;
