//! Private keys: [`Signer`].

use std::fmt;

use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use fspiop::Excerpt;

use crate::{Algorithm, PemError, PublicKey, PublicKeyError, SignedMessage, pem, signature};

/// How a private key of any kind is called in PEM: PKCS#8 (RFC 5958).
const PKCS8: &str = "PRIVATE KEY";
/// How an RSA key is called in PEM: PKCS#1 (RFC 8017).
const PKCS1: &str = "RSA PRIVATE KEY";

/// A private RSA key that signs messages with RS256. What it prints for people is its public half's id.
pub struct Signer {
    pair: KeyPair,
    public: PublicKey,
}

/// Why a text is no private key that can be used. The text itself is never repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// Not PEM.
    #[error("{0}; expected a block 'PRIVATE KEY' or 'RSA PRIVATE KEY' in PEM")]
    Pem(#[from] PemError),
    /// PEM of something else.
    #[error("found the block {0}; expected 'PRIVATE KEY' or 'RSA PRIVATE KEY'")]
    Label(Excerpt),
    /// A key with a passphrase.
    #[error("found a key with a passphrase; expected one without: `openssl pkey -in KEY -out NEW` takes it away")]
    Encrypted,
    /// Not an RSA key, or one that is not consistent.
    #[error("found no RSA key of 2048 to 8192 bits: {0}")]
    Rejected(String),
    /// The public half can't be used.
    #[error(transparent)]
    Public(#[from] PublicKeyError),
    /// No key could be made.
    #[error("no key could be made")]
    NotMade,
}

impl Signer {
    /// Reads a key in PEM: PKCS#8 or PKCS#1, without a passphrase.
    ///
    /// # Errors
    /// [`SigningKeyError`] says what was found instead.
    pub fn from_pem(text: &str) -> Result<Signer, SigningKeyError> {
        let block = pem::read(text)?;
        let pair = match block.label.as_str() {
            PKCS8 => KeyPair::from_pkcs8(&block.der),
            PKCS1 => KeyPair::from_der(&block.der),
            "ENCRYPTED PRIVATE KEY" => return Err(SigningKeyError::Encrypted),
            label => return Err(SigningKeyError::Label(Excerpt::of(label))),
        };
        Signer::of(pair.map_err(|error| SigningKeyError::Rejected(error.to_string()))?)
    }

    /// Makes a key of 2048 bits, which takes a few hundred milliseconds, and says it in PEM (PKCS#8).
    ///
    /// # Errors
    /// [`SigningKeyError::NotMade`] if the system has no randomness.
    pub fn generate() -> Result<(Signer, String), SigningKeyError> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| SigningKeyError::NotMade)?;
        let text = pem::write(PKCS8, pair.as_der().map_err(|_| SigningKeyError::NotMade)?.as_ref());
        Ok((Signer::of(pair)?, text))
    }

    fn of(pair: KeyPair) -> Result<Signer, SigningKeyError> {
        let der = pair.public_key().as_der().map_err(|_| SigningKeyError::NotMade)?;
        let public = PublicKey::from_der(der.as_ref())?;
        Ok(Signer { pair, public })
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The header `FSPIOP-Signature` of a message. A message without a body has none, DELETE apart, which changes something.
    ///
    /// For the same message it is the same text as that of Mojaloop's `sdk-standard-components`, to the byte.
    pub fn sign(&self, message: &SignedMessage<'_>) -> Option<String> {
        if message.body.is_empty() && message.method != "DELETE" {
            return None;
        }
        let protected = signature::protected_header(message, Algorithm::Rs256);
        let mut bytes = vec![0; self.pair.public_modulus_len()];
        let input = signature::signing_input(&protected, message.body);
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &input, &mut bytes).ok()?;
        Some(signature::header(&protected, &bytes))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Signer({})", self.public.id())
    }
}
