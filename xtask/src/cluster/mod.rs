//! `cargo xtask cluster`: Miniloop, HELM Deploy and their chart on a real Kubernetes, Infrastructure as Code on a real
//! Terraform with the real AWS provider.

mod chart;
mod infrastructure;
mod miniloop;
mod tools;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::ValueEnum;

use crate::outcome::{Count, Row, finish, not_run, say};
use crate::parts::Missing;
use crate::workspace::Workspace;

/// Tests on a real Kubernetes cluster, and of what a cluster stands on.
#[derive(clap::Args)]
#[command(before_help = "Example: cargo xtask cluster miniloop")]
pub(crate) struct Arguments {
    /// The tests to run; all of them when none is named.
    #[arg(value_enum)]
    names: Vec<Test>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Test {
    /// The chart: lint, rendering with Helm 3 and 4, schemas of four Kubernetes versions.
    Chart,
    /// Miniloop and HELM Deploy on one node, and the Testing Toolkit against the hub in it.
    Miniloop,
    /// Miniloop on three nodes.
    Nodes,
    /// Terraform and CloudFormation.
    Infrastructure,
}

impl Test {
    async fn run(self, workspace: &Workspace) -> Result<Vec<Row>> {
        match self {
            Self::Chart => chart::run(workspace).await,
            Self::Miniloop => miniloop::on_one_node(workspace).await,
            Self::Nodes => miniloop::on_three_nodes(workspace).await,
            Self::Infrastructure => infrastructure::run(workspace).await,
        }
    }
}

pub(crate) async fn command(arguments: Arguments) -> Result<ExitCode> {
    let workspace = Workspace::find().await?;
    let rows = run_named(&workspace, &arguments.names).await;
    Ok(finish(&rows, rows.iter().map(|row| row.count).sum()))
}

/// Runs every test.
pub(crate) async fn run(workspace: &Workspace) -> Vec<Row> {
    run_named(workspace, &[]).await
}

async fn run_named(workspace: &Workspace, names: &[Test]) -> Vec<Row> {
    let names = if names.is_empty() { Test::value_variants() } else { names };
    let mut rows = Vec::new();
    for test in names {
        let started = Instant::now();
        match test.run(workspace).await {
            Ok(more) => rows.extend(more),
            Err(error) => {
                let name = test.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
                let text = format!("{error:#}");
                let count = match error.is::<Missing>() {
                    true => not_run(&name, &text),
                    false => {
                        say(&format!("{name}: {text}"));
                        Count::FAILED
                    }
                };
                rows.push(Row::said(&name, count, started.elapsed()));
            }
        }
    }
    rows
}
