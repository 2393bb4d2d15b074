//! Names of parties: [`PartyIdType`], [`PartyId`].

use std::fmt::{self, Write as _};
use std::str::FromStr;

use crate::error::{ErrorCode, FspiopError};
use crate::text::{Excerpt, serde_as_text};

/// The kinds of identifiers by which a party can be found (data type PartyIdType, FSPIOP 1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartyIdType {
    /// A telephone number in international format.
    Msisdn,
    /// An e-mail address.
    Email,
    /// A number of a person; the sub-identifier says which kind, for example `PASSPORT`.
    PersonalId,
    /// A business; the sub-identifier may name a user or a bill.
    Business,
    /// A device of a business, for example a point of sale.
    Device,
    /// An account number at an FSP.
    AccountId,
    /// An international bank account number.
    Iban,
    /// A name that the FSP gave to an account.
    Alias,
}

/// The identifier by which a party is found: its kind, its value, and possibly a sub-identifier.
///
/// Values have 1 to 128 characters and no control characters. Prints as `MSISDN/27713803912` or
/// `PERSONAL_ID/123456789/PASSPORT`, with `/` and `%` inside values percent-encoded, and reads that form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct PartyId {
    /// The kind of identifier.
    pub kind: PartyIdType,
    /// The value, not percent-encoded.
    pub identifier: Box<str>,
    /// The sub-identifier, not percent-encoded.
    pub sub_id: Option<Box<str>>,
}

/// Why a text names no party.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartyIdError {
    /// No kind of identifier has this name.
    #[error("unknown type of party identifier: {0}")]
    UnknownType(Excerpt),
    /// Empty, too long, or with control characters.
    #[error("not 1 to 128 characters without control characters: {0}")]
    BadValue(Excerpt),
    /// Not two letters, two digits and 1 to 30 letters or digits (ISO 13616).
    #[error("Bad IBAN: {0}")]
    BadIban(Excerpt),
    /// Not of the form `TYPE/identifier` or `TYPE/identifier/sub-identifier`, correctly percent-encoded.
    #[error("not TYPE/identifier[/sub-identifier]: {0}")]
    BadForm(Excerpt),
}

/// The protocol's limit for identifiers and sub-identifiers.
const MAX_CHARACTERS: usize = 128;
/// The longest IBAN (ISO 13616).
const MAX_IBAN_CHARACTERS: usize = 34;

impl PartyIdType {
    /// All kinds, in the order of the specification.
    pub const ALL: [Self; 8] = [
        Self::Msisdn,
        Self::Email,
        Self::PersonalId,
        Self::Business,
        Self::Device,
        Self::AccountId,
        Self::Iban,
        Self::Alias,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Msisdn => "MSISDN",
            Self::Email => "EMAIL",
            Self::PersonalId => "PERSONAL_ID",
            Self::Business => "BUSINESS",
            Self::Device => "DEVICE",
            Self::AccountId => "ACCOUNT_ID",
            Self::Iban => "IBAN",
            Self::Alias => "ALIAS",
        }
    }

    /// Reads a name, in capitals.
    ///
    /// # Errors
    /// [`PartyIdError::UnknownType`].
    pub fn parse(text: &str) -> Result<Self, PartyIdError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| PartyIdError::UnknownType(Excerpt::of(text)))
    }
}

impl PartyId {
    /// Makes the identifier of a party from values that are not (or no longer) percent-encoded.
    ///
    /// # Errors
    /// [`PartyIdError::BadValue`], or [`PartyIdError::BadIban`] for an IBAN of impossible form. Check digits are not
    /// verified: test schemes use invented numbers.
    pub fn new(kind: PartyIdType, identifier: &str, sub_id: Option<&str>) -> Result<Self, PartyIdError> {
        check_value(identifier)?;
        sub_id.map_or(Ok(()), check_value)?;
        if kind == PartyIdType::Iban && !has_form_of_iban(identifier) {
            return Err(PartyIdError::BadIban(Excerpt::of(identifier)));
        }
        Ok(Self { kind, identifier: identifier.into(), sub_id: sub_id.map(Into::into) })
    }

    /// Reads `TYPE/identifier` or `TYPE/identifier/sub-identifier`, as in a path or as printed.
    ///
    /// # Errors
    /// [`PartyIdError`].
    pub fn parse(text: &str) -> Result<Self, PartyIdError> {
        let bad_form = || PartyIdError::BadForm(Excerpt::of(text));
        let mut segments = text.splitn(3, '/');
        let kind = PartyIdType::parse(segments.next().unwrap_or_default())?;
        let identifier = segments.next().and_then(percent_decode).ok_or_else(bad_form)?;
        let sub_id = match segments.next() {
            Some(segment) if segment.contains('/') => return Err(bad_form()),
            Some(segment) => Some(percent_decode(segment).ok_or_else(bad_form)?),
            None => None,
        };
        Self::new(kind, &identifier, sub_id.as_deref())
    }

    /// `TYPE/identifier[/sub-identifier]` for the path of a URI, percent-encoded (RFC 3986).
    pub fn uri_path(&self) -> String {
        let mut path = format!("{}/{}", self.kind, percent_encode(&self.identifier));
        if let Some(sub_id) = &self.sub_id {
            path.push('/');
            path.push_str(&percent_encode(sub_id));
        }
        path
    }
}

fn check_value(value: &str) -> Result<(), PartyIdError> {
    let fits = !value.is_empty() && value.chars().nth(MAX_CHARACTERS).is_none() && !value.contains(char::is_control);
    if fits { Ok(()) } else { Err(PartyIdError::BadValue(Excerpt::of(value))) }
}

