//! Interledger words inside FSPIOP: [`Condition`], [`Fulfilment`], [`IlpPacket`].

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};

use crate::date_time::Timestamp;
use crate::text::{Excerpt, serde_as_text};

/// Writes without padding. Reads with and without, and ignores the unused bits of the last character, as
/// implementations in use do: the test collections have conditions with such bits.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Characters of 32 bytes in base64url.
const HASH_CHARACTERS: usize = 43;
/// The protocol's limit for packets in base64url (data type IlpPacket, FSPIOP 1.1).
const MAX_PACKET_CHARACTERS: usize = 32_768;
/// The longest ILP address (Interledger RFC 15).
const MAX_ADDRESS_BYTES: usize = 1023;
/// `YYYYMMDDhhmmssmmm`.
const EXPIRY_DIGITS: usize = 17;

const PAYMENT: u8 = 1;
const PREPARE: u8 = 12;

/// What a transfer commits to: the SHA-256 digest of its fulfilment (data type IlpCondition, FSPIOP 1.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition([u8; 32]);

/// The secret that fulfils a condition (data type IlpFulfilment, FSPIOP 1.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fulfilment([u8; 32]);

/// The text is not 43 characters of base64url.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 32 bytes as 43 characters of base64url: {0}")]
pub struct HashError(Excerpt);

/// An ILP packet as quotes and transfers carry it, in the two forms that Mojaloop uses (data type IlpPacket).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IlpPacket {
    /// ILP version 1, type 1, with FSPIOP 1.x.
    Payment {
        /// In the currency's minor units.
        amount: u64,
        /// The address of the payee, for example `g.payeefsp.msisdn.27713803912`.
        account: String,
        /// The transaction: JSON in base64url, as Mojaloop writes it.
        data: Vec<u8>,
    },
    /// ILP version 4, type 12, with FSPIOP 2.0.
    Prepare {
        /// In the currency's minor units.
        amount: u64,
        /// Until when the packet is valid.
        expires_at: Timestamp,
        /// The condition of the transfer.
        condition: Condition,
        /// The address of the payee.
        destination: String,
        /// The transaction: JSON in base64url, as Mojaloop writes it.
        data: Vec<u8>,
    },
}

/// Why a text or bytes are no ILP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IlpPacketError {
    /// Longer than 32,768 characters.
    #[error("an ILP packet has at most 32768 characters of base64url")]
    TooLong,
    /// Not base64url.
    #[error("the ILP packet is not base64url")]
    NotBase64,
    /// The packet ends inside a field.
    #[error("the ILP packet ends early")]
    Truncated,
    /// Something follows the packet, or a field of it.
    #[error("the ILP packet has extra bytes")]
    ExtraBytes,
    /// A length is not written in the shortest form, or larger than any packet.
    #[error("the ILP packet has a bad length")]
    BadLength,
    /// Neither a payment (1) nor a prepare (12).
    #[error("the ILP packet has the unknown type {0}")]
    UnknownType(u8),
    /// Not an ILP address: 1 to 1023 letters, digits and `_~-` in segments with points between.
    #[error("the ILP packet has a bad address")]
    BadAddress,
    /// Not `YYYYMMDDhhmmssmmm`.
    #[error("the ILP packet has a bad expiry")]
    BadExpiry,
}

macro_rules! hashes {
    ($($name:ident $expecting:literal)+) => {$(
        impl $name {
            /// Wraps 32 bytes.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// Reads 43 characters of base64url without padding; the two unused bits of the last one are ignored.
            ///
            /// # Errors
            /// [`HashError`] for anything else.
            pub fn parse(text: &str) -> Result<Self, HashError> {
                parse_hash(text).map(Self).ok_or_else(|| HashError(Excerpt::of(text)))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&BASE64.encode(self.0))
            }
        }

        impl FromStr for $name {
            type Err = HashError;

            fn from_str(text: &str) -> Result<Self, HashError> {
                Self::parse(text)
            }
        }

        serde_as_text!($name, $expecting);
    )+};
}

hashes! {
    Condition "a condition of 43 characters"
    Fulfilment "a fulfilment of 43 characters"
}

fn parse_hash(text: &str) -> Option<[u8; 32]> {
    if text.len() != HASH_CHARACTERS {
        return None;
    }
    let mut bytes = [0; 33];
    let length = BASE64.decode_slice(text, &mut bytes).ok()?;
    bytes.get(..length)?.try_into().ok()
}

impl Fulfilment {
    /// The condition that this fulfilment fulfils: its SHA-256 digest.
    pub fn condition(&self) -> Condition {
        Condition(Sha256::digest(self.0).into())
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Condition({self})")
    }
}

