//! Tests of the public interface, in one program so that it is linked once.

#![allow(clippy::unwrap_used, reason = "the lint knows tests, but not what they call")]

mod control;
mod fsp;
mod payment;
mod relay;
mod table;
mod wire;
mod world;
