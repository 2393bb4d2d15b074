//! The Testing Toolkit's kit: the folder with `run-ttk.sh` that runs Mojaloop's own collections.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail, ensure};
use harness::toolkit::Toolkit;
use serde_json::json;
use tokio::process::Command;

use super::impossible::{Failures, Ids};
use super::{Collection, LeftOut};
use crate::outcome::{Count, Row, say};
use crate::process::{self, Group};
use crate::workspace::Workspace;

/// Where the payer listens when a hub elsewhere is to reach it.
const PAYER_PORT: u16 = 15010;

/// Where a hub elsewhere and the Toolkit on this machine reach each other.
#[derive(Clone, Copy)]
pub(crate) struct Addresses {
    /// The Toolkit, seen from the hub.
    pub(crate) toolkit: IpAddr,
    /// The hub, seen from here.
    pub(crate) hub: IpAddr,
}

/// A kit that is there, with all it needs.
pub(crate) struct Kit {
    toolkit: Toolkit,
    /// Where a hub that does not run on this machine's loopback address reaches the Toolkit's FSPs and oracles.
    listen: Option<IpAddr>,
}

impl Kit {
    /// Looks for the kit and its parts and lets it install itself; the error says what is missing.
    pub(crate) async fn find(workspace: &Workspace) -> Result<Self> {
        let toolkit = Toolkit::find(&super::kit_folder(workspace))
            .map_err(|failure| anyhow!("{failure}: {}", failure.hint.as_deref().unwrap_or_default()))?;
        let kit = Self { toolkit, listen: None };
        let status = process::echoed("run-ttk.sh install", kit.command(&["install"]), |_| {}).await?;
        ensure!(status.success(), "the Testing Toolkit could not be installed (run-ttk.sh install: {status})");
        Ok(kit)
    }

    /// For a hub in containers.
    ///
    /// The Toolkit speaks to the hub itself, not to the port that Docker publishes: through that one the hub's answer takes longer
    /// than its callback, and the Toolkit loses answers that come last.
    pub(crate) fn with(self, Addresses { toolkit, hub }: Addresses) -> Self {
        Self { toolkit: self.toolkit.at(toolkit).against(hub, 0), listen: Some(toolkit) }
    }

    /// Where the payer listens when the Toolkit itself has ended: any port here, one that a hub elsewhere may call there.
    pub(super) fn payer(&self) -> SocketAddr {
        self.listen.map_or(SocketAddr::from(([127, 0, 0, 1], 0)), |address| SocketAddr::new(address, PAYER_PORT))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.toolkit.command(arguments).into()
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
