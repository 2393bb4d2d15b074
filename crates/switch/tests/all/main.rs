//! Tests of the public interface, in one program so that it is linked once.

#![allow(clippy::unwrap_used, reason = "the lint knows tests, but not what they call")]

mod administration;
mod endings;
mod keys;
mod lookups;
mod message;
mod quotes;
mod transfers;
mod undeliverable;
mod world;
