//! The suite `unit`: formatting, lints, licences, every test that needs no hub, the simulator and its planted bugs.

use std::time::Instant;

use anyhow::Result;
use tokio::process::Command;

use super::{HUB_PACKAGES, cargo_test, whole};
use crate::outcome::{Row, not_run};
use crate::simulate;
use crate::workspace::Workspace;

const IMAGE_LINTS: &[&str] =
    &["clippy", "-p", "cli", "--bins", "--no-default-features", "--profile", "ci", "--", "-D", "warnings"];
/// The simulator against itself: with one bug planted for each invariant, each must be found.
const PLANTED_BUGS: &[&str] =
    &["test", "-p", "simulation", "--profile", "ci", "--features", "planted-bugs", "--no-fail-fast"];
/// How many seeds a run tries, and a quick one.
const SEEDS: u64 = 1000;
const QUICK_SEEDS: u64 = 100;

pub(super) async fn run(workspace: &Workspace, quick: bool) -> Result<Vec<Row>> {
    let mut rows = vec![
        whole("cargo fmt", call(workspace, &["fmt", "--all", "--check"])).await?,
        whole(
            "cargo clippy",
            call(workspace, &["clippy", "--workspace", "--all-targets", "--profile", "ci", "--", "-D", "warnings"]),
        )
        .await?,
        // What containers run: the binary without the tools.
        whole("cargo clippy of the image's binary", call(workspace, IMAGE_LINTS)).await?,
        licences(workspace).await?,
        tests(workspace).await?,
    ];
    rows.push(cargo_test("planted bugs", call(workspace, PLANTED_BUGS)).await?);
    rows.push(simulate::run(0, if quick { QUICK_SEEDS } else { SEEDS }).await);
    Ok(rows)
}

fn call(workspace: &Workspace, arguments: &[&str]) -> Command {
    let mut command = workspace.cargo();
    command.args(arguments);
    command
}

/// Licences, bans and sources of all dependencies, as deny.toml wants them.
async fn licences(workspace: &Workspace) -> Result<Row> {
    let name = "cargo deny";
    let is_there = call(workspace, &["deny", "--version"]).output().await.is_ok_and(|output| output.status.success());
    if !is_there {
        let count = not_run(name, "cargo-deny is not installed: cargo install --locked cargo-deny");
        return Ok(Row::said(name, count, Instant::now().elapsed()));
    }
    whole(name, call(workspace, &["deny", "--locked", "--log-level", "error", "check", "bans", "licenses", "sources"]))
        .await
}

async fn tests(workspace: &Workspace) -> Result<Row> {
    let mut command = call(workspace, &["test", "--workspace", "--profile", "ci", "--no-fail-fast"]);
    for package in HUB_PACKAGES {
        command.args(["--exclude", package]);
    }
    cargo_test("cargo test", command).await
}
