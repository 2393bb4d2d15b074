//! What is rendered for each root, file by file where it follows from the definition.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::{collections::BTreeMap, fs, path::PathBuf};

use operations::{Artefacts, Exit};

/// Files that follow from the definition; the others are the same for every hub.
const OWN: [&str; 4] = ["README.md", "parameters.json", "backend.tf.json", "terraform.tfvars.json"];

fn golden_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Compares with `tests/golden/NAME`; `UPDATE_GOLDEN=1` writes it.
fn compare(name: &str, artefacts: &Artefacts) {
    let is_own = |path: &str| OWN.iter().any(|name| path.rsplit('/').next() == Some(name));
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for (path, content) in artefacts.files().filter(|(path, _)| is_own(path)) {
        found.insert(path.to_owned(), String::from_utf8(content.to_vec()).unwrap());
    }
    let list: String = artefacts.files().map(|(path, _)| format!("{path}\n")).collect();
    found.insert("files.txt".to_owned(), list);
    for (path, content) in found {
        let golden = golden_folder().join(name).join(path.replace('/', "-"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(golden.parent().unwrap()).unwrap();
            fs::write(&golden, &content).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_else(|error| panic!("{}: {error}", golden.display()));
        assert_eq!(content, expected, "{} differs; UPDATE_GOLDEN=1 writes it anew", golden.display());
    }
}

#[test]
fn three_definitions_render_what_is_expected() {
    for name in ["aws", "on-premises", "managed"] {
        compare(name, &support::rendered(&support::iac(name)).unwrap());
    }
}

#[test]
fn rendering_is_the_same_every_time_and_says_nothing_of_this_machine() {
    for name in ["aws", "on-premises", "managed"] {
        let iac = support::iac(name);
        let (one, other) = (support::rendered(&iac).unwrap(), support::rendered(&iac).unwrap());
        assert_eq!(one, other);
        let machine = [env!("CARGO_MANIFEST_DIR"), "/tmp/", "127.0.0.1", "moto"];
        for (path, content) in one.files() {
            let text = String::from_utf8_lossy(content);
            for word in machine {
                assert!(!text.contains(word), "{name}: {path} has {word:?}");
            }
        }
    }
}

#[test]
fn what_a_root_cannot_do_without_is_named() {
    for (change, field) in [
        (support::Without::Region, "infrastructure.region"),
        (support::Without::Network, "infrastructure.network"),
        (support::Without::Section, "infrastructure"),
    ] {
        let failure = support::refused(change);
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.message.starts_with(&format!("{field} is missing")), "{failure}");
        assert!(failure.hint.is_some());
    }
}
