//! Core Test Harness: a whole hub with its FSPs on one machine, for developing and testing.
//!
//! The embedded engine runs the hub on a SQLite file and the simulated FSPs inside one process ([`Harness`]). What runs
//! under a name is found again through its folder ([`Place`], [`Instance`]).

mod demo;
mod embedded;
mod error;
mod http_client;
mod instance;
mod onboarding;
mod place;
mod resident;

pub use demo::{DemoParticipant, Scheme};
pub use embedded::{Harness, Up};
pub use error::HarnessError;
pub use instance::{Instance, Lock, State};
pub use place::Place;
pub use resident::resident_bytes;
