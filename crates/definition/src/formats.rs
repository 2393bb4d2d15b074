//! The forms of text in a definition: each pattern of the schema with its words for people and what a pattern cannot say.

use std::net::Ipv4Addr;

use fspiop::{Amount, Currency, PartyId};
use regex_lite::Regex;

use crate::wording::nearest;

/// A form of text.
pub(crate) struct Format {
    /// As it stands in the schema.
    pub(crate) pattern: &'static str,
    /// What is allowed, for people.
    pub(crate) wording: &'static str,
    /// What is wrong with a text that matches the pattern, if that is not all.
    refuse: fn(&str) -> Option<String>,
    /// What to do about a text that is wrong.
    pub(crate) hint: fn(&str) -> Option<String>,
}

impl Format {
    /// The form that has this pattern. A test makes sure that every pattern of the schema is here.
    pub(crate) fn of(pattern: &str) -> Option<&'static Format> {
        FORMATS.iter().find(|format| format.pattern == pattern)
    }

    /// Whether the text has this form; with the reason if it is more than that it does not look so.
    pub(crate) fn check(&self, text: &str) -> Result<(), Option<String>> {
        let pattern = Regex::new(self.pattern).expect("a test compiles every pattern");
        match pattern.is_match(text) {
            true => (self.refuse)(text).map_or(Ok(()), |reason| Err(Some(reason))),
            false => Err(None),
        }
    }
}

const CURRENCY: &str = r"^[A-Z]{3}$";
const RETENTION: &str = r"^[1-9][0-9]{0,3}[dy]$";

