//! Identifiers of quotes, transactions and transfers: [`Identifier`] and its newtypes.

use std::fmt;
use std::str::FromStr;

use crate::text::{Excerpt, serde_as_text};

/// An identifier made by an FSP: a UUID in lower case or a ULID in capitals (CorrelationId, FSPIOP 2.0).
///
/// Kept in binary; prints exactly as it was read. Both forms are accepted in every version of the API. Identifiers
/// order by form, then by value; that is by time of creation for ULIDs and UUIDs of version 7.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier([u8; Self::LENGTH]);

/// The text is neither a UUID in lower case nor a ULID in capitals.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither a UUID in lower case nor a ULID: {0}")]
pub struct IdentifierError(Excerpt);

const UUID: u8 = 0;
const ULID: u8 = 1;
const UUID_CHARACTERS: usize = 36;
const ULID_CHARACTERS: usize = 26;
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl Identifier {
    /// Bytes of the binary form.
    pub const LENGTH: usize = 17;

    /// Reads a UUID (versions 1 to 7, RFC 9562 variant, lower case) or a ULID (capitals, at most 128 bits, that is a
    /// first character up to `7`).
    ///
    /// # Errors
    /// [`IdentifierError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let parsed = match text.len() {
            UUID_CHARACTERS => Self::parse_uuid(text.as_bytes()),
            ULID_CHARACTERS => Self::parse_ulid(text.as_bytes()),
            _ => None,
        };
        parsed.ok_or_else(|| IdentifierError(Excerpt::of(text)))
    }

    /// The identifier with these 128 bits as a ULID.
    pub fn from_ulid_bits(bits: u128) -> Self {
        Self::new(ULID, bits)
    }

    /// The binary form: one byte that names the form, then the 128 bits, most significant first.
    pub const fn to_bytes(self) -> [u8; Self::LENGTH] {
        self.0
    }

    /// The identifier of a binary form; `None` if it is no result of [`Identifier::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; Self::LENGTH] = bytes.try_into().ok()?;
        match bytes[0] {
            UUID => is_accepted_uuid(&bytes).then_some(Self(bytes)),
            ULID => Some(Self(bytes)),
            _ => None,
        }
    }

    fn new(form: u8, bits: u128) -> Self {
        let mut bytes = [form; Self::LENGTH];
        bytes[1..].copy_from_slice(&bits.to_be_bytes());
        Self(bytes)
    }

    fn bits(&self) -> u128 {
        let mut bits = [0; 16];
        bits.copy_from_slice(&self.0[1..]);
        u128::from_be_bytes(bits)
    }

    fn parse_uuid(text: &[u8]) -> Option<Self> {
        let mut bits = 0_u128;
        for (position, &byte) in text.iter().enumerate() {
            let digit = match byte {
                b'-' if is_hyphen_position(position) => continue,
                _ if is_hyphen_position(position) => return None,
                b'0'..=b'9' => byte - b'0',
                b'a'..=b'f' => byte - b'a' + 10,
                _ => return None,
            };
            bits = bits << 4 | u128::from(digit);
        }
        let identifier = Self::new(UUID, bits);
        is_accepted_uuid(&identifier.0).then_some(identifier)
    }

    fn parse_ulid(text: &[u8]) -> Option<Self> {
        if text[0] > b'7' {
            return None;
        }
        let mut bits = 0_u128;
        for &byte in text {
            let digit = match byte {
                b'0'..=b'9' => byte - b'0',
                b'A'..=b'H' => byte - b'A' + 10,
                b'J' | b'K' => byte - b'J' + 18,
                b'M' | b'N' => byte - b'M' + 20,
                b'P'..=b'T' => byte - b'P' + 22,
                b'V'..=b'Z' => byte - b'V' + 27,
                _ => return None,
            };
            bits = bits << 5 | u128::from(digit);
        }
        Some(Self::new(ULID, bits))
    }
}

const fn is_hyphen_position(position: usize) -> bool {
    matches!(position, 8 | 13 | 18 | 23)
}

