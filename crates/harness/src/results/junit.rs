//! Results in the form that CI systems read: JUnit's XML.

use serde::Serialize;

use super::{Outcome, TestReport, TestResult};

#[derive(Serialize)]
#[serde(rename = "testsuites")]
struct Suites<'a> {
    #[serde(rename = "@name")]
    name: &'a str,
    #[serde(rename = "@tests")]
    tests: usize,
    #[serde(rename = "@failures")]
    failures: usize,
    #[serde(rename = "@skipped")]
    skipped: usize,
    #[serde(rename = "@time")]
    time: String,
    testsuite: Vec<Suite<'a>>,
}

#[derive(Serialize)]
struct Suite<'a> {
    #[serde(rename = "@name")]
    name: &'a str,
    #[serde(rename = "@tests")]
    tests: usize,
    #[serde(rename = "@failures")]
    failures: usize,
    #[serde(rename = "@skipped")]
    skipped: usize,
    #[serde(rename = "@time")]
    time: String,
    testcase: Vec<Case<'a>>,
}

#[derive(Serialize)]
struct Case<'a> {
    #[serde(rename = "@classname")]
    class: &'a str,
    #[serde(rename = "@name")]
    name: &'a str,
    #[serde(rename = "@time", skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<Skipped>,
    #[serde(rename = "system-out", skip_serializing_if = "String::is_empty")]
    said: String,
}

#[derive(Serialize)]
struct Skipped {}

#[derive(Serialize)]
struct Failed {
    #[serde(rename = "@message")]
    message: String,
    #[serde(rename = "$text")]
    text: String,
}

/// Writes the report; what tests belong to is a suite.
pub fn to_junit(report: &TestReport) -> String {
    let mut suites: Vec<Suite<'_>> = Vec::new();
    for test in &report.tests {
        let case = case(test);
        match suites.last_mut().filter(|suite| suite.name == test.file) {
            Some(suite) => suite.testcase.push(case),
            None => suites.push(Suite {
                name: &test.file,
                tests: 0,
                failures: 0,
                skipped: 0,
                time: String::new(),
                testcase: vec![case],
            }),
        }
    }
    for suite in &mut suites {
        let of_suite = report.tests.iter().filter(|test| test.file == suite.name);
        suite.tests = suite.testcase.len();
        suite.failures = suite.testcase.iter().filter(|case| case.failure.is_some()).count();
        suite.skipped = suite.testcase.iter().filter(|case| case.skipped.is_some()).count();
        // A sum of none would be written as -0.
        suite.time = seconds(of_suite.filter_map(|test| test.duration_ms).fold(0.0, |sum, each| sum + each));
    }
    let whole = Suites {
        name: "mojaloop harness test",
        tests: report.tests.len(),
        failures: report.failed,
        skipped: report.skipped,
        time: seconds(report.duration_ms),
        testsuite: suites,
    };
    let xml = quick_xml::se::to_string(&whole).expect("texts and numbers can be written");
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{xml}\n")
}

fn case(test: &TestResult) -> Case<'_> {
    let failure = test.failures.first().map(|first| Failed {
        message: first.lines().next().unwrap_or_default().to_owned(),
        text: printable(&test.failures.join("\n")),
    });
    let skipped = (test.outcome == Outcome::Skipped).then_some(Skipped {});
    let said = test.transfers.iter().map(|id| format!("mojaloop trace {id}")).collect::<Vec<_>>().join("\n");
    Case { class: &test.file, name: &test.name, time: test.duration_ms.map(seconds), failure, skipped, said }
}

/// XML has no place for most control characters, and programs write colours with them.
fn printable(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t')).collect()
}

fn seconds(millis: f64) -> String {
    format!("{:.3}", millis / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Level;

    fn result(file: &str, name: &str, failures: &[&str]) -> TestResult {
        let failures = failures.iter().map(|text| (*text).to_owned()).collect();
        TestResult {
            transfers: vec!["01a203fd-d50d-70fb-92ba-3336f370aca9".to_owned()],
            duration_ms: Some(12.5),
            ..TestResult::judged(Level::EndToEnd, file, name, failures)
        }
    }

    #[test]
    fn files_are_suites_and_texts_are_escaped() {
        let tests = vec![
            result("one.yaml", "pays", &[]),
            result(
                "two.yaml",
                "a < b & \"c\"",
                &["state: found FAILED, expected COMMITTED", "legs: found 2,\u{1b}[1m expected 12"],
            ),
            TestResult::skipped(Level::Unit, "hub", "one::two"),
        ];
        let expect = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <testsuites name=\"mojaloop harness test\" tests=\"3\" failures=\"1\" skipped=\"1\" time=\"0.100\">\
            <testsuite name=\"one.yaml\" tests=\"1\" failures=\"0\" skipped=\"0\" time=\"0.013\">\
            <testcase classname=\"one.yaml\" name=\"pays\" time=\"0.013\">\
            <system-out>mojaloop trace 01a203fd-d50d-70fb-92ba-3336f370aca9</system-out></testcase></testsuite>\
            <testsuite name=\"two.yaml\" tests=\"1\" failures=\"1\" skipped=\"0\" time=\"0.013\">\
            <testcase classname=\"two.yaml\" name=\"a &lt; b &amp; &quot;c&quot;\" time=\"0.013\">\
            <failure message=\"state: found FAILED, expected COMMITTED\">state: found FAILED, expected COMMITTED\n\
            legs: found 2,[1m expected 12</failure>\
            <system-out>mojaloop trace 01a203fd-d50d-70fb-92ba-3336f370aca9</system-out></testcase></testsuite>\
            <testsuite name=\"hub\" tests=\"1\" failures=\"0\" skipped=\"1\" time=\"0.000\">\
            <testcase classname=\"hub\" name=\"one::two\"><skipped/></testcase></testsuite>\
            </testsuites>\n";
        assert_eq!(to_junit(&TestReport::of(tests, 100.0)), expect);
    }
}
