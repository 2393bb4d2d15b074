//! Runs the binary as its users do.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "support of tests, of which each file uses some")]

use std::{
    net::TcpListener,
    path::Path,
    process::{Command, Output},
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// Ports of a harness, without the offset.
const PORTS: [u16; 12] = [3000, 3001, 3002, 3003, 3007, 3500, 4001, 4002, 4003, 8080, 9100, 9101];

/// A user with a data folder and ports of its own.
pub struct User {
    pub home: TempDir,
    pub offset: u16,
}

impl User {
    pub fn new() -> User {
        User { home: tempfile::tempdir().unwrap(), offset: free_offset() }
    }

    /// The binary, with nothing of this machine's user.
    pub fn mojaloop(&self, arguments: &[&str]) -> Command {
        let mut command = mojaloop(arguments);
        command.env("HOME", self.home.path()).env("XDG_DATA_HOME", self.data());
        command.env("MOJALOOP_PORT_OFFSET", self.offset.to_string());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Finished {
        Finished::of(&mut self.mojaloop(arguments))
    }

    pub fn data(&self) -> std::path::PathBuf {
        self.home.path().join("data")
    }

    pub fn simulator(&self) -> String {
        format!("http://127.0.0.1:{}", 9101 + self.offset)
    }
}

impl Drop for User {
    fn drop(&mut self) {
        // A failed test must not leave a hub behind.
        let _ = self.mojaloop(&["harness", "down"]).output();
    }
}

/// The binary, without the variables of whoever runs the tests.
pub fn mojaloop(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mojaloop"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MOJALOOP_") {
            command.env_remove(name);
        }
    }
    command.args(arguments);
    command
}

/// What a run of the binary left.
pub struct Finished {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Finished {
    pub fn of(command: &mut Command) -> Finished {
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Finished { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) }
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {} {}", self.stdout, self.stderr))
    }

    /// Checks the exit code and that standard error says all of this.
    #[track_caller]
    pub fn expect(&self, code: i32, says: &[&str]) -> &Finished {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        for part in says {
            assert!(self.stderr.contains(part), "{part:?} is not in: {}", self.stderr);
        }
        self
    }
}

/// Waits until something is so.
#[track_caller]
pub fn eventually(mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "it did not happen");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// An offset at which no port of a harness is taken: steps of 10 keep two harnesses apart.
fn free_offset() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 8).unwrap() * 50;
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        assert!(step < 200, "no free ports");
        let offset = 20_000 + (start + step * 10) % 450;
        if PORTS.iter().all(|port| TcpListener::bind(("127.0.0.1", port + offset)).is_ok()) {
            return offset;
        }
    }
}

/// All files below a folder.
pub fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .flatten()
        .flat_map(|entry| match entry.path().is_dir() {
            true => files(&entry.path()),
            false => vec![entry.path().display().to_string()],
        })
        .collect();
    names.sort();
    names
}
