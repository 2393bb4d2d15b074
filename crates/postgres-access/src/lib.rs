//! Where a PostgreSQL database is, and how it is reached: the same for the hub's store and for who measures it.

mod tls;
mod url;

pub use tls::connector;
pub use url::{config, describe};

/// What is wrong with the access, without what may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AccessError(String);
