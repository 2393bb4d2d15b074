//! Good and bad definitions, each with what is said of it: `tests/{good,bad}/NAME.yaml` and `NAME.expected`.
//!
//! A first line `# flags: …` gives the flags of the command line; `NAME.OTHER.yaml` are layers of `NAME.yaml`.
//! `UPDATE_GOLDEN=1` writes what is said now; look at the difference before you keep it.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use definition::{Loaded, Origin, Problems, Sources, load, load_text, schema};

#[test]
fn good_definitions() {
    let cases = cases("good");
    assert!(cases.len() >= 12, "{}", cases.len());
    for case in cases {
        let loaded = load(&sources(&case)).unwrap_or_else(|problems| panic!("{}:\n{problems}", case.display()));
        let again = load_text(Path::new("again.yaml"), &loaded.yaml(true)).unwrap();
        assert_eq!(again.hub, loaded.hub, "{}: what is shown means the same", case.display());
        golden(&case.with_extension("expected"), &told(&loaded));
    }
}

#[test]
fn bad_definitions() {
    let cases = cases("bad");
    assert!(cases.len() >= 24, "{}", cases.len());
    for case in cases {
        let problems = load(&sources(&case)).err().unwrap_or_else(|| panic!("{} is good", case.display()));
        let said = problems.to_string().replace("tests/bad/", "");
        for secret in ["hunter2", "s3cr3t"] {
            assert!(!said.contains(secret), "{}: {said}", case.display());
        }
        golden(&case.with_extension("expected"), &format!("{said}\n"));
    }
}

/// Warnings, then the whole definition with the origin of each value.
fn told(loaded: &Loaded) -> String {
    let warnings: Vec<String> = loaded.warnings().iter().map(ToString::to_string).collect();
    let warnings = if warnings.is_empty() { "no warnings".to_owned() } else { warnings.join("\n") };
    format!("{warnings}\n---\n{}", loaded.yaml(true)).replace("tests/good/", "")
}

fn cases(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new("tests").join(folder)).unwrap();
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    // Overlays and second files have a second word before `.yaml`.
    cases.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    cases.retain(|path| !path.file_stem().unwrap().to_str().unwrap().contains('.'));
    cases.sort();
    cases
}

fn sources(case: &Path) -> Sources {
    let mut sources = Sources { files: vec![case.to_owned()], ..Sources::default() };
    let bytes = fs::read(case).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let first = text.lines().next().unwrap_or("");
    let mut words = first.strip_prefix("# flags: ").unwrap_or("").split_whitespace();
    while let Some(flag) = words.next() {
        let value = words.next().expect("a flag has a value").to_owned();
        match flag {
            "-f" => sources.files.push(case.with_file_name(value)),
            "--environment" => sources.environment = Some(value),
            "--set" => sources.sets.push(value),
            _ => panic!("{flag}"),
        }
    }
    sources
}

#[track_caller]
fn golden(file: &Path, found: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(file, found).unwrap();
    }
    let expect = fs::read_to_string(file).unwrap_or_default();
    assert_eq!(found, expect, "{}: UPDATE_GOLDEN=1 writes it anew", file.display());
}

#[test]
fn the_schema_is_in_the_repository() {
    let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    golden(Path::new("../../schemas/hub.schema.json"), &text);
}

#[test]
fn no_expectation_is_left_over() {
    for folder in ["good", "bad"] {
        let named = |extension: &str| -> BTreeSet<PathBuf> {
            let entries = fs::read_dir(Path::new("tests").join(folder)).unwrap().map(|entry| entry.unwrap().path());
            let named = entries.filter(|path| path.extension().is_some_and(|found| found == extension));
            named.map(|path| path.with_extension("")).collect()
        };
        let orphans: Vec<_> = named("expected").difference(&named("yaml")).cloned().collect();
        assert_eq!(orphans, Vec::<PathBuf>::new());
    }
}

/// Loads without a `hub.yaml`: tests run in the crate's folder, which has none.
#[test]
fn the_demo_and_the_defaults_use_only_what_works() {
    let demo = load(&Sources::default()).unwrap();
    assert_eq!(demo.unavailable, []);
    assert_eq!(demo.hub.participants.len(), 2);
    assert_eq!(demo.origins.of("metadata.name").to_string(), "built-in demo");
    assert_eq!(demo.origins.of("sizing.retention"), Origin::Default);
    let least = load_text(Path::new("hub.yaml"), "{apiVersion: mojaloop/v1, kind: Hub, metadata: {name: a}}").unwrap();
    assert_eq!(least.unavailable, []);
    assert_eq!(least.document()["scheme"]["hubName"], "Hub");
}

#[test]
fn the_demo_has_no_environments() {
    let sources = Sources { environment: Some("prod".to_owned()), ..Sources::default() };
    assert!(load(&sources).unwrap_err().to_string().contains("the built-in demo has no environment \"prod\""));
}

#[test]
fn settings_are_told_from_files_and_defaults() {
    let sources = Sources { sets: vec!["sizing.retention=7y".to_owned()], ..Sources::default() };
    let loaded = load(&sources).unwrap();
    assert_eq!(loaded.origins.of("sizing.retention"), Origin::Set("sizing.retention".to_owned()));
    assert_eq!(loaded.hub.sizing.retention, "7y");
    assert_eq!(loaded.origins.of("sizing.paymentsPerSecond"), Origin::Default);
}

