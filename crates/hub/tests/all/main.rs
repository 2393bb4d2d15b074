//! Whole hubs in the process, in one program so that it is linked once.

#![allow(clippy::unwrap_used, reason = "the lint knows tests, but not what they call")]

#[path = "../support/mod.rs"]
mod support;

mod admin;
mod admin_funds;
mod admin_refused;
mod answers;
mod authorization;
mod bounds;
mod capture;
mod delivery;
mod directory;
mod endpoints;
mod expiry;
mod inspection;
mod jws;
mod last_unit;
mod openapi;
mod operations;
mod oracle;
mod overload;
mod participants;
mod passing;
mod payment;
mod postgres;
mod refused;
mod request_to_pay;
mod restart;
mod roles;
mod scheduler;
mod scheme_rules;
mod stopping;
mod store_faults;
mod tls_from_fsps;
mod tls_to_fsps;
