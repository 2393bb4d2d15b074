//! Certificates and keys that flags and variables name.

use std::path::PathBuf;

use hub::Tls;
use tls::{ClientFiles, Identity, PemFile, ServerFiles, TlsError};

use crate::{arguments::TlsArguments, exit::Failure};

/// A flag with its variable, as errors name them.
const CERTIFICATE: &str = "--tls-certificate (MOJALOOP_TLS_CERTIFICATE)";
const KEY: &str = "--tls-key (MOJALOOP_TLS_KEY)";
const CLIENT_AUTHORITIES: &str = "--tls-client-authorities (MOJALOOP_TLS_CLIENT_AUTHORITIES)";
const CALLBACK_AUTHORITIES: &str = "--callback-authorities (MOJALOOP_CALLBACK_AUTHORITIES)";
const CALLBACK_CERTIFICATE: &str = "--callback-certificate (MOJALOOP_CALLBACK_CERTIFICATE)";
const CALLBACK_KEY: &str = "--callback-key (MOJALOOP_CALLBACK_KEY)";

/// A file and the setting that may name it.
type Named<'a> = (&'static str, &'a Option<PathBuf>);

/// What the hub is to use; every file is read here, before anything else is begun.
pub(crate) fn of_hub(arguments: &TlsArguments) -> Result<Tls, Failure> {
    let identity = identity((CERTIFICATE, &arguments.tls_certificate), (KEY, &arguments.tls_key))?;
    let client_authorities = file((CLIENT_AUTHORITIES, &arguments.tls_client_authorities));
    let fspiop = match (identity, client_authorities) {
        (Some(identity), client_authorities) => Some(ServerFiles { identity, client_authorities }),
        (None, None) => None,
        (None, Some(_)) => {
            return Err(Failure::usage(format!("{CLIENT_AUTHORITIES} is given, and no {CERTIFICATE}"))
                .hint("who asks for certificates must show one: --tls-certificate FILE --tls-key FILE"));
        }
    };
    let authorities = file((CALLBACK_AUTHORITIES, &arguments.callback_authorities));
    let own = (CALLBACK_CERTIFICATE, &arguments.callback_certificate);
    let callbacks =
        ClientFiles { authorities, identity: self::identity(own, (CALLBACK_KEY, &arguments.callback_key))? };
    Ok(Tls {
        fspiop: fspiop.map(ServerFiles::open).transpose().map_err(explain)?,
        callbacks: Some(callbacks.open().map_err(explain)?),
    })
}

fn file((setting, path): Named<'_>) -> Option<PemFile> {
    path.as_ref().map(|path| PemFile::new(setting, path))
}

/// A certificate and its key: both or none.
fn identity(certificate: Named<'_>, key: Named<'_>) -> Result<Option<Identity>, Failure> {
    match (file(certificate), file(key)) {
        (Some(certificate), Some(key)) => Ok(Some(Identity { certificate, key })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(half(certificate.0, key.0)),
        (None, Some(_)) => Err(half(key.0, certificate.0)),
    }
}

fn half(given: &str, missing: &str) -> Failure {
    Failure::usage(format!("{given} is given, and no {missing}"))
        .hint("a certificate and its private key belong together; one file may hold both")
}

/// What is wrong with a file, with what to do.
pub(crate) fn explain(error: TlsError) -> Failure {
    Failure::usage(&error).hint(error.hint)
}
