//! The tests of this project's own sources: cargo builds their programs, which are then run one by one.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Instant,
};

use operations::{Failure, Output, Program};
use serde::Deserialize;
use tokio::process::Command;

use crate::results::{Level, TestResult};

/// What a service and its real store are, where none is named.
const SERVICES: [&str; 3] = ["hub", "store-sqlite", "store-postgres"];
/// The programs of tests that tell how a library, a binary, or a whole service behaves.
const UNIT: [&str; 2] = ["--lib", "--bins"];
/// A library whose tests of a real store are its own: it has no folder of tests.
const WHOLE: [&str; 1] = ["--lib"];

/// Which tests.
#[derive(Clone, Debug)]
pub struct CargoTests {
    /// The checkout.
    pub root: PathBuf,
    /// Of functions, or of services.
    pub level: Level,
    /// Crates; none means all of them (unit), or those that are a service or its store.
    pub services: Vec<String>,
    /// Only tests whose names contain this.
    pub only: Option<String>,
}

/// A program of tests that was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestProgram {
    /// The crate, and the file of tests if it is one of its own: `hub/all`.
    name: String,
    /// The crate's folder, which its tests run in.
    folder: PathBuf,
    file: PathBuf,
}

#[derive(Deserialize)]
struct Built {
    reason: String,
    manifest_path: Option<PathBuf>,
    target: Option<Target>,
    profile: Option<Profile>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

impl CargoTests {
    /// Refuses what is no crate of the checkout.
    ///
    /// # Errors
    /// Wrong usage, with the crates that there are.
    pub fn check(&self) -> Result<(), Failure> {
        let folder = self.root.join("crates");
        let is_there = |service: &String| folder.join(service).join("Cargo.toml").is_file();
        let Some(unknown) = self.services.iter().find(|service| !is_there(service)) else { return Ok(()) };
        let mut known: Vec<String> = std::fs::read_dir(&folder)
            .map(|entries| entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
            .unwrap_or_default();
        known.sort();
        let crates = known.join(", ");
        Err(Failure::usage(format!("--service: found {unknown:?}, expected a crate of {}", folder.display()))
            .hint(crates))
    }

    /// The arguments of each call of `cargo test` that builds them.
    fn calls(&self) -> Vec<Vec<String>> {
        let owned = |arguments: &[&str]| arguments.iter().map(|argument| (*argument).to_owned()).collect::<Vec<_>>();
        if self.level == Level::Unit {
            let mut call: Vec<String> =
                self.services.iter().flat_map(|service| ["-p".to_owned(), service.clone()]).collect();
            if call.is_empty() {
                call = owned(&["--workspace"]);
            }
            return vec![[call, owned(&UNIT)].concat()];
        }
        let services = if self.services.is_empty() { owned(&SERVICES) } else { self.services.clone() };
        let of_service = |service: String| {
            let has_folder = self.root.join("crates").join(&service).join("tests").is_dir();
            let targets = if has_folder { owned(&["--test", "*"]) } else { owned(&WHOLE) };
            [vec!["-p".to_owned(), service], targets].concat()
        };
        services.into_iter().map(of_service).collect()
    }

    /// Builds their programs; cargo says on standard error how far it is.
    ///
    /// # Errors
    /// They don't build, or cargo is missing.
    pub async fn build(&self) -> Result<Vec<TestProgram>, Failure> {
        let cargo = Program::find("cargo").ok_or_else(|| {
            Failure::preflight("cargo is not on the PATH, and tests of the sources need it").hint("https://rustup.rs")
        })?;
        let mut programs = Vec::new();
        for call in self.calls() {
            let mut command = Command::new(cargo.path());
            command.args(["test", "--profile", "ci", "--no-run", "--message-format", "json-render-diagnostics"]);
            command.args(&call).current_dir(&self.root).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
            let child = command.spawn().map_err(|error| Failure::failed(format!("cannot run cargo: {error}")))?;
            let output = child.wait_with_output().await.map_err(|error| Failure::failed(format!("cargo: {error}")))?;
            if !output.status.success() {
                return Err(Failure::failed(format!("`cargo test {}` did not build", call.join(" "))));
            }
            programs.extend(String::from_utf8_lossy(&output.stdout).lines().filter_map(built));
        }
        Ok(programs)
    }

    /// Runs the tests of one program.
    ///
    /// # Errors
    /// It can't be started.
    pub async fn run(&self, program: &TestProgram) -> Result<Vec<TestResult>, Failure> {
        let name = program.name.split('/').next().unwrap_or_default();
        let run = Program::at(&program.file).run(self.only.iter()).in_folder(&program.folder);
        let run = run.env("CARGO_MANIFEST_DIR", &program.folder).env("CARGO_PKG_NAME", name);
        let started = Instant::now();
        let output = run.output().await?;
        let mut results = read(self.level, &program.name, &output);
        // The tests of a program run side by side; what they take together is known, and is said where there is only one.
        if let [only] = results.as_mut_slice() {
            only.duration_ms = Some((started.elapsed().as_secs_f64() * 1_000_000.0).round() / 1_000.0);
        }
        Ok(results)
    }
}

impl TestProgram {
    /// What it tests.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The program of tests that a line of cargo's messages tells of.
fn built(line: &str) -> Option<TestProgram> {
    let built: Built = serde_json::from_str(line).ok()?;
    if built.reason != "compiler-artifact" || !built.profile?.test {
        return None;
    }
    let (manifest, target) = (built.manifest_path?, built.target?);
    let folder = manifest.parent()?.to_owned();
    let package = folder.file_name()?.to_string_lossy().into_owned();
    let is_part = target.kind.iter().any(|kind| matches!(kind.as_str(), "test" | "bin"));
    let name = if is_part { format!("{package}/{}", target.name) } else { package };
    Some(TestProgram { name, folder, file: built.executable? })
}

/// The results that a program of tests has written.
fn read(level: Level, program: &str, output: &Output) -> Vec<TestResult> {
    let said = &output.stdout;
    let mut results: Vec<TestResult> = said
        .lines()
        .filter_map(|line| line.strip_prefix("test ")?.rsplit_once(" ... "))
        .filter_map(|(name, word)| {
            // The test of a panic has more to its name.
            let name = name.trim_end_matches(" - should panic");
            match word {
                "ok" => Some(TestResult::judged(level, program, name, Vec::new())),
                "FAILED" => Some(TestResult::judged(level, program, name, vec![what_failed(said, name)])),
                _ if word.starts_with("ignored") => Some(TestResult::skipped(level, program, name)),
                _ => None,
            }
        })
        .collect();
    let told = results.iter().any(|result| !result.failures.is_empty());
    if !output.status.success() && !told {
        let why = format!("its program ended with {}:\n{}", output.code(), output.complaint());
        results.push(TestResult::judged(level, program, "(all)", vec![why]));
    }
    results
}

/// What a test that failed has written.
fn what_failed(said: &str, name: &str) -> String {
    let begin = format!("---- {name} stdout ----\n");
    let text = said.split_once(&begin).map_or("", |(_, text)| text);
    let end = text.find("\n---- ").or_else(|| text.find("\n\n\n")).or_else(|| text.find("\n\nfailures:"));
    let text = text[..end.unwrap_or(text.len())].trim();
    if text.is_empty() { "it said nothing".to_owned() } else { text.to_owned() }
}

/// The checkout around this place, as [`image::Checkout`] finds it.
///
/// # Errors
/// There is none.
pub fn checkout() -> Result<PathBuf, Failure> {
    let found = image::Checkout::find().map(|checkout| Path::to_owned(checkout.root()));
    found.ok_or_else(|| {
        Failure::preflight("no checkout of this project is here, and the levels unit and integration are its own tests")
            .hint("run it in a checkout; end-to-end and ttk need none")
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;
    use crate::results::Outcome;

    fn said(stdout: &str, code: i32) -> Output {
        let status = std::process::ExitStatus::from_raw(code << 8);
        Output { status, stdout: stdout.to_owned(), stderr: "oops\n".to_owned() }
    }

    #[test]
    fn what_a_program_of_tests_says_is_read() {
        let text = "\nrunning 4 tests\ntest a::one ... ok\ntest a::two ... FAILED\ntest b - should panic ... ok\n\
            test c ... ignored, needs a disk\n\nfailures:\n\n---- a::two stdout ----\n\nthread 'a::two' panicked at x:\n\
            left: 1\n\n\nfailures:\n    a::two\n\ntest result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured\n";
        let results = read(Level::Unit, "ledger", &said(text, 101));
        let found: Vec<_> = results.iter().map(|result| (result.name.as_str(), result.outcome)).collect();
        let expect =
            [("a::one", Outcome::Passed), ("a::two", Outcome::Failed), ("b", Outcome::Passed), ("c", Outcome::Skipped)];
        assert_eq!(found, expect);
        assert_eq!(results[1].failures, ["thread 'a::two' panicked at x:\nleft: 1"]);
        // A program that was killed tells of no failure.
        let results = read(Level::Unit, "ledger", &said("test a ... ok\n", 134));
        assert_eq!((results.len(), results[1].outcome), (2, Outcome::Failed));
        assert!(results[1].failures[0].contains("ended with 134:\noops"), "{results:?}");
        assert_eq!(read(Level::Unit, "ledger", &said("running 0 tests\n", 0)), []);
    }

    #[test]
    fn programs_are_found_in_cargos_messages() {
        let line = |kind: &str, test: bool| {
            format!(
                r#"{{"reason":"compiler-artifact","manifest_path":"/x/crates/store-sqlite/Cargo.toml",
                "target":{{"name":"all","kind":["{kind}"]}},"profile":{{"test":{test}}},"executable":"/t/all-1"}}"#
            )
        };
        let name = |kind, test| built(&line(kind, test)).map(|program| program.name);
        assert_eq!(name("test", true).as_deref(), Some("store-sqlite/all"));
        assert_eq!(name("lib", true).as_deref(), Some("store-sqlite"));
        assert_eq!(name("lib", false), None);
        assert_eq!(built(r#"{"reason":"build-finished","success":true}"#), None);
    }
}
