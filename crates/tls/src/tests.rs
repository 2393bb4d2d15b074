//! Files as they are found in the field, and what is said of them.

use std::{fs, path::Path};

use rcgen::{CertificateParams, date_time_ymd};

use crate::{Authority, ClientFiles, Identity, Issued, PemFile, ServerFiles, TlsError};

const ENCRYPTED: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
const ENCRYPTED_PKCS1: &str =
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES\n\nMIIB\n-----END RSA PRIVATE KEY-----\n";

fn files(folder: &Path) -> ServerFiles {
    ServerFiles {
        identity: Identity {
            certificate: PemFile::new("--certificate", folder.join("hub.pem")),
            key: PemFile::new("--key", folder.join("hub.key")),
        },
        client_authorities: Some(PemFile::new("--authorities", folder.join("authority.pem"))),
    }
}

/// A folder with files that are good.
fn good() -> (tempfile::TempDir, Authority, Issued) {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new().unwrap();
    let issued = authority.issue(&["hub.example", "127.0.0.1"]).unwrap();
    authority.write(folder.path()).unwrap();
    issued.write(folder.path(), "hub").unwrap();
    (folder, authority, issued)
}

fn with_validity(from: i32, until: i32) -> CertificateParams {
    let mut params = CertificateParams::new(vec!["hub.example".to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
    params
}

/// What opening says when one of the files has this content.
fn error_with(folder: &Path, file: &str, content: &str) -> TlsError {
    let good = fs::read(folder.join(file)).unwrap();
    fs::write(folder.join(file), content).unwrap();
    let opened = files(folder).open();
    fs::write(folder.join(file), good).unwrap();
    opened.expect_err("it is not good")
}

#[track_caller]
fn check(folder: &Path, file: &str, content: &str, setting: &str, expect: &str) {
    let error = error_with(folder, file, content);
    let said = error.to_string();
    assert!(said.starts_with(&format!("{setting} {}: found {expect}", folder.join(file).display())), "{said}");
    assert!(said.contains(", expected ") && !error.hint.is_empty(), "{said} {}", error.hint);
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let (folder, authority, issued) = good();
    let folder = folder.path();
    files(folder).open().unwrap();
    let other = authority.issue(&["hub.example"]).unwrap();
    check(folder, "hub.pem", "", "--certificate", "an empty file");
    check(folder, "hub.pem", "hello", "--certificate", "nothing in PEM");
    check(folder, "hub.pem", &issued.key, "--certificate", "only PRIVATE KEY");
    check(folder, "hub.pem", &issued.certificate[..200], "--certificate", "damaged PEM");
    check(folder, "hub.pem", &"x".repeat(1024 * 1024 + 1), "--certificate", "more than 1048576 bytes");
    check(folder, "hub.key", &issued.certificate, "--key", "only CERTIFICATE");
    check(folder, "hub.key", &other.key, "--key", "a private key of another certificate");
    check(folder, "hub.key", ENCRYPTED, "--key", "an encrypted private key");
    check(folder, "hub.key", ENCRYPTED_PKCS1, "--key", "an encrypted private key");
    let no_key = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";
    check(folder, "hub.key", no_key, "--key", "a key that can't be used");
    check(folder, "authority.pem", &issued.key, "--authorities", "only PRIVATE KEY");
    let no_certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    check(folder, "hub.pem", no_certificate, "--certificate", "a certificate that can't be read");
    check(folder, "authority.pem", no_certificate, "--authorities", "damaged PEM");
}

#[test]
fn a_certificate_must_be_valid_now() {
    let (folder, authority, _) = good();
    for (from, until, expect) in
        [(2000, 2001, "a certificate that ran out "), (2200, 2201, "a certificate that is valid only in ")]
    {
        let issued = authority.sign(with_validity(from, until)).unwrap();
        check(folder.path(), "hub.pem", &issued.certificate, "--certificate", expect);
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let (folder, ..) = good();
    for (file, setting) in [("hub.pem", "--certificate"), ("hub.key", "--key"), ("authority.pem", "--authorities")] {
        let path = folder.path().join(file);
        let content = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let error = files(folder.path()).open().unwrap_err();
        assert_eq!((error.setting, &error.path), (setting, &path));
        assert!(error.found.starts_with("nothing that can be read (No such file"), "{error}");
        fs::write(&path, content).unwrap();
    }
}

#[test]
fn keys_come_after_other_things_and_in_other_forms() {
    let (folder, _, issued) = good();
    let with_more =
        format!("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{}", issued.key);
    fs::write(folder.path().join("hub.key"), with_more).unwrap();
    files(folder.path()).open().unwrap();
    // One file for both.
    let both = format!("{}{}", issued.certificate, issued.key);
    fs::write(folder.path().join("hub.key"), &both).unwrap();
    fs::write(folder.path().join("hub.pem"), both).unwrap();
    files(folder.path()).open().unwrap();
}

#[test]
fn files_that_change_are_taken_up_if_they_are_good() {
    let (folder, authority, issued) = good();
    let tls = files(folder.path()).open().unwrap();
    let first = tls.current();
    assert_eq!(tls.renew(), Ok(false));
    // Half of a renewal.
    let renewed = authority.issue(&["hub.example"]).unwrap();
    fs::write(folder.path().join("hub.pem"), &renewed.certificate).unwrap();
    assert_eq!(tls.renew().unwrap_err().setting, "--key");
    assert_eq!(tls.renew(), Ok(false), "the same error is not told again");
    assert!(std::sync::Arc::ptr_eq(&first, &tls.current()), "the old one stays");
    // The other half.
    fs::write(folder.path().join("hub.key"), &renewed.key).unwrap();
    assert_eq!(tls.renew(), Ok(true));
    assert!(!std::sync::Arc::ptr_eq(&first, &tls.current()));
    // A file that goes away, and comes back.
    fs::remove_file(folder.path().join("authority.pem")).unwrap();
    assert_eq!(tls.renew().unwrap_err().setting, "--authorities");
    authority.write(folder.path()).unwrap();
    issued.write(folder.path(), "hub").unwrap();
    assert_eq!(tls.renew(), Ok(true));
}

#[test]
fn a_client_needs_no_files() {
    ClientFiles::default().open().unwrap();
}
