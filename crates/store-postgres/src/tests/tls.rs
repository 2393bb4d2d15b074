//! TLS to a real server: whoever is not the one that was meant gets nothing.

use std::path::{Path, PathBuf};

use postgres_server::{Authority, Server};
use store::{Store, StoreError};

use super::{register, runtime};
use crate::{Migrate, PostgresSettings, PostgresStore};

fn settings(url: &str, query: &str, root_certificates: Option<PathBuf>) -> PostgresSettings {
    let hub = fspiop::FspId::parse("Hub").unwrap();
    PostgresSettings {
        url: format!("{url}{query}").into(),
        password: None,
        root_certificates,
        node: "node".into(),
        hub,
    }
}

/// What opening the store leads to; the text of an error must hold what is expected.
#[track_caller]
fn check(url: &str, query: &str, roots: Option<&Path>, expect: Result<(), &str>) {
    let opened = runtime().block_on(PostgresStore::open(settings(url, query, roots.map(Path::to_owned)), Migrate::Yes));
    match (opened.map(drop), expect) {
        (Ok(()), Ok(())) => {}
        (Err(StoreError::Unavailable(text)), Err(expect)) => assert!(text.contains(expect), "{query}: {text}"),
        (opened, _) => panic!("{query}: {opened:?}, expected {expect:?}"),
    }
}

#[test]
fn a_server_is_trusted_whose_certificate_an_authority_gave_it_for_this_name() {
    let authority = Authority::new().unwrap();
    let server = Server::start_tls(&authority, &["IP:127.0.0.1"]).unwrap();
    let (url, roots) = (server.database(), authority.certificate());
    for mode in ["require", "verify-ca", "verify-full", "prefer"] {
        check(&url, &format!("?sslmode={mode}"), Some(&roots), Ok(()));
    }
    let settings = settings(&url, "?sslmode=verify-full", Some(roots.clone()));
    runtime().block_on(async {
        let store = PostgresStore::open(settings, Migrate::Yes).await.unwrap();
        super::commit(&store, vec![register("first")]).await.unwrap();
        store.ping().await.unwrap();
        let sql = "SELECT DISTINCT ssl, version FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                   WHERE application_name = 'mojaloop node'";
        assert_eq!(server.psql(&url, sql).trim(), "t|TLSv1.3");
    });
    // Nobody whom this machine trusts vouches for it, nor does another authority.
    let other = Authority::new().unwrap();
    for mode in ["require", "verify-full", "prefer"] {
        for roots in [None, Some(other.certificate())] {
            check(&url, &format!("?sslmode={mode}"), roots.as_deref(), Err("invalid peer certificate: UnknownIssuer"));
        }
    }
    // A connection without TLS is made only where it is asked for, and this server refuses it.
    for query in ["", "?sslmode=disable"] {
        check(&url, query, Some(&roots), Err("no encryption"));
    }
}

#[test]
fn a_server_of_another_name_is_not_trusted() {
    let authority = Authority::new().unwrap();
    let server = Server::start_tls(&authority, &["DNS:db.example", "IP:127.0.0.2"]).unwrap();
    let (url, roots) = (server.database(), authority.certificate());
    for mode in ["require", "verify-ca", "verify-full", "prefer"] {
        let query = format!("?sslmode={mode}");
        check(
            &url,
            &query,
            Some(&roots),
            Err("invalid peer certificate: certificate not valid for name \"127.0.0.1\""),
        );
    }
    check(&url.replacen("127.0.0.1", "localhost", 1), "?sslmode=verify-full", Some(&roots), Err("localhost"));
}

#[test]
fn a_server_without_tls_is_refused_where_tls_is_required() {
    let url = Server::shared().database();
    check(&url, "?sslmode=verify-full", None, Err("server does not support TLS"));
    check(&url, "?sslmode=require", None, Err("server does not support TLS"));
    check(&url, "?sslmode=prefer", None, Ok(()));
}

#[test]
fn what_is_wrong_with_root_certificates_is_named() {
    let (url, folder) = (Server::shared().database(), Authority::new().unwrap());
    let beside = |name: &str| folder.certificate().with_file_name(name);
    std::fs::write(beside("empty.pem"), "").unwrap();
    for (name, expect) in [("empty.pem", "empty.pem: holds none"), ("missing.pem", "missing.pem: ")] {
        check(&url, "?sslmode=require", Some(&beside(name)), Err(expect));
        check(&url, "?sslmode=require", Some(&beside(name)), Err("expected certificates in PEM"));
    }
    check(&url, "?sslrootcert=/etc/root.pem", None, Err("sslrootcert: expected none; hint: --store-certificates FILE"));
}
