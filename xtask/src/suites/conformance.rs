//! The suite `conformance`: every group of collections that must pass.

use anyhow::Result;

use crate::outcome::Row;
use crate::workspace::Workspace;

pub(super) async fn run(workspace: &Workspace) -> Result<Vec<Row>> {
    crate::conformance::run(workspace, &[]).await
}
