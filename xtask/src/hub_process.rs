//! The real hub as a child process: `mojaloop hub serve` on the harness's ports.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use tokio::process::Command;

use crate::http::Client;
use crate::outcome::{say, seconds};
use crate::process::Group;

/// What `hub serve` listens on by default.
pub(crate) const PORTS: [u16; 10] = [3000, 3001, 3002, 3003, 3007, 3500, 4001, 4002, 4003, 9100];
/// Answers 200 as soon as the hub takes requests.
const READY_PORT: u16 = 9100;
/// A fresh hub is ready in well under a second; a busy machine is forgiven.
const READY_WITHIN: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(5);
/// Lines of the hub's log that are shown when it does not start.
const LOG_TAIL: usize = 20;

/// How a hub is started.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub(crate) binary: PathBuf,
    /// Holds the SQLite file `hub.sqlite`, and the log beside it.
    pub(crate) folder: PathBuf,
    /// Added to each of [`PORTS`].
    pub(crate) port_offset: u16,
    /// More flags of `hub serve`.
    pub(crate) flags: &'static [&'static str],
    /// The URL of a database; without, the hub stores in a SQLite file in the folder.
    pub(crate) database: Option<String>,
    /// With a key of its own, the hub signs what it says itself.
    pub(crate) signs: bool,
}

/// A hub that runs until it is stopped or dropped.
pub(crate) struct HubProcess {
    group: Group,
    log: PathBuf,
    ready: String,
    started: Instant,
}

impl Launch {
    /// Starts the process and does not wait for it. What it logs is added to what earlier ones have logged.
    pub(crate) fn spawn(&self) -> Result<HubProcess> {
        let log = self.log();
        let file = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = Command::new(&self.binary);
        command.args(["hub", "serve", "--store"]).arg(self.store_name());
        if self.signs {
            command.arg("--jws-sign-key").arg(self.signing_key()?);
        }
        command.args(["--port-offset", &self.port_offset.to_string()]).args(self.flags);
        command.stdout(Stdio::from(file.try_clone()?)).stderr(Stdio::from(file));
        let started = Instant::now();
        let group = Group::spawn("the hub", command)?;
        Ok(HubProcess { group, log, ready: self.url(READY_PORT) + "/ready", started })
    }

    /// Where the hub answers what it answers on this port of [`PORTS`].
    pub(crate) fn url(&self, port: u16) -> String {
        format!("http://127.0.0.1:{}", port + self.port_offset)
    }

    /// The hub's private key, made when it is not there.
    fn signing_key(&self) -> Result<PathBuf> {
        let key = self.folder.join("hub.pem");
        if !key.exists() {
            let mut command = std::process::Command::new(&self.binary);
            let output = command.args(["hub", "jws-key", "--out"]).arg(&key).output().context("hub jws-key")?;
            ensure!(output.status.success(), "hub jws-key: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(key)
    }

    /// What the hub stores in, as `--store` takes it.
    pub(crate) fn store_name(&self) -> String {
        let file = || format!("sqlite:{}", self.folder.join("hub.sqlite").display());
        self.database.clone().unwrap_or_else(file)
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("hub.log")
    }
}

impl HubProcess {
    /// Starts the hub on its usual ports, on this database or on a SQLite file in this folder, and waits until it is ready.
    /// It signs what it says itself, as upstream's does where the Testing Toolkit is run.
    pub(crate) async fn start(binary: &Path, folder: &Path, database: Option<String>) -> Result<Self> {
        let (binary, folder) = (binary.to_path_buf(), folder.to_path_buf());
        let launch = Launch { binary, folder, port_offset: 0, flags: &[], database, signs: true };
        let mut hub = launch.spawn()?;
        let took = hub.ready().await?;
        say(&format!("the hub is ready after {}", seconds(took)));
        Ok(hub)
    }

    /// Waits until the hub says that it is ready: how long that took since the start of the process.
    pub(crate) async fn ready(&mut self) -> Result<Duration> {
        let client = Client::new();
        while self.started.elapsed() < READY_WITHIN {
            if let Some(status) = self.group.ended()? {
                bail!("the hub ended at once ({status}); the end of its log:\n{}", self.log_tail());
            }
            let request = Request::get(&self.ready).body(Full::<Bytes>::default())?;
            if client.send(request).await.is_ok_and(|(status, _)| status == StatusCode::OK) {
                return Ok(self.started.elapsed());
            }
            tokio::time::sleep(POLL).await;
        }
        bail!("the hub was not ready within {} s; the end of its log:\n{}", READY_WITHIN.as_secs(), self.log_tail())
    }

    /// Kills the hub with SIGKILL; one that had ended by itself is an error.
    pub(crate) async fn kill(mut self) -> Result<()> {
        self.group.kill().await.with_context(|| format!("the end of the hub's log:\n{}", self.log_tail()))
    }

    /// Stops the hub with SIGTERM; an orderly end is exit 0.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let status = self.group.terminate().await?;
        ensure!(status.success(), "the hub ended with {status}; the end of its log:\n{}", self.log_tail());
        Ok(())
    }

    fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_TAIL)..].join("\n")
    }
}

/// Refuses to start when one of these ports is taken, and says which.
pub(crate) fn ports_must_be_free(ports: &[u16]) -> Result<()> {
    for port in ports {
        if let Err(error) = TcpListener::bind(("127.0.0.1", *port)) {
            bail!("port {port} of 127.0.0.1 is taken ({error}): end what listens there and run this again");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named() {
        let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = ports_must_be_free(&[port]).unwrap_err().to_string();
        assert!(error.starts_with(&format!("port {port} of 127.0.0.1 is taken")), "{error}");
        assert!(ports_must_be_free(&[]).is_ok());
    }
}
