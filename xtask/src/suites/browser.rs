//! The suite `browser`: the hub's pages, as people see them.

use anyhow::Result;

use crate::outcome::Row;
use crate::workspace::Workspace;

pub(super) async fn run(workspace: &Workspace) -> Result<Vec<Row>> {
    crate::browser::run(workspace).await
}
