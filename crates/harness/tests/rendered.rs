//! The committed folder `harness/` is what `mojaloop harness render` writes of the built-in demo.
//! `UPDATE_GOLDEN=1 cargo test -p harness --test rendered` writes it anew.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use definition::{Hub, StoreKind};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn demo() -> Hub {
    definition::load_text(Path::new("demo.yaml"), include_str!("../../definition/src/demo.yaml")).unwrap().hub
}

#[test]
fn the_committed_folder_is_what_is_rendered() {
    compare(&root().join("harness"), &demo());
}

#[test]
fn other_definitions_give_what_is_in_the_golden_folders() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for name in ["own-endpoint", "alone", "postgres", "own-database"] {
        let folder = golden.join(name);
        let text = std::fs::read_to_string(folder.join("hub.yaml")).unwrap();
        compare(&folder, &definition::load_text(Path::new("hub.yaml"), &text).unwrap().hub);
    }
}

fn compare(folder: &Path, hub: &Hub) {
    let artefacts = harness::render(hub);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        artefacts.write_to(folder).unwrap();
    }
    for (name, content) in artefacts.files() {
        let there = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(
            there.as_bytes() == content,
            "harness/{name} differs from what is rendered: UPDATE_GOLDEN=1 rewrites it"
        );
    }
    let committed = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let rendered: Vec<&str> = artefacts.files().map(|(name, _)| name).collect();
    for name in committed.filter(|name| name != "hub.yaml") {
        assert!(rendered.contains(&name.as_str()), "{name} is not rendered");
    }
}

/// The demo, with all that a hub on PostgreSQL can have with it.
fn everything() -> Hub {
    let mut hub = demo();
    hub.store.kind = StoreKind::Postgres;
    hub
}

#[test]
fn what_is_rendered_asks_for_no_rights_and_is_in_a_profile() {
    for hub in [demo(), everything()] {
        let artefacts = harness::render(&hub);
        let compose: serde_json::Value = serde_saphyr::from_str(artefacts.text("compose.yaml").unwrap()).unwrap();
        for (name, service) in compose["services"].as_object().unwrap() {
            assert_eq!(service["read_only"], true, "{name}");
            let user = service["user"].as_str().unwrap();
            assert!(user.split(':').all(|id| id.parse::<u32>().unwrap() > 0), "{name} is {user}");
            assert_eq!(service["cap_drop"][0], "ALL", "{name}");
            assert!(service["mem_limit"].is_string() && service["cpus"].is_string(), "{name}");
            assert!(service["restart"] == "no" || service["restart"] == "unless-stopped", "{name}");
            assert!(!service["profiles"].as_array().unwrap().is_empty(), "{name}");
            let published = service["ports"].as_array().cloned().unwrap_or_default();
            let on_loopback =
                |port: &serde_json::Value| port.as_str().unwrap().starts_with("${BIND_ADDRESS:-127.0.0.1}:");
            assert!(published.iter().all(on_loopback), "{name}");
        }
    }
}

#[test]
fn every_profile_starts_what_its_explanation_says() {
    for hub in [demo(), everything()] {
        let artefacts = harness::render(&hub);
        let compose: serde_json::Value = serde_saphyr::from_str(artefacts.text("compose.yaml").unwrap()).unwrap();
        let services = compose["services"].as_object().unwrap();
        for explained in harness::explain_profiles(&hub) {
            for name in std::iter::once(explained.name).chain(explained.aliases.clone()) {
                let has = |service: &serde_json::Value| service["profiles"].as_array().unwrap().contains(&name.into());
                let started: Vec<&String> =
                    services.iter().filter(|(_, service)| has(service)).map(|(key, _)| key).collect();
                assert!(
                    explained.services.iter().all(|service| started.iter().any(|other| other == service)),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn every_variable_is_explained() {
    let artefacts = harness::render(&everything());
    let (compose, example) = (artefacts.text("compose.yaml").unwrap(), artefacts.text(".env.example").unwrap());
    let used = compose.split("${").skip(1).filter_map(|rest| rest.split_once(":-")).map(|(name, _)| name);
    for name in used {
        assert!(example.contains(&format!("\n{name}=")), "{name} is not in .env.example");
    }
    // What is said there is what holds without it.
    for line in example.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (name, value) = line.split_once('=').unwrap();
        let used = format!("${{{name}:-{value}}}");
        assert!(compose.contains(&used) || name == "COMPOSE_PROFILES", "{used} is not in compose.yaml");
    }
}
