//! `cargo xtask faults`: the real hub under faults of processes, disks and networks.
//!
//! A fault test is a module here with `run`, named in [`Fault`]. It returns a row for each thing that it shows.

mod kill_hub;

use std::process::ExitCode;
use std::time::Instant;

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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Fault {
    /// Kills the hub with -9 at random moments under load: nothing acknowledged is lost, nothing ends twice.
    KillHub,
}

impl Fault {
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    async fn run(self, workspace: &Workspace) -> Result<Vec<Row>> {
        match self {
            Self::KillHub => kill_hub::run(workspace).await,
        }
    }
}

pub(crate) async fn command(arguments: Arguments) -> Result<ExitCode> {
    let workspace = Workspace::find().await?;
    let rows = run_named(&workspace, &arguments.names).await;
    Ok(finish(&rows, rows.iter().map(|row| row.count).sum()))
}

/// Runs every fault test.
pub(crate) async fn run(workspace: &Workspace) -> Vec<Row> {
    run_named(workspace, Fault::value_variants()).await
}

async fn run_named(workspace: &Workspace, names: &[Fault]) -> Vec<Row> {
    let names = if names.is_empty() { Fault::value_variants() } else { names };
    let mut rows = Vec::new();
    for fault in names {
        say(&format!("== fault {}", fault.name()));
        let started = Instant::now();
        match fault.run(workspace).await {
            Ok(found) => rows.extend(found),
            Err(error) => {
                say(&format!("{}: {error:#}", fault.name()));
                rows.push(Row::said(fault.name(), Count::FAILED, started.elapsed()));
            }
        }
    }
    rows
}
