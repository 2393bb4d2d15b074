//! The simple types of the specification: patterns and lists, each as a [`Shape`].
//!
//! The functions decide, the patterns stand in messages. Types for which this crate has a type of its own are checked by
//! that type's parser.

use crate::amount::Amount;
use crate::currency::Currency;
use crate::date_time::Timestamp;
use crate::fsp_id::FspId;
use crate::identifier::Identifier;
use crate::ilp::Condition;
use crate::party::PartyIdType;
use crate::schema::{Shape, Text, bounded_pattern, listed, pattern, pattern_text, text};

pub(crate) static AMOUNT: Shape =
    pattern("^([0]|([1-9][0-9]{0,17}))([.][0-9]{0,3}[1-9])?$", |text| Amount::parse(text).is_ok());
pub(crate) static AMOUNT_TYPE: Shape = listed(|text| matches!(text, "SEND" | "RECEIVE"));
pub(crate) static AUTHENTICATION_TYPE: Shape = listed(|text| matches!(text, "OTP" | "QRCODE" | "U2F"));
/// What was typed in or scanned. What hardware gave is an object (U2FPinValue, FSPIOP 2.0).
pub(crate) const AUTHENTICATION_TEXT: Text = pattern_text("^\\d{3,10}$|^\\S{1,64}$", is_authentication_value);
pub(crate) static AUTHORIZATION_RESPONSE: Shape = listed(|text| matches!(text, "ENTERED" | "REJECTED" | "RESEND"));
pub(crate) static BALANCE_OF_PAYMENTS: Shape =
    pattern("^[1-9]\\d{2}$", |text| matches!(text.as_bytes(), [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9']));
pub(crate) static CODE: Shape = pattern("^[0-9a-zA-Z]{4,32}$", |text| {
    (4..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
});
pub(crate) static CORRELATION_ID: Shape = pattern(
    "^[0-9a-f]{8}-[0-9a-f]{4}-[1-7][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$|^[0-9A-HJKMNP-TV-Z]{26}$",
    |text| Identifier::parse(text).is_ok(),
);
pub(crate) static CURRENCY: Shape = listed(|text| Currency::parse(text).is_ok());
pub(crate) static CURRENCY_CONVERTER: Shape = listed(|text| matches!(text, "PAYER" | "PAYEE"));
pub(crate) static DATE: Shape = pattern("^[1-9]\\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$", is_date);
pub(crate) static DATE_TIME: Shape =
    pattern("^[1-9]\\d{3}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}(Z|[+-]\\d{2}:\\d{2})$", |text| {
        Timestamp::parse(text).is_ok()
    });
pub(crate) static ERROR_CODE: Shape = Shape::TextOrInteger(pattern_text(
    "^[1-9]\\d{3}$",
    |text| matches!(text.as_bytes(), [b'1'..=b'9', rest @ ..] if rest.len() == 3 && all_digits(rest)),
));
pub(crate) static ERROR_DESCRIPTION: Shape = text(1, 128);
pub(crate) static EXTENSION_KEY: Shape = text(1, 32);
pub(crate) static EXTENSION_VALUE: Shape = text(1, 128);
pub(crate) static FSP_ID: Shape = bounded_pattern(1, 32, FspId::PATTERN, FspId::is_valid);
/// A condition or a fulfilment.
pub(crate) static HASH: Shape = pattern("^[A-Za-z0-9-_]{43}$", |text| Condition::parse(text).is_ok());
pub(crate) static ILP_PACKET: Shape = bounded_pattern(1, 32_768, "^[A-Za-z0-9-_]+[=]{0,2}$", is_base64url);
pub(crate) static INTEGER: Shape = pattern(
    "^[1-9]\\d*$",
    |text| matches!(text.as_bytes(), [b'1'..=b'9', rest @ ..] if rest.len() < MAX_INTEGER_DIGITS && all_digits(rest)),
);
pub(crate) static KYC_INFORMATION: Shape = text(1, 2048);
pub(crate) static LATITUDE: Shape =
    pattern("^(\\+|-)?(?:90(?:(?:\\.0{1,6})?)|(?:[0-9]|[1-8][0-9])(?:(?:\\.[0-9]{1,6})?))$", |text| {
        is_degrees(text, 90)
    });
pub(crate) static LONGITUDE: Shape =
    pattern("^(\\+|-)?(?:180(?:(?:\\.0{1,6})?)|(?:[0-9]|[1-9][0-9]|1[0-7][0-9])(?:(?:\\.[0-9]{1,6})?))$", |text| {
        is_degrees(text, 180)
    });
pub(crate) static MERCHANT_CLASSIFICATION_CODE: Shape =
    pattern("^[\\d]{1,4}$", |text| (1..=4).contains(&text.len()) && all_digits(text.as_bytes()));
pub(crate) static NOTE: Shape = text(1, 128);
pub(crate) static PARTY_ID_TYPE: Shape = listed(|text| PartyIdType::parse(text).is_ok());
pub(crate) static PARTY_IDENTIFIER: Shape = text(1, 128);
pub(crate) static PARTY_NAME: Shape = text(1, 128);
pub(crate) static PERSON_NAME: Shape = bounded_pattern(
    1,
    128,
    "^(?!\\s*$)[\\p{L}\\p{gc=Mark}\\p{digit}\\p{gc=Connector_Punctuation}\\p{Join_Control} .,''-]{1,128}$",
    is_person_name,
);
pub(crate) static REFUND_REASON: Shape = text(1, 128);
pub(crate) static SCENARIO: Shape =
    listed(|text| matches!(text, "DEPOSIT" | "WITHDRAWAL" | "TRANSFER" | "PAYMENT" | "REFUND"));
pub(crate) static SUB_SCENARIO: Shape = pattern("^[A-Z_]{1,32}$", |text| {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
});
pub(crate) static TRANSACTION_REQUEST_STATE: Shape =
    listed(|text| matches!(text, "RECEIVED" | "PENDING" | "ACCEPTED" | "REJECTED"));
pub(crate) static TRANSACTION_STATE: Shape =
    listed(|text| matches!(text, "RECEIVED" | "PENDING" | "COMPLETED" | "REJECTED"));
pub(crate) static U2F_PIN: Shape = bounded_pattern(1, 64, "^\\S{1,64}$", is_authentication_value);
pub(crate) static INITIATOR: Shape = listed(|text| matches!(text, "PAYER" | "PAYEE"));
pub(crate) static INITIATOR_TYPE: Shape = listed(|text| matches!(text, "CONSUMER" | "AGENT" | "BUSINESS" | "DEVICE"));
pub(crate) static TRANSFER_STATE: Shape =
    listed(|text| matches!(text, "RECEIVED" | "RESERVED" | "COMMITTED" | "ABORTED"));

/// More digits than any counter needs; the official pattern has no end.
const MAX_INTEGER_DIGITS: usize = 20;

/// 1 to 64 characters without white space, which 3 to 10 digits are too.
fn is_authentication_value(text: &str) -> bool {
    (1..=64).contains(&text.chars().count()) && !text.contains(char::is_whitespace)
}

fn all_digits(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit)
}

/// `YYYY-MM-DD`, years 1000 to 9999: the part of a DateTime before the time.
fn is_date(text: &str) -> bool {
    text.len() == 10 && Timestamp::parse(&format!("{text}T00:00:00.000Z")).is_ok()
}

/// One or more characters of base64url and up to two `=`.
fn is_base64url(text: &str) -> bool {
    const ALPHABET: [bool; 256] = {
        let mut alphabet = [false; 256];
        let mut byte = 0;
        while byte < 128 {
            let character = byte as u8;
            alphabet[byte] = character.is_ascii_alphanumeric() || matches!(character, b'-' | b'_');
            byte += 1;
        }
        alphabet
    };
    let bytes = text.as_bytes();
    let unpadded = bytes.strip_suffix(b"=").unwrap_or(bytes);
    let unpadded = unpadded.strip_suffix(b"=").unwrap_or(unpadded);
    !unpadded.is_empty() && unpadded.iter().all(|byte| ALPHABET[usize::from(*byte)])
}

/// An optional sign, degrees up to `max` without leading zeros, and up to six decimals.
fn is_degrees(text: &str, max: u16) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (degrees, decimals) = match unsigned.split_once('.') {
        Some((degrees, decimals)) => (degrees, Some(decimals)),
        None => (unsigned, None),
    };
    let has_form = (1..=3).contains(&degrees.len())
        && all_digits(degrees.as_bytes())
        && (degrees.len() == 1 || !degrees.starts_with('0'))
        && decimals.is_none_or(|decimals| (1..=6).contains(&decimals.len()) && all_digits(decimals.as_bytes()));
    let Ok(whole) = degrees.parse::<u16>() else { return false };
    let no_fraction = || decimals.is_none_or(|decimals| decimals.bytes().all(|byte| byte == b'0'));
    has_form && (whole < max || (whole == max && no_fraction()))
}

/// Letters, marks, digits, connectors, spaces and `.,'-`, and not only spaces.
///
/// Outside ASCII every character passes that is neither a control character nor white space: which of them are letters
/// and marks is a table of thousands of entries, and the hub only hands names on.
fn is_person_name(text: &str) -> bool {
    let is_allowed = |character: char| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | ' ' | '.' | ',' | '\'' | '-' => true,
        _ => !character.is_ascii() && !character.is_control() && !character.is_whitespace(),
    };
    text.chars().all(is_allowed) && text.chars().any(|character| character != ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(shape: &Shape, good: &[&str], bad: &[&str]) {
        let (Shape::Text(rules) | Shape::TextOrInteger(rules)) = shape else { panic!("{shape:?}") };
        for text in good {
            assert_eq!(rules.violation(text), None, "{text}");
        }
        for text in bad {
            assert!(rules.violation(text).is_some(), "{text}");
        }
    }

    #[test]
    fn numbers_and_codes() {
        check(&AMOUNT, &["0", "1", "0.5"], &["2.00", "0.0000", "1e9", "01", "", "12345678901234567890123"]);
        check(&BALANCE_OF_PAYMENTS, &["123"], &["023", "12", "1234", "12x"]);
        check(&ERROR_CODE, &["3100", "9999"], &["0100", "310", "31000", "31O0"]);
        check(&MERCHANT_CLASSIFICATION_CODE, &["1", "1234"], &["", "12345", "12a"]);
        check(&SUB_SCENARIO, &["LOCALLY_DEFINED"], &["", "lower", &"A".repeat(33)]);
    }

    #[test]
    fn moments() {
        check(
            &DATE,
            &["1983-10-25", "2000-02-29"],
            &["1900-02-29", "0983-10-25", "1983-10-2", "1983-10-25T", "2001-13-01"],
        );
        check(&DATE_TIME, &["2016-05-24T08:38:08.699-04:00"], &["2016-05-24T08:38:08Z", ""]);
    }

    #[test]
    fn places() {
        check(
            &LATITUDE,
            &["0", "-9", "+45.123456", "90", "90.000"],
            &["91", "90.1", "05", "5.", "1.1234567", "", "-", "++1"],
        );
        check(&LONGITUDE, &["180", "-180.0", "179.999999", "9"], &["181", "180.5", "010", "1800"]);
    }

    #[test]
    fn names() {
        check(
            &PERSON_NAME,
            &["Ann", "O'Neil-Smith Jr., 3rd_x", "Seán", "Nuñez", "ကောင်းထက်စံ", "ဒေါ်သန္တာထွန်"],
            &["", "   ", "a@b", "a\tb", "a\u{a0}b", "<x>", &"x".repeat(129)],
        );
    }

    #[test]
    fn base64url() {
        check(
            &ILP_PACKET,
            &["A", "AYIB", "2h0999rduj2vl==", "a-_b="],
            &["", "=", "==", "a===", "a=b", "a+b", "a/b", "a b", "aé", &"A".repeat(32_769)],
        );
        check(&HASH, &["9Mm5R0KAYxlf8VhcK7SGRivVHdjPjdqui0Nn8pOi5Yr"], &["short", ""]);
    }
}
