//! `mojaloop harness test`: end-to-end tests against the harness that runs, or one that is started for them.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    time::Instant,
};

use clap::Args;
use harness::{
    Harness, Instance, Place, Up,
    end_to_end::{self, Deployment, TestCase, TestFile, TestReport, TestResult},
};

use super::{compose, embedded, running_engine};
use crate::{
    arguments::{Global, tools::Engine},
    commands::{runtime, tool},
    exit::{Exit, Failure},
    logging, printer,
};

/// Where free ports are looked for: above those that people start harnesses on, below those that systems give out.
const OFFSETS: std::ops::Range<u16> = 20_500..22_000;
/// Harnesses that are started at the same time look at other ports.
const OFFSET_STEP: usize = 10;

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// Files of tests (YAML) [default: the built-in ones, for the participants of the built-in demo]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only tests whose names contain this
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Write the results for a CI system, too (JUnit XML)
    #[arg(long, value_name = "FILE.xml")]
    junit: Option<PathBuf>,
}

pub(super) fn run(arguments: &TestArguments, global: &Global, place: &Place) -> Result<(), Failure> {
    let tests = chosen(arguments)?;
    let runtime = runtime::start()?;
    let report = match running_engine(place)? {
        Some(Engine::Embedded) => {
            let deployment = of_instance(&Instance::get(place).map_err(embedded::explain)?)?;
            runtime.block_on(run_tests(&deployment, &tests, global))?
        }
        Some(Engine::Compose) => {
            let deployment = compose::deployment(global)?;
            runtime.block_on(run_tests(&deployment, &tests, global))?
        }
        None => runtime.block_on(in_a_harness_of_their_own(&tests, global))?,
    };
    if let Some(file) = &arguments.junit {
        let written = std::fs::write(file, end_to_end::to_junit(&report));
        written.map_err(|error| Failure::failed(format!("--junit {}: {error}", file.display())))?;
    }
    printer::print(global.output, "TestReport", &report, table)?;
    if report.failed > 0 { Err(Failure::verdict(Exit::Failed)) } else { Ok(()) }
}

/// The tests of all files, each with its file's name.
fn chosen(arguments: &TestArguments) -> Result<Vec<(String, TestCase)>, Failure> {
    let read = |path: &PathBuf| {
        let file = end_to_end::read(path);
        let file = file.map_err(|error| {
            Failure::usage(error)
                .hint("`mojaloop harness test` without a file runs the built-in ones; docs/developer.md has an example")
        })?;
        Ok((path.display().to_string(), file))
    };
    let files: Vec<(String, TestFile)> = match arguments.files.as_slice() {
        [] => vec![("built-in".to_owned(), end_to_end::builtin())],
        files => files.iter().map(read).collect::<Result<_, Failure>>()?,
    };
    let all = files.into_iter().flat_map(|(name, file)| file.tests.into_iter().map(move |test| (name.clone(), test)));
    let is_wanted = |test: &TestCase| arguments.only.as_ref().is_none_or(|text| test.name.contains(text));
    let tests: Vec<_> = all.filter(|(_, test)| is_wanted(test)).collect();
    match (&arguments.only, tests.is_empty()) {
        (Some(text), true) => Err(Failure::usage(format!("--only: no test's name contains {text:?}"))),
        _ => Ok(tests),
    }
}

fn of_instance(instance: &Instance) -> Result<Deployment, Failure> {
    let simulators = instance.simulator.ok_or_else(|| {
        Failure::preflight(format!("the harness {:?} has no simulated FSPs, and tests need some", instance.name))
            .hint("start it without --profile core: mojaloop harness down, mojaloop harness up --detach")
    })?;
    Ok(Deployment {
        simulators: format!("http://{simulators}"),
        ledger_admin: format!("http://{}", instance.ledger_admin),
    })
}

/// A harness that nobody else sees, in this process.
async fn in_a_harness_of_their_own(tests: &[(String, TestCase)], global: &Global) -> Result<TestReport, Failure> {
    logging::start("warn", None)?;
    let folder = tempfile::tempdir().map_err(Failure::failed)?;
    let up = Up {
        place: Place::of(&global.name, Some(folder.path())).map_err(embedded::explain)?,
        hub: tool::load_embedded(global).and_then(|loaded| {
            tool::require_available(&loaded.warnings_embedded())?;
            Ok(loaded.hub)
        })?,
        ephemeral: true,
        port_offset: free_offset()?,
        simulators: true,
        started: Instant::now(),
    };
    let harness = Harness::start(up).await.map_err(embedded::explain)?;
    let result = match of_instance(&harness.instance) {
        Ok(deployment) => run_tests(&deployment, tests, global).await,
        Err(failure) => Err(failure),
    };
    harness.stop().await;
    result
}

fn free_offset() -> Result<u16, Failure> {
    let own = u16::try_from(std::process::id() % 100).unwrap_or(0) * 10;
    let is_free = |offset: &u16| {
        harness::PORTS.iter().all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port + offset)).is_ok())
    };
    let from = |first: u16| (first..OFFSETS.end).step_by(OFFSET_STEP);
    from(OFFSETS.start + own).chain(from(OFFSETS.start)).find(is_free).ok_or_else(|| {
        Failure::preflight("no ports are free for a harness").hint("mojaloop harness up --detach, then test that one")
    })
}

/// Tests that are broken off leave the FSPs as they were, too.
async fn run_tests(
    deployment: &Deployment,
    tests: &[(String, TestCase)],
    global: &Global,
) -> Result<TestReport, Failure> {
    let scripts = end_to_end::scripts(deployment, tests.iter().map(|(_, test)| test)).await?;
    let result = tool::interruptible(run_all(deployment, tests, global)).await;
    if result.is_err() {
        end_to_end::give_back(deployment, &scripts).await?;
    }
    result
}

async fn run_all(
    deployment: &Deployment,
    tests: &[(String, TestCase)],
    global: &Global,
) -> Result<TestReport, Failure> {
    let mut results = Vec::new();
    for (file, test) in tests {
        let result = end_to_end::run(deployment, file, test).await?;
        if !global.no_progress {
            anstream::eprintln!("{}", line(&result));
        }
        results.push(result);
    }
    Ok(TestReport::of(results))
}

fn line(result: &TestResult) -> String {
    let mut text = format!("{} {}", mark(result), result.name);
    for failure in &result.failures {
        text += &format!("\n    {failure}");
    }
    if let (false, Some(transfer)) = (result.failures.is_empty(), result.transfers.last()) {
        text += &format!("\n    mojaloop trace {transfer}");
    }
    text
}

fn mark(result: &TestResult) -> String {
    if result.failures.is_empty() { printer::green("✓") } else { printer::red("✗") }
}

fn table(report: &TestReport) -> String {
    let row = |test: &TestResult| {
        let what = if test.failures.is_empty() { "passed".to_owned() } else { test.failures.join("; ") };
        vec![mark(test), test.name.clone(), what, format!("{:.0}", test.duration_ms)]
    };
    let tests = printer::table(&["", "test", "result", "ms"], report.tests.iter().map(row).collect(), &[3]);
    format!("{tests}\n\n{} passed, {} failed", report.passed, report.failed)
}
