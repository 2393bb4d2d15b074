//! `mojaloop harness test`: tests of every level, with results for people and for CI systems.

mod end_to_end;
mod sources;
mod toolkit;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use clap::{Args, ValueEnum};
use harness::{
    Place,
    results::{self, Level, Outcome, TestReport, TestResult},
};

use crate::{
    arguments::Global,
    commands::{runtime, tool},
    exit::{Exit, Failure},
    printer,
};

/// Letters of what a test has to complain of that a table has room for.
const COMPLAINT_LETTERS: usize = 100;

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// Files of end-to-end tests (YAML) [default: the built-in ones, for the participants of the built-in demo]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What to test: unit, integration, end-to-end, ttk [default: what other arguments name, else end-to-end]
    #[arg(long = "level", value_name = "LEVEL", value_delimiter = ',', hide_possible_values = true)]
    levels: Vec<TestLevel>,
    /// Only tests whose names contain this (not of the Testing Toolkit)
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Unit and integration: only this crate of the checkout, like hub or store-postgres
    #[arg(long = "service", value_name = "NAME", value_delimiter = ',')]
    services: Vec<String>,
    /// Testing Toolkit: a collection, or a folder or file of them [default: core-provisioning,core-p2p]
    #[arg(long = "collection", value_name = "NAME", value_delimiter = ',')]
    collections: Vec<String>,
    /// Testing Toolkit: only what has this label, like std
    #[arg(long = "label", value_name = "LABEL", value_delimiter = ',')]
    labels: Vec<String>,
    /// Write the results for a CI system, too (JUnit XML)
    #[arg(long, value_name = "FILE.xml")]
    junit: Option<PathBuf>,
    /// Write the results as a page for people, too
    #[arg(long, value_name = "FILE.html")]
    html: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TestLevel {
    /// Functions and types of the sources, in a checkout.
    Unit,
    /// One service of the sources with its real store, in a checkout.
    Integration,
    /// Payments through a whole hub: the harness that runs, or one of their own.
    EndToEnd,
    /// Collections of Mojaloop's Testing Toolkit (MOJALOOP_TTK).
    Ttk,
}

/// Everything that is to run, and can.
struct Chosen {
    sources: Vec<sources::Tests>,
    end_to_end: end_to_end::Tests,
    toolkit: Option<toolkit::Tests>,
}

pub(super) fn run(arguments: &TestArguments, global: &Global, place: &Place) -> Result<(), Failure> {
    for (flag, file) in [("--junit", &arguments.junit), ("--html", &arguments.html)] {
        file.as_deref().map_or(Ok(()), |file| can_be_written(flag, file))?;
    }
    let chosen = choose(arguments, global, place)?;
    let started = Instant::now();
    let tests = runtime::start()?.block_on(run_all(&chosen, global, place))?;
    let report = TestReport::of(tests, (started.elapsed().as_secs_f64() * 1_000_000.0).round() / 1_000.0);
    if let Some(file) = &arguments.junit {
        write("--junit", file, &results::to_junit(&report))?;
    }
    if let Some(file) = &arguments.html {
        let now = hub::system_clock().now().to_string();
        write("--html", file, &results::to_html(&report, &now))?;
    }
    printer::print(global.output, "TestReport", &report, table)?;
    // Nothing that passed shows nothing.
    if report.failed > 0 || report.passed == 0 { Err(Failure::verdict(Exit::Failed)) } else { Ok(()) }
}

/// The levels that are named, and those that other arguments belong to.
fn levels(arguments: &TestArguments) -> Vec<TestLevel> {
    let mut levels = arguments.levels.clone();
    let of_sources = levels.iter().any(|level| matches!(level, TestLevel::Unit | TestLevel::Integration));
    for (level, is_named) in [
        (TestLevel::Integration, !arguments.services.is_empty() && !of_sources),
        (TestLevel::EndToEnd, !arguments.files.is_empty()),
        (TestLevel::Ttk, !arguments.collections.is_empty() || !arguments.labels.is_empty()),
    ] {
        if is_named && !levels.contains(&level) {
            levels.push(level);
        }
    }
    if levels.is_empty() { vec![TestLevel::EndToEnd] } else { levels }
}

fn choose(arguments: &TestArguments, global: &Global, place: &Place) -> Result<Chosen, Failure> {
    let levels = levels(arguments);
    let mut chosen = Chosen { sources: Vec::new(), end_to_end: Vec::new(), toolkit: None };
    for (named, level) in [(TestLevel::Unit, Level::Unit), (TestLevel::Integration, Level::Integration)] {
        if levels.contains(&named) {
            chosen.sources.push(sources::Tests::choose(level, &arguments.services, arguments.only.as_deref())?);
        }
    }
    if levels.contains(&TestLevel::EndToEnd) {
        chosen.end_to_end = end_to_end::chosen(arguments)?;
    }
    if levels.contains(&TestLevel::Ttk) {
        chosen.toolkit = Some(toolkit::Tests::choose(&arguments.collections, &arguments.labels, global, place)?);
    }
    Ok(chosen)
}

