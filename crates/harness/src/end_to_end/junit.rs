//! Results in the form that CI systems read: JUnit's XML.

use serde::Serialize;

use super::{TestReport, TestResult};

#[derive(Serialize)]
#[serde(rename = "testsuites")]
struct Suites<'a> {
    #[serde(rename = "@name")]
    name: &'a str,
    #[serde(rename = "@tests")]
    tests: usize,
    #[serde(rename = "@failures")]
    failures: usize,
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
    #[serde(rename = "@time")]
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failed>,
    #[serde(rename = "system-out")]
    said: String,
}

#[derive(Serialize)]
struct Failed {
    #[serde(rename = "@message")]
    message: String,
    #[serde(rename = "$text")]
    text: String,
}

/// Writes the report; a file of tests is a suite.
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
                time: String::new(),
                testcase: vec![case],
            }),
        }
    }
    for suite in &mut suites {
        let of_suite = || report.tests.iter().filter(|test| test.file == suite.name);
        suite.tests = suite.testcase.len();
        suite.failures = suite.testcase.iter().filter(|case| case.failure.is_some()).count();
        suite.time = seconds(of_suite());
    }
    let whole = Suites {
        name: "mojaloop harness test",
        tests: report.tests.len(),
        failures: report.failed,
        time: seconds(report.tests.iter()),
        testsuite: suites,
    };
    let xml = quick_xml::se::to_string(&whole).expect("texts and numbers can be written");
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{xml}\n")
}

fn case(test: &TestResult) -> Case<'_> {
    let failure = test.failures.first().map(|first| Failed { message: first.clone(), text: test.failures.join("\n") });
    let said = test.transfers.iter().map(|id| format!("mojaloop trace {id}")).collect::<Vec<_>>().join("\n");
    Case { class: &test.file, name: &test.name, time: seconds([test].into_iter()), failure, said }
}

fn seconds<'a>(tests: impl Iterator<Item = &'a TestResult>) -> String {
    format!("{:.3}", tests.map(|test| test.duration_ms).sum::<f64>() / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(file: &str, name: &str, failures: &[&str]) -> TestResult {
        TestResult {
            file: file.to_owned(),
            name: name.to_owned(),
            transfers: vec!["01a203fd-d50d-70fb-92ba-3336f370aca9".to_owned()],
            duration_ms: 12.5,
            failures: failures.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    #[test]
    fn files_are_suites_and_texts_are_escaped() {
        let report = TestReport::of(vec![
            result("one.yaml", "pays", &[]),
            result(
                "two.yaml",
                "a < b & \"c\"",
                &["state: found FAILED, expected COMMITTED", "legs: found 2, expected 12"],
            ),
        ]);
        let expect = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <testsuites name=\"mojaloop harness test\" tests=\"2\" failures=\"1\" time=\"0.025\">\
            <testsuite name=\"one.yaml\" tests=\"1\" failures=\"0\" time=\"0.013\">\
            <testcase classname=\"one.yaml\" name=\"pays\" time=\"0.013\">\
            <system-out>mojaloop trace 01a203fd-d50d-70fb-92ba-3336f370aca9</system-out></testcase></testsuite>\
            <testsuite name=\"two.yaml\" tests=\"1\" failures=\"1\" time=\"0.013\">\
            <testcase classname=\"two.yaml\" name=\"a &lt; b &amp; &quot;c&quot;\" time=\"0.013\">\
            <failure message=\"state: found FAILED, expected COMMITTED\">state: found FAILED, expected COMMITTED\n\
            legs: found 2, expected 12</failure>\
            <system-out>mojaloop trace 01a203fd-d50d-70fb-92ba-3336f370aca9</system-out></testcase></testsuite>\
            </testsuites>\n";
        assert_eq!(to_junit(&report), expect);
    }
}
