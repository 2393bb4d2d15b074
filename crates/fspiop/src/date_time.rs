//! Moments: [`Timestamp`], and what the Date header may say.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, date};
use serde::{Serialize, Serializer};

use crate::text::Excerpt;

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
///
/// Prints as `2026-11-22T14:00:00.000Z`, the form of FSPIOP's data type DateTime in UTC. That
/// grammar has the years 1000 to 9999; moments outside print as the nearest one inside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is no date and time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date and time: {0}")]
pub struct TimestampError(Excerpt);

const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);
/// 1000-01-01T00:00:00.000Z.
const FIRST_PRINTABLE_MS: i64 = -30_610_224_000_000;
/// 9999-12-31T23:59:59.999Z.
const LAST_PRINTABLE_MS: i64 = 253_402_300_799_999;
/// `YYYY-MM-DDThh:mm:ss.mmm`, what precedes the time zone.
const LOCAL_CHARACTERS: usize = 23;

impl Timestamp {
    /// The moment `millis` milliseconds after (or, negative, before) 1970-01-01T00:00:00Z.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The moment `millis` milliseconds later (or, negative, earlier); stops at the ends of the range.
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to `self`, negative if `self` is the earlier one; stops at the ends of the range.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads a DateTime as it stands in FSPIOP messages: `YYYY-MM-DDThh:mm:ss.mmm`, then `Z` or an offset such as
    /// `-04:00` (years 1000 to 9999, milliseconds mandatory, no leap seconds; data type DateTime, FSPIOP 1.1).
    ///
    /// # Errors
    /// [`TimestampError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        Self::parse_wire(text.as_bytes()).ok_or_else(|| TimestampError(Excerpt::of(text)))
    }

    /// Reads any RFC 3339 date and time, for the admin API and for stores; digits below milliseconds are dropped.
    ///
    /// # Errors
    /// [`TimestampError`] for anything else.
    pub fn parse_rfc3339(text: &str) -> Result<Self, TimestampError> {
        Self::parse(text).or_else(|error| match text.parse::<jiff::Timestamp>() {
            Ok(timestamp) => Ok(Self(timestamp.as_millisecond())),
            Err(_) => Err(error),
        })
    }

    /// The moment as the Date header has it, `Sun, 22 Nov 2026 14:00:00 GMT` (IMF-fixdate, RFC 9110, section 5.6.7).
    ///
    /// Milliseconds are dropped; moments before 1970 or after 9999 print as the nearest one between.
    pub fn http_date(self) -> String {
        let millis = u64::try_from(self.0.clamp(0, LAST_PRINTABLE_MS)).expect("clamped to positive");
        httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
    }

    fn parse_wire(text: &[u8]) -> Option<Self> {
        if text.len() <= LOCAL_CHARACTERS || !text.is_ascii() || text[0] == b'0' {
            return None;
        }
        let (local, zone) = text.split_at(LOCAL_CHARACTERS);
        let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.')];
        if separators.iter().any(|&(position, separator)| local[position] != separator) {
            return None;
        }
        let number = |from: usize, to: usize| digits(&local[from..to]);
        let day = Date::new(
            i16::try_from(number(0, 4)?).ok()?,
            i8::try_from(number(5, 7)?).ok()?,
            i8::try_from(number(8, 10)?).ok()?,
        )
        .ok()?;
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let of_day = ((hour * 60 + minute) * 60 + second) * 1000 + number(20, 23)?;
        let days = day.duration_since(EPOCH.date()).as_secs() * 1000;
        Some(Self(days + of_day - offset_millis(zone)?))
    }

    /// The calendar date and time in UTC, within the years that print.
    fn to_civil(self) -> DateTime {
        let millis = self.0.clamp(FIRST_PRINTABLE_MS, LAST_PRINTABLE_MS);
        EPOCH
            .checked_add(SignedDuration::from_millis(millis))
            .expect("years 1000 to 9999 are within the calendar's range")
    }
}

/// Checks the value of a Date header: IMF-fixdate or another form of RFC 9110, or an ISO 8601 date and time, which
/// several FSPs send.
///
/// # Errors
/// [`TimestampError`] for anything else.
pub fn parse_http_date_header(value: &str) -> Result<Timestamp, TimestampError> {
    let Ok(time) = httpdate::parse_http_date(value) else {
        return Timestamp::parse_rfc3339(value);
    };
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).ok();
    since_epoch
        .and_then(|duration| i64::try_from(duration.as_millis()).ok())
        .map(Timestamp)
        .ok_or_else(|| TimestampError(Excerpt::of(value)))
}

