//! The end that connects: [`ClientFiles`].

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use crate::{Identity, PROTOCOL, PemFile, Renewable, TlsError, provider};

/// Whom a client trusts, and what it shows. By default it trusts the authorities that the machine trusts (as they were at
/// its start), and shows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientFiles {
    /// The only authorities that may vouch for servers.
    pub authorities: Option<PemFile>,
    /// Its own certificate and key, for servers that ask.
    pub identity: Option<Identity>,
}

impl ClientFiles {
    /// Reads the files.
    ///
    /// # Errors
    /// Which file can't be used, and why. Without files there is no error.
    pub fn open(self) -> Result<Arc<Renewable<ClientConfig>>, TlsError> {
        let of_identity = self.identity.iter().flat_map(Identity::files);
        let files = of_identity.chain(self.authorities.clone()).collect();
        Renewable::open(files, move || self.configuration())
    }

    fn configuration(&self) -> Result<ClientConfig, TlsError> {
        let authorities = match &self.authorities {
            Some(file) => file.authorities()?,
            None => authorities_of_machine(),
        };
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("the provider has what TLS 1.2 and 1.3 need")
            .with_root_certificates(authorities);
        let mut configuration = match &self.identity {
            Some(identity) => builder.with_client_cert_resolver(identity.load()?),
            None => builder.with_no_client_auth(),
        };
        configuration.alpn_protocols = vec![PROTOCOL.to_vec()];
        Ok(configuration)
    }
}

/// A machine without certificates is told by the first server that nobody vouches for it.
fn authorities_of_machine() -> RootCertStore {
    let mut authorities = RootCertStore::empty();
    authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    authorities
}
