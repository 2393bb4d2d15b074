//! The hub's pages in a real browser: Chromium without a screen.

mod driver;
mod pages;
mod view;

use anyhow::Result;

use crate::outcome::Row;
use crate::workspace::Workspace;

/// Starts a harness and a browser, and looks at every page in every state that it can have.
pub(crate) async fn run(workspace: &Workspace) -> Result<Vec<Row>> {
    pages::run(workspace).await
}
