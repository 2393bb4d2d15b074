//! Exact amounts of money: [`Amount`].

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _, Unexpected, Visitor};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::text::Excerpt;

/// Units in one whole: the protocol knows four decimal places.
const UNITS_PER_ONE: i128 = 10_000;
/// Decimal places that the protocol's amounts may have.
const DECIMAL_PLACES: usize = 4;
/// Digits before the point in an amount on the wire (data type Amount, FSPIOP 1.1).
const WIRE_INTEGER_DIGITS: usize = 18;
/// Digits before the point in stored amounts and those of the admin API: sums of a million of the largest
/// amounts on the wire still fit.
const STORED_INTEGER_DIGITS: usize = 24;

/// An exact amount of money without its currency, in units of 1/10000.
///
/// On the wire amounts are positive or zero, with at most 18 digits before and 4 after the point
/// ([`Amount::parse`], data type Amount, FSPIOP 1.1). Positions and sums may be negative and larger
/// ([`Amount::parse_decimal`]). Arithmetic is checked. The printed form is canonical: no leading or trailing zeros.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(i128);

/// Why a text is no amount. The variants quote the beginning of what was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not the grammar of FSPIOP amounts: up to 18 digits without leading zeros, then optionally a point and one to
    /// four digits of which the last is not zero.
    #[error("not an FSPIOP amount: {0}")]
    NotOnTheWire(Excerpt),
    /// Not a decimal number with at most 24 digits before and 4 after the point.
    #[error("not a decimal number with at most 24 digits before and 4 after the point: {0}")]
    NotDecimal(Excerpt),
}

impl Amount {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// The amount of `units` ten-thousandths.
    pub const fn from_units(units: i128) -> Self {
        Self(units)
    }

    /// The amount in ten-thousandths.
    pub const fn units(self) -> i128 {
        self.0
    }

    /// Reads an amount as it stands in FSPIOP messages:
    /// `^([0]|([1-9][0-9]{0,17}))([.][0-9]{0,3}[1-9])?$` (data type Amount, FSPIOP 1.1).
    ///
    /// # Errors
    /// [`AmountError::NotOnTheWire`] for anything else, among it `2.00`, `01`, `1e9`, `-1` and the empty text.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        Self::parse_wire(text.as_bytes()).ok_or_else(|| AmountError::NotOnTheWire(Excerpt::of(text)))
    }

    /// Reads a decimal number of the admin API or of a store: an optional `-`, 1 to 24 digits, optionally a point and
    /// 1 to 4 digits. Leading and trailing zeros are fine, exponents are not.
    ///
    /// # Errors
    /// [`AmountError::NotDecimal`].
    pub fn parse_decimal(text: &str) -> Result<Self, AmountError> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let units = Self::decimal_units(digits.as_bytes()).ok_or_else(|| AmountError::NotDecimal(Excerpt::of(text)))?;
        Ok(Self(if negative { -units } else { units }))
    }

    /// `self + other`, or `None` when the sum does not fit.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }

    /// `self - other`, or `None` when the difference does not fit.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }

    /// `-self`, or `None` when it does not fit.
    pub const fn checked_neg(self) -> Option<Self> {
        match self.0.checked_neg() {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }

    /// Less than zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Exactly zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// More than zero.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Reads a JSON value that is an amount in quotes or a bare JSON number, from its text and never through a float:
    /// for `#[serde(deserialize_with = "Amount::from_json")]` in bodies of the admin API.
    ///
    /// Works with `serde_json` only, and not inside untagged or flattened types.
    ///
    /// # Errors
    /// Those of [`Amount::parse_decimal`].
    pub fn from_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if raw.get().starts_with('"') {
            return serde_json::from_str(raw.get()).map_err(D::Error::custom);
        }
        Self::parse_decimal(raw.get()).map_err(D::Error::custom)
    }

    fn parse_wire(text: &[u8]) -> Option<Self> {
        let (integer, fraction) = split_at_point(text);
        if integer.len() > WIRE_INTEGER_DIGITS || (integer.len() > 1 && integer[0] == b'0') {
            return None;
        }
        if fraction.is_some_and(|digits| digits.last() == Some(&b'0')) {
            return None;
        }
        Self::decimal_units(text).map(Self)
    }

    fn decimal_units(text: &[u8]) -> Option<i128> {
        let (integer, fraction) = split_at_point(text);
        if integer.is_empty() || integer.len() > STORED_INTEGER_DIGITS {
            return None;
        }
        let fraction = match fraction {
            None => 0,
            Some(digits) if digits.is_empty() || digits.len() > DECIMAL_PLACES => return None,
            Some(digits) => {
                let missing = u32::try_from(DECIMAL_PLACES - digits.len()).ok()?;
                digits_value(digits)? * 10_i128.pow(missing)
            }
        };
        Some(digits_value(integer)? * UNITS_PER_ONE + fraction)
    }
}

