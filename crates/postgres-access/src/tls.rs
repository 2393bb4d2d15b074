//! TLS to the database: always verified.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::AccessError;

/// A connector that trusts these certificates, or those that the machine trusts.
///
/// # Errors
/// [`AccessError`] naming the file of certificates that can't be read or holds none.
pub fn connector(root_certificates: Option<&Path>) -> Result<MakeRustlsConnect, AccessError> {
    let roots = match root_certificates {
        Some(path) => from_file(path)?,
        None => from_machine(),
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| AccessError(format!("TLS: {error}")))?;
    Ok(MakeRustlsConnect::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

fn from_file(path: &Path) -> Result<RootCertStore, AccessError> {
    let about = |what: &dyn std::fmt::Display| {
        let expected = "expected certificates in PEM";
        AccessError(format!("root certificates {}: {what}; {expected}", path.display()))
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| about(&error))? {
        roots.add(certificate.map_err(|error| about(&error))?).map_err(|error| about(&error))?;
    }
    if roots.is_empty() { Err(about(&"holds none")) } else { Ok(roots) }
}

/// A machine without certificates is told by the first server that nobody vouches for.
fn from_machine() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_that_are_not_there_are_named() {
        let error = connector(Some(Path::new("/no/such/file.pem"))).err().unwrap().to_string();
        assert!(error.contains("/no/such/file.pem") && error.contains("expected certificates in PEM"), "{error}");
    }
}
