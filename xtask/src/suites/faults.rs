//! The suite `faults`: every fault test.

use anyhow::Result;

use crate::outcome::Row;
use crate::workspace::Workspace;

pub(super) async fn run(workspace: &Workspace) -> Result<Vec<Row>> {
    Ok(crate::faults::run(workspace).await)
}
