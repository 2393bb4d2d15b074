//! The suite `hub`: whole hubs in the process with simulated participants, snapshots of whole commands, the official API
//! files against a real hub, and how many instructions things take.

use anyhow::Result;

use super::{HUB_PACKAGES, cargo_test};
use crate::outcome::Row;
use crate::workspace::Workspace;

pub(super) async fn run(workspace: &Workspace) -> Result<Vec<Row>> {
    let mut command = workspace.cargo();
    command.args(["test", "--profile", "ci", "--no-fail-fast"]);
    for package in HUB_PACKAGES {
        command.args(["-p", package]);
    }
    let mut rows = vec![cargo_test("cargo test of whole hubs", command).await?];
    rows.extend(crate::openapi::run(workspace).await?);
    rows.push(crate::instructions::run(workspace).await?);
    Ok(rows)
}
