//! TLS of the FSPs of a run, both ways: [`FspTls`].

use std::{net::IpAddr, path::PathBuf, sync::Arc};

use operations::Failure;
use tempfile::TempDir;
use tls::{Authority, ClientConfig, ClientFiles, Identity, PemFile, Renewable, ServerConfig, ServerFiles, TlsError};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Where a hub of one's own listens.
const LOOPBACK: &str = "127.0.0.1";
const AUTHORITIES: &str = "--tls-authorities";
const CERTIFICATE: &str = "--tls-certificate";
const KEY: &str = "--tls-key";

/// How the FSPs connect to the hub, and how the hub connects to them.
#[derive(Clone, Debug)]
pub struct FspTls {
    client: Arc<Renewable<ClientConfig>>,
    server: Arc<Renewable<ServerConfig>>,
    own: Option<Arc<OwnFiles>>,
}

/// What an authority of this run has issued; gone with the run.
#[derive(Debug)]
struct OwnFiles {
    authority: PathBuf,
    hub: (PathBuf, PathBuf),
    _folder: TempDir,
}

impl FspTls {
    /// For a hub that is started for the run: an authority that is made for it vouches for hub and FSPs, which listen at this
    /// address, and each refuses whoever shows no certificate of it.
    ///
    /// # Errors
    /// If there is no place for the files.
    pub fn make(fsps: IpAddr) -> Result<FspTls, Failure> {
        let folder = tempfile::Builder::new().prefix("mojaloop-bench-").tempdir().map_err(Failure::failed)?;
        let authority = Authority::new().map_err(Failure::failed)?;
        let path = authority.write(folder.path()).map_err(Failure::failed)?;
        let issue = |name: &str, address: &str| {
            let issued = authority.issue(&[address]).map_err(Failure::failed)?;
            issued.write(folder.path(), name).map_err(Failure::failed)
        };
        let (hub, (certificate, key)) = (issue("hub", LOOPBACK)?, issue("fsps", &fsps.to_string())?);
        let mut tls = FspTls::of_files(path.clone(), certificate, key).map_err(|error| Failure::bug(&error))?;
        tls.own = Some(Arc::new(OwnFiles { authority: path, hub, _folder: folder }));
        Ok(tls)
    }

    /// For a hub that runs: these authorities vouch for it, and it trusts the one of this certificate.
    ///
    /// # Errors
    /// Which file can't be used, and why.
    pub fn of_files(authorities: PathBuf, certificate: PathBuf, key: PathBuf) -> Result<FspTls, TlsError> {
        let authorities = PemFile::new(AUTHORITIES, authorities);
        let identity = Identity { certificate: PemFile::new(CERTIFICATE, certificate), key: PemFile::new(KEY, key) };
        let client = ClientFiles { authorities: Some(authorities.clone()), identity: Some(identity.clone()) };
        let server = ServerFiles { identity, client_authorities: Some(authorities) };
        Ok(FspTls { client: client.open()?, server: server.open()?, own: None })
    }

    pub(crate) fn connector(&self) -> TlsConnector {
        TlsConnector::from(self.client.current())
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.server.current())
    }

    /// The flags of a hub that is started for the run.
    pub(crate) fn flags_of_hub(&self) -> Vec<(&'static str, PathBuf)> {
        let Some(own) = &self.own else { return Vec::new() };
        let (authority, (certificate, key)) = (&own.authority, &own.hub);
        let flags = [
            ("--tls-certificate", certificate),
            ("--tls-key", key),
            ("--tls-client-authorities", authority),
            ("--callback-authorities", authority),
            ("--callback-certificate", certificate),
            ("--callback-key", key),
        ];
        flags.map(|(flag, path)| (flag, path.clone())).into()
    }
}
