//! `compose.yaml` as types: what is rendered is what a person would have written.

use std::collections::BTreeMap;

use definition::Hub;
use serde::Serialize;
use serde_saphyr::{Commented, FlowMap, FlowSeq};

use super::ports::{self, PublishedPort};

/// The user in the image, who is nobody outside of it.
const USER: &str = "65532:65532";
/// Where the scheme is in the containers.
const SCHEME: &str = "/etc/mojaloop/scheme.json";
/// Where the simulated FSPs listen for the hub, inside the network.
pub(super) const SIMULATORS_PORT: u16 = 3010;
/// Names by which upstream's users, environments and collections know the services that the hub is.
const UPSTREAM_NAMES: [&str; 10] = [
    "account-lookup-service",
    "account-lookup-service-admin",
    "bulk-api-adapter",
    "central-ledger",
    "central-settlement",
    "ml-api-adapter",
    "quoting-service",
    "quoting-service-handler",
    "transaction-requests-service",
    "central-settlements",
];

const HEADER: &str = "\
# A Mojaloop-compatible hub with simulated FSPs, for developing and testing on one machine.
#
#   docker compose up --wait      starts it; `mojaloop transfer` then makes a payment
#   docker compose down           stops it, its data stay (--volumes deletes them)
#
# Rendered from hub.yaml by `mojaloop harness render`. What you change goes into hub.yaml, into .env (variables: .env.example)
# or into compose.override.yaml (compose.override.example.yaml): these are yours and survive the next rendering.
";

#[derive(Serialize)]
struct Document {
    name: String,
    services: Services,
    configs: Configs,
    networks: BTreeMap<&'static str, Empty>,
    volumes: BTreeMap<&'static str, Empty>,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct Configs {
    scheme: FileConfig,
}

#[derive(Serialize)]
struct FileConfig {
    file: &'static str,
}

#[derive(Serialize)]
struct Services {
    hub: Service,
    provisioning: Service,
    #[serde(skip_serializing_if = "Option::is_none")]
    simulators: Option<Service>,
}

#[derive(Serialize)]
struct Service {
    image: &'static str,
    pull_policy: &'static str,
    command: FlowSeq<Vec<&'static str>>,
    environment: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    depends_on: Option<BTreeMap<&'static str, FlowMap<BTreeMap<&'static str, &'static str>>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ports: Vec<Commented<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    volumes: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    configs: Vec<FlowMap<BTreeMap<&'static str, &'static str>>>,
    networks: BTreeMap<&'static str, Attachment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    healthcheck: Option<HealthCheck>,
    restart: &'static str,
    stop_grace_period: &'static str,
    user: &'static str,
    read_only: bool,
    cap_drop: FlowSeq<Vec<&'static str>>,
    security_opt: FlowSeq<Vec<&'static str>>,
    mem_limit: String,
    cpus: String,
    pids_limit: u32,
}

#[derive(Serialize)]
struct Attachment {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<&'static str>,
}

#[derive(Serialize)]
struct HealthCheck {
    test: FlowSeq<Vec<&'static str>>,
    interval: &'static str,
    timeout: &'static str,
    retries: u32,
    start_period: &'static str,
    start_interval: &'static str,
}

/// Writes `compose.yaml`.
pub(super) fn render(hub: &Hub, scheme_digest: &str) -> String {
    let simulators = super::plays_simulators(hub);
    let document = Document {
        name: format!("mojaloop-{}", hub.metadata.name),
        services: Services {
            hub: hub_service(hub),
            provisioning: provisioning_service(scheme_digest),
            simulators: simulators.then(|| simulators_service(scheme_digest)),
        },
        configs: Configs { scheme: FileConfig { file: "./scheme.json" } },
        networks: BTreeMap::from([("hub", Empty {})]),
        volumes: BTreeMap::from([("hub-data", Empty {})]),
    };
    let yaml = serde_saphyr::to_string(&document).expect("what is made of strings and numbers can be written");
    format!("{HEADER}\n{yaml}")
}