/// Version 1 to 7 and the variant of RFC 9562, as the official pattern asks.
const fn is_accepted_uuid(bytes: &[u8; Identifier::LENGTH]) -> bool {
    matches!(bytes[7] >> 4, 1..=7) && matches!(bytes[9] >> 6, 0b10)
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.bits();
        if self.0[0] == UUID {
            return write!(
                f,
                "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
                bits >> 96,
                bits >> 80 & 0xffff,
                bits >> 64 & 0xffff,
                bits >> 48 & 0xffff,
                bits & 0xffff_ffff_ffff
            );
        }
        let mut text = [0; ULID_CHARACTERS];
        for (position, character) in text.iter_mut().enumerate() {
            let digit = bits >> (5 * (ULID_CHARACTERS - 1 - position)) & 0x1f;
            *character = CROCKFORD[digit as usize];
        }
        f.write_str(std::str::from_utf8(&text).expect("the alphabet is ASCII"))
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identifier({self})")
    }
}

impl FromStr for Identifier {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        Self::parse(text)
    }
}

serde_as_text!(Identifier, "a UUID or a ULID");

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Identifier);

        impl $name {
            /// Reads a UUID or a ULID; see [`Identifier::parse`].
            ///
            /// # Errors
            /// [`IdentifierError`] for anything else.
            pub fn parse(text: &str) -> Result<Self, IdentifierError> {
                Identifier::parse(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdentifierError;

            fn from_str(text: &str) -> Result<Self, IdentifierError> {
                Self::parse(text)
            }
        }

        serde_as_text!($name, "a UUID or a ULID");
    )+};
}

identifiers! {
    /// Names a transfer: `transferId`.
    TransferId
    /// Names a quote: `quoteId`.
    QuoteId
    /// Names a transaction: `transactionId`.
    TransactionId
    /// Names a request to pay: `transactionRequestId`.
    TransactionRequestId
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accepted_forms_print_as_they_were_read() {
        for text in [
            "b51ec534-ee48-4575-b6a9-ead2955b8069",
            "01932f2e-7c3a-7f3a-8a1b-0123456789ab",
            "00000000-0000-1000-8000-000000000000",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "00000000000000000000000000",
            "7ZZZZZZZZZZZZZZZZZZZZZZZZZ",
        ] {
            assert_eq!(TransferId::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn refused_forms() {
        for text in [
            "",
            "B51EC534-EE48-4575-B6A9-EAD2955B8069",
            "b51ec534-ee48-0575-b6a9-ead2955b8069",
            "b51ec534-ee48-8575-b6a9-ead2955b8069",
            "b51ec534-ee48-4575-c6a9-ead2955b8069",
            "b51ec534-ee48-4575-b6a9-ead2955b806",
            "b51ec534ee48-4575-b6a9-ead2955b80690",
            "b51ec534-ee4g-4575-b6a9-ead2955b8069",
            "b51ec534-ee48-4575-b6a9-ead2955b80é",
            "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
            "01arz3ndektsv4rrffq69g5fav",
            "01ARZ3NDEKTSV4RRFFQ69G5FAI",
            "01ARZ3NDEKTSV4RRFFQ69G5FAL",
            "01ARZ3NDEKTSV4RRFFQ69G5FAO",
            "01ARZ3NDEKTSV4RRFFQ69G5FAU",
        ] {
            assert!(Identifier::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn binary_forms_that_no_text_has_are_refused() {
        let good = Identifier::parse("b51ec534-ee48-4575-b6a9-ead2955b8069").unwrap().to_bytes();
        let mut form = good;
        form[0] = 2;
        let mut version = good;
        version[7] = 0;
        let mut variant = good;
        variant[9] = 0;
        for bytes in [&form[..], &version, &variant, &good[..16], &[]] {
            assert_eq!(Identifier::from_bytes(bytes), None);
        }
    }

    proptest! {
        #[test]
        fn text_and_bytes_round_trip(
            text in "[0-9a-f]{8}-[0-9a-f]{4}-[1-7][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|[0-7][0-9A-HJKMNP-TV-Z]{25}"
        ) {
            let identifier = Identifier::parse(&text).unwrap();
            prop_assert_eq!(identifier.to_string(), text);
            prop_assert_eq!(Identifier::from_bytes(&identifier.to_bytes()), Some(identifier));
        }

        #[test]
        fn whatever_is_accepted_prints_the_same(text in "[0-9a-fA-Z-]{26}|[0-9a-f-]{36}|\\PC{0,40}") {
            if let Ok(identifier) = Identifier::parse(&text) {
                prop_assert_eq!(identifier.to_string(), text);
            }
        }
    }
}