fn has_form_of_iban(value: &str) -> bool {
    let bytes = value.as_bytes();
    (5..=MAX_IBAN_CHARACTERS).contains(&bytes.len())
        && bytes[..2].iter().all(u8::is_ascii_alphabetic)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
        && bytes[4..].iter().all(u8::is_ascii_alphanumeric)
}

/// Percent-encodes one segment of a path: everything but the characters that a segment may have as they are
/// (RFC 3986, `pchar`). The segments `.` and `..`, which clients would resolve, are encoded too.
pub fn percent_encode(segment: &str) -> String {
    let is_dots = matches!(segment, "." | "..");
    encode(segment, |byte| {
        byte.is_ascii_alphanumeric() || (b"-_~!$&'()*+,;=:@".contains(&byte)) || (byte == b'.' && !is_dots)
    })
}

fn encode(text: &str, keep: impl Fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for character in text.chars() {
        let mut buffer = [0; 4];
        for &byte in character.encode_utf8(&mut buffer).as_bytes() {
            if keep(byte) && byte.is_ascii() {
                encoded.push(char::from(byte));
            } else {
                write!(encoded, "%{byte:02X}").expect("writing to a String does not fail");
            }
        }
    }
    encoded
}

/// Decodes one segment of a path; `None` for a `%` without two hexadecimal digits and for bad UTF-8.
pub fn percent_decode(segment: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            decoded.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

impl fmt::Display for PartyIdType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for PartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        for value in std::iter::once(&self.identifier).chain(&self.sub_id) {
            write!(f, "/{}", value.replace('%', "%25").replace('/', "%2F"))?;
        }
        Ok(())
    }
}

impl FromStr for PartyIdType {
    type Err = PartyIdError;

    fn from_str(text: &str) -> Result<Self, PartyIdError> {
        Self::parse(text)
    }
}

impl FromStr for PartyId {
    type Err = PartyIdError;

    fn from_str(text: &str) -> Result<Self, PartyIdError> {
        Self::parse(text)
    }
}

serde_as_text!(PartyIdType, "a type of party identifier");
serde_as_text!(PartyId, "TYPE/identifier[/sub-identifier]");

/// A malformed form is 3101, as is a bad IBAN; everything else is 3100.
impl From<PartyIdError> for FspiopError {
    fn from(error: PartyIdError) -> Self {
        let code = match error {
            PartyIdError::BadIban(_) | PartyIdError::BadForm(_) => ErrorCode::MalformedSyntax,
            PartyIdError::UnknownType(_) | PartyIdError::BadValue(_) => ErrorCode::ValidationError,
        };
        Self::new(code, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn printed_and_encoded_forms() {
        for (kind, identifier, sub_id, printed, path) in [
            (PartyIdType::Msisdn, "27713803912", None, "MSISDN/27713803912", "MSISDN/27713803912"),
            (PartyIdType::Msisdn, "+27713803912", None, "MSISDN/+27713803912", "MSISDN/+27713803912"),
            (PartyIdType::PersonalId, "12", Some("PASSPORT"), "PERSONAL_ID/12/PASSPORT", "PERSONAL_ID/12/PASSPORT"),
            (PartyIdType::Email, "a@b.org", None, "EMAIL/a@b.org", "EMAIL/a@b.org"),
            (PartyIdType::Alias, "a/b c?d", Some("50%"), "ALIAS/a%2Fb c?d/50%25", "ALIAS/a%2Fb%20c%3Fd/50%25"),
            (PartyIdType::Alias, "..", None, "ALIAS/..", "ALIAS/%2E%2E"),
            (PartyIdType::Alias, "စံ", None, "ALIAS/စံ", "ALIAS/%E1%80%85%E1%80%B6"),
        ] {
            let party = PartyId::new(kind, identifier, sub_id).unwrap();
            assert_eq!(party.to_string(), printed);
            assert_eq!(party.uri_path(), path);
            assert_eq!(PartyId::parse(printed).unwrap(), party);
            assert_eq!(PartyId::parse(path).unwrap(), party);
        }
    }

    #[test]
    fn refused_and_why() {
        for (text, code) in [
            ("", "3100"),
            ("PHONE/1", "3100"),
            ("msisdn/1", "3100"),
            ("MSISDN", "3101"),
            ("MSISDN/", "3100"),
            ("MSISDN/1/", "3100"),
            ("MSISDN/1/2/3", "3101"),
            ("MSISDN/%2", "3101"),
            ("MSISDN/%zz", "3101"),
            ("MSISDN/%FF", "3101"),
            ("MSISDN/%0A", "3100"),
            ("IBAN/bad iban", "3101"),
            ("IBAN/12", "3101"),
            ("IBAN/DE8937040044053201300012345678901234", "3101"),
        ] {
            let error = FspiopError::from(PartyId::parse(text).unwrap_err());
            assert_eq!(error.code.text(), code, "{text}");
        }
        assert!(PartyId::parse("IBAN/DE89370400440532013000").is_ok());
        assert!(PartyId::new(PartyIdType::Alias, &"é".repeat(128), None).is_ok());
        assert!(PartyId::new(PartyIdType::Alias, &"é".repeat(129), None).is_err());
    }

    proptest! {
        #[test]
        fn both_forms_read_back(identifier in "[^\\p{Cc}]{1,128}", sub_id in proptest::option::of("[^\\p{Cc}]{1,128}")) {
            let party = PartyId::new(PartyIdType::Alias, &identifier, sub_id.as_deref()).unwrap();
            prop_assert_eq!(&PartyId::parse(&party.to_string()).unwrap(), &party);
            prop_assert_eq!(&PartyId::parse(&party.uri_path()).unwrap(), &party);
            prop_assert!(party.uri_path().is_ascii());
        }

        #[test]
        fn never_panics(text in "\\PC{0,40}") {
            let _ = PartyId::parse(&format!("ALIAS/{text}"));
        }
    }
}
