//! Results as a page of HTML that needs nothing else: it can be kept, sent and published as it is.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, value::Serde};
use serde::Serialize;

use super::{Outcome, TestReport, TestResult};

const TEMPLATE: &str = include_str!("report.html");

#[derive(Serialize)]
struct Page<'a> {
    when: &'a str,
    passed: usize,
    failed: usize,
    skipped: usize,
    total: String,
    tests: Vec<Shown<'a>>,
}

#[derive(Serialize)]
struct Shown<'a> {
    outcome: Outcome,
    level: &'static str,
    file: &'a str,
    name: &'a str,
    duration: String,
    failures: &'a [String],
    transfers: &'a [String],
}

/// Writes the report, what failed first; `when` says when the tests ended.
pub fn to_html(report: &TestReport, when: &str) -> String {
    let mut tests: Vec<Shown<'_>> = report.tests.iter().map(shown).collect();
    // Within an outcome they stay in the order in which they ran.
    tests.sort_by_key(|test| test.outcome);
    let TestReport { passed, failed, skipped, duration_ms, .. } = *report;
    let page = Page { when, passed, failed, skipped, total: duration(duration_ms), tests };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.render_str(TEMPLATE, Serde(&page)).expect("a test renders everything that it can show")
}

fn shown(test: &TestResult) -> Shown<'_> {
    Shown {
        outcome: test.outcome,
        level: test.level.as_str(),
        file: &test.file,
        name: &test.name,
        duration: test.duration_ms.map(duration).unwrap_or_default(),
        failures: &test.failures,
        transfers: if test.outcome == Outcome::Failed { &test.transfers } else { &[] },
    }
}

fn duration(millis: f64) -> String {
    match millis {
        _ if millis < 1_000.0 => format!("{millis:.0} ms"),
        _ => format!("{:.1} s", millis / 1_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Level;

    #[test]
    fn what_failed_comes_first_and_texts_are_escaped() {
        let failed = TestResult {
            transfers: vec!["an-id".to_owned()],
            duration_ms: Some(1_234.0),
            ..TestResult::judged(Level::Ttk, "p2p.json", "<b>pays</b>", vec!["found <1>, expected 2".to_owned()])
        };
        let tests = vec![
            TestResult::judged(Level::Unit, "ledger", "adds", Vec::new()),
            TestResult::skipped(Level::Unit, "ledger", "later"),
            failed,
        ];
        let page = to_html(&TestReport::of(tests, 12.0), "2026-11-30T12:00:00Z");
        let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text}: {page}"));
        assert!(place("&lt;b&gt;pays") < place("adds") && place("adds") < place("later"));
        for part in ["found &lt;1&gt;, expected 2", "mojaloop trace an-id", "1.2 s", "12 ms", "1 failed", "ttk"] {
            place(part);
        }
        for foreign in ["http:", "https:", "<b>pays", "<script"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        let empty = to_html(&TestReport::default(), "");
        assert!(empty.contains("0 passed"));
    }
}
