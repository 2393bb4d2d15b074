//! The committed folder `harness/` is what `mojaloop harness render` writes of the built-in demo.
//! `UPDATE_GOLDEN=1 cargo test -p harness --test rendered` writes it anew.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use definition::Hub;

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
    for name in ["own-endpoint", "alone"] {
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

#[test]
fn what_is_rendered_is_read_as_yaml_and_asks_for_no_rights() {
    let artefacts = harness::render(&demo());
    let compose: serde_json::Value = serde_saphyr::from_str(artefacts.text("compose.yaml").unwrap()).unwrap();
    let services = compose["services"].as_object().unwrap();
    assert_eq!(services.keys().map(String::as_str).collect::<Vec<_>>(), ["hub", "provisioning", "simulators"]);
    for (name, service) in services {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["user"], "65532:65532", "{name}");
        assert_eq!(service["cap_drop"][0], "ALL", "{name}");
        assert!(service["mem_limit"].is_string() && service["cpus"].is_string(), "{name}");
        let published = service["ports"].as_array().cloned().unwrap_or_default();
        assert!(
            published.iter().all(|port| port.as_str().unwrap().starts_with("${BIND_ADDRESS:-127.0.0.1}:")),
            "{name}"
        );
    }
}

#[test]
fn every_variable_is_explained() {
    let artefacts = harness::render(&demo());
    let (compose, example) = (artefacts.text("compose.yaml").unwrap(), artefacts.text(".env.example").unwrap());
    let used = compose.split("${").skip(1).filter_map(|rest| rest.split_once(":-")).map(|(name, _)| name);
    for name in used {
        assert!(example.contains(&format!("\n{name}=")), "{name} is not in .env.example");
    }
}
