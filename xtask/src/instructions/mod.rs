//! `cargo xtask instructions`: how many instructions things take, counted by valgrind and compared with what was committed.
//!
//! Time depends on what else a machine does; instructions hardly do. What is left of chance: hash tables are seeded anew in
//! each process, and a payment over sockets meets the runtime's timers now and then.

mod baseline;
mod callgrind;
mod cases;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::outcome::{Count, Row, finish, not_run, say};
use crate::workspace::Workspace;
use baseline::Baseline;

/// The figures that were committed, relative to the root.
const BASELINE: &str = "xtask/instructions.txt";
/// What the suites call this.
const NAME: &str = "instruction counts";

/// Counts instructions with valgrind and compares them with xtask/instructions.txt.
#[derive(clap::Args)]
#[command(before_help = "Example: cargo xtask instructions")]
pub(crate) struct Arguments {
    /// Write what was counted to xtask/instructions.txt instead of comparing with it.
    #[arg(long, env = "UPDATE_BASELINE", value_parser = clap::builder::FalseyValueParser::new())]
    update_baseline: bool,
    /// Only run what is counted: the process that valgrind watches.
    #[arg(long, hide = true, conflicts_with = "update_baseline")]
    run_cases: bool,
}

pub(crate) async fn command(arguments: Arguments) -> Result<ExitCode> {
    if arguments.run_cases {
        return cases::run_all().map(|()| ExitCode::SUCCESS);
    }
    let workspace = Workspace::find().await?;
    let row = if arguments.update_baseline { update(&workspace).await? } else { run(&workspace).await? };
    let total = row.count;
    Ok(finish(&[row], total))
}

/// Counts and compares: one result a case.
pub(crate) async fn run(workspace: &Workspace) -> Result<Row> {
    let started = Instant::now();
    say(&format!("-- {NAME} …"));
    if let Some(reason) = callgrind::missing().await {
        return Ok(Row::said(NAME, not_run(NAME, &reason), started.elapsed()));
    }
    let path = path(workspace);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let baseline = Baseline::parse(&text)?;
    let counted = callgrind::count(workspace).await?;
    let compiler = callgrind::compiler().await?;
    let mut count = Count::default();
    for (line, is_good) in baseline.compare(&counted, &compiler) {
        say(&line);
        count += Count::one(is_good);
    }
    Ok(Row::said(NAME, count, started.elapsed()))
}

async fn update(workspace: &Workspace) -> Result<Row> {
    let started = Instant::now();
    if let Some(reason) = callgrind::missing().await {
        anyhow::bail!("{reason}");
    }
    let baseline = Baseline { compiler: callgrind::compiler().await?, counts: callgrind::count(workspace).await? };
    let path = path(workspace);
    std::fs::write(&path, baseline.to_string()).with_context(|| format!("cannot write {}", path.display()))?;
    say(&format!("wrote {}", path.display()));
    Ok(Row::said(NAME, Count::one(true), started.elapsed()))
}

fn path(workspace: &Workspace) -> PathBuf {
    workspace.root.join(BASELINE)
}
