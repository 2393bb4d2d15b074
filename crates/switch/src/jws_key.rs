//! Public keys with which participants sign their messages (FSPIOP, Signature 1.1).

use fspiop::Timestamp;
use ledger::ParticipantId;

/// Names a key: the SHA-256 of its SubjectPublicKeyInfo in DER, in lowercase hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JwsKeyId(pub Box<str>);

/// A public key of a participant. Several may be valid at a time, so that a key can be rotated with overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwsKey {
    /// Whose.
    pub participant: ParticipantId,
    /// Its name.
    pub id: JwsKeyId,
    /// SubjectPublicKeyInfo in PEM, as it was registered.
    pub public_key: Box<str>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// From this moment on nothing that it signed is believed; absent: until it is retired.
    pub valid_until: Option<Timestamp>,
}

impl JwsKey {
    /// Whether what it signs is believed now.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.valid_until.is_none_or(|until| now < until)
    }
}