/// The digits before the point, and those after it if there is a point.
fn split_at_point(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|&byte| byte == b'.') {
        Some(point) => (&text[..point], Some(&text[point + 1..])),
        None => (text, None),
    }
}

/// The value of decimal digits; the callers have bounded their number.
fn digits_value(digits: &[u8]) -> Option<i128> {
    digits.iter().try_fold(0_i128, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i128::from(byte - b'0')))
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_negative() { "-" } else { "" };
        let units = self.0.unsigned_abs();
        let one = UNITS_PER_ONE.unsigned_abs();
        let (integer, mut fraction) = (units / one, units % one);
        if fraction == 0 {
            return write!(f, "{sign}{integer}");
        }
        let mut width = DECIMAL_PLACES;
        while fraction.is_multiple_of(10) {
            fraction /= 10;
            width -= 1;
        }
        write!(f, "{sign}{integer}.{fraction:0width$}")
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amount({self})")
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        Self::parse(text)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Accepts the text of [`Amount::parse_decimal`] and whole numbers; for JSON numbers with a point see
/// [`Amount::from_json`].
impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AmountVisitor;
        impl Visitor<'_> for AmountVisitor {
            type Value = Amount;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal amount in quotes")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Amount, E> {
                Amount::parse_decimal(text).map_err(E::custom)
            }
            fn visit_u64<E: serde::de::Error>(self, whole: u64) -> Result<Amount, E> {
                Ok(Amount(i128::from(whole) * UNITS_PER_ONE))
            }
            fn visit_i64<E: serde::de::Error>(self, whole: i64) -> Result<Amount, E> {
                Ok(Amount(i128::from(whole) * UNITS_PER_ONE))
            }
            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Amount, E> {
                Err(E::invalid_type(Unexpected::Float(value), &self))
            }
        }
        deserializer.deserialize_any(AmountVisitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expect: Option<i128>) {
        assert_eq!(Amount::parse(text).ok().map(Amount::units), expect, "{text:?}");
    }

    #[test]
    fn wire_grammar() {
        check("0", Some(0));
        check("1", Some(10_000));
        check("0.5", Some(5_000));
        check("0.0001", Some(1));
        check("123.45", Some(1_234_500));
        check("60.1234", Some(601_234));
        check("999999999999999999.9999", Some(9_999_999_999_999_999_999_999));
        for refused in [
            "",
            ".",
            "1.",
            ".5",
            "01",
            "00",
            "0.0",
            "0.0000",
            "2.00",
            "1.50",
            "0.00001",
            "1e9",
            "1E9",
            "-1",
            "+1",
            " 1",
            "1 ",
            "1,5",
            "1.2.3",
            "NaN",
            "½",
            "١",
            "1000000000000000000",
            "99999999999999999999999",
            "0x10",
        ] {
            check(refused, None);
        }
        check(&"9".repeat(5_000_000), None);
    }

    #[test]
    fn decimals_of_stores_and_the_admin_api() {
        for (text, expect) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("-1.50", Some(-15_000)),
            ("007", Some(70_000)),
            ("1.0000", Some(10_000)),
            ("999999999999999999999999.9999", Some(9_999_999_999_999_999_999_999_999_999)),
            ("1000000000000000000000000", None),
            ("1.00000", None),
            ("1e9", None),
            ("--1", None),
            ("-", None),
            ("", None),
            ("1.", None),
        ] {
            assert_eq!(Amount::parse_decimal(text).ok().map(Amount::units), expect, "{text:?}");
        }
    }

    #[test]
    fn prints_canonically() {
        for (units, expect) in [
            (0, "0"),
            (1, "0.0001"),
            (-1, "-0.0001"),
            (10_500, "1.05"),
            (-15_000, "-1.5"),
            (1_000_000, "100"),
            (i128::MIN, "-17014118346046923173168730371588410.5728"),
        ] {
            assert_eq!(Amount::from_units(units).to_string(), expect);
        }
    }

    #[test]
    fn arithmetic_is_checked() {
        let max = Amount::from_units(i128::MAX);
        assert_eq!(max.checked_add(Amount::from_units(1)), None);
        assert_eq!(Amount::from_units(i128::MIN).checked_sub(Amount::from_units(1)), None);
        assert_eq!(Amount::from_units(i128::MIN).checked_neg(), None);
        assert_eq!(Amount::from_units(5).checked_sub(Amount::from_units(7)), Some(Amount::from_units(-2)));
    }

    #[test]
    fn json_in_and_out() {
        #[derive(serde::Deserialize)]
        struct Limit {
            #[serde(deserialize_with = "Amount::from_json")]
            value: Amount,
        }
        for (json, expect) in [
            (r#"{"value":1000.5}"#, Some("1000.5")),
            (r#"{"value":"1000.50"}"#, Some("1000.5")),
            (r#"{"value":-3}"#, Some("-3")),
            (r#"{"value":1e3}"#, None),
            (r#"{"value":true}"#, None),
            (r#"{"value":null}"#, None),
        ] {
            let found = serde_json::from_str::<Limit>(json).ok().map(|limit| limit.value.to_string());
            assert_eq!(found.as_deref(), expect, "{json}");
        }
        assert_eq!(serde_json::to_string(&Amount::from_units(15_000)).unwrap(), r#""1.5""#);
        assert_eq!(serde_json::from_str::<Amount>("12").unwrap(), Amount::from_units(120_000));
        assert!(serde_json::from_str::<Amount>("1.5").is_err());
    }

    #[test]
    fn errors_quote_what_was_found() {
        assert_eq!(Amount::parse("2.00").unwrap_err().to_string(), "not an FSPIOP amount: '2.00'");
    }

    /// The official pattern, followed character by character.
    fn matches_pattern(text: &str) -> bool {
        let bytes = text.as_bytes();
        let integer = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
        let integer_fits = match bytes.first() {
            Some(b'0') => integer == 1,
            Some(b'1'..=b'9') => integer <= 18,
            _ => false,
        };
        let rest = &bytes[integer..];
        let fraction_fits = match rest.split_first() {
            None => true,
            Some((b'.', digits)) => {
                (1..=4).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) && digits.last() != Some(&b'0')
            }
            Some(_) => false,
        };
        integer_fits && fraction_fits
    }

    proptest! {
        #[test]
        fn wire_amounts_print_as_they_were_read(text in "(0|[1-9][0-9]{0,17})([.][0-9]{0,3}[1-9])?") {
            prop_assert_eq!(Amount::parse(&text).unwrap().to_string(), text);
        }

        #[test]
        fn grammar_is_the_official_pattern(text in "[0-9.]{0,24}|[-+0-9eE. ]{0,8}|\\PC{0,8}") {
            prop_assert_eq!(Amount::parse(&text).is_ok(), matches_pattern(&text));
        }

        #[test]
        fn printed_amounts_read_back(units in -9_999_999_999_999_999_999_999_999_999_i128..=9_999_999_999_999_999_999_999_999_999) {
            let amount = Amount::from_units(units);
            prop_assert_eq!(Amount::parse_decimal(&amount.to_string()).unwrap(), amount);
        }
    }
}
