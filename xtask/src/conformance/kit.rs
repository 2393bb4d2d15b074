//! The Testing Toolkit's kit: the folder with `run-ttk.sh` that runs Mojaloop's own collections.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use tokio::process::Command;

use super::impossible::{Failures, Ids};
use super::{Collection, LeftOut};
use crate::outcome::{Count, Row, say};
use crate::process::{self, Group};
use crate::workspace::Workspace;

/// What the kit listens on.
pub(super) const PORTS: [u16; 16] =
    [3060, 4040, 5050, 15001, 15010, 15012, 15020, 15022, 15030, 15032, 15040, 15042, 15050, 15052, 15060, 15062];
/// The oldest Node.js that the Testing Toolkit runs on.
const NODE_MAJOR: u32 = 20;

/// Variables of the Toolkit's environment that name FSPs, and the port where each of them listens.
const FSPS: [(&str, u16); 15] = [
    ("CALLBACK_ENDPOINT_BASE_URL", 4040),
    ("PAYERFSP_CALLBACK_URL", 15010),
    ("PAYEEFSP_CALLBACK_URL", 15020),
    ("TESTFSP1_CALLBACK_URL", 15030),
    ("TESTFSP2_CALLBACK_URL", 15040),
    ("TESTFSP3_CALLBACK_URL", 15050),
    ("TESTFSP4_CALLBACK_URL", 15060),
    ("PROXY1_CALLBACK_URL", 4040),
    ("PROXY2_CALLBACK_ENDPOINT_BASE_URL", 4040),
    ("CALLBACK_ENDPOINT_TESTFXP1", 4040),
    ("CALLBACK_ENDPOINT_FXPAYERDFSP", 4040),
    ("CALLBACK_ENDPOINT_FXPAYEEDFSP", 4040),
    ("TTKSIM1_CALLBACK_URL", 4040),
    ("TTKSIM2_CALLBACK_URL", 4040),
    ("TTKSIM3_CALLBACK_URL", 4040),
];
/// Variables that name oracles, which the hub calls too.
const ORACLES: [&str; 6] = [
    "HOST_ORACLE",
    "HOST_ORACLE_MSISDN",
    "HOST_ORACLE_ACCOUNT_ID",
    "HOST_ORACLE_CONSENT",
    "HOST_SIMULATOR",
    "HOST_LEGACY_SIMULATOR",
];
const ORACLE_PORT: u16 = 3060;
/// Of [`FSPS`].
const PAYER_PORT: u16 = 15010;

/// A kit that is there, with all it needs.
pub(crate) struct Kit {
    script: PathBuf,
    /// Where a hub that does not run on this machine's loopback address reaches the Toolkit's FSPs and oracles.
    listen: Option<IpAddr>,
}

impl Kit {
    /// Looks for the kit and its parts and lets it install itself; the error says what is missing.
    pub(crate) async fn find(workspace: &Workspace) -> Result<Self> {
        let script = super::kit_folder(workspace).join("run-ttk.sh");
        ensure!(
            script.is_file(),
            "there is no {}: set MOJALOOP_TTK to the folder of the kit (docs/conformance.md)",
            script.display()
        );
        node_is_there().await?;
        let kit = Self { script, listen: None };
        let status = process::echoed("run-ttk.sh install", kit.command(&["install"]), |_| {}).await?;
        ensure!(status.success(), "the Testing Toolkit could not be installed (run-ttk.sh install: {status})");
        Ok(kit)
    }

    /// For a hub in containers, which reaches this machine at this address.
    pub(crate) fn at(self, address: IpAddr) -> Self {
        Self { listen: Some(address), ..self }
    }

    /// Where the payer listens when the Toolkit itself has ended: any port here, one that a hub elsewhere may call there.
    pub(super) fn payer(&self) -> SocketAddr {
        self.listen.map_or(SocketAddr::from(([127, 0, 0, 1], 0)), |address| SocketAddr::new(address, PAYER_PORT))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.script);
        command.args(arguments);
        if let Some(address) = self.listen {
            command.env("TTK_LISTEN", address.to_string());
            command.envs(FSPS.map(|(name, port)| (name, format!("http://{address}:{port}"))));
            command.envs(ORACLES.map(|name| (name, format!("http://{address}:{ORACLE_PORT}"))));
        }
        command
    }

    /// Starts the Testing Toolkit with the rules that suit the first collection.
    pub(super) async fn start(&self, first: &str) -> Result<Running<'_>> {
        let rules = if first.starts_with("hub") { "hub" } else { "core" };
        let mut group = Group::spawn("the Testing Toolkit", to_stderr(self.command(&["start", rules]))?)?;
        let status = group.wait().await?;
        ensure!(status.success(), "the Testing Toolkit did not start ({status})");
        Ok(Running { kit: self, _group: group })
    }
}

