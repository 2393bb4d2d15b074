//! `mojaloop bench` as its users run it: a hub, a load and a result.

mod support;

use std::process::Command;

use serde_json::Value;
use support::{Finished, mojaloop};

#[track_caller]
fn check(arguments: &[&str], code: i32, says: &[&str]) {
    let run = Finished::of(&mut mojaloop(&[&["bench"], arguments].concat()));
    run.expect(code, says);
    assert_eq!(run.stdout, "");
}

#[test]
fn wrong_flags_are_refused_by_name() {
    check(&["--rate", "0"], 2, &["--rate", "above 0"]);
    check(&["--duration", "0s"], 2, &["--duration"]);
    check(&["--duration", "soon"], 2, &["--duration", "60s"]);
    check(&["--payees", "1001"], 2, &["--payees", "1001", "1 to 1000"]);
    check(&["--phases", "prayer"], 2, &["--phases", "lookup", "clearing"]);
    check(&["--skew", "left"], 2, &["--skew", "hot-payer"]);
    check(&["--currency", "ZZZ"], 2, &["--currency", "ZZZ"]);
    check(&["--currency", "USD,USD"], 2, &["--currency", "USD,USD", "different"]);
    check(&["--ramp", "soon"], 2, &["--ramp", "60s"]);
    check(&["--overload", "1"], 2, &["--overload", "above 1"]);
    check(&["--overload", "2", "--duration", "3s"], 2, &["--overload", "--duration", "6s"]);
    check(&["--lookup-url", "http://127.0.0.1:1"], 2, &["--hub"]);
    check(&["compare", "/no/such/a.json", "/no/such/b.json"], 2, &["/no/such/a.json", "can't be read"]);
    check(&["compare", "a.json"], 2, &["B.json"]);
    check(&["fill", "--transfers", "1"], 2, &["no store is named"]);
    check(&["fill", "--days", "0"], 2, &["--days", "1..=365"]);
    check(&["--hub", "localhost"], 2, &["--hub", "http://HOST:PORT"]);
    check(&["--hub", "http://127.0.0.1:1"], 1, &["--hub", "http://127.0.0.1:1"]);
    check(&["--report", "/no/such/folder/x.html"], 2, &["--report", "/no/such/folder"]);
    check(&["--report", "/"], 2, &["--report /: is a folder"]);
    check(&["--store", "mysql:x"], 1, &["mysql:x"]);
}

#[test]
fn a_bench_starts_a_hub_measures_it_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("bench.html");
    let named = page.to_string_lossy().into_owned();
    let mut command =
        mojaloop(&["bench", "--rate", "20", "--duration", "2s", "--warmup", "1s", "-o", "json", "--report", &named]);
    let run = Finished::of(command.env("TMPDIR", folder.path()));
    let result = run.json();
    // A machine that does other things meanwhile may be too slow for the verdict "pass"; that has its own exit code.
    assert_eq!(run.code, i32::from(result["verdict"] != "pass"), "{}", run.stderr);
    assert_eq!((result["kind"].as_str(), result["apiVersion"].as_str()), (Some("BenchResult"), Some("mojaloop/v1")));
    let payments = &result["payments"];
    assert!(payments["offered"].as_u64().unwrap() > 10, "{result}");
    assert_eq!(payments["offered"], payments["committed"]);
    assert_eq!(
        (&result["gates"]["fulfil_per_prepare"], &result["gates"]["notify_per_prepare"]),
        (&1.0.into(), &2.0.into())
    );
    assert_eq!(result["ledger"]["moved"], result["ledger"]["expected"]);
    for phase in ["lookup", "agreement", "clearing", "end_to_end"] {
        assert_eq!(result["phases"][phase]["count"], payments["committed"], "{phase}");
    }
    if cfg!(target_os = "linux") {
        for figure in ["hub", "load"] {
            assert!(result["cpu_ms_per_payment"][figure].as_f64().unwrap() > 0.0, "{figure}: {result}");
        }
        assert!(result["resident_bytes"]["hub"].as_u64().unwrap() > 1_000_000);
        assert_eq!(result["cpu_ms_per_payment"]["database"], Value::Null, "SQLite is in the hub");
    }
    let phases = &result["phases"];
    for phase in ["lookup", "agreement", "clearing", "end_to_end"] {
        let (taken, added) = (&phases[phase], &result["hub_added"][phase]);
        assert_eq!(added["count"], taken["count"], "{phase}");
        assert!(added["max_ms"].as_f64() <= taken["max_ms"].as_f64(), "{phase}: {added}, {taken}");
    }
    if cfg!(target_os = "linux") {
        let memory = &result["memory"]["hub"];
        let highest = memory["highest"].as_u64().unwrap();
        assert!(memory["first"].as_u64() <= Some(highest) && memory["last"].as_u64() <= Some(highest), "{memory}");
    }
    let text = std::fs::read_to_string(&page).unwrap();
    assert!(text.starts_with("<!DOCTYPE html>") && text.contains("<polyline") && !text.contains("src="));
    let left: Vec<String> = support::files(folder.path());
    assert_eq!(left, [named], "the hub's folder is gone");
    assert_eq!(hubs_in(folder.path().to_str().unwrap()), 0, "the hub is gone");
}