/// The milliseconds that a time zone is ahead of UTC: `Z`, or hours 00 to 19 and minutes as the official pattern has it.
fn offset_millis(zone: &[u8]) -> Option<i64> {
    let (sign, hours, minutes) = match zone {
        b"Z" => return Some(0),
        [sign, hours @ .., b':', tens, ones] if hours.len() == 2 => (sign, hours, [*tens, *ones]),
        _ => return None,
    };
    let (hours, minutes) = (digits(hours)?, digits(&minutes)?);
    if hours > 19 || minutes > 59 {
        return None;
    }
    let millis = (hours * 60 + minutes) * 60_000;
    match sign {
        b'+' => Some(millis),
        b'-' => Some(-millis),
        _ => None,
    }
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.to_civil();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            at.millisecond()
        )
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        Self::parse(text)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads what [`Timestamp::parse_rfc3339`] reads.
impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 date and time")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Timestamp, E> {
                Timestamp::parse_rfc3339(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expect: Option<i64>) {
        assert_eq!(Timestamp::parse(text).ok().map(Timestamp::as_millis), expect, "{text}");
    }

    #[test]
    fn wire_grammar() {
        check("1970-01-01T00:00:00.000Z", Some(0));
        check("2016-05-24T08:38:08.699-04:00", Some(1_464_093_488_699));
        check("2016-05-24T08:38:08.699Z", Some(1_464_079_088_699));
        check("2024-02-29T23:59:59.999+19:59", Some(1_709_179_259_999));
        check("1000-01-01T00:00:00.000Z", Some(FIRST_PRINTABLE_MS));
        check("9999-12-31T23:59:59.999Z", Some(LAST_PRINTABLE_MS));
        check("9999-12-31T23:59:59.999-05:00", Some(LAST_PRINTABLE_MS + 18_000_000));
        for refused in [
            "",
            "2016-05-24",
            "2016-05-24T08:38:08Z",
            "2016-05-24T08:38:08.69Z",
            "2016-05-24T08:38:08.6999Z",
            "2016-05-24T08:38:08.699",
            "2016-05-24t08:38:08.699Z",
            "2016-05-24 08:38:08.699Z",
            "2016-05-24T08:38:08.699z",
            "2016-05-24T24:00:00.000Z",
            "2016-05-24T08:60:08.699Z",
            "2016-05-24T08:38:60.699Z",
            "2016-13-24T08:38:08.699Z",
            "2016-02-30T08:38:08.699Z",
            "2015-02-29T08:38:08.699Z",
            "0999-05-24T08:38:08.699Z",
            "2016-00-24T08:38:08.699Z",
            "2016-05-24T08:38:08.699+20:00",
            "2016-05-24T08:38:08.699+0400",
            "2016-05-24T08:38:08.699+04:60",
            "2016-05-24T08:38:08.699 04:00",
            "+016-05-24T08:38:08.699Z",
            "2016-05-24T08:38:08.699é",
            "2016-05-24T08:38:08.699ZZ",
        ] {
            check(refused, None);
        }
    }

    #[test]
    fn extreme_moments_print() {
        assert_eq!(Timestamp::from_millis(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::from_millis(i64::MIN).to_string(), "1000-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_millis(i64::MIN).http_date(), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(Timestamp::from_millis(i64::MAX).http_date(), "Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!(Timestamp::from_millis(1).plus_millis(i64::MAX).as_millis(), i64::MAX);
        assert_eq!(Timestamp::from_millis(5).millis_since(Timestamp::from_millis(9)), -4);
    }

    #[test]
    fn date_headers() {
        let expect = Timestamp::parse("2019-01-24T10:22:12.000Z").unwrap();
        assert_eq!(expect.http_date(), "Thu, 24 Jan 2019 10:22:12 GMT");
        for good in [
            "Thu, 24 Jan 2019 10:22:12 GMT",
            "2019-01-24T10:22:12.000Z",
            "2019-01-24T10:22:12Z",
            "2019-01-24T12:22:12+02:00",
        ] {
            assert_eq!(parse_http_date_header(good).unwrap(), expect, "{good}");
        }
        for bad in ["", "12345", "thursday", "Thu, 24 Jan 2019", "2019-01-24", "Thu, 99 Jan 2019 10:22:12 GMT"] {
            assert!(parse_http_date_header(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn json() {
        let moment = Timestamp::from_millis(1_700_000_000_123);
        let json = serde_json::to_string(&moment).unwrap();
        assert_eq!(json, r#""2023-11-14T22:13:20.123Z""#);
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), moment);
        assert!(serde_json::from_str::<Timestamp>(r#""2023-11-14T22:13:20Z""#).is_ok());
        assert!(serde_json::from_str::<Timestamp>("1").is_err());
    }

    proptest! {
        #[test]
        fn printed_moments_read_back(millis in FIRST_PRINTABLE_MS..=LAST_PRINTABLE_MS) {
            let moment = Timestamp::from_millis(millis);
            prop_assert_eq!(Timestamp::parse(&moment.to_string()).unwrap(), moment);
        }

        #[test]
        fn never_panics(text in "\\PC{0,40}|[0-9T:.Z+-]{20,32}") {
            let _ = Timestamp::parse(&text);
            let _ = Timestamp::parse_rfc3339(&text);
            let _ = parse_http_date_header(&text);
        }
    }
}
