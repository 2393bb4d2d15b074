//! Days of the archive: whole ones, in UTC.

use std::fmt;

use fspiop::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::partitions::DAY_MS;

/// Characters of a date like `2026-08-01`.
const DATE_CHARACTERS: usize = 10;

/// A day, by how many days it is after the first one of 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub(super) i64);

impl Day {
    /// The day of a date like `2026-08-01`.
    pub(super) fn parse(text: &str) -> Option<Day> {
        let start = Timestamp::parse_rfc3339(&format!("{text}T00:00:00.000Z")).ok()?;
        let day = Day(start.as_millis().div_euclid(DAY_MS));
        (day.to_string() == text).then_some(day)
    }

    /// Its first moment, in milliseconds since 1970.
    pub(super) fn start(self) -> i64 {
        self.0 * DAY_MS
    }

    /// The first moment after it.
    pub(super) fn end(self) -> i64 {
        (self.0 + 1) * DAY_MS
    }

    /// The name of a table's partition.
    pub(super) fn partition(self, table: &str) -> String {
        format!("{table}_{}", self.to_string().replace('-', ""))
    }

    /// SQL with the partitions' names in the place of `{transfer}` and so on, and the day's moments in that of `{start}` and
    /// `{end}`.
    pub(super) fn sql(self, template: &str) -> String {
        let names = crate::partitions::TABLES.map(|(table, _)| table);
        let named = names
            .iter()
            .fold(template.to_owned(), |sql, table| sql.replace(&format!("{{{table}}}"), &self.partition(table)));
        let moments = [("{start}", self.start()), ("{end}", self.end())];
        moments.iter().fold(named, |sql, (name, value)| sql.replace(name, &value.to_string()))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Timestamp::from_millis(self.start()).to_string();
        formatter.write_str(text.get(..DATE_CHARACTERS).unwrap_or(&text))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
        let text = String::deserialize(deserializer)?;
        Day::parse(&text).ok_or_else(|| D::Error::custom(format!("found {text:?}, expected a date like 2026-08-01")))
    }
}

#[cfg(test)]
mod tests {
    use super::Day;

    #[test]
    fn days_have_names() {
        let day = Day::parse("2026-08-01").unwrap();
        assert_eq!((day.to_string(), day.partition("quote")), ("2026-08-01".into(), "quote_20260801".into()));
        assert_eq!(day.sql("{entry} {start} {end}"), "entry_20260801 1785542400000 1785628800000");
        assert_eq!([Day::parse("2026-8-1"), Day::parse("lost+found"), Day::parse("2026-02-30")], [None; 3]);
    }
}