/// Prints the condition in its place: the fulfilment is a secret until the transfer is committed.
impl fmt::Debug for Fulfilment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fulfilment(of {})", self.condition())
    }
}

impl IlpPacket {
    /// Reads a packet in base64url, with or without padding.
    ///
    /// # Errors
    /// [`IlpPacketError`].
    pub fn parse(text: &str) -> Result<Self, IlpPacketError> {
        if text.len() > MAX_PACKET_CHARACTERS {
            return Err(IlpPacketError::TooLong);
        }
        let bytes = BASE64.decode(text).map_err(|_| IlpPacketError::NotBase64)?;
        Self::decode(&bytes)
    }

    /// Reads a packet in binary form (OER).
    ///
    /// # Errors
    /// [`IlpPacketError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, IlpPacketError> {
        let mut packet = Reader(bytes);
        let kind = packet.byte()?;
        let mut content = Reader(packet.octets()?);
        packet.end()?;
        match kind {
            PAYMENT => Self::decode_payment(&mut content),
            PREPARE => Self::decode_prepare(&mut content),
            _ => Err(IlpPacketError::UnknownType(kind)),
        }
    }

    /// The binary form (OER).
    pub fn encode(&self) -> Vec<u8> {
        let mut content = Vec::new();
        let kind = match self {
            Self::Payment { amount, account, data } => {
                content.extend(amount.to_be_bytes());
                push_octets(&mut content, account.as_bytes());
                push_octets(&mut content, data);
                // No extensions.
                content.push(0);
                PAYMENT
            }
            Self::Prepare { amount, expires_at, condition, destination, data } => {
                content.extend(amount.to_be_bytes());
                content.extend(expiry_digits(*expires_at));
                content.extend(condition.as_bytes());
                push_octets(&mut content, destination.as_bytes());
                push_octets(&mut content, data);
                PREPARE
            }
        };
        let mut packet = vec![kind];
        push_octets(&mut packet, &content);
        packet
    }

    /// The transaction that the packet carries, out of its base64url; `None` if it is not base64url.
    pub fn transaction(&self) -> Option<Vec<u8>> {
        let (Self::Payment { data, .. } | Self::Prepare { data, .. }) = self;
        BASE64.decode(data).ok()
    }

    /// Puts a transaction (JSON) into the form in which packets carry it.
    pub fn data_of(transaction: &[u8]) -> Vec<u8> {
        BASE64.encode(transaction).into_bytes()
    }

    fn decode_payment(content: &mut Reader<'_>) -> Result<Self, IlpPacketError> {
        let amount = content.amount()?;
        let account = content.address()?;
        let data = content.octets()?.to_vec();
        if content.byte()? != 0 {
            return Err(IlpPacketError::ExtraBytes);
        }
        content.end()?;
        Ok(Self::Payment { amount, account, data })
    }

    fn decode_prepare(content: &mut Reader<'_>) -> Result<Self, IlpPacketError> {
        let amount = content.amount()?;
        let expires_at = content.expiry()?;
        let condition = Condition(content.array()?);
        let destination = content.address()?;
        let data = content.octets()?.to_vec();
        content.end()?;
        Ok(Self::Prepare { amount, expires_at, condition, destination, data })
    }
}

/// The packet in base64url without padding.
impl fmt::Display for IlpPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(self.encode()))
    }
}

impl FromStr for IlpPacket {
    type Err = IlpPacketError;

    fn from_str(text: &str) -> Result<Self, IlpPacketError> {
        Self::parse(text)
    }
}

