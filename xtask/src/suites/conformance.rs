//! The suite `conformance`: the payment of the core test harness, on each store. The whole of what must pass is a
//! command of its own, `cargo xtask conformance`, since it takes long.

use anyhow::Result;

use crate::outcome::Row;
use crate::workspace::Workspace;

pub(super) async fn run(workspace: &Workspace) -> Result<Vec<Row>> {
    crate::conformance::run_suite(workspace).await
}
