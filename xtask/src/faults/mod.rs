//! `cargo xtask faults`: the real hub under faults of processes, disks and networks.
//!
//! A fault test is a module here with `run`, named in [`Fault`]. It returns a row for each thing that it shows.

mod kill_hub;
mod random;

use std::process::ExitCode;
use std::time::{Instant, SystemTime};

use anyhow::{Result, ensure};
use clap::ValueEnum;

use crate::conformance::Store;
use crate::outcome::{Count, Row, finish, say};
use crate::workspace::Workspace;

/// Real processes under faults.
#[derive(clap::Args)]
#[command(before_help = "Example: cargo xtask faults kill-hub")]
pub(crate) struct Arguments {
    /// The tests to run; all of them when none is named.
    #[arg(value_enum)]
    names: Vec<Fault>,
    /// What the hub stores in. Without it: SQLite, and then PostgreSQL with two nodes.
    #[arg(long, value_enum)]
    store: Option<Store>,
    /// Nodes of the hub that share the database, 1 or 2 [default: 2 on PostgreSQL; SQLite has 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=2))]
    nodes: Option<u8>,
    /// How often a process is killed, on each store.
    #[arg(long, value_name = "N", default_value_t = KILLS, value_parser = clap::value_parser!(u32).range(1..))]
    kills: u32,
    /// Kill the server of the database now and then, too (PostgreSQL)
    #[arg(long)]
    kill_database: bool,
    /// What chance is drawn from: moments, transfers, answers. Without it the clock decides.
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
}

/// On two stores more than the 50 that are promised; each takes about a minute.
const KILLS: u32 = 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Fault {
    /// Kills the hub with -9 at random moments under load: nothing acknowledged is lost, nothing ends twice.
    KillHub,
}

impl Fault {
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    async fn run(self, workspace: &Workspace, options: kill_hub::Options) -> Result<Vec<Row>> {
        match self {
            Self::KillHub => kill_hub::run(workspace, options).await,
        }
    }
}

pub(crate) async fn command(arguments: Arguments) -> Result<ExitCode> {
    let runs = arguments.runs()?;
    let workspace = Workspace::find().await?;
    let rows = run_named(&workspace, &arguments.names, &runs).await;
    Ok(finish(&rows, rows.iter().map(|row| row.count).sum()))
}

/// Runs every fault test on each store.
pub(crate) async fn run(workspace: &Workspace) -> Vec<Row> {
    let all = Arguments { names: Vec::new(), store: None, nodes: None, kills: KILLS, kill_database: false, seed: None };
    match all.runs() {
        Ok(runs) => run_named(workspace, &all.names, &runs).await,
        Err(error) => unreachable!("nothing was asked for that contradicts itself: {error}"),
    }
}

impl Arguments {
    /// What each fault is run with.
    fn runs(&self) -> Result<Vec<kill_hub::Options>> {
        let stores = self.store.map_or_else(|| vec![Store::Sqlite, Store::Postgres], |store| vec![store]);
        let seed = self.seed.unwrap_or_else(seed_of_the_clock);
        let options = |store| {
            let most = if store == Store::Sqlite { 1 } else { kill_hub::MOST_NODES };
            let nodes = self.nodes.map_or(most, usize::from);
            ensure!(nodes <= most, "--nodes {nodes}: a SQLite file has one node; add --store postgres");
            let kill_database = self.kill_database && store == Store::Postgres;
            ensure!(
                kill_database || !self.kill_database || self.store.is_none(),
                "--kill-database: a SQLite file has no server; add --store postgres"
            );
            Ok(kill_hub::Options { store, nodes, kills: self.kills as usize, kill_database, seed })
        };
        stores.into_iter().map(options).collect()
    }
}

async fn run_named(workspace: &Workspace, names: &[Fault], runs: &[kill_hub::Options]) -> Vec<Row> {
    let names = if names.is_empty() { Fault::value_variants() } else { names };
    let mut rows = Vec::new();
    for (fault, options) in names.iter().flat_map(|fault| runs.iter().map(move |options| (fault, *options))) {
        say(&format!("== fault {}", fault.name()));
        let started = Instant::now();
        match fault.run(workspace, options).await {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(store: Option<Store>, nodes: Option<u8>, kill_database: bool, expect: Result<&[(Store, usize)], &str>) {
        let arguments = Arguments { names: Vec::new(), store, nodes, kills: 1, kill_database, seed: Some(1) };
        match (arguments.runs(), expect) {
            (Ok(found), Ok(expect)) => {
                assert_eq!(found.iter().map(|run| (run.store, run.nodes)).collect::<Vec<_>>(), expect);
            }
            (Err(found), Err(expect)) => assert!(found.to_string().contains(expect), "{found}"),
            (found, expect) => panic!("{found:?}, expected {expect:?}"),
        }
    }

    #[test]
    fn each_store_has_its_nodes() {
        check(None, None, false, Ok(&[(Store::Sqlite, 1), (Store::Postgres, 2)]));
        check(Some(Store::Postgres), None, true, Ok(&[(Store::Postgres, 2)]));
        check(Some(Store::Postgres), Some(1), false, Ok(&[(Store::Postgres, 1)]));
        check(Some(Store::Sqlite), Some(2), false, Err("a SQLite file has one node"));
        check(Some(Store::Sqlite), None, true, Err("a SQLite file has no server"));
    }
}
