//! Tests of the public interface, in one program so that it is linked once.

#![allow(clippy::unwrap_used, reason = "the lint knows tests, but not what they call")]

mod amounts;
mod answers;
mod batches;
mod funds;
mod limits;
mod model;
mod onboarding;
mod prepare;
mod settlement_models;
mod world;
