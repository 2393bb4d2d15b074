//! What one shows of oneself: [`Identity`].

use std::sync::Arc;

use rustls::{
    CertificateError, Error, InconsistentKeys, RootCertStore,
    client::verify_server_cert_signed_by_trust_anchor,
    pki_types::{CertificateDer, UnixTime},
    server::ParsedCertificate,
    sign::{CertifiedKey, SingleCertAndKey},
};

use crate::{PemFile, TlsError, provider};

/// A certificate, with those between it and its authority, and its private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// One's own certificate first.
    pub certificate: PemFile,
    /// Its private key, not encrypted.
    pub key: PemFile,
}

impl Identity {
    /// Reads both; the key must be the certificate's, and the certificate valid now.
    pub(crate) fn load(&self) -> Result<Arc<SingleCertAndKey>, TlsError> {
        let chain = self.certificate.certificates()?;
        check_time(&self.certificate, &chain[0])?;
        let certified = CertifiedKey::from_der(chain, self.key.key()?, &provider());
        certified.map(|certified| Arc::new(certified.into())).map_err(|error| self.explain(&error))
    }

    pub(crate) fn files(&self) -> [PemFile; 2] {
        [self.certificate.clone(), self.key.clone()]
    }

    fn explain(&self, error: &Error) -> TlsError {
        match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                let hint = format!(
                    "in {} one's own certificate comes first, then those between it and its authority",
                    self.certificate.path.display()
                );
                TlsError::new(&self.key, "a private key of another certificate", "that of the first certificate", hint)
            }
            error => {
                let hint = "keys of RSA (2048 bits and more), of the curves P-256, P-384 and P-521, and Ed25519 can be";
                let expected = "a key that TLS can use";
                TlsError::new(&self.key, format!("a key that can't be used ({error})"), expected, hint.to_owned())
            }
        }
    }
}

/// Refuses a certificate that is not valid now. Nobody vouches for it here; of what can be wrong, the time is looked at
/// before that.
fn check_time(file: &PemFile, certificate: &CertificateDer<'_>) -> Result<(), TlsError> {
    const EXPECTED: &str = "one that is valid now";
    let wrong = |found: String, hint: &str| Err(TlsError::new(file, found, EXPECTED, hint.to_owned()));
    let parsed = match ParsedCertificate::try_from(certificate) {
        Ok(parsed) => parsed,
        Err(error) => {
            return wrong(format!("a certificate that can't be read ({error})"), "is it an X.509 certificate?");
        }
    };
    let (nobody, algorithms) = (RootCertStore::empty(), provider().signature_verification_algorithms.all);
    match verify_server_cert_signed_by_trust_anchor(&parsed, &nobody, &[], UnixTime::now(), algorithms) {
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { time, not_after })) => {
            let hours = time.as_secs().saturating_sub(not_after.as_secs()) / 3_600;
            wrong(format!("a certificate that ran out {hours} h ago"), "renew it; is this machine's clock right?")
        }
        Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { time, not_before })) => {
            let hours = not_before.as_secs().saturating_sub(time.as_secs()) / 3_600;
            wrong(format!("a certificate that is valid only in {hours} h"), "is this machine's clock right?")
        }
        _ => Ok(()),
    }
}
