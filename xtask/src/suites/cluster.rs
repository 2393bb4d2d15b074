//! The suite `cluster`: every test on a cluster, and of what it stands on.

use anyhow::Result;

use crate::outcome::Row;
use crate::workspace::Workspace;

pub(super) async fn run(workspace: &Workspace) -> Result<Vec<Row>> {
    Ok(crate::cluster::run(workspace).await)
}
