//! Where the database is, and how it is reached.

use std::{fmt, path::PathBuf};

use fspiop::FspId;
use postgres_access::{AccessError, describe};
use store::StoreError;
use tokio_postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Where the database is, and who asks.
#[derive(Clone)]
pub struct PostgresSettings {
    /// `postgres://user@host:port/database?sslmode=…`, see [`postgres_access::config`].
    pub url: Box<str>,
    /// The password, unless the URL has one or none is needed.
    pub password: Option<Box<str>>,
    /// Certificates in PEM that vouch for the server; without it those that this machine trusts.
    pub root_certificates: Option<PathBuf>,
    /// The name of this node, which no other node has at the same time.
    pub node: Box<str>,
    /// The hub's name.
    pub hub: FspId,
}

/// Shows neither the password nor the URL, which may hold one.
impl fmt::Debug for PostgresSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.config().map(|config| describe(&config)).unwrap_or_else(|_| "an unreadable URL".to_owned());
        formatter
            .debug_struct("PostgresSettings")
            .field("address", &address)
            .field("password", &self.password.as_ref().map(|_| "…"))
            .field("root_certificates", &self.root_certificates)
            .field("node", &self.node)
            .field("hub", &self.hub)
            .finish_non_exhaustive()
    }
}

impl PostgresSettings {
    /// The settings as the driver has them.
    pub(crate) fn config(&self) -> Result<Config, StoreError> {
        postgres_access::config(&self.url, self.password.as_deref()).map_err(unavailable)
    }

    /// What makes TLS of connections.
    pub(crate) fn connector(&self) -> Result<MakeRustlsConnect, StoreError> {
        postgres_access::connector(self.root_certificates.as_deref()).map_err(unavailable)
    }
}

fn unavailable(error: AccessError) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> PostgresSettings {
        PostgresSettings {
            url: url.into(),
            password: Some("hunter2".into()),
            root_certificates: None,
            node: "node".into(),
            hub: FspId::parse("Hub").unwrap(),
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        for url in ["postgres://mojaloop:hunter2@db:5432/hub", "nonsense:hunter2"] {
            let shown = format!("{:?}", settings(url));
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        let shown = format!("{:?}", settings("postgres://mojaloop:hunter2@db:5432/hub"));
        assert!(shown.contains("db:5432/hub"), "{shown}");
    }
}
