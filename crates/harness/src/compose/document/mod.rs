//! `compose.yaml` as types: what is rendered is what a person would have written.

mod database;
mod hub;
mod observation;
mod participants;
mod toolkit;

use std::collections::BTreeMap;

use definition::Hub;
use serde::{Serialize, Serializer};
use serde_saphyr::{Commented, FlowMap, FlowSeq};

use super::{ports::PublishedPort, profiles::Profile};

/// Every service that is ours; in an override file there can be others.
pub(super) const NAMES: [&str; 16] = [
    "hub",
    "lookup",
    "agreement",
    "clearing",
    "settlement",
    "admin",
    "portal",
    "postgres",
    "console",
    "provisioning",
    "simulators",
    "testing-toolkit",
    "ttk-provisioning",
    "ttk-tests",
    "prometheus",
    "load",
];
/// The variable that names the hub's image.
const HUB_IMAGE: &str = "HUB_IMAGE";
/// Services that end when they are done.
pub(super) const ONE_SHOT: [&str; 4] = ["provisioning", "ttk-provisioning", "ttk-tests", "load"];
/// The user in the hub's image, who is nobody outside of it.
const USER: &str = "65532:65532";
/// Where simulated FSPs listen for the hub, inside the network.
pub(super) use hub::{SIGN_KEY_FILE, names as hubs};
pub(super) use participants::SIMULATORS_PORT;
/// How upstream's services are called in the network: the hub's parts answer to these names, wherever they run.
const LOOKUP: &str = "http://account-lookup-service:4002";
const AGREEMENT: &str = "http://quoting-service:3002";
const CLEARING: &str = "http://ml-api-adapter:3000";
const LEDGER_ADMIN: &str = "http://central-ledger:3001";
const ORACLE_ADMIN: &str = "http://account-lookup-service-admin:4001";

const HEADER: &str = "\
# A Mojaloop-compatible hub with what belongs to it, for developing and testing on one machine.
#
#   docker compose --profile core --profile simulators up --wait      starts a hub with simulated FSPs
#   docker compose --profile '*' down                                 stops it, its data stay (--volumes deletes them)
#
# `mojaloop harness profiles` explains the profiles; `cp .env.example .env` makes core and simulators the default.
# Rendered from hub.yaml by `mojaloop harness render`. What you change goes into hub.yaml, into .env (variables: .env.example),
# into hub.env (MOJALOOP_… as in `mojaloop hub serve --help`, one in a line), into compose.override.yaml
# (compose.override.example.yaml) or into a file of your own (docker compose -f compose.yaml -f mine.yaml …): these are yours
# and survive the next rendering.
";

#[derive(Serialize)]
struct Document {
    name: String,
    services: Services,
    configs: BTreeMap<&'static str, FileConfig>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    secrets: BTreeMap<&'static str, FileSecret>,
    networks: BTreeMap<&'static str, Empty>,
    volumes: BTreeMap<&'static str, Empty>,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct FileConfig {
    file: &'static str,
}

#[derive(Serialize)]
struct FileSecret {
    file: String,
}

/// Services in the order in which they are read best.
pub(super) struct Services(Vec<(&'static str, Service)>);

impl Serialize for Services {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, service)| (name, service)))
    }
}

impl Services {
    /// The names of those that profiles start.
    pub(super) fn started_by(&self, profiles: &[Profile]) -> Vec<&'static str> {
        let starts = |service: &Service| profiles.iter().any(|profile| service.profiles.0.contains(&profile.name()));
        self.0.iter().filter(|(_, service)| starts(service)).map(|(name, _)| *name).collect()
    }

    /// The variables that name their images, but the hub's.
    pub(super) fn image_variables(&self, profiles: &[Profile]) -> Vec<&'static str> {
        let started = self.started_by(profiles);
        let services = self.0.iter().filter(|(name, _)| started.contains(name));
        let mut variables: Vec<&str> = services.map(|(_, service)| service.image_variable).collect();
        variables.sort_unstable();
        variables.dedup();
        variables.retain(|variable| *variable != HUB_IMAGE);
        variables
    }

    /// What those that profiles start publish on this machine.
    pub(super) fn ports(&self, profiles: &[Profile]) -> Vec<PublishedPort> {
        let started = self.started_by(profiles);
        let services = self.0.iter().filter(|(name, _)| started.contains(name));
        services.flat_map(|(_, service)| service.publishes.iter().copied()).collect()
    }
}