#[test]
fn a_filled_file_is_in_order_and_a_hub_goes_on_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hub.sqlite");
    let store = format!("sqlite:{}", file.display());
    let fill = ["bench", "fill", "--transfers", "1000", "--days", "2", "-o", "json", "--store", &store];
    let filled = Finished::of(&mut mojaloop(&fill)).expect(0, &[]).json();
    assert_eq!((&filled["kind"], &filled["transfers"]), (&"Fill".into(), &1000.into()), "{filled}");
    Finished::of(&mut mojaloop(&fill)).expect(1, &["seed 0 are there already", "another seed"]);
    let flags = ["bench", "--rate", "10", "--duration", "1s", "--warmup", "0s", "-o", "json", "--store", &store];
    let result = Finished::of(mojaloop(&flags).env("TMPDIR", folder.path())).json();
    assert_eq!(result["payments"]["committed"], 10, "{result}");
    let audit = Finished::of(&mut mojaloop(&["audit", "-o", "json", "--store", &store])).expect(0, &[]).json();
    assert_eq!((&audit["verdict"], &audit["transfers"]), (&"pass".into(), &1010.into()), "{audit}");
    let lock = std::fs::File::open(file.with_extension("sqlite.lock")).unwrap();
    lock.lock().unwrap();
    Finished::of(&mut mojaloop(&[&fill[..], &["--seed", "1"]].concat()))
        .expect(1, &["hub.sqlite", "in use by another hub", "stop"]);
}

#[test]
fn results_are_compared_and_other_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let name = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (result, other) = (name("result.json"), name("other.json"));
    let flags = ["bench", "--rate", "10", "--duration", "1s", "--warmup", "0s", "--phases", "clearing", "-o", "json"];
    let run = Finished::of(mojaloop(&flags).env("TMPDIR", folder.path()));
    std::fs::write(&result, &run.stdout).unwrap();
    std::fs::write(&other, r#"{"kind": "Payment"}"#).unwrap();
    let compared = Finished::of(&mut mojaloop(&["bench", "compare", &result, &result, "-o", "json"]));
    let comparison = compared.expect(0, &[]).json();
    assert_eq!(comparison["kind"], "BenchComparison");
    let figures = comparison["figures"].as_array().unwrap();
    assert!(figures.iter().any(|figure| figure["name"] == "phases.clearing.p99_ms"), "{comparison}");
    assert!(figures.iter().all(|figure| figure["matters"] == false), "{comparison}");
    let table = Finished::of(&mut mojaloop(&["bench", "compare", &result, &result]));
    assert!(table.expect(0, &[]).stdout.contains("B / A"));
    check(&["compare", &result, &other], 2, &["other.json", "Payment", "expected a BenchResult"]);
}

