//! Where a database is and how it is reached, as the hub's own store reads it.

use std::{net::IpAddr, path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::DatabaseAccess;

/// What the driver connects with. TLS is used as the URL says, else where the server is not this machine, and always
/// verified.
pub(super) fn read(access: &DatabaseAccess) -> Result<(Config, MakeRustlsConnect), String> {
    let (url, mode) = take_ssl_mode(&access.url);
    // The driver's text may hold parts of the URL, and with them a password.
    let mut config: Config = url.parse().map_err(|_| "the URL can't be read".to_owned())?;
    let is_local = config.get_hosts().iter().all(is_local);
    config.ssl_mode(mode.unwrap_or(if is_local { SslMode::Disable } else { SslMode::Require }));
    if let Some(password) = &access.password {
        config.password(password.as_bytes());
    }
    config.application_name("mojaloop bench");
    Ok((config, connector(access.root_certificates.as_deref())?))
}

/// The driver knows fewer modes than libpq: ours are taken out before it reads the URL.
fn take_ssl_mode(url: &str) -> (String, Option<SslMode>) {
    let Some((address, query)) = url.split_once('?') else { return (url.to_owned(), None) };
    let (modes, rest): (Vec<&str>, Vec<&str>) = query.split('&').partition(|part| part.starts_with("sslmode="));
    let mode = modes.last().map(|mode| match *mode {
        "sslmode=disable" => SslMode::Disable,
        "sslmode=allow" | "sslmode=prefer" => SslMode::Prefer,
        _ => SslMode::Require,
    });
    let query = if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) };
    (format!("{address}{query}"), mode)
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn connector(root_certificates: Option<&Path>) -> Result<MakeRustlsConnect, String> {
    let mut roots = RootCertStore::empty();
    match root_certificates {
        Some(file) => {
            let wrong = |error: &dyn std::fmt::Display| format!("root certificates {}: {error}", file.display());
            for certificate in CertificateDer::pem_file_iter(file).map_err(|error| wrong(&error))? {
                roots.add(certificate.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| format!("TLS: {error}"))?;
    Ok(MakeRustlsConnect::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expect: SslMode) {
        let access = DatabaseAccess { url: url.to_owned(), password: None, root_certificates: None };
        let (config, _) = read(&access).map_err(|error| format!("{url}: {error}")).unwrap();
        assert_eq!(config.get_ssl_mode(), expect, "{url}");
    }

    #[test]
    fn tls_is_as_the_hubs_own_store_has_it() {
        check("postgres://mojaloop@db.example/hub", SslMode::Require);
        check("postgres://mojaloop@localhost/hub", SslMode::Disable);
        check("postgres:///hub?host=/run/postgresql&user=mojaloop", SslMode::Disable);
        check(
            "postgres://mojaloop@127.0.0.1/hub?sslmode=verify-full&target_session_attrs=read-write",
            SslMode::Require,
        );
        check("postgres://mojaloop@db.example/hub?sslmode=disable", SslMode::Disable);
        check("postgres://mojaloop@db.example/hub?sslmode=prefer", SslMode::Prefer);
    }

    #[test]
    fn certificates_that_are_not_there_are_named() {
        let access = DatabaseAccess {
            url: "postgres://mojaloop@db.example/hub".to_owned(),
            password: None,
            root_certificates: Some("/no/such/file.pem".into()),
        };
        assert!(read(&access).err().is_some_and(|error| error.contains("/no/such/file.pem")));
    }
}