#[derive(Serialize)]
struct Service {
    profiles: FlowSeq<Vec<&'static str>>,
    image: String,
    #[serde(skip)]
    image_variable: &'static str,
    pull_policy: &'static str,
    #[serde(skip_serializing_if = "no_items")]
    command: FlowSeq<Vec<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    env_file: Vec<FlowMap<EnvironmentFile>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    environment: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    depends_on: BTreeMap<&'static str, FlowMap<Dependency>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ports: Vec<Commented<String>>,
    #[serde(skip)]
    publishes: Vec<PublishedPort>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    volumes: Vec<Volume>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tmpfs: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    configs: Vec<FlowMap<BTreeMap<&'static str, &'static str>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<&'static str>,
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

fn no_items(items: &FlowSeq<Vec<String>>) -> bool {
    items.0.is_empty()
}

#[derive(Serialize)]
struct EnvironmentFile {
    path: &'static str,
    required: bool,
}

/// What a container sees of this machine.
#[derive(Serialize)]
#[serde(untagged)]
enum Volume {
    /// A volume of the project: `NAME:FOLDER`.
    Named(String),
    /// A folder of this machine.
    Folder(FlowMap<FolderMount>),
}

#[derive(Serialize)]
struct FolderMount {
    r#type: &'static str,
    source: &'static str,
    target: &'static str,
    read_only: bool,
    bind: FlowMap<BTreeMap<&'static str, bool>>,
}

impl Volume {
    fn named(name: &str, target: &str) -> Volume {
        Volume::Named(format!("{name}:{target}"))
    }

    /// One that must be there: docker would make an empty one.
    fn read_only(source: &'static str, target: &'static str) -> Volume {
        let bind = FlowMap(BTreeMap::from([("create_host_path", false)]));
        Volume::Folder(FlowMap(FolderMount { r#type: "bind", source, target, read_only: true, bind }))
    }

    /// The name of a volume of the project.
    fn name(&self) -> Option<&'static str> {
        let Volume::Named(text) = self else { return None };
        let (name, _) = text.split_once(':')?;
        [hub::VOLUME, database::VOLUME, observation::VOLUME].into_iter().find(|volume| *volume == name)
    }
}

/// What must be there before; what no profile starts is not waited for.
#[derive(Serialize)]
struct Dependency {
    condition: &'static str,
    required: bool,
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

/// What a service is made from; the rest is the same for all of them.
struct Kind<'a> {
    /// The variable that names its image, and what that is unless it is set.
    image: (&'static str, &'a str),
    user: &'static str,
    /// The variable with the most memory that it may take, and what that is unless it is set.
    memory: (&'a str, &'a str),
    cpus: &'a str,
}

/// The hub's image, which also holds the simulated FSPs, the provisioning and the load.
const fn of_the_hub<'a>(memory: (&'a str, &'a str), cpus: &'a str) -> Kind<'a> {
    Kind { image: (HUB_IMAGE, concat!("mojaloop-hub:", env!("CARGO_PKG_VERSION"))), user: USER, memory, cpus }
}

impl Service {
    /// With as few rights as can be.
    fn new(kind: &Kind<'_>, profiles: &[Profile], command: &[&str]) -> Service {
        Service {
            profiles: FlowSeq(names(profiles)),
            image: variable(kind.image.0, kind.image.1),
            image_variable: kind.image.0,
            pull_policy: "missing",
            command: FlowSeq(command.iter().map(|&part| part.to_owned()).collect()),
            env_file: Vec::new(),
            environment: BTreeMap::new(),
            labels: BTreeMap::new(),
            depends_on: BTreeMap::new(),
            ports: Vec::new(),
            publishes: Vec::new(),
            volumes: Vec::new(),
            tmpfs: Vec::new(),
            configs: Vec::new(),
            secrets: Vec::new(),
            healthcheck: None,
            networks: BTreeMap::from([("hub", Attachment { aliases: Vec::new() })]),
            restart: "unless-stopped",
            stop_grace_period: "20s",
            user: kind.user,
            read_only: true,
            cap_drop: FlowSeq(vec!["ALL"]),
            security_opt: FlowSeq(vec!["no-new-privileges:true"]),
            mem_limit: variable(kind.memory.0, kind.memory.1),
            cpus: kind.cpus.to_owned(),
            pids_limit: 256,
        }
    }

