//! The header `FSPIOP-Signature`: a JWS (RFC 7515) whose payload, the body, is not repeated in it.
//!
//! ```text
//! {"signature": BASE64URL, "protectedHeader": BASE64URL({"alg": "RS256", "FSPIOP-URI": "/transfers", …})}
//! ```
//! What is signed is `protectedHeader.BASE64URL(body)`, with the bytes of the body as they are sent.

use std::borrow::Cow;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use fspiop::{ErrorCode, Excerpt, FspiopError};
use serde::{Deserialize, Serialize, de::IgnoredAny};

use crate::{Algorithm, PublicKey};

/// The longest header, in bytes: room for a signature of 8192 bits (1366 characters) and a protected header of 5 KiB, which
/// is twice the longest URI with names and date.
pub const MAX_SIGNATURE_BYTES: usize = 8_192;

/// What a signature speaks for, as it stands in the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedMessage<'a> {
    /// The HTTP method, in capitals, which is also in `FSPIOP-HTTP-Method`.
    pub method: &'a str,
    /// The path of the FSPIOP resource, with what an `FSPIOP-URI` has behind it (`/transfers`, `/parties/MSISDN/1`).
    pub uri: &'a str,
    /// `FSPIOP-Source`.
    pub source: &'a str,
    /// `FSPIOP-Destination`, unless it is missing or empty.
    pub destination: Option<&'a str>,
    /// `Date`, as it is written there.
    pub date: Option<&'a str>,
    /// The bytes of the body.
    pub body: &'a [u8],
}