async fn run_all(chosen: &Chosen, global: &Global, place: &Place) -> Result<Vec<TestResult>, Failure> {
    let mut results = Vec::new();
    for tests in &chosen.sources {
        results.extend(tool::interruptible(tests.run(global)).await?);
    }
    if !chosen.end_to_end.is_empty() {
        results.extend(end_to_end::run(&chosen.end_to_end, global, place).await?);
    }
    if let Some(toolkit) = &chosen.toolkit {
        // A whole harness is in this future.
        results.extend(tool::interruptible(Box::pin(toolkit.run(global, place))).await?);
    }
    Ok(results)
}

/// Refuses a file that could not be written when the tests are over.
fn can_be_written(flag: &str, file: &Path) -> Result<(), Failure> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let refused = |why: String| Failure::usage(format!("{flag} {}: {why}", file.display()));
    if !folder.is_dir() {
        let shown = folder.display();
        return Err(refused(format!("there is no folder {shown}")).hint(format!("mkdir -p {shown}")));
    }
    if file.is_dir() {
        return Err(refused("found a folder, expected a file".to_owned()));
    }
    Ok(())
}

fn write(flag: &str, file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|error| Failure::failed(format!("{flag} {}: {error}", file.display())))
}

/// A test that has ended, for people who wait.
fn line(result: &TestResult) -> String {
    let mark = match result.outcome {
        Outcome::Failed => printer::red(mark(result)),
        _ => printer::green(mark(result)),
    };
    let mut text = format!("{mark} {}", result.name);
    for failure in &result.failures {
        text += &format!("\n    {}", failure.replace('\n', "\n    "));
    }
    if let (Outcome::Failed, Some(transfer)) = (result.outcome, result.transfers.last()) {
        text += &format!("\n    mojaloop trace {transfer}");
    }
    text
}

fn mark(result: &TestResult) -> &'static str {
    match result.outcome {
        Outcome::Passed => "✓",
        Outcome::Failed => "✗",
        Outcome::Skipped => "–",
    }
}

/// The beginning of what failed; all of it was said when it failed, and is in the reports.
fn complaint(failures: &[String]) -> String {
    let first = failures.iter().flat_map(|failure| failure.lines()).find(|line| !line.trim().is_empty());
    let mut text: String = first.unwrap_or_default().chars().take(COMPLAINT_LETTERS).collect();
    if failures.len() > 1 {
        text += &format!(" … and {} more", failures.len() - 1);
    }
    text
}

fn table(report: &TestReport) -> String {
    let row = |test: &TestResult| {
        let what = match test.outcome {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Skipped => "skipped".to_owned(),
            Outcome::Failed => complaint(&test.failures),
        };
        let took = test.duration_ms.map(|millis| format!("{millis:.0}")).unwrap_or_default();
        vec![mark(test).to_owned(), test.level.as_str().to_owned(), test.file.clone(), test.name.clone(), what, took]
    };
    // Of many, those that passed are only counted.
    let is_long = report.tests.iter().any(|test| matches!(test.level, Level::Unit | Level::Integration));
    let shown = report.tests.iter().filter(|test| !is_long || test.outcome == Outcome::Failed);
    let rows: Vec<_> = shown.map(row).collect();
    if rows.is_empty() {
        return report.summary();
    }
    let tests = printer::table(&["", "level", "of", "test", "result", "ms"], rows, &[5]);
    format!("{tests}\n\n{}", report.summary())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &[&str], expect: &[TestLevel]) {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            arguments: TestArguments,
        }
        let line = <Line as clap::Parser>::try_parse_from([&["test"], line].concat()).unwrap();
        assert_eq!(levels(&line.arguments), expect);
    }

    #[test]
    fn levels_follow_from_what_is_named() {
        use TestLevel::{EndToEnd, Integration, Ttk, Unit};
        check(&[], &[EndToEnd]);
        check(&["mine.yaml"], &[EndToEnd]);
        check(&["--service", "hub"], &[Integration]);
        check(&["--level", "unit", "--service", "ledger"], &[Unit]);
        check(&["--label", "std"], &[Ttk]);
        check(&["--collection", "core-p2p", "mine.yaml"], &[EndToEnd, Ttk]);
        check(&["--level", "unit,integration,end-to-end,ttk"], &[Unit, Integration, EndToEnd, Ttk]);
    }
}
