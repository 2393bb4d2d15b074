//! `cargo xtask openapi`: the official API files against the hub. Its own documents have all that they have, and a real hub
//! that is driven from them answers nothing that they do not know.

mod compare;
mod drive;
mod scheme;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::process::Command;

use crate::outcome::{Count, Row, finish, not_run, say};
use crate::parts::Missing;
use crate::workspace::Workspace;

/// The official API files against the hub.
#[derive(clap::Args)]
#[command(before_help = "Example: cargo xtask openapi central_admin_1.0")]
pub(crate) struct Arguments {
    /// The official files to take, by the names of their folders; all of them when none is named.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

/// An official file, and what the hub has of it.
#[derive(Debug)]
struct Official {
    /// Its folder in the kit.
    name: &'static str,
    /// The hub's API, as `mojaloop hub openapi` calls it.
    api: &'static str,
    /// The port that it is on, before the offset.
    port: u16,
    /// The version of FSPIOP.
    version: &'static str,
    /// The file describes its answers: whatever else is answered is a failure.
    describes_answers: bool,
}

/// `central_admin_1.0` says of each answer that it is some text, which none is. Its shapes are checked by our own document.
const FILES: [Official; 5] = [
    Official { name: "central_admin_1.0", api: "ledger", port: 3001, version: "", describes_answers: false },
    Official { name: "als_admin_1.1", api: "oracles", port: 4001, version: "", describes_answers: true },
    Official { name: "fspiop_1.0", api: "fspiop", port: 3000, version: "1.0", describes_answers: true },
    Official { name: "fspiop_1.1", api: "fspiop", port: 3000, version: "1.1", describes_answers: true },
    Official { name: "fspiop_2.0", api: "fspiop", port: 3000, version: "2.0", describes_answers: true },
];

/// Paths that the hub does not have yet (bulks, currency conversion), and those that the file of 1.0 has for the tests of a
/// simulator ("Test support method").
const NOT_OURS: &str = "^/(bulk|fx|services/FXP|requests/|callbacks/)";

impl Official {
    /// Whether a path is one that the hub is to have.
    fn has(path: &str) -> bool {
        let not_ours = ["/bulk", "/fx", "/services/FXP", "/requests/", "/callbacks/"];
        !not_ours.iter().any(|start| path.starts_with(start))
    }

    fn file(&self, kit: &Path) -> PathBuf {
        kit.join("data/spec_files/api_definitions").join(self.name).join("api_spec.yaml")
    }
}

pub(crate) async fn command(arguments: Arguments) -> Result<ExitCode> {
    if let Some(unknown) = arguments.names.iter().find(|name| !FILES.iter().any(|file| file.name == **name)) {
        say(&format!("{unknown}: there are {}", FILES.map(|file| file.name).join(", ")));
        return Ok(ExitCode::from(2));
    }
    let workspace = Workspace::find().await?;
    let rows = run_named(&workspace, &arguments.names).await?;
    Ok(finish(&rows, rows.iter().map(|row| row.count).sum()))
}

/// Takes every official file.
pub(crate) async fn run(workspace: &Workspace) -> Result<Vec<Row>> {
    run_named(workspace, &[]).await
}

async fn run_named(workspace: &Workspace, names: &[String]) -> Result<Vec<Row>> {
    let wanted: Vec<&Official> =
        FILES.iter().filter(|file| names.is_empty() || names.iter().any(|name| name == file.name)).collect();
    let started = Instant::now();
    let kit = workspace.outside_part("MOJALOOP_TTK", "../shared/ttk");
    if !FILES[0].file(&kit).is_file() {
        let why = format!("there is no {}: set MOJALOOP_TTK (docs/conformance.md)", FILES[0].file(&kit).display());
        return Ok(vec![Row::said("official API files", not_run("openapi", &why), started.elapsed())]);
    }
    let binary = workspace.build_binary().await?;
    let folder = workspace.fresh_folder("openapi")?;
    let mut rows = Vec::new();
    for file in &wanted {
        rows.push(compared(file, &kit, &binary).await?);
    }
    match drive::run(workspace, &wanted, &kit, &binary, &folder).await {
        Ok(more) => rows.extend(more),
        Err(error) if error.is::<Missing>() => {
            rows.push(Row::said("schemathesis", not_run("schemathesis", &format!("{error:#}")), started.elapsed()));
        }
        Err(error) => return Err(error),
    }
    Ok(rows)
}

/// Looks for everything of an official file in the hub's own document; each operation is one test.
async fn compared(file: &Official, kit: &Path, binary: &Path) -> Result<Row> {
    let started = Instant::now();
    let official = std::fs::read_to_string(file.file(kit)).with_context(|| format!("the API file {}", file.name))?;
    let official: Value = serde_saphyr::from_str(&official).with_context(|| format!("the API file {}", file.name))?;
    let own = own_document(binary, file.api).await?;
    let mut count = Count::default();
    for (operation, lacks) in compare::operations(&official, &own, Official::has) {
        lacks.iter().for_each(|lack| say(&format!("{}: {operation}: {lack}", file.name)));
        count += Count::one(lacks.is_empty());
    }
    Ok(Row::said(format!("{} in our own document", file.name), count, started.elapsed()))
}

/// The document of one of the hub's APIs.
async fn own_document(binary: &Path, api: &str) -> Result<Value> {
    let output = Command::new(binary).args(["hub", "openapi", api]).output().await.context("mojaloop hub openapi")?;
    ensure!(output.status.success(), "mojaloop hub openapi {api}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).with_context(|| format!("the document of {api}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_ours_is_left_out() {
        for (path, ours) in [
            ("/transfers", true),
            ("/participants/{Type}/{ID}", true),
            ("/bulkTransfers/{ID}", false),
            ("/fxQuotes", false),
            ("/services/FXP", false),
            ("/requests/{ID}", false),
        ] {
            assert_eq!(Official::has(path), ours, "{path}");
        }
    }
}
