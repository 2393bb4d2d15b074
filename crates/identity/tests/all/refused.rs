//! Which signatures are not believed, and why.

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::KeyPair,
    signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use identity::{MAX_SIGNATURE_BYTES, PublicKey, SignatureError, SignedMessage, Signer, verify};
use serde_json::{Value, json};

use crate::MESSAGE;

/// A sender's key, whole, so that anything can be signed with it.
struct Forge {
    pair: KeyPair,
    public: PublicKey,
}

impl Forge {
    fn new() -> Forge {
        let (signer, pem) = Signer::generate().unwrap();
        let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = base64::prelude::BASE64_STANDARD.decode(lines).unwrap();
        let public = PublicKey::from_pem(&signer.public_key().to_pem()).unwrap();
        Forge { pair: KeyPair::from_pkcs8(&der).unwrap(), public }
    }

    fn sign(&self, encoding: &'static dyn RsaEncoding, input: &str) -> String {
        let mut bytes = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(encoding, &SystemRandom::new(), input.as_bytes(), &mut bytes).unwrap();
        BASE64.encode(bytes)
    }

    /// A header whose signature holds for this protected header and body.
    fn seal_with(&self, encoding: &'static dyn RsaEncoding, protected: &str, body: &[u8]) -> String {
        let protected = BASE64.encode(protected);
        let signature = self.sign(encoding, &format!("{protected}.{}", BASE64.encode(body)));
        json!({"signature": signature, "protectedHeader": protected}).to_string()
    }

    fn seal(&self, protected: &Value) -> String {
        self.seal_with(&RSA_PKCS1_SHA256, &protected.to_string(), MESSAGE.body)
    }

    #[track_caller]
    fn check(&self, header: &str, message: &SignedMessage<'_>, expect: &str) {
        let found = verify(header, message, [&self.public]).map_err(|error| error.to_string());
        assert_eq!(found.err().as_deref().unwrap_or("believed"), expect, "{header}");
    }
}