/// Takes OER fields from the front of bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], IlpPacketError> {
        let (head, tail) = self.0.split_at_checked(length).ok_or(IlpPacketError::Truncated)?;
        self.0 = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], IlpPacketError> {
        self.take(N)?.try_into().map_err(|_| IlpPacketError::Truncated)
    }

    fn byte(&mut self) -> Result<u8, IlpPacketError> {
        Ok(self.array::<1>()?[0])
    }

    /// A length (one byte below 128, else the number of length bytes and those) and as many bytes.
    fn octets(&mut self) -> Result<&'a [u8], IlpPacketError> {
        let first = self.byte()?;
        let length = match first {
            0..=0x7f => usize::from(first),
            0x81 => match self.byte()? {
                length @ 0x80.. => usize::from(length),
                _ => return Err(IlpPacketError::BadLength),
            },
            0x82 => match u16::from_be_bytes(self.array()?) {
                length @ 0x100.. => usize::from(length),
                _ => return Err(IlpPacketError::BadLength),
            },
            _ => return Err(IlpPacketError::BadLength),
        };
        self.take(length)
    }

    fn amount(&mut self) -> Result<u64, IlpPacketError> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    fn address(&mut self) -> Result<String, IlpPacketError> {
        let address = self.octets()?;
        if address.is_empty() || address.len() > MAX_ADDRESS_BYTES {
            return Err(IlpPacketError::BadAddress);
        }
        // Mojaloop puts party identifiers into addresses as they are, for example e-mail addresses.
        match std::str::from_utf8(address) {
            Ok(text) if !text.contains(char::is_control) => Ok(text.to_owned()),
            _ => Err(IlpPacketError::BadAddress),
        }
    }

    fn expiry(&mut self) -> Result<Timestamp, IlpPacketError> {
        let digits = self.array::<EXPIRY_DIGITS>()?;
        let text = std::str::from_utf8(&digits).map_err(|_| IlpPacketError::BadExpiry)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(IlpPacketError::BadExpiry);
        }
        let date_time = format!(
            "{}-{}-{}T{}:{}:{}.{}Z",
            &text[..4],
            &text[4..6],
            &text[6..8],
            &text[8..10],
            &text[10..12],
            &text[12..14],
            &text[14..]
        );
        Timestamp::parse(&date_time).map_err(|_| IlpPacketError::BadExpiry)
    }

    fn end(&self) -> Result<(), IlpPacketError> {
        if self.0.is_empty() { Ok(()) } else { Err(IlpPacketError::ExtraBytes) }
    }
}

/// Appends a length and the bytes. Lengths beyond 65535 bytes are longer than any packet; readers refuse them.
fn push_octets(to: &mut Vec<u8>, bytes: &[u8]) {
    let length = bytes.len();
    let length_bytes = length.to_be_bytes();
    let first = length_bytes.iter().position(|&byte| byte != 0).unwrap_or(length_bytes.len() - 1);
    let significant = &length_bytes[first..];
    if length > 0x7f {
        to.push(0x80 | significant.len() as u8);
    }
    to.extend(significant);
    to.extend(bytes);
}

