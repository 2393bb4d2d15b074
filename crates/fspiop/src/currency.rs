//! Currency codes and money: [`Currency`], [`Money`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::text::{Excerpt, serde_as_text};

/// A three-letter ISO 4217 code that the official API files list (the union of FSPIOP 1.0, 1.1, 2.0 and the admin
/// API), among them `XXX` (no currency) and `XTS` (tests).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// The text is no code of the official lists.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown currency: {0}")]
pub struct CurrencyError(Excerpt);

/// An amount of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// The currency.
    pub currency: Currency,
    /// How much of it.
    pub amount: Amount,
}

impl Currency {
    /// Reads a code of the official lists, in capitals.
    ///
    /// # Errors
    /// [`CurrencyError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, CurrencyError> {
        let code: Option<[u8; 3]> = text.as_bytes().try_into().ok();
        code.filter(|code| CODES.binary_search(&code).is_ok()).map(Self).ok_or_else(|| CurrencyError(Excerpt::of(text)))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("codes are ASCII letters")
    }

    /// Decimal places of the currency's minor unit, 0 to 3 (ISO 4217): amounts in ILP packets count minor units.
    pub fn minor_unit_digits(self) -> u8 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX"
            | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }

    /// All codes, in alphabetical order.
    pub fn all() -> impl Iterator<Item = Self> {
        CODES.iter().map(|code| Self(**code))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Currency({self})")
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        Self::parse(text)
    }
}

serde_as_text!(Currency, "a currency code");

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

/// In alphabetical order, for the binary search.
#[rustfmt::skip]
const CODES: [&[u8; 3]; CODES_COUNT] = [
    b"AED", b"AFA", b"AFN", b"ALL", b"AMD", b"ANG", b"AOA", b"AOR", b"ARS", b"AUD", b"AWG", b"AZN", b"BAM", b"BBD",
    b"BDT", b"BGN", b"BHD", b"BIF", b"BMD", b"BND", b"BOB", b"BRL", b"BSD", b"BTN", b"BWP", b"BYN", b"BZD", b"CAD",
    b"CDF", b"CHF", b"CLP", b"CNY", b"COP", b"CRC", b"CUC", b"CUP", b"CVE", b"CZK", b"DJF", b"DKK", b"DOP", b"DZD",
    b"EEK", b"EGP", b"ERN", b"ETB", b"EUR", b"FJD", b"FKP", b"GBP", b"GEL", b"GGP", b"GHS", b"GIP", b"GMD", b"GNF",
    b"GTQ", b"GYD", b"HKD", b"HNL", b"HRK", b"HTG", b"HUF", b"IDR", b"ILS", b"IMP", b"INR", b"IQD", b"IRR", b"ISK",
    b"JEP", b"JMD", b"JOD", b"JPY", b"KES", b"KGS", b"KHR", b"KMF", b"KPW", b"KRW", b"KWD", b"KYD", b"KZT", b"LAK",
    b"LBP", b"LKR", b"LRD", b"LSL", b"LTL", b"LVL", b"LYD", b"MAD", b"MDL", b"MGA", b"MKD", b"MMK", b"MNT", b"MOP",
    b"MRO", b"MUR", b"MVR", b"MWK", b"MXN", b"MYR", b"MZN", b"NAD", b"NGN", b"NIO", b"NOK", b"NPR", b"NZD", b"OMR",
    b"PAB", b"PEN", b"PGK", b"PHP", b"PKR", b"PLN", b"PYG", b"QAR", b"RON", b"RSD", b"RUB", b"RWF", b"SAR", b"SBD",
    b"SCR", b"SDG", b"SEK", b"SGD", b"SHP", b"SLL", b"SOS", b"SPL", b"SRD", b"STD", b"SVC", b"SYP", b"SZL", b"THB",
    b"TJS", b"TMT", b"TND", b"TOP", b"TRY", b"TTD", b"TVD", b"TWD", b"TZS", b"UAH", b"UGX", b"USD", b"UYU", b"UZS",
    b"VEF", b"VND", b"VUV", b"WST", b"XAF", b"XAG", b"XAU", b"XCD", b"XDR", b"XFO", b"XFU", b"XOF", b"XPD", b"XPF",
    b"XPT", b"XTS", b"XXX", b"YER", b"ZAR", b"ZMK", b"ZMW", b"ZWD", b"ZWL", b"ZWN", b"ZWR",
];
const CODES_COUNT: usize = 179;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_codes() {
        for known in ["USD", "KES", "XXX", "XTS", "AED", "ZWR", "ZMW", "MMK"] {
            assert_eq!(Currency::parse(known).unwrap().as_str(), known);
        }
        for unknown in ["ZZZ", "usd", "US", "USDX", "", "A#", "U\u{15e}", "€"] {
            assert!(Currency::parse(unknown).is_err(), "{unknown}");
        }
        assert!(CODES.is_sorted());
    }

    #[test]
    fn json() {
        let money: Money = serde_json::from_str(r#"{"currency":"USD","amount":"1.50"}"#).unwrap();
        assert_eq!(money.to_string(), "1.5 USD");
        assert_eq!(serde_json::to_string(&money).unwrap(), r#"{"currency":"USD","amount":"1.5"}"#);
        assert!(serde_json::from_str::<Currency>(r#""ZZZ""#).is_err());
    }
}