    /// A service that ends when it is done.
    fn once(mut self) -> Service {
        self.restart = "no";
        self
    }

    fn environment(mut self, variables: &[(&'static str, &str)]) -> Service {
        self.environment.extend(variables.iter().map(|&(name, value)| (name, value.to_owned())));
        self
    }

    fn after(mut self, services: &[&'static str], condition: &'static str) -> Service {
        let dependency = || FlowMap(Dependency { condition, required: false });
        self.depends_on.extend(services.iter().map(|&service| (service, dependency())));
        self
    }

    fn aliases(mut self, names: &[&'static str]) -> Service {
        self.networks.insert("hub", Attachment { aliases: names.to_vec() });
        self
    }

    fn publishing(mut self, ports: &[PublishedPort]) -> Service {
        self.ports = ports.iter().map(published).collect();
        self.publishes = ports.to_vec();
        self
    }

    fn healthy_when(mut self, test: &[&'static str]) -> Service {
        self.healthcheck = Some(health_check(test.to_vec()));
        self
    }
}

/// The profiles' names, and after them those that upstream's users know.
fn names(profiles: &[Profile]) -> Vec<&'static str> {
    let mut names: Vec<&str> = profiles.iter().map(|profile| profile.name()).collect();
    for alias in profiles.iter().flat_map(|profile| profile.aliases()) {
        if !names.contains(alias) {
            names.push(alias);
        }
    }
    names
}

/// Every service that a hub can have with it.
pub(super) fn services(hub: &Hub, scheme_digest: &str) -> Services {
    let mut services = hub::services(hub);
    services.extend(database::services(hub));
    services.extend(participants::services(hub, scheme_digest));
    services.extend(toolkit::services(hub));
    services.extend(observation::services(hub));
    Services(services)
}

/// Writes `compose.yaml`.
pub(super) fn render(hub: &Hub, scheme_digest: &str) -> String {
    let services = services(hub, scheme_digest);
    let volumes = services.0.iter().flat_map(|(_, service)| &service.volumes).filter_map(Volume::name);
    let document = Document {
        name: format!("mojaloop-{}", hub.metadata.name),
        configs: BTreeMap::from([
            ("prometheus", FileConfig { file: "./prometheus.yml" }),
            ("scheme", FileConfig { file: "./scheme.json" }),
        ]),
        secrets: hub::secrets(hub),
        networks: BTreeMap::from([("hub", Empty {})]),
        volumes: volumes.map(|name| (name, Empty {})).collect(),
        services,
    };
    let yaml = serde_saphyr::to_string(&document).expect("what is made of strings and numbers can be written");
    format!("{HEADER}\n{yaml}")
}

/// What `prometheus.yml` says.
pub(super) use observation::prometheus;

/// A variable of `.env` with the value that holds unless it is set there.
fn variable(name: &str, default: &str) -> String {
    format!("${{{name}:-{default}}}")
}

fn published(port: &PublishedPort) -> Commented<String> {
    let PublishedPort { variable, port, inside, serves } = port;
    Commented(format!("${{BIND_ADDRESS:-127.0.0.1}}:${{{variable}:-{port}}}:{inside}"), (*serves).to_owned())
}

/// A file of the folder, where a container reads it.
fn mounted(name: &'static str, target: &'static str) -> FlowMap<BTreeMap<&'static str, &'static str>> {
    FlowMap(BTreeMap::from([("source", name), ("target", target)]))
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