/// `YYYYMMDDhhmmssmmm` in UTC.
fn expiry_digits(at: Timestamp) -> impl Iterator<Item = u8> {
    at.to_string().into_bytes().into_iter().filter(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn conditions_and_fulfilments() {
        let fulfilment = Fulfilment::parse("UNlJ98hZTY_dsw0cAqw4i_UN3v4utt7CZFB4yfLbVFA").unwrap();
        assert_eq!(fulfilment.condition().to_string(), "GRzLaTP7DJ9t4P-a_BA0WA9wzzlsugf00-Tn6kESAfM");
        assert!(!format!("{fulfilment:?}").contains("UNlJ98"));
        // The last character has unused bits that are set.
        assert!(Condition::parse("9Mm5R0KAYxlf8VhcK7SGRivVHdjPjdqui0Nn8pOi5Yr").is_ok());
        assert!(Fulfilment::parse("_3cco-YN5OGpRKVWV3n6x6uNpBTH9tYUdOYmHA-----").is_ok());
        for bad in [
            "",
            "UNlJ98hZTY_dsw0cAqw4i_UN3v4utt7CZFB4yfLbVF",
            "UNlJ98hZTY_dsw0cAqw4i_UN3v4utt7CZFB4yfLbVFAA",
            "UNlJ98hZTY_dsw0cAqw4i_UN3v4utt7CZFB4yfLbVF=",
            "UNlJ98hZTY/dsw0cAqw4i+UN3v4utt7CZFB4yfLbVFA",
            "UNlJ98hZTY_dsw0cAqw4i_UN3v4utt7CZFB4yfLbVF ",
        ] {
            assert!(Condition::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn payment_packet_of_the_interledger_library() {
        let packet =
            IlpPacket::Payment { amount: 123_000_000, account: "g.us.nexus.bob".into(), data: vec![4, 16, 65] };
        let hex = "011c000000000754d4c00e672e75732e6e657875732e626f620304104100";
        let bytes: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        assert_eq!(packet.encode(), bytes);
        assert_eq!(IlpPacket::decode(&bytes).unwrap(), packet);
    }

    #[test]
    fn payment_packet_of_the_test_collections() {
        let text = include_str!("../testdata/ilp_packet_v1.txt").trim_end();
        let packet = IlpPacket::parse(text).unwrap();
        let IlpPacket::Payment { amount, account, .. } = &packet else { panic!("{packet:?}") };
        assert_eq!((*amount, account.as_str()), (6000, "g.payeefsp.msisdn.22556999125"));
        let transaction: serde_json::Value = serde_json::from_slice(&packet.transaction().unwrap()).unwrap();
        assert_eq!(transaction["payee"]["partyIdInfo"]["fspId"], "payeefsp");
        assert_eq!(packet.to_string(), text);
    }

    #[test]
    fn prepare_packet_by_hand() {
        let packet = IlpPacket::Prepare {
            amount: 10,
            expires_at: Timestamp::parse("2026-11-22T14:00:01.002Z").unwrap(),
            condition: Condition::from_bytes([7; 32]),
            destination: "g.mojaloop".into(),
            data: IlpPacket::data_of(b"{}"),
        };
        let mut bytes = vec![12, 71, 0, 0, 0, 0, 0, 0, 0, 10];
        bytes.extend(b"20261122140001002");
        bytes.extend([7; 32]);
        bytes.extend(b"\x0ag.mojaloop\x03e30");
        bytes[1] = u8::try_from(bytes.len() - 2).unwrap();
        assert_eq!(packet.encode(), bytes);
        assert_eq!(IlpPacket::decode(&bytes).unwrap(), packet);
        assert_eq!(packet.transaction().unwrap(), b"{}");
    }

    #[test]
    fn malformed_packets() {
        let check = |bytes: &[u8], expect| assert_eq!(IlpPacket::decode(bytes).unwrap_err(), expect, "{bytes:?}");
        check(&[], IlpPacketError::Truncated);
        check(&[1], IlpPacketError::Truncated);
        check(&[1, 5, 0], IlpPacketError::Truncated);
        check(&[1, 0, 0], IlpPacketError::ExtraBytes);
        check(&[9, 0], IlpPacketError::UnknownType(9));
        check(&[1, 0x81, 5, 0, 0, 0, 0, 0], IlpPacketError::BadLength);
        check(&[1, 0x84, 0xff, 0xff, 0xff, 0xff], IlpPacketError::BadLength);
        check(&[1, 0x80], IlpPacketError::BadLength);
        check(&[1, 9, 0, 0, 0, 0, 0, 0, 0, 1, 0], IlpPacketError::BadAddress);
        check(&[1, 12, 0, 0, 0, 0, 0, 0, 0, 1, 1, b'g', 0, 1], IlpPacketError::ExtraBytes);
        assert_eq!(IlpPacket::parse("!!!"), Err(IlpPacketError::NotBase64));
        assert_eq!(IlpPacket::parse(&"A".repeat(5_000_000)), Err(IlpPacketError::TooLong));
        // A quote of the test collections carries this; it is base64url, but no packet.
        assert!(IlpPacket::parse("2h0999rduj2vl==").is_err());
    }

    fn any_packet() -> impl Strategy<Value = IlpPacket> {
        let address = "[a-z0-9.@+-]{1,200}";
        let data = proptest::collection::vec(any::<u8>(), 0..2000);
        let moment = -30_610_224_000_000_i64..=253_402_300_799_999;
        prop_oneof![
            (any::<u64>(), address, data.clone()).prop_map(|(amount, account, data)| IlpPacket::Payment {
                amount,
                account,
                data
            }),
            (any::<u64>(), moment, any::<[u8; 32]>(), address, data).prop_map(
                |(amount, millis, condition, destination, data)| IlpPacket::Prepare {
                    amount,
                    expires_at: Timestamp::from_millis(millis),
                    condition: Condition::from_bytes(condition),
                    destination,
                    data,
                }
            ),
        ]
    }

    proptest! {
        #[test]
        fn packets_round_trip(packet in any_packet()) {
            prop_assert_eq!(IlpPacket::decode(&packet.encode()), Ok(packet.clone()));
            prop_assert_eq!(IlpPacket::parse(&packet.to_string()), Ok(packet));
        }

        #[test]
        fn what_is_accepted_encodes_to_the_same_bytes(mut bytes in any_packet().prop_map(|packet| packet.encode()), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(packet) = IlpPacket::decode(&bytes) {
                prop_assert_eq!(packet.encode(), bytes);
            }
        }

        #[test]
        fn hashes_round_trip(bytes in any::<[u8; 32]>()) {
            let condition = Condition::from_bytes(bytes);
            prop_assert_eq!(Condition::parse(&condition.to_string()), Ok(condition));
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,60}") {
            let _ = IlpPacket::decode(&bytes);
            let _ = IlpPacket::parse(&text);
            let _ = Condition::parse(&text);
        }
    }
}
