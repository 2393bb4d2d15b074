//! Mojaloop's Testing Toolkit, run by its kit: a folder with a script `run-ttk.sh` (`docs/conformance.md` says what it does).

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    process::Command,
};

use operations::{Failure, Program};
use serde::Deserialize;

use crate::results::{Level, TestResult};

/// What the kit listens on.
pub const TOOLKIT_PORTS: [u16; 16] =
    [3060, 4040, 5050, 15001, 15010, 15012, 15020, 15022, 15030, 15032, 15040, 15042, 15050, 15052, 15060, 15062];
/// The oldest Node.js that the Testing Toolkit runs on.
const NODE_MAJOR: u32 = 20;
/// How it is said that there is no kit.
const HOW: &str = "set MOJALOOP_TTK to the folder of the kit; docs/conformance.md says how to get one";

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
/// Variables that name the hub's services: the port of each, before an offset, and what follows it.
const HUB: [(&str, u16, &str); 10] = [
    ("HOST_ML_API_ADAPTER", 3000, ""),
    ("HOST_CENTRAL_LEDGER", 3001, ""),
    ("HOST_QUOTING_SERVICE", 3002, ""),
    ("HOST_QUOTING_SERVICE_HANDLER", 3003, ""),
    ("HOST_CENTRAL_SETTLEMENT", 3007, "/v2"),
    ("HOST_BULK_ADAPTER", 3500, ""),
    ("HOST_ACCOUNT_LOOKUP_ADMIN", 4001, ""),
    ("HOST_ACCOUNT_LOOKUP_SERVICE_ADMIN", 4001, ""),
    ("HOST_ACCOUNT_LOOKUP_SERVICE", 4002, ""),
    ("HOST_TRANSACTION_REQUESTS_SERVICE", 4003, ""),
];

/// A kit that is there, with what it needs.
#[derive(Clone, Debug)]
pub struct Toolkit {
    script: PathBuf,
    environment: Vec<(&'static str, String)>,
}

/// What the Toolkit writes of a collection.
#[derive(Deserialize)]
struct Report {
    test_cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    name: String,
    #[serde(default)]
    requests: Vec<Asked>,
}

#[derive(Deserialize)]
struct Asked {
    request: Request,
}

#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    description: String,
    #[serde(default)]
    tests: Assertions,
}

#[derive(Default, Deserialize)]
struct Assertions {
    #[serde(default)]
    assertions: Vec<Assertion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assertion {
    #[serde(default)]
    description: String,
    #[serde(default)]
    result_status: Judged,
}

#[derive(Default, Deserialize)]
struct Judged {
    #[serde(default)]
    status: String,
    #[serde(default)]
    message: String,
}

impl Toolkit {
    /// Looks for the kit in a folder, and for Node.js.
    ///
    /// # Errors
    /// What is missing, and how to get it.
    pub fn find(folder: &Path) -> Result<Toolkit, Failure> {
        let script = folder.join("run-ttk.sh");
        if !script.is_file() {
            return Err(Failure::preflight(format!("there is no {}", script.display())).hint(HOW));
        }
        let version = version_of("node")?;
        let Some(major) = major(&version) else {
            return Err(Failure::preflight(format!(
                "node --version says {version:?}, expected something like v22.1.0"
            )));
        };
        if major < NODE_MAJOR {
            let why = format!("found Node.js {version}, expected {NODE_MAJOR} or later: the Testing Toolkit needs it");
            return Err(Failure::preflight(why).hint("https://nodejs.org"));
        }
        version_of("npm")?;
        Ok(Toolkit { script, environment: Vec::new() })
    }

    /// That of `MOJALOOP_TTK`.
    ///
    /// # Errors
    /// The variable is not set, or names no kit.
    pub fn of_environment() -> Result<Toolkit, Failure> {
        let named = std::env::var_os("MOJALOOP_TTK").filter(|value| !value.is_empty());
        match named {
            Some(folder) => Toolkit::find(Path::new(&folder)),
            None => Err(Failure::preflight("the Testing Toolkit is not here: MOJALOOP_TTK is not set").hint(HOW)),
        }
    }

    /// For a hub in containers, which reaches this machine at this address.
    #[must_use]
    pub fn at(mut self, address: IpAddr) -> Toolkit {
        self.environment.push(("TTK_LISTEN", address.to_string()));
        self.environment.extend(FSPS.map(|(name, port)| (name, format!("http://{address}:{port}"))));
        self.environment.extend(ORACLES.map(|name| (name, format!("http://{address}:{ORACLE_PORT}"))));
        self
    }

