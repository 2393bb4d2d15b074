//! `mojaloop definition …`, as its users run it.

#![cfg(feature = "tools")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::fs;

use serde_json::Value;
use support::{Finished, mojaloop};
use tempfile::TempDir;

const LEAST: &str = "apiVersion: mojaloop/v1\nkind: Hub\nmetadata: {name: small}\n";

/// A folder in which commands run.
struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn with(text: &str) -> Folder {
        let folder = Folder::new();
        folder.write("hub.yaml", text);
        folder
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        Finished::of(mojaloop(arguments).current_dir(self.0.path()).env("NO_COLOR", "1"))
    }
}

#[test]
fn init_writes_a_definition_that_is_valid() {
    let folder = Folder::new();
    let written = folder.run(&["definition", "init", "--yes"]);
    written.expect(0, &[]);
    assert_eq!(written.stderr, "");
    folder.write("hub.yaml", &written.stdout);
    let validated = folder.run(&["definition", "validate"]);
    validated.expect(0, &[]);
    assert_eq!((validated.stdout.as_str(), validated.stderr.as_str()), ("valid: demo (hub.yaml)\n", ""));
}

#[test]
fn init_takes_what_the_flags_say() {
    let folder = Folder::new();
    let flags = ["--name", "kenya", "--currency", "KES", "--participant", "bank-a", "--participant", "bank-b"];
    let more = ["--payments-per-second", "1000", "--root", "aws", "--region", "af-south-1", "--out", "hub.yaml"];
    let arguments: Vec<&str> = ["definition", "init"].into_iter().chain(flags).chain(more).collect();
    let written = folder.run(&arguments);
    written.expect(0, &["hub.yaml is written"]);
    assert_eq!(written.stdout, "");
    let shown = folder.run(&["definition", "show", "-o", "json"]).json();
    let hub = &shown["definition"];
    assert_eq!(hub["metadata"]["name"], "kenya");
    assert_eq!(hub["scheme"]["currencies"], serde_json::json!(["KES"]));
    assert_eq!(hub["participants"][1]["name"], "bank-b");
    assert_eq!(hub["sizing"]["paymentsPerSecond"], 1000);
    assert_eq!(hub["infrastructure"]["region"], "af-south-1");
    // A file that is there is never written over.
    let before = fs::read_to_string(folder.0.path().join("hub.yaml")).unwrap();
    folder.run(&arguments).expect(1, &["hub.yaml is there already", "hint:"]);
    assert_eq!(fs::read_to_string(folder.0.path().join("hub.yaml")).unwrap(), before);
}

#[test]
fn init_asks_nobody_who_is_not_there_and_refuses_wrong_answers() {
    let folder = Folder::new();
    let asked = folder.run(&["definition", "init", "--currency", "KES"]);
    asked.expect(2, &["nobody can be asked", "hint:", "--yes"]);
    assert_eq!(asked.stdout, "");
    let wrong = folder.run(&["definition", "init", "--yes", "--currency", "KESS", "--out", "hub.yaml"]);
    wrong.expect(2, &["scheme.currencies[0]: found \"KESS\"", "did you mean \"KES\"?"]);
    assert!(!folder.0.path().join("hub.yaml").exists());
}

#[test]
fn validate_tells_every_problem() {
    let folder = Folder::with(&format!("{LEAST}scheme: {{currencies: [USD, USDD]}}\nstore: {{kind: mysql}}\n"));
    let refused = folder.run(&["definition", "validate"]);
    refused.expect(1, &["2 problems", "hub.yaml:4: scheme.currencies[1]: found \"USDD\"", "hub.yaml:5: store.kind"]);
    assert_eq!(refused.stdout, "");
    let refused = folder.run(&["definition", "validate", "-o", "json"]);
    refused.expect(1, &["2 problems"]);
    let validation = refused.json();
    assert_eq!(validation["apiVersion"], "mojaloop/v1");
    assert_eq!(validation["kind"], "Validation");
    assert_eq!(validation["valid"], false);
    assert_eq!(validation["warnings"], serde_json::json!([]));
    let first = &validation["problems"][0];
    assert_eq!((&first["path"], &first["origin"]), (&"scheme.currencies[1]".into(), &"hub.yaml:4".into()));
    assert_eq!(first["hint"], "did you mean \"USD\"?");
    assert!(first["message"].as_str().unwrap().starts_with("found \"USDD\""));
}