#[test]
fn a_trial_of_the_promise_can_be_checked_and_not_be_changed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_string_lossy().into_owned();
    let flags =
        ["certify", "--tls", "--rate", "20", "--duration", "2s", "--warmup", "0s", "--ramp", "1s", "--out", &out];
    let run = Finished::of(mojaloop(&[&flags[..], &["-o", "json"]].concat()).env("TMPDIR", folder.path()));
    let statement = run.json();
    assert_eq!((&statement["kind"], &statement["trial"]), (&"Certificate".into(), &true.into()), "{statement}");
    assert_eq!(statement["measured"]["payments"]["committed"], 40);
    assert_eq!((&statement["posture"]["tls"], &statement["measured"]["tls"]), (&true.into(), &true.into()));
    assert_eq!(run.code, i32::from(statement["verdict"] != "pass"), "{}", run.stderr);
    let file = folder.path().join("trial.json");
    let named = file.to_string_lossy().into_owned();
    let checked = Finished::of(&mut mojaloop(&["certify", "--check", &named]));
    assert!(checked.expect(0, &[]).stdout.contains("a trial, and no certificate"), "{}", checked.stdout);
    let page = std::fs::read_to_string(file.with_extension("html")).unwrap();
    assert!(page.contains("no certificate") && page.contains("<polyline") && !page.contains("src="));
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("\"committed\":40", "\"committed\":41", 1)).unwrap();
    let changed = Finished::of(&mut mojaloop(&["certify", "--check", &named]));
    changed.expect(1, &["does not hold", "sha256"]);
    std::fs::write(&file, "{}").unwrap();
    Finished::of(&mut mojaloop(&["certify", "--check", &named])).expect(2, &["trial.json", "is no certificate"]);
    let wrong = Finished::of(&mut mojaloop(&["certify", "--out", "/no/such/folder"]));
    wrong.expect(2, &["--out /no/such/folder", ".json"]);
}

/// Processes whose log is in this folder.
fn hubs_in(folder: &str) -> usize {
    let listed =
        Command::new("sh").args(["-c", "ls -l /proc/[0-9]*/fd/2 2>/dev/null"]).output().expect("there is a shell");
    String::from_utf8_lossy(&listed.stdout).lines().filter(|line| line.contains(folder)).count()
}

/// A hub of its own that lets nobody in without a certificate, and FSPs that do not either.
#[test]
fn hub_and_fsps_speak_mutual_tls() {
    let folder = tempfile::tempdir().unwrap();
    let flags = ["bench", "--tls", "--rate", "10", "--duration", "1s", "--warmup", "0s", "-o", "json"];
    let run = Finished::of(mojaloop(&flags).env("TMPDIR", folder.path()));
    let result = run.json();
    assert_eq!(result["tls"], true);
    assert!(result["payments"]["committed"].as_u64() > Some(0), "{result}");
    assert_eq!(result["payments"]["offered"], result["payments"]["committed"], "{result}");
    // Keys of the run are gone with it.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let refused = |flags: &[&str], says: &[&str]| {
        Finished::of(&mut mojaloop(&[&["bench", "--tls"][..], flags].concat())).expect(2, says);
    };
    refused(&["--hub", "https://127.0.0.1:1"], &["--tls", "--tls-authorities FILE"]);
    let files = ["--tls-authorities", "/no/file", "--tls-certificate", "/no/file", "--tls-key", "/no/file"];
    refused(&[&["--hub", "https://127.0.0.1:1"][..], &files].concat(), &["--tls-", "/no/file", "hint:"]);
}

/// The hub checks what the FSPs sign: a payment whose signature does not hold would be refused.
#[test]
fn fsps_sign_what_they_send() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("hub.sqlite").display());
    // Twice on one store: the second run has a key of its own.
    for _ in 0..2 {
        let flags =
            ["bench", "--jws", "--rate", "10", "--duration", "1s", "--warmup", "0s", "-o", "json", "--store", &store];
        let run = Finished::of(mojaloop(&flags).env("TMPDIR", folder.path()));
        let result = run.json();
        assert_eq!(result["jws"], true);
        assert!(result["payments"]["committed"].as_u64() > Some(0), "{result}");
        assert_eq!(result["payments"]["offered"], result["payments"]["committed"], "{result}");
    }
}
