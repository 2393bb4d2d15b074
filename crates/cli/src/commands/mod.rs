//! One file for each command.

pub(crate) mod archive;
pub(crate) mod audit;
pub(crate) mod bench;
pub(crate) mod certify;
pub(crate) mod completions;
pub(crate) mod health;
pub(crate) mod hub;
pub(crate) mod jws;
pub(crate) mod scheme;
pub(crate) mod simulator;
pub(crate) mod trace;
pub(crate) mod transfer;

mod measure;
mod payment;
mod plan;
mod progress;
mod reading;
mod runtime;
mod store;
mod successor;
mod tls;

#[cfg(feature = "tools")]
pub(crate) mod cluster;
#[cfg(feature = "tools")]
pub(crate) mod definition;
#[cfg(feature = "tools")]
pub(crate) mod harness;
#[cfg(feature = "tools")]
pub(crate) mod iac;
#[cfg(feature = "tools")]
pub(crate) mod image;

#[cfg(feature = "tools")]
mod confirm;
#[cfg(feature = "tools")]
mod tool;
