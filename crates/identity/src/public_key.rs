//! Public keys: [`PublicKey`].

use std::fmt;

use aws_lc_rs::{
    digest,
    encoding::AsDer,
    rsa,
    signature::{ParsedPublicKey, VerificationAlgorithm},
};
use fspiop::Excerpt;

use crate::{Algorithm, PemError, pem};

/// The shortest modulus, in bits: RS256 must not be used with less (RFC 7518, section 3.3).
const SHORTEST_BITS: usize = 2048;
/// The longest modulus, in bits. Checking a signature of 8192 bits takes sixteen times as long as one of 2048.
const LONGEST_BITS: usize = 8192;
/// How a public key is called in PEM: SubjectPublicKeyInfo (RFC 5280).
const LABEL: &str = "PUBLIC KEY";

/// An RSA key of 2048 to 8192 bits that checks signatures.
pub struct PublicKey {
    id: Box<str>,
    der: Vec<u8>,
    bits: usize,
    /// One for each algorithm, so that nothing is parsed when a message comes.
    parsed: [ParsedPublicKey; Algorithm::ALL.len()],
}

/// Why a text is no public key that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// Not PEM.
    #[error("{0}; expected a block 'PUBLIC KEY' in PEM")]
    Pem(#[from] PemError),
    /// A private key. It is not repeated in messages, and it is to be thought of as known from now on.
    #[error("found a private key; expected the public one. Do not use that private key any more")]
    Private,
    /// PEM of something else.
    #[error("found the block {0}; expected 'PUBLIC KEY'")]
    Label(Excerpt),
    /// A key of another kind.
    #[error("found {0}; expected an RSA key")]
    Kind(&'static str),
    /// The key is too short or too long.
    #[error("found an RSA key of {0} bits; expected {SHORTEST_BITS} to {LONGEST_BITS}")]
    Size(usize),
}

impl PublicKey {
    /// Reads a key in PEM.
    ///
    /// # Errors
    /// [`PublicKeyError`] says what was found instead.
    pub fn from_pem(text: &str) -> Result<PublicKey, PublicKeyError> {
        let block = pem::read(text)?;
        match block.label.as_str() {
            LABEL => PublicKey::from_der(&block.der),
            label if label.ends_with("PRIVATE KEY") => Err(PublicKeyError::Private),
            label => Err(PublicKeyError::Label(Excerpt::of(label))),
        }
    }

    /// Reads a SubjectPublicKeyInfo in DER.
    ///
    /// # Errors
    /// [`PublicKeyError`] says what was found instead.
    pub fn from_der(der: &[u8]) -> Result<PublicKey, PublicKeyError> {
        let other = || PublicKeyError::Kind(kind(der));
        let key = rsa::PublicKey::from_der(der).map_err(|_| other())?;
        let bits = bits(key.modulus().big_endian_without_leading_zero());
        if !(SHORTEST_BITS..=LONGEST_BITS).contains(&bits) {
            return Err(PublicKeyError::Size(bits));
        }
        // Written anew, so that one key has one id however it was written.
        let canonical = key.as_der().map_err(|_| other())?.as_ref().to_vec();
        if canonical != der {
            return Err(PublicKeyError::Kind("a key that is not a SubjectPublicKeyInfo in DER"));
        }
        PublicKey::parsed(canonical, bits).ok_or_else(other)
    }

    fn parsed(der: Vec<u8>, bits: usize) -> Option<PublicKey> {
        let parse = |algorithm: Algorithm| {
            let parameters: &'static dyn VerificationAlgorithm = algorithm.parameters();
            ParsedPublicKey::new(parameters, &der).ok()
        };
        let [first, second, third] = Algorithm::ALL.map(parse);
        Some(PublicKey { id: id(&der), bits, parsed: [first?, second?, third?], der })
    }

    /// Its name: the SHA-256 of the SubjectPublicKeyInfo in DER, in lowercase hexadecimal. The same as
    /// `openssl pkey -pubin -outform DER | sha256sum`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The size of the modulus.
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// The key in PEM.
    pub fn to_pem(&self) -> String {
        pem::write(LABEL, &self.der)
    }

    /// Whether this key's private half has signed these bytes.
    pub(crate) fn has_signed(&self, algorithm: Algorithm, bytes: &[u8], signature: &[u8]) -> bool {
        self.parsed[algorithm as usize].verify_sig(bytes, signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({}, {} bits)", self.id, self.bits)
    }
}

fn id(der: &[u8]) -> Box<str> {
    use fmt::Write as _;
    let mut text = String::with_capacity(64);
    for byte in digest::digest(&digest::SHA256, der).as_ref() {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.into()
}

fn bits(modulus: &[u8]) -> usize {
    modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize)
}

/// What a key is that is no RSA key, by the identifier of its algorithm.
fn kind(der: &[u8]) -> &'static str {
    const KINDS: [(&[u8], &str); 5] = [
        (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01], "an elliptic-curve key"),
        (&[0x2b, 0x65, 0x70], "an Ed25519 key"),
        (&[0x2b, 0x65, 0x71], "an Ed448 key"),
        (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a], "a key for RSA-PSS only"),
        (&[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01], "a DSA key"),
    ];
    /// The identifier stands at the beginning.
    const HEAD: usize = 32;
    let head = &der[..der.len().min(HEAD)];
    let known = KINDS.iter().find(|(identifier, _)| head.windows(identifier.len()).any(|window| window == *identifier));
    known.map_or("no key that can be read", |(_, name)| name)
}
