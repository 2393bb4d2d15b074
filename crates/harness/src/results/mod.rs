//! How tests went, whatever ran them, in the forms in which people and CI systems read it.

mod html;
mod junit;

use serde::Serialize;

pub use html::to_html;
pub use junit::to_junit;

/// What tests are about: the more of the hub, the higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Functions and types alone.
    Unit,
    /// One service with its real store.
    Integration,
    /// Payments through a whole hub.
    EndToEnd,
    /// Mojaloop's Testing Toolkit.
    Ttk,
}

impl Level {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Unit => "unit",
            Level::Integration => "integration",
            Level::EndToEnd => "end-to-end",
            Level::Ttk => "ttk",
        }
    }
}

/// How the tests went.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TestReport {
    /// Each test, in the order in which they ran.
    pub tests: Vec<TestResult>,
    /// Tests of which all was as expected.
    pub passed: usize,
    /// Tests of which something was not.
    pub failed: usize,
    /// Tests that did not run, by their own decision.
    pub skipped: usize,
    /// How long all of them took.
    pub duration_ms: f64,
}

/// How a test went.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TestResult {
    /// What it is about.
    pub level: Level,
    /// What it belongs to: a file, a collection, a service.
    pub file: String,
    /// Its name.
    pub name: String,
    /// Whether it passed.
    pub outcome: Outcome,
    /// The transfers that it made: `mojaloop trace` tells their stories.
    pub transfers: Vec<String>,
    /// How long it took, where that is known of each.
    pub duration_ms: Option<f64>,
    /// What was not as expected; empty for a test that passed.
    pub failures: Vec<String>,
}

/// Whether a test passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Something was not as expected.
    Failed,
    /// All was as expected.
    Passed,
    /// It did not run.
    Skipped,
}

impl TestReport {
    /// Sums the results up.
    pub fn of(tests: Vec<TestResult>, duration_ms: f64) -> TestReport {
        let count = |outcome| tests.iter().filter(|test| test.outcome == outcome).count();
        let (passed, failed, skipped) = (count(Outcome::Passed), count(Outcome::Failed), count(Outcome::Skipped));
        TestReport { tests, passed, failed, skipped, duration_ms }
    }

    /// The counts, for people.
    pub fn summary(&self) -> String {
        let TestReport { passed, failed, skipped, .. } = self;
        format!("{passed} passed, {failed} failed, {skipped} skipped")
    }
}

impl TestResult {
    /// A test that passed if nothing failed.
    pub fn judged(level: Level, file: &str, name: &str, failures: Vec<String>) -> TestResult {
        let outcome = if failures.is_empty() { Outcome::Passed } else { Outcome::Failed };
        let (file, name) = (file.to_owned(), name.to_owned());
        TestResult { level, file, name, outcome, transfers: Vec::new(), duration_ms: None, failures }
    }

    /// A test that did not run.
    pub fn skipped(level: Level, file: &str, name: &str) -> TestResult {
        TestResult { outcome: Outcome::Skipped, ..TestResult::judged(level, file, name, Vec::new()) }
    }
}