/// What all services share: the image, and as few rights as can be.
fn service(command: Vec<&'static str>, memory: &str, cpus: &str) -> Service {
    Service {
        image: concat!("${HUB_IMAGE:-mojaloop-hub:", env!("CARGO_PKG_VERSION"), "}"),
        pull_policy: "missing",
        command: FlowSeq(command),
        environment: BTreeMap::from([("MOJALOOP_LOG", "${LOG:-info}".to_owned())]),
        labels: BTreeMap::new(),
        depends_on: None,
        ports: Vec::new(),
        volumes: Vec::new(),
        configs: Vec::new(),
        healthcheck: None,
        networks: BTreeMap::from([("hub", Attachment { aliases: Vec::new() })]),
        restart: "unless-stopped",
        stop_grace_period: "20s",
        user: USER,
        read_only: true,
        cap_drop: FlowSeq(vec!["ALL"]),
        security_opt: FlowSeq(vec!["no-new-privileges:true"]),
        mem_limit: memory.to_owned(),
        cpus: cpus.to_owned(),
        pids_limit: 256,
    }
}

fn hub_service(hub: &Hub) -> Service {
    let mut service = service(vec!["hub", "serve"], "${HUB_MEMORY:-512m}", "${HUB_CPUS:-2}");
    service.environment.extend([
        ("MOJALOOP_STORE", "sqlite:/data/hub.sqlite".to_owned()),
        ("MOJALOOP_HUB_NAME", hub.scheme.hub_name.to_string()),
        ("MOJALOOP_LISTEN_ADDRESS", "0.0.0.0".to_owned()),
        // Published on this machine's loopback address only.
        ("MOJALOOP_ADMIN", "open".to_owned()),
        ("MOJALOOP_CALLBACK_POLICY", "open".to_owned()),
        ("MOJALOOP_CAPTURE", "true".to_owned()),
    ]);
    service.ports = ports::HUB.iter().map(published).collect();
    service.volumes = vec!["hub-data:/data"];
    service.networks.insert("hub", Attachment { aliases: upstream_names() });
    service.healthcheck = Some(health_check(vec!["CMD", "/mojaloop", "health"]));
    service
}

fn upstream_names() -> Vec<&'static str> {
    let mut names = UPSTREAM_NAMES.to_vec();
    names.sort_unstable();
    names
}

fn provisioning_service(scheme_digest: &str) -> Service {
    let mut service = service(vec!["scheme", "apply"], "64m", "0.5");
    service.environment.extend([
        ("MOJALOOP_SCHEME", SCHEME.to_owned()),
        ("MOJALOOP_HUB", "http://hub:3000".to_owned()),
        ("MOJALOOP_LEDGER_ADMIN", "http://hub:3001".to_owned()),
        ("MOJALOOP_ORACLE_ADMIN", "http://hub:4001".to_owned()),
    ]);
    service.depends_on = Some(BTreeMap::from([("hub", condition("service_healthy"))]));
    service.configs = vec![scheme()];
    // Compose does not look into the file: another scheme must be another service.
    service.labels.insert("mojaloop.scheme", scheme_digest.to_owned());
    service.restart = "no";
    service
}

fn simulators_service(scheme_digest: &str) -> Service {
    let command = vec!["simulator", "--listen", "0.0.0.0:3010", "--control", "0.0.0.0:9101"];
    let mut service = service(command, "128m", "1");
    service
        .environment
        .extend([("MOJALOOP_SCHEME", SCHEME.to_owned()), ("MOJALOOP_HUB", "http://hub:3000".to_owned())]);
    service.depends_on = Some(BTreeMap::from([("provisioning", condition("service_completed_successfully"))]));
    service.ports = ports::SIMULATORS.iter().map(published).collect();
    service.configs = vec![scheme()];
    // Compose does not look into the file: another scheme must be another service.
    service.labels.insert("mojaloop.scheme", scheme_digest.to_owned());
    service.healthcheck =
        Some(health_check(vec!["CMD", "/mojaloop", "health", "--url", "http://127.0.0.1:9101/health"]));
    service
}

fn published(port: &PublishedPort) -> Commented<String> {
    let PublishedPort { variable, port, serves } = port;
    Commented(format!("${{BIND_ADDRESS:-127.0.0.1}}:${{{variable}:-{port}}}:{port}"), (*serves).to_owned())
}

fn scheme() -> FlowMap<BTreeMap<&'static str, &'static str>> {
    FlowMap(BTreeMap::from([("source", "scheme"), ("target", SCHEME)]))
}

fn condition(condition: &'static str) -> FlowMap<BTreeMap<&'static str, &'static str>> {
    FlowMap(BTreeMap::from([("condition", condition)]))
}

/// Often while it starts, seldom afterwards: each check is a process.
fn health_check(test: Vec<&'static str>) -> HealthCheck {
    HealthCheck {
        test: FlowSeq(test),
        interval: "10s",
        timeout: "3s",
        retries: 3,
        start_period: "30s",
        start_interval: "200ms",
    }
}