    /// Against a hub at this address whose ports are moved so far.
    #[must_use]
    pub fn against(mut self, hub: IpAddr, port_offset: u16) -> Toolkit {
        let url = |port: u16, path: &str| format!("http://{hub}:{}{path}", port.saturating_add(port_offset));
        self.environment.extend(HUB.map(|(name, port, path)| (name, url(port, path))));
        self
    }

    /// A call of the script.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.script);
        command.args(arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs collections in this order, each with these labels only; reports are left in the folder. Whatever the script starts,
    /// it ends.
    ///
    /// # Errors
    /// A collection can't be run.
    pub async fn run(
        &self,
        collections: &[String],
        labels: &[String],
        reports: &Path,
    ) -> Result<Vec<TestResult>, Failure> {
        let mut run = Program::at(&self.script).run(collections).env("TTK_OUT", reports);
        for (name, value) in &self.environment {
            run = run.env(name, value);
        }
        if !labels.is_empty() {
            run = run.env("LABELS", labels.join(","));
        }
        let output = run.output().await?;
        let mut results = Vec::new();
        for collection in collections {
            let file = reports.join(format!("{}.json", file_name(collection)));
            let report =
                std::fs::read_to_string(&file).ok().and_then(|text| serde_json::from_str::<Report>(&text).ok());
            let Some(report) = report else {
                let why =
                    format!("the collection {collection} could not be run; run-ttk.sh ended with {}", output.code());
                let said = [output.stderr.as_str(), &output.stdout].map(last_lines).join("\n");
                return Err(
                    Failure::failed(format!("{why}:\n{}", said.trim())).hint("run-ttk.sh list names the collections")
                );
            };
            results.extend(report.test_cases.iter().map(|case| judged(collection, case)));
        }
        Ok(results)
    }
}

/// How the kit names the report of a collection.
fn file_name(collection: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    collection.chars().map(|letter| if plain(letter) { letter } else { '_' }).collect()
}

fn judged(collection: &str, case: &Case) -> TestResult {
    let (mut failures, mut passed) = (Vec::new(), 0);
    for Asked { request } in &case.requests {
        for Assertion { description, result_status } in &request.tests.assertions {
            match result_status.status.as_str() {
                "SUCCESS" => passed += 1,
                "SKIPPED" => {}
                _ => failures.push(format!("{}: {description}: {}", request.description, result_status.message)),
            }
        }
    }
    match (passed, failures.is_empty()) {
        (0, true) => TestResult::skipped(Level::Ttk, collection, &case.name),
        _ => TestResult::judged(Level::Ttk, collection, &case.name, failures),
    }
}

/// The end of what was said.
fn last_lines(said: &str) -> String {
    let lines: Vec<&str> = said.trim_end().lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

fn version_of(program: &str) -> Result<String, Failure> {
    let output = Command::new(program).arg("--version").output().ok().filter(|output| output.status.success());
    let version = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    version.ok_or_else(|| {
        Failure::preflight(format!("{program} is not installed, and the Testing Toolkit needs it"))
            .hint("https://nodejs.org")
    })
}

fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Outcome;

    #[test]
    fn reads_the_version_of_node() {
        for (version, expect) in
            [("v20.20.2", Some(20)), ("v8.1.0", Some(8)), ("20.1.0", None), ("v", None), ("", None)]
        {
            assert_eq!(major(version), expect, "{version}");
        }
    }

    #[test]
    fn a_case_is_judged_by_its_assertions() {
        let case = |statuses: &[&str]| {
            let assertions: Vec<_> = statuses
                .iter()
                .map(|status| serde_json::json!({"description": "is 202", "resultStatus": {"status": status, "message": "found 400"}}))
                .collect();
            let request = serde_json::json!({"description": "Get party", "tests": {"assertions": assertions}});
            let case = serde_json::json!({"name": "p2p", "requests": [{"request": request}, {"request": {}}]});
            judged("core-p2p", &serde_json::from_value(case).unwrap())
        };
        for (statuses, expect) in [
            (&["SUCCESS", "SKIPPED"][..], Outcome::Passed),
            (&["SUCCESS", "FAILED"], Outcome::Failed),
            (&["SKIPPED"], Outcome::Skipped),
            (&[], Outcome::Skipped),
        ] {
            assert_eq!(case(statuses).outcome, expect, "{statuses:?}");
        }
        assert_eq!(case(&["FAILED"]).failures, ["Get party: is 202: found 400"]);
        assert_eq!(file_name("core/tests/p2p #1.json"), "core_tests_p2p__1.json");
    }

    #[test]
    fn a_folder_without_a_kit_is_named() {
        let failure = Toolkit::find(Path::new("/nowhere")).unwrap_err();
        assert!(failure.message.contains("/nowhere/run-ttk.sh") && failure.hint.is_some(), "{failure:?}");
    }
}