#[test]
fn what_is_not_available_is_a_warning() {
    let folder = Folder::with(&format!("{LEAST}scheme: {{fspiop: {{dialect: iso20022}}}}\n"));
    let warned = folder.run(&["definition", "validate"]);
    warned
        .expect(0, &["warning: hub.yaml:4: scheme.fspiop.dialect: the dialect iso20022 is not available yet", "hint:"]);
    assert_eq!(warned.stdout, "valid: small (hub.yaml), with one warning\n");
    let validation = folder.run(&["definition", "validate", "-o", "json"]).json();
    assert_eq!((&validation["valid"], validation["warnings"].as_array().unwrap().len()), (&true.into(), 1));
    folder.run(&["definition", "show"]).expect(0, &["is not available yet"]);
}

#[test]
fn show_says_where_values_come_from() {
    let folder = Folder::with(LEAST);
    folder.write("hub.prod.yaml", "sizing: {retention: 7y}\n");
    let flags = ["--environment", "prod", "--set", "scheme.currencies=[KES]"];
    let run = |more: &[&str]| {
        let arguments: Vec<&str> =
            ["definition", "show", "--origin"].into_iter().chain(flags).chain(more.iter().copied()).collect();
        folder.run(&arguments)
    };
    let shown = run(&[]);
    shown.expect(0, &[]);
    for (value, origin) in [
        ("name: small", "hub.yaml:3"),
        ("- KES", "--set"),
        ("retention: 7y", "hub.prod.yaml:1"),
        ("kind: sqlite", "default"),
    ] {
        let line = shown.stdout.lines().find(|line| line.contains(value)).unwrap();
        assert!(line.ends_with(&format!("  # {origin}")), "{line}");
    }
    let origins = run(&["-o", "json"]).json()["origins"].clone();
    assert_eq!(origins["scheme.currencies[0]"], "--set");
    assert_eq!(origins["sizing.paymentsPerSecond"], "default");
    // What is shown is a definition itself.
    folder.write("again.yaml", &shown.stdout);
    let again = folder.run(&["definition", "show", "-f", "again.yaml", "-o", "json"]).json();
    assert_eq!(again["definition"], run(&["-o", "json"]).json()["definition"]);
}

#[test]
fn without_a_file_there_is_a_demo() {
    let folder = Folder::new();
    folder.run(&["definition", "show"]).expect(0, &[]);
    assert_eq!(folder.run(&["definition", "validate"]).stdout, "valid: demo (built-in demo)\n");
    folder
        .run(&["definition", "validate", "-f", "hub.yaml"])
        .expect(1, &["hub.yaml: cannot be read", "definition init"]);
    folder.run(&["definition", "validate", "--environment", "prod"]).expect(1, &["built-in demo has no environment"]);
}

#[test]
fn schema_is_json() {
    let schema = Folder::new().run(&["definition", "schema"]).json();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(schema["properties"]["participants"].is_object());
}

#[test]
fn sizing_gives_reasons() {
    let folder = Folder::new();
    let table = folder.run(&["definition", "sizing", "--set", "sizing.paymentsPerSecond=1000"]);
    table.expect(0, &[]);
    assert!(table.stdout.contains("1000 payments/s × 1.2 ms of CPU (hub and SQLite) × 2"), "{}", table.stdout);
    let size: Value = folder.run(&["definition", "sizing", "-o", "json"]).json();
    assert_eq!((&size["kind"], &size["hub_nodes"]), (&"Sizing".into(), &1.into()));
    assert!(size["reasons"].as_array().unwrap().iter().all(|reason| reason["because"].is_string()));
}
