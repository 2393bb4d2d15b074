//! Somebody who uses the product's command line, with a home of their own.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::process::Command;

use crate::outcome::{Count, Row, say};
use crate::process::Group;

/// No single command of these tests takes longer.
const PATIENCE: Duration = Duration::from_secs(900);
const POLL: Duration = Duration::from_millis(20);

/// A user: a binary, a home, and variables that every command has.
pub(crate) struct User {
    binary: PathBuf,
    home: PathBuf,
    environment: Vec<(String, String)>,
}

/// What a command left.
pub(crate) struct Finished {
    shown: String,
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl User {
    pub(crate) fn new(binary: &Path, home: &Path, environment: &[(String, String)]) -> Self {
        Self { binary: binary.to_owned(), home: home.to_owned(), environment: environment.to_vec() }
    }

    /// The same user with one more variable.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut environment = self.environment.clone();
        environment.retain(|(known, _)| known != name);
        environment.push((name.to_owned(), value.to_owned()));
        Self { environment, ..Self::new(&self.binary, &self.home, &[]) }
    }

    /// The product.
    pub(crate) fn binary(&self) -> &Path {
        &self.binary
    }

    /// Variables that every command has.
    pub(crate) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// Where the user's files are.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// A call of the product, with nothing of whoever runs the tests.
    pub(crate) fn mojaloop(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("MOJALOOP_") {
                command.env_remove(name);
            }
        }
        command.args(arguments).envs(self.environment.clone());
        command.env("MOJALOOP_DATA_DIR", self.home.join("data")).env("NO_COLOR", "1");
        command
    }

    /// Runs the product to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Result<Finished> {
        finish(self.mojaloop(arguments), &format!("mojaloop {}", arguments.join(" "))).await
    }

    /// Starts the product, and kills it with SIGKILL as soon as it has said this on stderr.
    pub(crate) async fn killed_after(&self, arguments: &[&str], word: &str) -> Result<()> {
        let log = self.home.join("killed.log");
        let file = std::fs::File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = self.mojaloop(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::from(file));
        let mut group = Group::spawn("mojaloop", command)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            if said.contains(word) {
                return group.kill().await.or_else(|_| Ok(()));
            }
            if let Some(status) = group.ended()? {
                bail!("it ended with {status} before it said {word:?}:\n{said}");
            }
            ensure!(Instant::now() < deadline, "it never said {word:?}:\n{said}");
            tokio::time::sleep(POLL).await;
        }
    }
}

/// Runs a command to its end.
pub(crate) async fn finish(mut command: Command, shown: &str) -> Result<Finished> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output())
        .await
        .with_context(|| format!("{shown}: not within {} s", PATIENCE.as_secs()))?
        .with_context(|| format!("cannot start {shown}"))?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Finished {
        shown: shown.to_owned(),
        code: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    })
}

impl Finished {
    /// It ended with this code and said all of these words.
    pub(crate) fn expect(self, code: i32, words: &[&str]) -> Result<Self> {
        let all = format!("{}{}", self.stdout, self.stderr);
        ensure!(self.code == code, "{}: exit {}, expected {code}\n{all}", self.shown, self.code);
        for word in words {
            ensure!(all.contains(word), "{}: did not say {word:?}\n{all}", self.shown);
        }
        Ok(self)
    }

    /// Its document.
    pub(crate) fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.stdout).with_context(|| format!("{}: no JSON: {}", self.shown, self.stdout))
    }

    /// Its document is a committed payment of at least six legs.
    pub(crate) fn committed(&self) -> Result<()> {
        let payment = self.json()?;
        ensure!(payment["kind"] == "Payment" && payment["state"] == "COMMITTED", "{}: {payment}", self.shown);
        ensure!(payment["legs"].as_array().is_some_and(|legs| legs.len() >= 6), "{}: {payment}", self.shown);
        Ok(())
    }

    /// Its document is a plan with this many changes; what they are about.
    pub(crate) fn changes(&self) -> Result<Vec<String>> {
        let plan = self.json()?;
        let changes = plan["changes"].as_array().with_context(|| format!("{}: no plan: {plan}", self.shown))?;
        Ok(changes
            .iter()
            .map(|change| format!("{} {}", change["resource"], change["field"]).replace('"', ""))
            .collect())
    }
}

/// Judges one thing that was tried: a row that passed or failed.
pub(crate) async fn judge(name: &str, work: impl Future<Output = Result<()>>) -> Row {
    let started = Instant::now();
    say(&format!("-- {name} …"));
    let result = work.await;
    if let Err(error) = &result {
        say(&format!("{name}: {error:#}"));
    }
    Row::said(name, Count::one(result.is_ok()), started.elapsed())
}
