//! End-to-end tests against the harness that runs, or one that is started for them.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    time::Instant,
};

use harness::{
    Harness, Instance, Place, Up,
    end_to_end::{self, Deployment, TestCase, TestFile},
    results::TestResult,
};

use super::{TestArguments, line};
use crate::{
    arguments::{Global, tools::Engine},
    commands::{
        harness::{compose, embedded, running_engine},
        tool,
    },
    exit::Failure,
    logging,
};

/// Where free ports are looked for: above those that people start harnesses on, below those that systems give out.
const OFFSETS: std::ops::Range<u16> = 20_500..22_000;
/// Harnesses that are started at the same time look at other ports.
const OFFSET_STEP: usize = 10;

/// Tests with the files that they stand in.
pub(super) type Tests = Vec<(String, TestCase)>;

pub(super) async fn run(tests: &Tests, global: &Global, place: &Place) -> Result<Vec<TestResult>, Failure> {
    match running_engine(place)? {
        Some(Engine::Embedded) => {
            let deployment = of_instance(&Instance::get(place).map_err(embedded::explain)?)?;
            run_tests(&deployment, tests, global).await
        }
        Some(Engine::Compose) => run_tests(&compose::deployment(global)?, tests, global).await,
        None => in_a_harness_of_their_own(tests, global).await,
    }
}

/// The tests of all files, each with its file's name.
pub(super) fn chosen(arguments: &TestArguments) -> Result<Tests, Failure> {
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
    let tests: Tests = all.filter(|(_, test)| is_wanted(test)).collect();
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

async fn in_a_harness_of_their_own(tests: &Tests, global: &Global) -> Result<Vec<TestResult>, Failure> {
    let harness = of_their_own(global, true, |_| {}).await?;
    let result = match of_instance(&harness.0.instance) {
        Ok(deployment) => run_tests(&deployment, tests, global).await,
        Err(failure) => Err(failure),
    };
    harness.0.stop().await;
    result
}

/// A harness that nobody else sees, in this process, with the folder that it needs; the definition may be changed before.
pub(super) async fn of_their_own(
    global: &Global,
    simulators: bool,
    change: impl FnOnce(&mut definition::Hub),
) -> Result<(Harness, tempfile::TempDir), Failure> {
    logging::start("warn", None)?;
    let folder = tempfile::tempdir().map_err(Failure::failed)?;
    let loaded = tool::load_embedded(global)?;
    tool::require_available(&loaded.warnings_embedded())?;
    let mut hub = loaded.hub;
    change(&mut hub);
    let up = Up {
        place: Place::of(&global.name, Some(folder.path())).map_err(embedded::explain)?,
        hub,
        ephemeral: true,
        port_offset: free_offset()?,
        simulators,
        started: Instant::now(),
    };
    Ok((Harness::start(up).await.map_err(embedded::explain)?, folder))
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
async fn run_tests(deployment: &Deployment, tests: &Tests, global: &Global) -> Result<Vec<TestResult>, Failure> {
    let scripts = end_to_end::scripts(deployment, tests.iter().map(|(_, test)| test)).await?;
    let result = tool::interruptible(run_all(deployment, tests, global)).await;
    if result.is_err() {
        end_to_end::give_back(deployment, &scripts).await?;
    }
    result
}

async fn run_all(deployment: &Deployment, tests: &Tests, global: &Global) -> Result<Vec<TestResult>, Failure> {
    let mut results = Vec::new();
    for (file, test) in tests {
        let result = end_to_end::run(deployment, file, test).await?;
        if !global.no_progress {
            anstream::eprintln!("{}", line(&result));
        }
        results.push(result);
    }
    Ok(results)
}
