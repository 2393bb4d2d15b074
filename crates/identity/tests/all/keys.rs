//! Which keys are taken.

use base64::Engine;
use identity::{PublicKey, Signer, verify};

use crate::MESSAGE;

const PKCS1: &str = include_str!("../data/pkcs1.pem");
const PKCS1_PUBLIC: &str = include_str!("../data/pkcs1-public.pem");
const SHORT: &str = include_str!("../data/short.pem");
const ELLIPTIC: &str = include_str!("../data/elliptic.pem");
const ED25519: &str = include_str!("../data/ed25519.pem");
const ENCRYPTED: &str = include_str!("../data/encrypted.pem");

#[track_caller]
fn check_public(text: &str, expect: &str) {
    let found = PublicKey::from_pem(text).map(|key| key.bits().to_string()).unwrap_or_else(|error| error.to_string());
    assert_eq!(found, expect);
}

#[test]
fn public_keys_are_rsa_keys_of_2048_bits_at_least() {
    let good = Signer::from_pem(PKCS1).unwrap().public_key().to_pem();
    check_public(&good, "2048");
    check_public(&good.replace('\n', "\r\n"), "2048");
    check_public(SHORT, "found an RSA key of 1024 bits; expected 2048 to 8192");
    check_public(ELLIPTIC, "found an elliptic-curve key; expected an RSA key");
    check_public(ED25519, "found an Ed25519 key; expected an RSA key");
    let private = "found a private key; expected the public one. Do not use that private key any more";
    check_public(PKCS1, private);
    check_public(ENCRYPTED, private);
    check_public(PKCS1_PUBLIC, "found the block 'RSA PUBLIC KEY'; expected 'PUBLIC KEY'");
    check_public("", "found no line -----BEGIN …-----; expected a block 'PUBLIC KEY' in PEM");
    let cut = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----";
    check_public(cut, "found no key that can be read; expected an RSA key");
    // The bare key of PKCS#1, called what it is not.
    let renamed = PKCS1_PUBLIC.replace("RSA PUBLIC KEY", "PUBLIC KEY");
    check_public(&renamed, "found a key that is not a SubjectPublicKeyInfo in DER; expected an RSA key");
}

/// With an exponent of 1 everybody signs: the signature is the padded hash itself.
#[test]
fn public_keys_that_anybody_could_sign_for_are_refused() {
    let pem = Signer::generate().unwrap().0.public_key().to_pem();
    let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::prelude::BASE64_STANDARD.decode(lines).unwrap();
    let with_exponent = |exponent: &[u8]| {
        let mut changed = der.strip_suffix(&[0x02, 0x03, 0x01, 0x00, 0x01]).expect("made with 65537").to_vec();
        changed.extend([0x02, u8::try_from(exponent.len()).unwrap()]);
        changed.extend(exponent);
        // The lengths, as two bytes each: of all, of the bits, and of the key in them.
        for at in [2, 21, 26] {
            let length =
                u16::from_be_bytes([changed[at], changed[at + 1]]) + u16::try_from(exponent.len()).unwrap() - 3;
            changed[at..at + 2].copy_from_slice(&length.to_be_bytes());
        }
        let found = PublicKey::from_der(&changed).map(|key| key.bits().to_string());
        found.unwrap_or_else(|error| error.to_string())
    };
    assert_eq!(with_exponent(&[1, 0, 1]), "2048");
    assert_eq!(with_exponent(&[3]), "2048");
    for exponent in [&[1][..], &[2], &[0], &[1, 0, 0], &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]] {
        assert_eq!(with_exponent(exponent), "found no key that can be read; expected an RSA key", "{exponent:?}");
    }
}

#[test]
fn an_id_is_the_hash_of_the_key_however_it_is_written() {
    let key = Signer::from_pem(PKCS1).unwrap();
    let again = PublicKey::from_pem(&format!("a comment\n{}", key.public_key().to_pem())).unwrap();
    assert_eq!(again.id(), key.public_key().id());
    assert!(key.public_key().id().len() == 64 && key.public_key().id().bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(format!("{key:?}"), format!("Signer({})", again.id()), "nothing of the private half is printed");
}

#[track_caller]
fn check_private(text: &str, expect: &str) {
    let error = Signer::from_pem(text).expect_err("it is refused").to_string();
    assert!(error.contains(expect), "{error}");
}

#[test]
fn private_keys_that_do_not_fit_are_refused_with_what_was_found() {
    check_private(SHORT, "found the block 'PUBLIC KEY'; expected 'PRIVATE KEY' or 'RSA PRIVATE KEY'");
    check_private(ENCRYPTED, "found a key with a passphrase");
    check_private("secret", "found no line -----BEGIN …-----");
    check_private(
        "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----",
        "found no RSA key of 2048 to 8192 bits",
    );
}

#[test]
fn a_key_that_was_made_can_be_read_and_signs() {
    let (made, text) = Signer::generate().unwrap();
    let read = Signer::from_pem(&text).unwrap();
    assert_eq!(made.public_key().id(), read.public_key().id());
    let header = read.sign(&MESSAGE).unwrap();
    assert_eq!(verify(&header, &MESSAGE, [made.public_key()]), Ok(()));
    assert_eq!(read.sign(&identity::SignedMessage { body: b"", ..MESSAGE }), None, "there is nothing to sign");
    let deletion = identity::SignedMessage { method: "DELETE", body: b"", ..MESSAGE };
    assert_eq!(verify(&read.sign(&deletion).unwrap(), &deletion, [made.public_key()]), Ok(()));
}
