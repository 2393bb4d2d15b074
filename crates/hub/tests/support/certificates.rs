//! Certificates in a folder, for the hub and for those who talk to it.

use std::{net::SocketAddr, path::Path, sync::Arc};

use tls::{Authority, ClientConfig, ClientFiles, Identity, Issued, PemFile, Renewable, ServerConfig, ServerFiles};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Where everything of the tests listens.
pub(crate) const HOST: &str = "127.0.0.1";

/// A folder with an authority of its own.
pub(crate) struct Certificates {
    folder: tempfile::TempDir,
    authority: Authority,
}

impl Certificates {
    /// A folder with `authority.pem` in it.
    pub(crate) fn new() -> Certificates {
        let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new().unwrap());
        authority.write(folder.path()).unwrap();
        Certificates { folder, authority }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The authority's certificate.
    pub(crate) fn authority(&self) -> PemFile {
        PemFile::new("authorities", self.folder().join("authority.pem"))
    }

    /// A certificate for this machine.
    pub(crate) fn issue(&self) -> Issued {
        self.authority.issue(&[HOST]).unwrap()
    }

    /// A new certificate for these names, in files.
    pub(crate) fn identity_for(&self, names: &[&str]) -> Identity {
        let name = names[0];
        let (certificate, key) = self.authority.issue(names).unwrap().write(self.folder(), name).unwrap();
        Identity { certificate: PemFile::new("certificate", certificate), key: PemFile::new("key", key) }
    }

    /// A new certificate for this machine, in files.
    pub(crate) fn identity(&self) -> Identity {
        self.identity_for(&[HOST])
    }

    /// What a server of this machine needs; these authorities' clients are let in, or all.
    pub(crate) fn server(&self, client_authorities: Option<PemFile>) -> Arc<Renewable<ServerConfig>> {
        ServerFiles { identity: self.identity(), client_authorities }.open().unwrap()
    }

    /// What a client needs that trusts this authority.
    pub(crate) fn client(&self, identity: Option<Identity>) -> Arc<Renewable<ClientConfig>> {
        ClientFiles { authorities: Some(self.authority()), identity }.open().unwrap()
    }
}

/// Connects with TLS.
pub(crate) async fn connect(address: SocketAddr, client: Arc<ClientConfig>) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let name = HOST.try_into().expect("an address is a name");
    TlsConnector::from(client).connect(name, stream).await
}
