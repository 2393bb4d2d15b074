//! Schemathesis, which makes requests from an API document and judges the answers by it, against a real hub.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use super::{NOT_OURS, Official, scheme};
use crate::http::{Catcher, Client, Taking};
use crate::hub_process::{Launch, PORTS};
use crate::outcome::{Count, Row, say};
use crate::parts::{Missing, parts_cache};
use crate::process;
use crate::workspace::Workspace;

/// A release that is known to read the official files.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";
/// Requests of each operation that are made at random, beside those for each bound of its parameters and fields.
const EXAMPLES: &str = "8";
/// No document is driven longer.
const PATIENCE: Duration = Duration::from_secs(240);
/// Where the hub's ports may move.
const OFFSETS: [u16; 4] = [18_000, 18_020, 18_040, 18_060];
/// What is judged where the document describes its answers.
const CHECKS: &str = "no_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

/// A document, and where the hub has the API that it describes.
struct Drive {
    title: String,
    document: PathBuf,
    url: String,
    api: &'static str,
    version: &'static str,
    checks: &'static str,
}

/// Drives one hub from each official file, and from each of its own documents.
pub(super) async fn run(
    workspace: &Workspace,
    files: &[&Official],
    kit: &Path,
    binary: &Path,
    folder: &Path,
) -> Result<Vec<Row>> {
    let program = schemathesis().await?;
    let launch = Launch {
        binary: binary.to_path_buf(),
        folder: folder.to_path_buf(),
        port_offset: free_offset()?,
        flags: &["--callback-policy", "open", "--listen-address", "127.0.0.1"],
        database: None,
        signs: false,
    };
    let mut hub = launch.spawn()?;
    hub.ready().await?;
    let catcher = Catcher::listen_with(|_| Taking::AtOnce).await?;
    scheme::make(&Client::new(), &launch.url(3001), &catcher.url).await?;
    let hooks = workspace.root.join("xtask/src/openapi/hooks.py");
    let mut rows = Vec::new();
    for drive in drives(files, kit, &launch, folder).await? {
        let row = judged(&program, &hooks, &drive, folder).await?;
        rows.push(row);
    }
    hub.stop().await?;
    Ok(rows)
}

async fn drives(files: &[&Official], kit: &Path, launch: &Launch, folder: &Path) -> Result<Vec<Drive>> {
    let mut drives = Vec::new();
    for file in files {
        let checks = if file.describes_answers { CHECKS } else { "no_server_error" };
        let (url, api, version) = (launch.url(file.port), file.api, file.version);
        let (title, document) = (format!("driven from {}", file.name), file.file(kit));
        drives.push(Drive { title, document, url: url.clone(), api, version, checks });
        // Our own document of FSPIOP is the same for all versions: the last one is enough.
        if !api.eq("fspiop") || version == "2.0" {
            let document = folder.join(format!("{api}.json"));
            let served = Client::new().get(&format!("{url}/openapi.json")).await?;
            std::fs::write(&document, served).with_context(|| format!("cannot write {}", document.display()))?;
            let title = format!("driven from our own document of {api}");
            drives.push(Drive { title, document, url, api, version, checks: CHECKS });
        }
    }
    Ok(drives)
}

async fn judged(program: &Path, hooks: &Path, drive: &Drive, folder: &Path) -> Result<Row> {
    let started = Instant::now();
    let mut command = Command::new(program);
    command.arg("run").arg(&drive.document).args(["--url", &drive.url, "--checks", drive.checks]);
    command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--generation-deterministic"]);
    command.args(["--exclude-path-regex", NOT_OURS, "--suppress-health-check", "all", "--no-shrink"]);
    command.args(["--no-color", "--warnings", "off"]).current_dir(folder);
    command.env("SCHEMATHESIS_HOOKS", hooks).env("HUB_API", drive.api).env("HUB_VERSION", drive.version);
    say(&format!("-- {} …", drive.title));
    let mut said = Vec::new();
    let run = process::lines(&drive.title, command, |line| said.push(line.to_owned()));
    let status = tokio::time::timeout(PATIENCE, run)
        .await
        .with_context(|| format!("{}: not within {} s", drive.title, PATIENCE.as_secs()))??;
    if !status.success() {
        said.iter().for_each(|line| say(line));
    }
    Ok(Row::said(&drive.title, counted(&said, status.success()), started.elapsed()))
}

/// Each operation that was driven is a test; `Tested: 26` says how many. What failed is counted as one.
fn counted(said: &[String], success: bool) -> Count {
    let tested = said.iter().find_map(|line| line.trim().strip_prefix("Tested: ")?.parse().ok()).unwrap_or(0_u64);
    match (success, tested) {
        (true, 1..) => Count { passed: tested, ..Count::default() },
        _ => Count::FAILED,
    }
}

/// The program, in a virtual environment that is made once.
async fn schemathesis() -> Result<PathBuf> {
    let folder = parts_cache().join(SCHEMATHESIS.replace("==", "-"));
    let program = folder.join("bin/schemathesis");
    if program.is_file() {
        return Ok(program);
    }
    let python = folder.join("bin/python");
    run_once(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder), "python3 -m venv").await?;
    let mut install = Command::new(python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", SCHEMATHESIS]);
    run_once(&mut install, "pip install").await?;
    Ok(program)
}

async fn run_once(command: &mut Command, what: &str) -> Result<()> {
    let missing = |why: String| Missing::new(format!("{what} {SCHEMATHESIS}: {why}"));
    match command.output().await {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => bail!(missing(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
        Err(error) => bail!(missing(format!("{error}; install Python 3.10 or later with venv"))),
    }
}

fn free_offset() -> Result<u16> {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let free = OFFSETS.into_iter().find(|offset| PORTS.iter().all(|port| is_free(port + offset)));
    free.with_context(|| format!("with none of the port offsets {OFFSETS:?} all of the hub's ports are free"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_drove_nothing_has_failed() {
        let said = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let good = said("API Operations:\n  Selected: 26/26\n  Tested: 26\n");
        assert_eq!(counted(&good, true), Count { passed: 26, ..Count::default() });
        assert_eq!(counted(&good, false), Count::FAILED);
        assert_eq!(counted(&said("  Tested: 0\n"), true), Count::FAILED);
        assert_eq!(counted(&[], true), Count::FAILED);
    }
}
