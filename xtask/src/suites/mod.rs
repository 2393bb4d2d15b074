//! `cargo xtask test`: the suites, one file each.

mod browser;
mod cluster;
pub(crate) mod compose;
mod conformance;
mod faults;
mod hub;
mod unit;

use std::process::{ExitCode, ExitStatus};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Result;
use clap::ValueEnum;
use tokio::process::Command;

use crate::outcome::{Count, Row, finish, say, seconds};
use crate::process;
use crate::workspace::Workspace;

/// The packages whose tests start a whole hub in the process or run whole commands: the suite `hub`.
/// All others are the suite `unit`, so that nothing runs twice.
const HUB_PACKAGES: [&str; 3] = ["hub", "cli", "harness"];

/// All tests, or some suites of them.
#[derive(clap::Args)]
#[command(before_help = "Example: cargo xtask test --quick")]
pub(crate) struct Arguments {
    /// Only `unit` and `hub`, with fewer seeds.
    #[arg(long)]
    quick: bool,
    /// Only this suite; may be repeated.
    #[arg(long = "suite", value_name = "SUITE", value_enum)]
    suites: Vec<Suite>,
    /// A part that a test needs and cannot have is a failure.
    #[arg(long)]
    require_all: bool,
    /// When the whole run began, in seconds since 1970: the time told at the end then holds the installation of parts.
    #[arg(long, value_name = "SECONDS", hide = true)]
    since: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Suite {
    /// Formatting, lints, licences, all tests without a hub, the simulator and its planted bugs.
    Unit,
    /// Whole hubs in the process, and snapshots of whole commands.
    Hub,
    /// The Mojaloop Testing Toolkit against the real hub.
    Conformance,
    /// The harness on docker compose, on a real Docker Engine.
    Compose,
    /// The other tools: a real Kubernetes cluster, a real Terraform.
    Cluster,
    /// The real hub under faults.
    Faults,
    /// The hub's pages in a real browser.
    Browser,
}

impl Suite {
    const ALL: [Self; 7] =
        [Self::Unit, Self::Hub, Self::Browser, Self::Conformance, Self::Compose, Self::Cluster, Self::Faults];
    const QUICK: [Self; 2] = [Self::Unit, Self::Hub];

    fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    async fn run(self, workspace: &Workspace, quick: bool) -> Result<Vec<Row>> {
        match self {
            Self::Unit => unit::run(workspace, quick).await,
            Self::Hub => hub::run(workspace).await,
            Self::Conformance => conformance::run(workspace).await,
            Self::Faults => faults::run(workspace).await,
            Self::Compose => compose::run(workspace).await,
            Self::Cluster => cluster::run(workspace).await,
            Self::Browser => browser::run(workspace).await,
        }
    }
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let suites = chosen(&arguments);
    let workspace = Workspace::find().await?;
    let started = Instant::now();
    let mut rows = Vec::new();
    for suite in suites {
        rows.push(run_suite(suite, &workspace, arguments.quick).await);
    }
    if arguments.require_all {
        for row in &mut rows {
            row.count = row.count.with_all_parts_required();
        }
    }
    let total = rows.iter().map(|row| row.count).sum();
    let took = arguments.since.map_or_else(|| started.elapsed(), time_since);
    say(&format!("all of it took {}", seconds(took)));
    Ok(finish(&rows, total))
}

/// Runs a suite's steps; a suite that cannot go on is one failure.
async fn run_suite(suite: Suite, workspace: &Workspace, quick: bool) -> Row {
    say(&format!("== suite {}", suite.name()));
    let started = Instant::now();
    let count = match suite.run(workspace, quick).await {
        Ok(rows) => rows.iter().map(|row| row.count).sum(),
        Err(error) => {
            say(&format!("error: {error:#}"));
            Count::FAILED
        }
    };
    Row::said(format!("suite {}", suite.name()), count, started.elapsed())
}

fn chosen(arguments: &Arguments) -> Vec<Suite> {
    match (arguments.suites.as_slice(), arguments.quick) {
        ([], true) => Suite::QUICK.to_vec(),
        ([], false) => Suite::ALL.to_vec(),
        (named, _) => {
            let mut suites = Vec::new();
            for suite in named {
                if !suites.contains(suite) {
                    suites.push(*suite);
                }
            }
            suites
        }
    }
}

fn time_since(epoch_s: u64) -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH + Duration::from_secs(epoch_s)).unwrap_or_default()
}

/// A step that passes or fails as a whole: one test.
async fn whole(name: &str, command: Command) -> Result<Row> {
    let started = Instant::now();
    say(&format!("-- {name} …"));
    let status = process::echoed(name, command, |_| {}).await?;
    Ok(Row::said(name, Count::one(status.success()), started.elapsed()))
}

/// A step that is a call of `cargo test`: its tests are counted one by one.
async fn cargo_test(name: &str, command: Command) -> Result<Row> {
    let started = Instant::now();
    say(&format!("-- {name} …"));
    let mut count = Count::default();
    let status =
        process::echoed(name, command, |line| count += Count::from_test_result(line).unwrap_or_default()).await?;
    Ok(Row::said(name, judged(name, count, status), started.elapsed()))
}

/// What does not compile, and a call that ran no test, are failures too.
fn judged(name: &str, mut count: Count, status: ExitStatus) -> Count {
    if status.success() && count == Count::default() {
        say(&format!("{name}: no test ran"));
        return Count::FAILED;
    }
    if !status.success() && count.failed == 0 {
        say(&format!("{name}: {status}"));
        count += Count::FAILED;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn no_suite_named_means_all_there_are() {
        let arguments =
            |quick, suites: &[Suite]| Arguments { quick, suites: suites.to_vec(), require_all: false, since: None };
        assert_eq!(chosen(&arguments(false, &[])), Suite::ALL);
        assert_eq!(chosen(&arguments(true, &[])), Suite::QUICK);
        assert_eq!(chosen(&arguments(true, &[Suite::Faults, Suite::Faults])), [Suite::Faults]);
    }

    #[test]
    fn a_call_that_shows_nothing_has_failed() {
        let (good, bad) = (ExitStatus::from_raw(0), ExitStatus::from_raw(101 << 8));
        let passed = Count { passed: 3, ..Count::default() };
        let failed = Count { passed: 3, failed: 2, ..Count::default() };
        for (count, status, expect) in [
            (passed, good, passed),
            (Count::default(), good, Count::FAILED),
            (Count::default(), bad, Count::FAILED),
            (passed, bad, Count { failed: 1, ..passed }),
            (failed, bad, failed),
        ] {
            assert_eq!(judged("test", count, status), expect);
        }
    }
}