fn protected() -> Value {
    json!({
        "alg": "RS256",
        "FSPIOP-URI": MESSAGE.uri,
        "FSPIOP-HTTP-Method": MESSAGE.method,
        "FSPIOP-Source": MESSAGE.source,
        "FSPIOP-Destination": MESSAGE.destination,
        "Date": MESSAGE.date,
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut protected = protected();
    protected[name] = value;
    protected
}

fn without(name: &str) -> Value {
    let mut protected = protected();
    protected.as_object_mut().unwrap().remove(name).expect("it was there");
    protected
}

#[test]
fn three_algorithms_are_believed() {
    let forge = Forge::new();
    let all: [(&str, &'static dyn RsaEncoding); 3] =
        [("RS256", &RSA_PKCS1_SHA256), ("RS384", &RSA_PKCS1_SHA384), ("RS512", &RSA_PKCS1_SHA512)];
    for (name, encoding) in all {
        let header = forge.seal_with(encoding, &with("alg", name.into()).to_string(), MESSAGE.body);
        forge.check(&header, &MESSAGE, "believed");
    }
}

#[test]
fn other_algorithms_are_not() {
    let forge = Forge::new();
    let expected = "expected RS256, RS384 or RS512";
    for name in ["none", "None", "HS256", "ES256", "PS256", "rs256", "RS1", ""] {
        forge.check(&forge.seal(&with("alg", name.into())), &MESSAGE, &format!("alg is '{name}'; {expected}"));
    }
    // What is signed with another algorithm than it says.
    let header = forge.seal_with(&RSA_PKCS1_SHA512, &protected().to_string(), MESSAGE.body);
    forge.check(&header, &MESSAGE, "made by none of the sender's 1 valid keys, or for another body");
    let header = forge.seal_with(&RSA_PSS_SHA256, &protected().to_string(), MESSAGE.body);
    forge.check(&header, &MESSAGE, "made by none of the sender's 1 valid keys, or for another body");
    // The public key as the secret of a MAC.
    let header = BASE64.encode(with("alg", "HS256".into()).to_string());
    let input = format!("{header}.{}", BASE64.encode(MESSAGE.body));
    let key = hmac::Key::new(hmac::HMAC_SHA256, forge.public.to_pem().as_bytes());
    let mac = BASE64.encode(hmac::sign(&key, input.as_bytes()));
    let header = json!({"signature": mac, "protectedHeader": header}).to_string();
    forge.check(&header, &MESSAGE, &format!("alg is 'HS256'; {expected}"));
    // No signature at all.
    let header = BASE64.encode(with("alg", "none".into()).to_string());
    let header = json!({"signature": "", "protectedHeader": header}).to_string();
    forge.check(&header, &MESSAGE, &format!("alg is 'none'; {expected}"));
}

#[test]
fn a_replay_as_another_message_is_refused() {
    let forge = Forge::new();
    let header = forge.seal(&protected());
    forge.check(&header, &MESSAGE, "believed");
    let mismatch = |name: &str| format!("{name} in the protected header is not that of the message");
    let cases = [
        (SignedMessage { uri: "/quotes", ..MESSAGE }, mismatch("FSPIOP-URI")),
        (SignedMessage { uri: "/transfers/", ..MESSAGE }, mismatch("FSPIOP-URI")),
        (SignedMessage { method: "PUT", ..MESSAGE }, mismatch("FSPIOP-HTTP-Method")),
        (SignedMessage { source: "otherfsp", ..MESSAGE }, mismatch("FSPIOP-Source")),
        (SignedMessage { source: "Payerfsp", ..MESSAGE }, mismatch("FSPIOP-Source")),
        (SignedMessage { destination: Some("otherfsp"), ..MESSAGE }, mismatch("FSPIOP-Destination")),
        (SignedMessage { destination: None, ..MESSAGE }, mismatch("FSPIOP-Destination")),
        (SignedMessage { date: Some("Sun, 22 Nov 2026 14:00:01 GMT"), ..MESSAGE }, mismatch("Date")),
        (SignedMessage { date: None, ..MESSAGE }, mismatch("Date")),
        (
            SignedMessage { body: br#"{"transferId":"b51ec534-ee48-4575-b6a9-ead2955b8060"}"#, ..MESSAGE },
            "made by none of the sender's 1 valid keys, or for another body".to_owned(),
        ),
        (
            SignedMessage { body: b"", ..MESSAGE },
            "made by none of the sender's 1 valid keys, or for another body".to_owned(),
        ),
    ];
    for (message, expect) in cases {
        forge.check(&header, &message, &expect);
    }
}

#[test]
fn the_protected_header_says_all_that_it_must() {
    let forge = Forge::new();
    for name in ["alg", "FSPIOP-URI", "FSPIOP-HTTP-Method", "FSPIOP-Source"] {
        let header = forge.seal(&without(name));
        let found = verify(&header, &MESSAGE, [&forge.public]).unwrap_err();
        assert!(
            matches!(&found, SignatureError::Malformed("protectedHeader", reason)
            if reason.starts_with(&format!("missing field `{name}`"))),
            "{found}"
        );
        let header = forge.seal(&with(name, Value::Null));
        assert!(matches!(verify(&header, &MESSAGE, [&forge.public]), Err(SignatureError::Malformed(..))), "{name}");
        let twice = protected().to_string().replacen('{', &format!("{{{name:?}:\"x\","), 1);
        let header = forge.seal_with(&RSA_PKCS1_SHA256, &twice, MESSAGE.body);
        let found = verify(&header, &MESSAGE, [&forge.public]).unwrap_err().to_string();
        assert!(found.contains("duplicate field"), "{found}");
    }
    // HTTP clients that set the date themselves can't sign it.
    forge.check(&forge.seal(&without("Date")), &MESSAGE, "believed");
    let mismatch = "FSPIOP-Destination in the protected header is not that of the message";
    forge.check(&forge.seal(&without("FSPIOP-Destination")), &MESSAGE, mismatch);
    let alone = SignedMessage { destination: None, ..MESSAGE };
    forge.check(&forge.seal(&without("FSPIOP-Destination")), &alone, "believed");
    forge.check(&forge.seal(&with("FSPIOP-Destination", "".into())), &alone, mismatch);
    forge.check(&forge.seal(&with("kid", "1".into())), &MESSAGE, "believed");
    let extension = |name: &str| format!("the extension {name} of JWS is not supported");
    forge.check(&forge.seal(&with("crit", json!(["b64"]))), &MESSAGE, &extension("crit"));
    forge.check(&forge.seal(&with("b64", false.into())), &MESSAGE, &extension("b64"));
}

#[test]
fn the_header_is_json_with_two_members_in_base64url() {
    let forge = Forge::new();
    let good: Value = serde_json::from_str(&forge.seal(&protected())).unwrap();
    let (signature, header) = (good["signature"].as_str().unwrap(), good["protectedHeader"].as_str().unwrap());
    let malformed = |text: &str, expect: &str| {
        let found = verify(text, &MESSAGE, [&forge.public]).expect_err(text).to_string();
        assert!(found.contains(expect), "{text}: {found}");
    };
    malformed("", "fspiop-signature: EOF");
    malformed("lorem ipsum", "fspiop-signature: expected a JSON object");
    malformed(&format!("{header}..{signature}"), "fspiop-signature: expected a JSON object");
    malformed(&format!("{good} {good}"), "trailing characters");
    malformed(&json!([signature, header]).to_string(), "expected a JSON object");
    malformed(&json!({"signature": signature}).to_string(), "missing field `protectedHeader`");
    malformed(&json!({"protectedHeader": header}).to_string(), "missing field `signature`");
    malformed(&json!({"signature": 1, "protectedHeader": header}).to_string(), "invalid type");
    let twice = good.to_string().replacen('{', r#"{"signature":"AAAA","#, 1);
    malformed(&twice, "duplicate field `signature`");
    let member = |name: &str, value: String| {
        let mut changed = good.clone();
        changed[name] = value.into();
        changed.to_string()
    };
    malformed(&member("signature", format!("{signature}==")), "signature is not base64url");
    malformed(&member("signature", signature.replacen(|_: char| true, "+", 1)), "signature is not base64url");
    malformed(&member("signature", signature[..340].to_owned()), "made by none");
    malformed(&member("signature", String::new()), "made by none");
    malformed(&member("protectedHeader", format!("{header} ")), "protectedHeader is not base64url");
    malformed(&member("protectedHeader", BASE64.encode("no JSON")), "protectedHeader: expected a JSON object");
    malformed(&member("protectedHeader", BASE64.encode("[]")), "protectedHeader: expected a JSON object");
    let list = json!(["RS256", MESSAGE.uri, MESSAGE.method, MESSAGE.source, MESSAGE.destination, MESSAGE.date]);
    malformed(&member("protectedHeader", BASE64.encode(list.to_string())), "protectedHeader: expected a JSON object");
    malformed(&member("protectedHeader", BASE64.encode(b"\xff{}")), "protectedHeader: ");
    let long = member("other", "x".repeat(MAX_SIGNATURE_BYTES));
    malformed(&long, &format!("more than {MAX_SIGNATURE_BYTES}"));
}

#[test]
fn one_of_the_senders_valid_keys_must_have_signed() {
    let (old, new, stranger) = (Forge::new(), Forge::new(), Forge::new());
    let header = old.seal(&protected());
    assert_eq!(verify(&header, &MESSAGE, [&new.public, &old.public]), Ok(()), "during a rotation both are valid");
    assert_eq!(verify(&header, &MESSAGE, [&new.public]), Err(SignatureError::Wrong(1)));
    assert_eq!(verify(&header, &MESSAGE, [&new.public, &stranger.public]), Err(SignatureError::Wrong(2)));
    assert_eq!(verify(&header, &MESSAGE, []), Err(SignatureError::NoKey("payerfsp".to_owned())));
}

#[test]
fn what_is_missing_is_told_from_what_is_wrong() {
    assert_eq!(SignatureError::Missing("fspiop-signature").code().text(), "3102");
    assert_eq!(SignatureError::Wrong(1).code().text(), "3105");
    let error = fspiop::FspiopError::from(SignatureError::Mismatch("Date"));
    assert_eq!(error.wire_description(), "Invalid signature - Date in the protected header is not that of the message");
}
