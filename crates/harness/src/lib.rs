//! Core Test Harness: a whole hub with its FSPs on one machine, for developing and testing.
//!
//! The embedded engine runs the hub on a SQLite file and the simulated FSPs inside one process ([`Harness`]). What runs
//! under a name is found again through its folder ([`Place`], [`Instance`]).

pub mod cargo_tests;
mod compose;
mod database;
mod embedded;
pub mod end_to_end;
mod error;
mod instance;
mod keys;
mod place;
mod resident;
pub mod results;
mod store_opening;
pub mod toolkit;
mod wanted;
pub mod watch;

pub use compose::{
    Compose, ComposeStatus, Container, Explained, KeptContainers, Profile, Published, Setting, explain_profiles, render,
};
pub use database::Database;
pub use embedded::{Harness, Up};
pub use error::HarnessError;
pub use instance::{Instance, Lock, State};
pub use place::Place;
pub use provisioning::check_hub;
pub use resident::resident_bytes;
pub use wanted::{PORTS, first_payment, scheme_of};
