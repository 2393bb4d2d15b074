//! Where a hub takes the messages of each phase: [`Endpoints`].

use std::sync::Arc;

use operations::Failure;
use provisioning::check_hub;

use crate::{
    connections::{CONNECTIONS, Connections},
    fsp_tls::FspTls,
    traffic::Routes,
};

/// The base URLs of a hub's FSPIOP, for each phase at least one; payments take them in turn.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// For `/parties`.
    pub lookup: Vec<String>,
    /// For `/quotes`.
    pub agreement: Vec<String>,
    /// For `/transfers`.
    pub clearing: Vec<String>,
}

impl Endpoints {
    /// The same ones for all phases.
    pub fn all(urls: Vec<String>) -> Endpoints {
        Endpoints { lookup: urls.clone(), agreement: urls.clone(), clearing: urls }
    }

    /// Each of them once.
    pub(crate) fn distinct(&self) -> Vec<String> {
        let mut all = [&self.lookup[..], &self.agreement, &self.clearing].concat();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether there is a hub at each of them, which with TLS lets the FSPs in.
    pub(crate) async fn check(&self, tls: Option<&FspTls>) -> Result<(), Failure> {
        for url in self.distinct() {
            let connections = connections(&url, CONNECTIONS, tls)?;
            let there = if tls.is_some() { connections.check().await } else { check_hub(&url).await };
            there.map_err(|reason| Failure::failed(format!("--hub {url}: {reason}")))?;
        }
        Ok(())
    }

    pub(crate) fn routes(&self, count: usize, tls: Option<&FspTls>) -> Result<Routes, Failure> {
        let mut known: Vec<(String, Arc<Connections>)> = Vec::new();
        for url in self.distinct() {
            let connections = Arc::new(connections(&url, count, tls)?);
            known.push((url, connections));
        }
        let of = |urls: &[String]| {
            let found = urls.iter().filter_map(|url| known.iter().find(|(known, _)| known == url));
            found.map(|(_, connections)| Arc::clone(connections)).collect()
        };
        Ok(Routes { lookup: of(&self.lookup), agreement: of(&self.agreement), clearing: of(&self.clearing) })
    }
}

/// Connections to an address of `--hub`.
fn connections(url: &str, count: usize, tls: Option<&FspTls>) -> Result<Connections, Failure> {
    let scheme = if tls.is_some() { "https" } else { "http" };
    Connections::to(url, count, tls).ok_or_else(|| {
        Failure::usage(format!("--hub: found {url:?}, expected {scheme}://HOST:PORT"))
            .hint(format!("example: --hub {scheme}://127.0.0.1:3000; with --tls it is https"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_may_have_addresses_of_their_own() {
        let own = |url: &str| vec![url.to_owned()];
        let shared = own("http://127.0.0.1:3000");
        let endpoints = Endpoints { lookup: own("http://127.0.0.1:4002"), agreement: shared.clone(), clearing: shared };
        let routes = endpoints.routes(1, None).unwrap_or_else(|failure| panic!("{}", failure.message));
        assert!(Arc::ptr_eq(&routes.agreement[0], &routes.clearing[0]), "connections are shared");
        assert!(!Arc::ptr_eq(&routes.lookup[0], &routes.clearing[0]));
    }
}
