//! Signatures that Mojaloop's own library has made: see `tests/data/README.md`.

use std::collections::BTreeMap;

use identity::{PublicKey, SignedMessage, Signer, verify};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fixture {
    private_key: String,
    public_key: String,
    messages: Vec<Sent>,
}

#[derive(Deserialize)]
struct Sent {
    method: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Sent {
    fn message(&self) -> SignedMessage<'_> {
        let header = |name: &str| self.headers.get(name).map(String::as_str);
        SignedMessage {
            method: &self.method,
            uri: header("fspiop-uri").unwrap(),
            source: header("fspiop-source").unwrap(),
            destination: header("fspiop-destination"),
            date: header("date"),
            body: self.body.as_bytes(),
        }
    }
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../data/upstream.json")).unwrap()
}

#[test]
fn what_upstream_signs_is_believed() {
    let fixture = fixture();
    let key = PublicKey::from_pem(&fixture.public_key).unwrap();
    assert_eq!(fixture.messages.len(), 6);
    for sent in &fixture.messages {
        let header = &sent.headers["fspiop-signature"];
        assert_eq!(verify(header, &sent.message(), [&key]), Ok(()), "{:?}", sent.message());
        let altered = SignedMessage { body: b"{}", ..sent.message() };
        assert!(verify(header, &altered, [&key]).is_err(), "{altered:?}");
    }
}

#[test]
fn we_sign_as_upstream_does_to_the_byte() {
    let fixture = fixture();
    let signer = Signer::from_pem(&fixture.private_key).unwrap();
    assert_eq!(signer.public_key().to_pem(), fixture.public_key);
    for sent in &fixture.messages {
        let header = signer.sign(&sent.message());
        assert_eq!(header.as_ref(), sent.headers.get("fspiop-signature"), "{:?}", sent.message());
    }
}
