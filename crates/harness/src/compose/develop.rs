//! `compose.watch.yaml`: what developers of the hub lay over `compose.yaml`, so that its program is replaced while it runs.

use std::collections::BTreeMap;

use definition::Hub;
use serde::Serialize;
use serde_saphyr::FlowSeq;

use super::document;

/// The file's name.
pub(super) const FILE: &str = "compose.watch.yaml";
/// All files of a project under watch, those of the user among them, the later over the earlier.
pub(super) const FILES: [&str; 4] = ["compose.yaml", FILE, "compose.override.yaml", "compose.override.yml"];
/// Where the successor's program is in the containers of a hub.
pub(super) const SUCCESSOR: &str = "/program/mojaloop";
/// What is run in a container to let the successor take over.
pub(super) const REPLACE: [&str; 3] = ["/mojaloop", "hub", "replace"];

const HEADER: &str = "\
# For developing the hub: a program that is put into ./program takes over from the one that runs, while connections wait.
#
#   export COMPOSE_FILE=compose.yaml:compose.watch.yaml
#   docker compose up --wait && docker compose watch
#   cp …/mojaloop program/        the hub's binary, static: `mojaloop harness watch --engine compose` builds it, too
#
# `docker compose watch` copies to the root of a file system, so that can't be read-only here.
";

#[derive(Serialize)]
struct Document {
    services: BTreeMap<&'static str, Service>,
}

#[derive(Serialize, Default)]
struct Service {
    #[serde(skip_serializing_if = "Option::is_none")]
    read_only: Option<bool>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    environment: BTreeMap<&'static str, &'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    volumes: Vec<&'static str>,
    develop: Develop,
}

#[derive(Serialize, Default)]
struct Develop {
    watch: Vec<Rule>,
}

#[derive(Serialize)]
struct Rule {
    path: &'static str,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exec: Option<Exec>,
}

#[derive(Serialize)]
struct Exec {
    command: FlowSeq<Vec<&'static str>>,
}

/// Writes it.
pub(super) fn render(hub: &Hub) -> String {
    let services = document::hubs(hub).into_iter().map(|service| (service, replaced())).collect();
    let yaml = serde_saphyr::to_string(&Document { services }).expect("what is made of strings can be written");
    format!("{HEADER}\n{yaml}")
}

fn replaced() -> Service {
    let exec = Some(Exec { command: FlowSeq(REPLACE.to_vec()) });
    let rule = Rule { path: "./program", action: "sync+exec", target: Some("/program"), exec };
    Service {
        read_only: Some(false),
        environment: BTreeMap::from([("MOJALOOP_SUCCESSOR", SUCCESSOR)]),
        volumes: vec!["/program"],
        develop: Develop { watch: vec![rule] },
    }
}
