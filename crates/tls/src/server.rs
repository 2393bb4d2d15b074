//! The end that is connected to: [`ServerFiles`].

use std::sync::Arc;

use rustls::{ServerConfig, crypto::aws_lc_rs::Ticketer, server::WebPkiClientVerifier};

use crate::{Identity, PROTOCOL, PemFile, Renewable, TlsError, provider};

/// What a server shows, and whom it lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFiles {
    /// Its own certificate and key.
    pub identity: Identity,
    /// Authorities of clients: who shows no certificate of theirs is refused in the handshake. Without them everybody may
    /// connect.
    pub client_authorities: Option<PemFile>,
}

impl ServerFiles {
    /// Reads the files.
    ///
    /// # Errors
    /// Which file can't be used, and why.
    pub fn open(self) -> Result<Arc<Renewable<ServerConfig>>, TlsError> {
        let files = self.identity.files().into_iter().chain(self.client_authorities.clone()).collect();
        Renewable::open(files, move || self.configuration())
    }

    fn configuration(&self) -> Result<ServerConfig, TlsError> {
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("the provider has what TLS 1.2 and 1.3 need");
        let builder = match &self.client_authorities {
            None => builder.with_no_client_auth(),
            Some(file) => {
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(file.authorities()?), provider()).build();
                builder.with_client_cert_verifier(verifier.expect("there are authorities, and no revocation lists"))
            }
        };
        let mut configuration = builder.with_cert_resolver(self.identity.load()?);
        configuration.alpn_protocols = vec![PROTOCOL.to_vec()];
        // Sessions are resumed from tickets that clients keep. A renewal makes new keys of tickets, too: whom the new
        // authorities do not know must not come back with an old ticket.
        configuration.ticketer = Ticketer::new().expect("the system gives random numbers");
        Ok(configuration)
    }
}
