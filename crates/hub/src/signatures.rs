//! Whether a message was signed by the one in whose name it comes (FSPIOP, "Signature" 1.1).
//!
//! Checked is everything that may change something. GET has no body, and Mojaloop's own library does not sign it. That library
//! can't sign DELETE either, but a participant whose word is checked must not lose its parties to anybody who uses its name.

use std::{
    collections::HashMap,
    str::FromStr,
    sync::{Arc, PoisonError, RwLock},
};

use fspiop::{ErrorCode, FspiopError, Timestamp, headers};
use http::{HeaderName, Method, request::Parts};
use identity::{PublicKey, SignatureError, SignedMessage, verify};
use switch::{Configuration, JwsKey, JwsKeyId};

/// Keys that are kept as they are needed for checking; some 8 KiB each. Two for each of 500 participants. When there are
/// more, all are parsed anew, which takes 26 µs a key.
const KEPT_KEYS: usize = 1_000;

/// Whose signatures are checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validation {
    /// Nobody's: signatures are passed on.
    #[default]
    None,
    /// Of those who have registered a key, be it retired: they send nothing unsigned any more. Others pass.
    PerParticipant,
    /// Everybody's.
    All,
}

impl Validation {
    /// What it is called in settings: the words of `hub.yaml`, and two that say the same.
    const WORDS: [(&str, Validation); 5] = [
        ("none", Validation::None),
        ("per-participant", Validation::PerParticipant),
        ("all", Validation::All),
        ("off", Validation::None),
        ("always", Validation::All),
    ];
}

/// The text is no word for whose signatures are checked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("found {0:?}, expected none (or off), per-participant, or all (or always)")]
pub struct ValidationError(String);

impl FromStr for Validation {
    type Err = ValidationError;

    fn from_str(text: &str) -> Result<Validation, ValidationError> {
        let known = Validation::WORDS.into_iter().find(|(word, _)| *word == text);
        known.map(|(_, validation)| validation).ok_or_else(|| ValidationError(text.chars().take(80).collect()))
    }
}

/// Checks signatures; remembers parsed keys.
#[derive(Debug, Default)]
pub(crate) struct Signatures {
    validation: Validation,
    /// An id is the hash of its key, so that what is kept here is never out of date.
    parsed: RwLock<HashMap<JwsKeyId, Arc<PublicKey>>>,
}

impl Signatures {
    pub(crate) fn new(validation: Validation) -> Signatures {
        Signatures { validation, parsed: RwLock::default() }
    }

    /// Checks a request that was interpreted, so that its headers are known to be what they must, and nobody has acted on it
    /// yet. This is some 30 µs of work for a key of 2048 bits, and nothing waits meanwhile but this request.
    ///
    /// # Errors
    /// 3102 if a header is missing; 3105 if the signature does not hold; 3101 for a message in the hub's own name.
    pub(crate) fn check(
        &self,
        parts: &Parts,
        body: &[u8],
        configuration: &Configuration,
        now: Timestamp,
    ) -> Result<(), FspiopError> {
        if parts.method == Method::GET {
            return Ok(());
        }
        let source = text(parts, &headers::FSPIOP_SOURCE)?.unwrap_or_default();
        if configuration.hub_name().as_str() == source {
            // The hub signs what goes out in its name, so nothing of others may.
            return Err(FspiopError::new(ErrorCode::MalformedSyntax, "invalid fspiop-source header"));
        }
        let keys = self.keys(configuration, source);
        let asked_for = match self.validation {
            Validation::None => false,
            Validation::PerParticipant => !keys.is_empty(),
            Validation::All => true,
        };
        if asked_for { self.check_signed(parts, source, body, &keys, now) } else { Ok(()) }
    }

    fn check_signed(
        &self,
        parts: &Parts,
        source: &str,
        body: &[u8],
        keys: &[&JwsKey],
        now: Timestamp,
    ) -> Result<(), FspiopError> {
        let header = required(parts, &headers::FSPIOP_SIGNATURE, "fspiop-signature")?;
        let uri = required(parts, &headers::FSPIOP_URI, "fspiop-uri")?;
        let method = required(parts, &headers::FSPIOP_HTTP_METHOD, "fspiop-http-method")?;
        let whole = parts.uri.path_and_query().map(|whole| whole.as_str());
        if uri != parts.uri.path() && Some(uri) != whole {
            return Err(SignatureError::Untrue("fspiop-uri").into());
        }
        if method != parts.method.as_str() {
            return Err(SignatureError::Untrue("fspiop-http-method").into());
        }
        let destination = text(parts, &headers::FSPIOP_DESTINATION)?.filter(|name| !name.is_empty());
        let date = text(parts, &http::header::DATE)?;
        let message = SignedMessage { method, uri, source, destination, date, body };
        let valid: Vec<_> = keys.iter().filter(|key| key.is_valid(now)).filter_map(|key| self.parsed(key)).collect();
        Ok(verify(header, &message, valid.iter().map(AsRef::as_ref))?)
    }

    fn keys<'a>(&self, configuration: &'a Configuration, source: &str) -> Vec<&'a JwsKey> {
        if self.validation == Validation::None {
            return Vec::new();
        }
        let sender = configuration.registry.participant_named(source);
        sender.map(|sender| configuration.routing.jws_keys(sender.id).collect()).unwrap_or_default()
    }

    /// The key as it is needed for checking. One that can't be parsed, since the store was changed by hand, is no key.
    fn parsed(&self, key: &JwsKey) -> Option<Arc<PublicKey>> {
        if let Some(known) = self.parsed.read().unwrap_or_else(PoisonError::into_inner).get(&key.id) {
            return Some(known.clone());
        }
        let parsed = match PublicKey::from_pem(&key.public_key) {
            Ok(parsed) if parsed.id() == key.id.0.as_ref() => Arc::new(parsed),
            Ok(_) => {
                tracing::error!(key = %key.id.0, "a stored public key is not the one that its id names");
                return None;
            }
            Err(error) => {
                tracing::error!(key = %key.id.0, %error, "a stored public key can't be read");
                return None;
            }
        };
        let mut kept = self.parsed.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_KEYS {
            kept.clear();
        }
        kept.insert(key.id.clone(), parsed.clone());
        Some(parsed)
    }
}

/// A header that may occur once.
fn text<'a>(parts: &'a Parts, name: &HeaderName) -> Result<Option<&'a str>, FspiopError> {
    let malformed = || FspiopError::new(ErrorCode::MalformedSyntax, format!("Invalid {name} header"));
    let mut values = parts.headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(malformed());
    }
    value.map(|value| value.to_str().map_err(|_| malformed())).transpose()
}

fn required<'a>(parts: &'a Parts, name: &HeaderName, shown: &'static str) -> Result<&'a str, FspiopError> {
    let value = text(parts, name).map_err(|_| FspiopError::from(SignatureError::Repeated(shown)))?;
    Ok(value.filter(|value| !value.is_empty()).ok_or(SignatureError::Missing(shown))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_validation() {
        for (word, expect) in Validation::WORDS {
            assert_eq!(word.parse(), Ok(expect));
        }
        let error = "everyone".parse::<Validation>().unwrap_err().to_string();
        assert_eq!(error, r#"found "everyone", expected none (or off), per-participant, or all (or always)"#);
    }
}
