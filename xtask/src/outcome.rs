//! Counting tests, and the one place that prints.
//!
//! Progress goes to stderr as it happens; the table and the last line go to stdout when all is over.

use std::fmt;
use std::io::Write;
use std::ops::AddAssign;
use std::process::ExitCode;
use std::time::Duration;

/// How many tests passed, failed and were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Skipped by the tests' own decision: `#[ignore]`, or inside a collection of the Testing Toolkit.
    pub(crate) skipped: u64,
    /// Not run because a part could not be had; shown as skipped.
    pub(crate) not_run: u64,
}

impl Count {
    const NONE: Self = Self { passed: 0, failed: 0, skipped: 0, not_run: 0 };
    pub(crate) const PASSED: Self = Self { passed: 1, ..Self::NONE };
    pub(crate) const FAILED: Self = Self { failed: 1, ..Self::NONE };
    const NOT_RUN: Self = Self { not_run: 1, ..Self::NONE };

    /// One test that passed or failed.
    pub(crate) fn one(passed: bool) -> Self {
        if passed { Self::PASSED } else { Self::FAILED }
    }

    /// Reads the last line of a suite: `31 passed, 0 failed, 2 skipped`.
    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let mut parts = line.trim().split(", ");
        let mut part = |word: &str| -> Option<u64> { parts.next()?.strip_suffix(word)?.trim_end().parse().ok() };
        let count = Self { passed: part("passed")?, failed: part("failed")?, skipped: part("skipped")?, not_run: 0 };
        parts.next().is_none().then_some(count)
    }

    /// Reads a line of `cargo test`: `test result: ok. 5 passed; 0 failed; 1 ignored; …`.
    pub(crate) fn from_test_result(line: &str) -> Option<Self> {
        let counts = line.trim().strip_prefix("test result: ")?.split_once(". ")?.1;
        let part = |word: &str| -> Option<u64> {
            counts.split("; ").find_map(|part| part.strip_suffix(word)).and_then(|number| number.trim().parse().ok())
        };
        Some(Self { passed: part("passed")?, failed: part("failed")?, skipped: part("ignored")?, not_run: 0 })
    }

    /// The same when every part is required: what was not run has failed.
    pub(crate) fn with_all_parts_required(self) -> Self {
        Self { failed: self.failed + self.not_run, not_run: 0, ..self }
    }

    /// Good means: something passed and nothing failed. An empty selection proves nothing.
    pub(crate) fn is_good(self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.not_run += other.not_run;
    }
}

impl std::iter::Sum for Count {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |mut total, count| {
            total += count;
            total
        })
    }
}

impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped + self.not_run)
    }
}

/// A named result: a suite, a step of it, a collection or a single test.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) count: Count,
    pub(crate) took: Duration,
}

impl Row {
    /// Makes a row and says it on stderr.
    pub(crate) fn said(name: impl Into<String>, count: Count, took: Duration) -> Self {
        let row = Self { name: name.into(), count, took };
        say(&format!("-- {}: {} ({})", row.name, row.count, seconds(row.took)));
        row
    }
}

/// A part that a test needs and cannot have: the reason is said, and the test counts as skipped.
pub(crate) fn not_run(what: &str, why: &str) -> Count {
    say(&format!("NOT RUN: {what}: {why}"));
    Count::NOT_RUN
}

/// A line of progress on stderr.
pub(crate) fn say(line: &str) {
    // A closed stderr is no reason to stop.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Prints the rows as a table and the total as the last line; the exit code says whether the total is good.
pub(crate) fn finish(rows: &[Row], total: Count) -> ExitCode {
    let _ = std::io::stderr().flush();
    let mut out = std::io::stdout().lock();
    let _ = write!(out, "{}", table(rows));
    let _ = writeln!(out, "{total}");
    let _ = out.flush();
    if total.is_good() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn table(rows: &[Row]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).max("name".len());
    let mut text = format!("{:<width$}  {:>7}  {:>7}  {:>7}  {:>10}\n", "name", "passed", "failed", "skipped", "time");
    for Row { name, count, took } in rows {
        let Count { passed, failed, .. } = count;
        let skipped = count.skipped + count.not_run;
        text += &format!("{name:<width$}  {passed:>7}  {failed:>7}  {skipped:>7}  {:>10}\n", seconds(*took));
    }
    text
}

/// A duration for people: `0.42 s`, `12.3 s`, `3 min 05 s`.
pub(crate) fn seconds(took: Duration) -> String {
    let whole = took.as_secs();
    match whole {
        0..=9 => format!("{whole}.{:02} s", took.subsec_millis() / 10),
        10..=59 => format!("{whole}.{} s", took.subsec_millis() / 100),
        _ => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(passed: u64, failed: u64, skipped: u64) -> Option<Count> {
        Some(Count { passed, failed, skipped, not_run: 0 })
    }

    #[test]
    fn reads_the_last_line_of_a_suite() {
        for (line, expect) in [
            ("31 passed, 0 failed, 2 skipped", count(31, 0, 2)),
            ("  1 passed, 2 failed, 3 skipped\n", count(1, 2, 3)),
            ("31 passed, 0 failed", None),
            ("31 passed, 0 failed, 2 skipped, 1 lost", None),
            ("passed, failed, skipped", None),
            ("-1 passed, 0 failed, 0 skipped", None),
            ("", None),
        ] {
            assert_eq!(Count::from_line(line), expect, "{line}");
        }
    }

    #[test]
    fn reads_the_result_of_cargo_test() {
        for (line, expect) in [
            (
                "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.00s",
                count(5, 0, 1),
            ),
            ("test result: FAILED. 5 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out", count(5, 2, 0)),
            ("test a::b ... ok", None),
            ("test result: ok. nothing", None),
        ] {
            assert_eq!(Count::from_test_result(line), expect, "{line}");
        }
    }

    #[test]
    fn nothing_passed_is_not_good() {
        assert!(!Count::default().is_good());
        assert!(!Count::NOT_RUN.is_good());
        assert!(!Count { passed: 9, failed: 1, ..Count::NONE }.is_good());
        assert!(Count { passed: 1, skipped: 4, ..Count::NONE }.is_good());
    }

    #[test]
    fn what_was_not_run_is_skipped_or_failed() {
        let count = Count { passed: 5, failed: 0, skipped: 2, not_run: 1 };
        assert_eq!(count.to_string(), "5 passed, 0 failed, 3 skipped");
        assert_eq!(count.with_all_parts_required().to_string(), "5 passed, 1 failed, 2 skipped");
    }

    #[test]
    fn the_table_is_aligned() {
        let rows = [
            Row {
                name: "unit".into(),
                count: Count { passed: 120, skipped: 1, ..Count::NONE },
                took: Duration::from_millis(12_340),
            },
            Row { name: "conformance".into(), count: Count::FAILED, took: Duration::from_secs(185) },
        ];
        let expect = "name          passed   failed  skipped        time\n\
                      unit             120        0        1      12.3 s\n\
                      conformance        0        1        0  3 min 05 s\n";
        assert_eq!(table(&rows), expect);
        assert_eq!(table(&[]), "");
    }
}
