//! Whole hubs in the process, with FSPs, oracles and clients that the tests write themselves over real sockets.

pub(crate) mod certificates;
pub(crate) mod connection;
pub(crate) mod fsp;
pub(crate) mod messages;
pub(crate) mod request;
pub(crate) mod restart;
pub(crate) mod scheme;
pub(crate) mod shaky;
pub(crate) mod stream;
pub(crate) mod test_hub;
pub(crate) mod wait;
pub(crate) mod world;

pub(crate) use certificates::Certificates;
pub(crate) use connection::{Connection, Response};
pub(crate) use fsp::{Fsp, Manner, Received, SleepingFsp};
pub(crate) use request::Request;
pub(crate) use shaky::{Fault, Shaky};
pub(crate) use test_hub::TestHub;
pub(crate) use wait::{DEADLINE, eventually, within};
pub(crate) use world::World;
