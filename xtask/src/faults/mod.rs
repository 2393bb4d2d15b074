//! `cargo xtask faults`: the real hub under faults of processes, disks and networks.
//!
//! A fault test is a module here with `run`, named in [`Fault`]. It returns a row for each thing that it shows.

mod kill_hub;
mod random;

use std::process::ExitCode;
use std::time::{Instant, SystemTime};

use anyhow::Result;
use clap::ValueEnum;

use crate::outcome::{Count, Row, finish, say};
use crate::workspace::Workspace;

/// Real processes under faults.
#[derive(clap::Args)]
#[command(before_help = "Example: cargo xtask faults kill-hub")]
pub(crate) struct Arguments {
    /// The tests to run; all of them when none is named.
    #[arg(value_enum)]
    names: Vec<Fault>,
    /// How often a process is killed.
    #[arg(long, value_name = "N", default_value_t = KILLS, value_parser = clap::value_parser!(u32).range(1..))]
    kills: u32,
    /// What chance is drawn from: moments, transfers, answers. Without it the clock decides.
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
}

/// More than the 50 that are promised; the whole test stays within 90 s.
const KILLS: u32 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Fault {
    /// Kills the hub with -9 at random moments under load: nothing acknowledged is lost, nothing ends twice.
    KillHub,
}

impl Fault {
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    async fn run(self, workspace: &Workspace, kills: u32, seed: u64) -> Result<Vec<Row>> {
        match self {
            Self::KillHub => kill_hub::run(workspace, kill_hub::Options { kills: kills as usize, seed }).await,
        }
    }
}

pub(crate) async fn command(arguments: Arguments) -> Result<ExitCode> {
    let workspace = Workspace::find().await?;
    let rows = run_named(&workspace, &arguments.names, arguments.kills, arguments.seed).await;
    Ok(finish(&rows, rows.iter().map(|row| row.count).sum()))
}

/// Runs every fault test.
pub(crate) async fn run(workspace: &Workspace) -> Vec<Row> {
    run_named(workspace, Fault::value_variants(), KILLS, None).await
}

async fn run_named(workspace: &Workspace, names: &[Fault], kills: u32, seed: Option<u64>) -> Vec<Row> {
    let seed = seed.unwrap_or_else(seed_of_the_clock);
    let names = if names.is_empty() { Fault::value_variants() } else { names };
    let mut rows = Vec::new();
    for fault in names {
        say(&format!("== fault {}", fault.name()));
        let started = Instant::now();
        match fault.run(workspace, kills, seed).await {
            Ok(found) => rows.extend(found),
            Err(error) => {
                say(&format!("{}: {error:#}", fault.name()));
                rows.push(Row::said(fault.name(), Count::FAILED, started.elapsed()));
            }
        }
    }
    rows
}

fn seed_of_the_clock() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::from(since.subsec_nanos()) ^ since.as_secs()
}