/// A Testing Toolkit that is up; dropped, it ends.
pub(super) struct Running<'a> {
    kit: &'a Kit,
    /// The script's own process is over, but what it started still belongs to its group.
    _group: Group,
}

impl Running<'_> {
    /// Runs one collection and counts its assertions; the report is left in `NAME.json` in the folder.
    pub(super) async fn collection(&self, collection: &Collection<'_>, ids: Ids, reports: &Path) -> Result<Row> {
        let started = Instant::now();
        let name = collection.name;
        let (mut last, mut failures) = (None, Failures::default());
        let mut command = self.kit.command(&[name]);
        command.env("TTK_OUT", reports);
        let arguments = [skip(collection.left_out), environment(ids, reports)?].concat();
        if !arguments.is_empty() {
            command.env("TTK_ARGS", arguments.join(" "));
        }
        let status = process::echoed("run-ttk.sh", command, |line| {
            failures.read(line);
            last = Count::from_line(line);
        })
        .await?;
        let Some(mut count) = last else { bail!("{name} could not be run (run-ttk.sh: {status})") };
        if !status.success() && count.failed == 0 {
            say(&format!("{name}: no assertion failed, but run-ttk.sh: {status}"));
            count += Count::FAILED;
        }
        let count = failures.without(collection.impossible, ids, count);
        Ok(Row::said(name, count, started.elapsed()))
    }

    /// Lets the kit stop what it started.
    pub(super) async fn stop(self) -> Result<()> {
        let status = process::echoed("run-ttk.sh stop", self.kit.command(&["stop"]), |_| {}).await?;
        ensure!(status.success(), "run-ttk.sh stop: {status}");
        Ok(())
    }
}

/// What makes the kit leave files out; each with its reason to those who watch.
fn skip(left_out: &[LeftOut]) -> Vec<String> {
    for LeftOut { files, why } in left_out {
        say(&format!("left out: {files}: {why}"));
    }
    let files: Vec<&str> = left_out.iter().map(|one| one.files).collect();
    if files.is_empty() { Vec::new() } else { vec!["--skip".to_owned(), files.join("|")] }
}

/// What makes the Toolkit's new ids look so. The kit's own environments say ULID.
fn environment(ids: Ids, folder: &Path) -> Result<Vec<String>> {
    if ids == Ids::Ulid {
        return Ok(Vec::new());
    }
    let file = folder.join("uuid.json");
    let environment = json!({ "inputValues": {}, "options": { "generateIDType": "uuid" } });
    std::fs::write(&file, environment.to_string()).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(vec!["--env".to_owned(), file.display().to_string()])
}

/// The kit's long-lived processes must not hold our stdout: the last line is ours.
fn to_stderr(mut command: Command) -> Result<Command> {
    use std::os::fd::AsFd;
    let stderr = std::io::stderr().as_fd().try_clone_to_owned().context("stderr")?;
    command.stdout(stderr);
    Ok(command)
}

async fn node_is_there() -> Result<()> {
    let output = Command::new("node").arg("--version").output().await.context("Node.js is not installed")?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let Some(major) = major(&version) else { bail!("node --version says {version:?}") };
    ensure!(major >= NODE_MAJOR, "Node.js {version} is too old: the Testing Toolkit needs {NODE_MAJOR} or later");
    let npm = Command::new("npm").arg("--version").output().await.context("npm is not installed")?;
    ensure!(npm.status.success(), "npm --version: {}", npm.status);
    Ok(())
}

fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_of_node() {
        for (version, expect) in
            [("v20.20.2", Some(20)), ("v8.1.0", Some(8)), ("20.1.0", None), ("v", None), ("", None)]
        {
            assert_eq!(major(version), expect, "{version}");
        }
    }
}