/// Why a signature is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header is missing that every signed message has.
    #[error("/header must have required property '{0}'")]
    Missing(&'static str),
    /// A header occurs more than once.
    #[error("{0} must occur once")]
    Repeated(&'static str),
    /// The header is too long to be looked at.
    #[error("fspiop-signature has {0} bytes, more than {MAX_SIGNATURE_BYTES}")]
    TooLong(usize),
    /// The header, or the protected header in it, is not the JSON that it must be.
    #[error("{0}: {1}")]
    Malformed(&'static str, String),
    /// Not base64url without padding.
    #[error("{0} is not base64url without padding")]
    NotBase64(&'static str),
    /// None of the algorithms that are believed.
    #[error("alg is {0}; expected RS256, RS384 or RS512")]
    Algorithm(Excerpt),
    /// An extension of JWS that changes what is signed.
    #[error("the extension {0} of JWS is not supported")]
    Extension(&'static str),
    /// The protected header says something else than the message.
    #[error("{0} in the protected header is not that of the message")]
    Mismatch(&'static str),
    /// `FSPIOP-URI` or `FSPIOP-HTTP-Method` beside the signature says something else than the request.
    #[error("{0} is not that of the request")]
    Untrue(&'static str),
    /// The sender has no key that is valid now.
    #[error("no key of {0} is valid now")]
    NoKey(String),
    /// No valid key of the sender has made the signature for this body.
    #[error("made by none of the sender's {0} valid keys, or for another body")]
    Wrong(usize),
}

impl SignatureError {
    /// The protocol's code: 3102 for a header that is missing, 3105 for everything else.
    pub fn code(&self) -> ErrorCode {
        match self {
            SignatureError::Missing(_) => ErrorCode::MissingElement,
            _ => ErrorCode::InvalidSignature,
        }
    }
}

impl From<SignatureError> for FspiopError {
    fn from(error: SignatureError) -> FspiopError {
        FspiopError::new(error.code(), error.to_string())
    }
}

#[derive(Deserialize, Serialize)]
struct Header<'a> {
    #[serde(borrow)]
    signature: Cow<'a, str>,
    #[serde(rename = "protectedHeader", borrow)]
    protected: Cow<'a, str>,
}

/// The order of the members is that of Mojaloop's own library. Members that are not known are of no concern, but for those
/// that change what is signed (RFC 7515, section 4.1.11; RFC 7797).
#[derive(Deserialize, Serialize)]
struct ProtectedHeader<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(rename = "FSPIOP-URI", borrow)]
    uri: Cow<'a, str>,
    #[serde(rename = "FSPIOP-HTTP-Method", borrow)]
    method: Cow<'a, str>,
    #[serde(rename = "FSPIOP-Source", borrow)]
    source: Cow<'a, str>,
    #[serde(rename = "FSPIOP-Destination", borrow, skip_serializing_if = "Option::is_none")]
    destination: Option<Cow<'a, str>>,
    #[serde(rename = "Date", borrow, skip_serializing_if = "Option::is_none")]
    date: Option<Cow<'a, str>>,
    #[serde(skip_serializing, default)]
    crit: Option<IgnoredAny>,
    #[serde(skip_serializing, default)]
    b64: Option<IgnoredAny>,
}

/// Checks the header `FSPIOP-Signature` of a message against the keys of its sender that are valid now. The cheap checks come
/// first; RSA comes last, once for each key until one fits.
///
/// # Errors
/// [`SignatureError`] says what does not hold.
pub fn verify<'k>(
    header: &str,
    message: &SignedMessage<'_>,
    keys: impl IntoIterator<Item = &'k PublicKey>,
) -> Result<(), SignatureError> {
    if header.len() > MAX_SIGNATURE_BYTES {
        return Err(SignatureError::TooLong(header.len()));
    }
    let header: Header<'_> = parse("fspiop-signature", header.as_bytes())?;
    let bytes = decode("signature", &header.signature)?;
    let protected_json = decode("protectedHeader", &header.protected)?;
    let protected: ProtectedHeader<'_> = parse("protectedHeader", &protected_json)?;
    let algorithm =
        Algorithm::parse(&protected.alg).ok_or_else(|| SignatureError::Algorithm(Excerpt::of(&protected.alg)))?;
    protected.matches(message)?;
    let input = signing_input(&header.protected, message.body);
    let mut tried = 0;
    for key in keys {
        if key.has_signed(algorithm, &input, &bytes) {
            return Ok(());
        }
        tried += 1;
    }
    match tried {
        0 => Err(SignatureError::NoKey(message.source.to_owned())),
        _ => Err(SignatureError::Wrong(tried)),
    }
}

impl ProtectedHeader<'_> {
    /// A date may be left out, since some HTTP clients set it themselves; if it is there it must be the message's. The
    /// destination is to be there if and only if the message has one.
    fn matches(&self, message: &SignedMessage<'_>) -> Result<(), SignatureError> {
        for (name, extension) in [("crit", &self.crit), ("b64", &self.b64)] {
            if extension.is_some() {
                return Err(SignatureError::Extension(name));
            }
        }
        let date = self.date.as_deref();
        let pairs = [
            ("FSPIOP-URI", self.uri == message.uri),
            ("FSPIOP-HTTP-Method", self.method == message.method),
            ("FSPIOP-Source", self.source == message.source),
            ("FSPIOP-Destination", self.destination.as_deref() == message.destination),
            ("Date", date.is_none() || date == message.date),
        ];
        match pairs.into_iter().find(|(_, equal)| !equal) {
            Some((name, _)) => Err(SignatureError::Mismatch(name)),
            None => Ok(()),
        }
    }
}

fn parse<'a, T: Deserialize<'a>>(what: &'static str, json: &'a [u8]) -> Result<T, SignatureError> {
    // serde would take a list of the members' values, too.
    if json.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
        return Err(SignatureError::Malformed(what, "expected a JSON object".to_owned()));
    }
    serde_json::from_slice(json).map_err(|error| SignatureError::Malformed(what, error.to_string()))
}

fn decode(what: &'static str, text: &str) -> Result<Vec<u8>, SignatureError> {
    BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| SignatureError::NotBase64(what))
}

/// What is signed: the protected header as it is sent, and the body.
pub(crate) fn signing_input(protected: &str, body: &[u8]) -> Vec<u8> {
    let mut input = String::with_capacity(protected.len() + 1 + body.len().div_ceil(3) * 4);
    input.push_str(protected);
    input.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(body, &mut input);
    input.into_bytes()
}

/// The protected header of a message, in base64url.
pub(crate) fn protected_header(message: &SignedMessage<'_>, algorithm: Algorithm) -> String {
    let protected = ProtectedHeader {
        alg: algorithm.name().into(),
        uri: message.uri.into(),
        method: message.method.into(),
        source: message.source.into(),
        destination: message.destination.map(Into::into),
        date: message.date.map(Into::into),
        crit: None,
        b64: None,
    };
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&protected).expect("texts can be written as JSON"))
}

/// The whole header.
pub(crate) fn header(protected: &str, signature: &[u8]) -> String {
    let signature = BASE64_URL_SAFE_NO_PAD.encode(signature).into();
    serde_json::to_string(&Header { signature, protected: protected.into() }).expect("texts can be written as JSON")
}