/// Numbers are taken from the source by their place, which signs of several bytes, line ends and anchors must not move.
#[test]
fn numbers_are_read_from_their_place() {
    let lines = "apiVersion: mojaloop/v1\nkind: Hub\nmetadata: {name: a} # Ünïcødé €\n";
    let check = |text: String| {
        let loaded = load_text(Path::new("hub.yaml"), &text).unwrap_or_else(|problems| panic!("{problems}: {text:?}"));
        assert_eq!(loaded.hub.sizing.payments_per_second, 123, "{text:?}");
        assert_eq!(loaded.origins.of("sizing.paymentsPerSecond").to_string(), "hub.yaml:4");
    };
    for sizing in [
        "sizing: {paymentsPerSecond: 123}",
        "sizing: {'paymentsPerSecond': &number 123, retention: 5d}",
        "sizing: { \"paymentsPerSecond\" :   123  }  # €",
        "sizing: {paymentsPerSecond: !!int 123}",
        "sizing: {paymentsPerSecond: !!int \"123\"}",
    ] {
        check(format!("{lines}{sizing}"));
        check(format!("{lines}{sizing}\n").replace('\n', "\r\n"));
        check(format!("\u{feff}{lines}{sizing}\n"));
    }
}

fn refusal(text: &str) -> Problems {
    load_text(Path::new("hub.yaml"), text).unwrap_err()
}

#[test]
fn bounds_of_files() {
    for (text, says) in [
        (format!("# {}\n", "x".repeat(1024 * 1024)), "hub.yaml: is larger than 1024 KiB"),
        (
            format!("a: {}1{}\n", "[".repeat(40), "]".repeat(40)),
            "is more than a definition may be: nested at most 32 deep",
        ),
        (format!("{}x\n", "[".repeat(100_000)), "is more than a definition may be"),
        ("a: &a [x]\n".to_owned() + &"b: [*a, *a]\n".repeat(2_000), "is more than a definition may be"),
        (bomb(), "is more than a definition may be"),
    ] {
        let problems = refusal(&text);
        assert_eq!(problems.0.len(), 1, "{problems}");
        assert!(problems.to_string().contains(says), "{says}: {problems}");
    }
}

/// Aliases of aliases: 9 lines that mean a billion values.
fn bomb() -> String {
    let line = |level: usize| match level {
        0 => "a0: &a0 x\n".to_owned(),
        _ => format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(", ")),
    };
    (0..9).map(line).collect()
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Sources { files: vec![folder.path().join("hub.yaml")], ..Sources::default() };
    let said = load(&missing).unwrap_err().to_string();
    assert!(said.contains("hub.yaml: cannot be read") && said.contains("hint: mojaloop definition init"), "{said}");
    fs::write(folder.path().join("hub.yaml"), [0xff, 0xfe, 0x00]).unwrap();
    assert!(load(&missing).unwrap_err().to_string().contains("is not text in UTF-8"));
    for name in ["../prod", "", "a b"] {
        let sources = Sources { environment: Some(name.to_owned()), ..missing.clone() };
        assert!(load(&sources).unwrap_err().to_string().contains("is no name of an environment"), "{name}");
    }
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    fn good() -> impl Strategy<Value = String> {
        let texts: Vec<String> = cases("good").iter().map(|case| fs::read_to_string(case).unwrap()).collect();
        prop::sample::select(texts)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever stands in a file, the answer is a definition or problems that name it.
        #[test]
        fn damaged_definitions_are_refused_in_words(text in good(), at in 0_usize..4_000, with in "[ -~\n\t]{0,6}", cut in 0_usize..12) {
            let letters: Vec<char> = text.chars().collect();
            let start = at.min(letters.len());
            let end = (start + cut).min(letters.len());
            let damaged: String = letters[..start].iter().chain(&with.chars().collect::<Vec<_>>()).chain(&letters[end..]).collect();
            match load_text(Path::new("hub.yaml"), &damaged) {
                Ok(loaded) => prop_assert_eq!(load_text(Path::new("b"), &loaded.yaml(false)).unwrap().hub, loaded.hub),
                Err(problems) => {
                    prop_assert!(!problems.0.is_empty());
                    for problem in problems.0 {
                        prop_assert!(problem.to_string().starts_with("hub.yaml"), "{}", problem);
                        prop_assert!(!problem.message.starts_with("cannot be used"), "{}", problem);
                    }
                }
            }
        }

        #[test]
        fn any_setting_is_applied_or_refused_in_words(path in "[a-zA-Z.\\[\\]0-9\"]{0,20}|scheme\\.currencies\\[[0-3]\\]|store\\.[a-z]{1,4}", value in "[ -~]{0,12}") {
            let sources = Sources { sets: vec![format!("{path}={value}")], ..Sources::default() };
            if let Err(problems) = load(&sources) {
                prop_assert!(!problems.0.is_empty());
            }
        }
    }
}
