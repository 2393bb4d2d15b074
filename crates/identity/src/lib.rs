//! Who may do what: for now, who has signed a message (FSPIOP, "Signature" 1.1).
//!
//! A [`Signer`] has a private key and makes the header `FSPIOP-Signature`; [`verify`] checks one against the message that it
//! came with and the [`PublicKey`]s of the one who sent it. The crate does no I/O and reads no clock: which keys are valid at
//! a moment is the caller's to know.

mod algorithm;
mod pem;
mod private_key;
mod public_key;
mod signature;

pub use algorithm::Algorithm;
pub use pem::PemError;
pub use private_key::{Signer, SigningKeyError};
pub use public_key::{PublicKey, PublicKeyError};
pub use signature::{MAX_SIGNATURE_BYTES, SignatureError, SignedMessage, verify};