/// Every form there is.
#[rustfmt::skip]
pub(crate) const FORMATS: &[Format] = &[
    Format { pattern: CURRENCY, wording: "a currency code of ISO 4217 (3 capital letters)", refuse: no_currency, hint: currency_hint },
    Format { pattern: r"^([0]|([1-9][0-9]{0,17}))([.][0-9]{0,3}[1-9])?$", wording: "an amount in quotes: up to 18 digits, then at most 4 decimal places that do not end in 0", refuse: no_amount, hint: amount_hint },
    Format { pattern: r"^[a-z][a-z0-9-]{0,22}[a-z0-9]$|^[a-z]$", wording: "a name of 1 to 24 lower-case letters, digits or '-' that begins with a letter and does not end with '-'", refuse: nothing, hint: lower_case_hint },
    Format { pattern: r"^[A-Za-z0-9._-]{2,30}$", wording: "a name of 2 to 30 letters, digits, '.', '_' or '-'", refuse: nothing, hint: no_hint },
    Format { pattern: r"^(MSISDN|EMAIL|PERSONAL_ID|BUSINESS|DEVICE|ACCOUNT_ID|IBAN|ALIAS)/[^/ ]{1,128}(/[^/ ]{1,128})?$", wording: "a party as TYPE/IDENTIFIER, for example MSISDN/27713803912", refuse: no_party, hint: party_hint },
    Format { pattern: r"^(MSISDN|EMAIL|PERSONAL_ID|BUSINESS|DEVICE|ACCOUNT_ID|IBAN|ALIAS)$", wording: "one of: MSISDN, EMAIL, PERSONAL_ID, BUSINESS, DEVICE, ACCOUNT_ID, IBAN, ALIAS", refuse: nothing, hint: party_type_hint },
    Format { pattern: r"^https?://[^ /?#]+(/[^ ?#]*)?$", wording: "a URL that begins with http:// or https:// and has no query", refuse: no_plain_url, hint: no_hint },
    Format { pattern: r"^https://[^ ]+$", wording: "a URL that begins with https://", refuse: no_plain_url, hint: no_hint },
    Format { pattern: r"^postgres(ql)?://[^ ]+$", wording: "a URL of PostgreSQL: postgres://USER@HOST:PORT/DATABASE", refuse: nothing, hint: no_hint },
    Format { pattern: r"^([01][0-9]|2[0-3]):[0-5][0-9] [A-Za-z_]+(/[A-Za-z0-9_+-]+)*$", wording: "a time of the day with its time zone, for example \"17:00 Africa/Nairobi\"", refuse: nothing, hint: no_hint },
    Format { pattern: RETENTION, wording: "days or years, for example 90d or 7y", refuse: no_retention, hint: retention_hint },
    Format { pattern: r"^[0-9.]+/[0-9]{1,2}$", wording: "a network as CIDR, for example 10.0.0.0/16", refuse: no_network, hint: network_hint },
    Format { pattern: r"^[A-Za-z_][A-Za-z0-9_]*$", wording: "the name of an environment variable", refuse: nothing, hint: no_hint },
    Format { pattern: r"^[^ /]+/[^ /]+$", wording: "a secret as NAME/KEY", refuse: nothing, hint: no_hint },
    Format { pattern: r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", wording: "a name of Kubernetes: lower-case letters, digits, '-' or '.'", refuse: nothing, hint: lower_case_hint },
    Format { pattern: r"^[a-z]{2}(-[a-z]+)+-[0-9]$", wording: "a region of AWS, for example eu-west-1", refuse: nothing, hint: no_hint },
    Format { pattern: r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", wording: "a host's name: up to 63 lower-case letters, digits or '-'", refuse: nothing, hint: lower_case_hint },
    Format { pattern: r"^[A-Za-z0-9.:-]+$", wording: "an address or a host name", refuse: nothing, hint: no_hint },
    Format { pattern: r"^[a-z_][a-z0-9_-]*$", wording: "a user's name: lower-case letters, digits, '_' or '-'", refuse: nothing, hint: lower_case_hint },
    Format { pattern: r"^[a-z_][a-z0-9_]*$", wording: "a name of PostgreSQL: lower-case letters, digits or '_'", refuse: nothing, hint: lower_case_hint },
    Format { pattern: r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", wording: "a bucket's name: 3 to 63 lower-case letters, digits, '-' or '.'", refuse: nothing, hint: lower_case_hint },
];

/// Years that payments may be kept: the longest that a law asks for is far below, and a disk must still be thinkable.
const MAX_RETENTION_DAYS: u64 = 30 * 365;

fn nothing(_: &str) -> Option<String> {
    None
}

fn no_hint(_: &str) -> Option<String> {
    None
}

/// The pattern allows three letters that are no code.
fn no_currency(text: &str) -> Option<String> {
    Currency::parse(text).err().map(|_| "a currency code of ISO 4217 (3 capital letters)".to_owned())
}

fn currency_hint(text: &str) -> Option<String> {
    nearest_currency(text).map(|code| format!("did you mean \"{code}\"?"))
}

/// The code that may have been meant.
pub(crate) fn nearest_currency(text: &str) -> Option<String> {
    let codes: Vec<String> = Currency::all().map(|code| code.to_string()).collect();
    nearest(text, codes.iter().map(String::as_str)).map(str::to_owned)
}

fn no_amount(text: &str) -> Option<String> {
    Amount::parse(text).err().map(|_| "an amount of at most 22 digits, 4 of them after the point".to_owned())
}

fn amount_hint(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|letter| !", _'".contains(*letter)).collect();
    let amount = Amount::parse_decimal(&plain).ok()?.to_string();
    (amount != text && Amount::parse(&amount).is_ok()).then(|| format!("write \"{amount}\""))
}

fn lower_case_hint(text: &str) -> Option<String> {
    let lower: String = text.to_lowercase().replace(['_', ' '], "-");
    (lower != text).then(|| format!("write \"{lower}\""))
}

fn no_party(text: &str) -> Option<String> {
    PartyId::parse(text).err().map(|error| format!("a party as TYPE/IDENTIFIER ({error})"))
}

fn party_hint(text: &str) -> Option<String> {
    match text.split_once('/') {
        Some((kind, _)) => party_type_hint(kind),
        None if text.chars().all(|letter| letter.is_ascii_digit() || letter == '+') => {
            Some(format!("write MSISDN/{}", text.trim_start_matches('+')))
        }
        None => None,
    }
}

fn party_type_hint(text: &str) -> Option<String> {
    let kinds = fspiop::PartyIdType::ALL.map(|kind| kind.as_str());
    let kind = nearest(text, kinds.into_iter()).filter(|kind| *kind != text)?;
    Some(format!("did you mean \"{kind}\"?"))
}

/// A user or password in a URL would be a secret in plain text.
fn no_plain_url(text: &str) -> Option<String> {
    user_info(text).map(|_| "a URL without user and password".to_owned())
}

/// What stands before the host of a URL.
pub(crate) fn user_info(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority.rsplit_once('@').map(|(user_info, _)| user_info)
}

fn no_retention(text: &str) -> Option<String> {
    (retention_days(text)? > MAX_RETENTION_DAYS).then(|| "at most 30 years (30y)".to_owned())
}

fn retention_hint(text: &str) -> Option<String> {
    let number = text.trim().split(' ').next().filter(|number| number.parse::<u16>().is_ok_and(|number| number > 0))?;
    let rest = text.trim()[number.len()..].trim().to_lowercase();
    let days = match rest.trim_end_matches('s') {
        "" | "day" | "d" => format!("{number}d"),
        "year" | "y" => format!("{number}y"),
        _ => return None,
    };
    (days != text && Format::of(RETENTION).is_some_and(|format| format.check(&days).is_ok()))
        .then(|| format!("write {days}"))
}

/// The days of `90d` or `7y`; a year counts 365. `None` for anything else.
pub(crate) fn retention_days(text: &str) -> Option<u64> {
    let (number, days) = match (text.strip_suffix('d'), text.strip_suffix('y')) {
        (Some(number), _) => (number, 1),
        (_, Some(number)) => (number, 365),
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(days)
}

/// A network of IPv4: the address as written and the bits that are the network's.
pub(crate) fn network(text: &str) -> Option<(Ipv4Addr, u32)> {
    let (address, bits) = text.split_once('/')?;
    let bits: u32 = bits.parse().ok().filter(|bits| *bits <= 32)?;
    Some((address.parse().ok()?, bits))
}

/// The first address of the network that an address is in.
fn network_address(address: Ipv4Addr, bits: u32) -> Ipv4Addr {
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    Ipv4Addr::from_bits(address.to_bits() & mask)
}

fn no_network(text: &str) -> Option<String> {
    let Some((address, bits)) = network(text) else {
        return Some("a network as CIDR: four numbers up to 255, then /0 to /32, for example 10.0.0.0/16".to_owned());
    };
    (network_address(address, bits) != address).then(|| "the address of a network, not that of a host in it".to_owned())
}

fn network_hint(text: &str) -> Option<String> {
    let (address, bits) = network(text)?;
    let network = network_address(address, bits);
    (network != address).then(|| format!("write {network}/{bits}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn patterns(schema: &Value, found: &mut BTreeSet<String>) {
        match schema {
            Value::Object(map) => {
                for (key, child) in map {
                    match (key.as_str(), child) {
                        ("pattern", Value::String(pattern)) => {
                            found.insert(pattern.clone());
                        }
                        _ => patterns(child, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| patterns(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_pattern_of_the_schema_has_its_words_and_no_other() {
        let mut found = BTreeSet::new();
        patterns(&crate::schema(), &mut found);
        let known: BTreeSet<String> = FORMATS.iter().map(|format| format.pattern.to_owned()).collect();
        assert_eq!(found, known);
        assert_eq!(known.len(), FORMATS.len());
        for format in FORMATS {
            assert!(Regex::new(format.pattern).is_ok(), "{}", format.pattern);
        }
    }

    #[test]
    fn networks() {
        for (text, expect) in [
            ("10.0.0.0/16", None),
            ("0.0.0.0/0", None),
            ("192.0.2.1/32", None),
            ("10.0.0.1/16", Some("write 10.0.0.0/16")),
            ("10.0.0.1/0", Some("write 0.0.0.0/0")),
            ("10.0.0.128/24", Some("write 10.0.0.0/24")),
        ] {
            assert_eq!(network_hint(text).as_deref(), expect, "{text}");
            assert_eq!(no_network(text).is_some(), expect.is_some(), "{text}");
        }
        for text in ["10.0.0/16", "10.0.0.0/33", "256.0.0.0/8", "10.0.0.0.0/8", "10.0.0.0"] {
            assert!(no_network(text).is_some(), "{text}");
        }
    }

    #[test]
    fn users_in_urls() {
        assert_eq!(user_info("postgres://hub:secret@db/hub"), Some("hub:secret"));
        assert_eq!(user_info("postgres://hub:a@b@db/hub"), Some("hub:a@b"));
        assert_eq!(user_info("https://fsp.example/path@x"), None);
    }
}
