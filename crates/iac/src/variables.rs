//! The variables of the roots, from the definition, and from where in it each comes.

use std::collections::BTreeMap;

use definition::{ExistingCluster, ExistingDatabase, Hub, Infrastructure, SecretReference, StoreKind, size};
use operations::Failure;
use serde::Serialize;

use crate::{
    Settings,
    hosts::{self, Machine},
};

/// A node in each zone, whatever the load: a hub of real money survives the loss of a zone.
const LEAST_NODES: u32 = 3;
/// A writer, and a reader in another zone that takes over.
const DATABASE_INSTANCES: u32 = 2;
/// Nodes that an autoscaler may add, as a multiple of those that are always there.
const MOST_NODES: u32 = 2;
/// The namespace in which the hub runs, where its Secrets are.
const NAMESPACE: &str = "mojaloop";

/// What is the same for every root. Variables that are not here keep the defaults of the code; a team sets them in an
/// `*.auto.tfvars` file of its own.
#[derive(Debug, Serialize)]
struct Common {
    name: String,
    environment: String,
    payments_per_second: u32,
    deletion_protection: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
}

/// `terraform.tfvars.json` of a root.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Variables {
    Aws(Box<Aws>),
    OnPremises(Box<OnPremises>),
    Managed(Box<Managed>),
}

#[derive(Debug, Serialize)]
pub(crate) struct Aws {
    #[serde(flatten)]
    common: Common,
    pub(crate) region: String,
    pub(crate) network_cidr: String,
    pub(crate) node_instance_type: String,
    pub(crate) node_count_min: u32,
    pub(crate) node_count_max: u32,
    pub(crate) database_instance_class: String,
    pub(crate) database_instances: u32,
}

#[derive(Debug, Serialize)]
pub(crate) struct OnPremises {
    #[serde(flatten)]
    common: Common,
    hosts: Vec<Machine>,
    ssh_private_key_file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_join_token_file: Option<&'static str>,
    database_password_file: &'static str,
}

#[derive(Debug, Serialize)]
pub(crate) struct Managed {
    #[serde(flatten)]
    common: Common,
    cluster: Cluster,
    database: Database,
}

#[derive(Debug, Serialize)]
struct Cluster {
    name: String,
    endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_class: Option<String>,
}

#[derive(Debug, Serialize)]
struct Database {
    host: String,
    port: u16,
    name: String,
    user: String,
    credentials: Credentials,
}

#[derive(Debug, Serialize)]
struct Credentials {
    kind: &'static str,
    reference: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_key: Option<String>,
}

/// The variables of the definition's root.
///
/// # Errors
/// Something that the root needs and the definition does not say.
pub(crate) fn of(settings: &Settings, infrastructure: &Infrastructure) -> Result<Variables, Failure> {
    let common = Common {
        name: settings.hub.metadata.name.clone(),
        environment: settings.environment.clone(),
        payments_per_second: settings.hub.sizing.payments_per_second,
        // Lifted for one destroy by a flag, never by a file that somebody may keep.
        deletion_protection: true,
        tags: infrastructure.tags.clone(),
    };
    Ok(match infrastructure.root {
        definition::InfrastructureRoot::Aws => Variables::Aws(Box::new(aws(common, &settings.hub, infrastructure)?)),
        definition::InfrastructureRoot::OnPremises => {
            Variables::OnPremises(Box::new(on_premises(common, settings, infrastructure)?))
        }
        definition::InfrastructureRoot::Managed => Variables::Managed(Box::new(managed(common, infrastructure)?)),
    })
}

fn aws(common: Common, hub: &Hub, infrastructure: &Infrastructure) -> Result<Aws, Failure> {
    // The estate has a PostgreSQL database, so it is sized for a hub that uses it, whichever store the hub has so far.
    let mut sized = hub.clone();
    sized.store.kind = StoreKind::Postgres;
    let size = size(&sized);
    let nodes = size.cluster_nodes.max(LEAST_NODES);
    Ok(Aws {
        common,
        region: given("region", infrastructure.region.clone(), "region: eu-west-1")?,
        network_cidr: given("network", infrastructure.network.clone(), "network: \"10.0.0.0/16\"")?,
        node_instance_type: size.aws.node_class.to_owned(),
        node_count_min: nodes,
        node_count_max: nodes.saturating_mul(MOST_NODES),
        database_instance_class: size.aws.database_class.to_owned(),
        database_instances: DATABASE_INSTANCES,
    })
}

fn on_premises(common: Common, settings: &Settings, infrastructure: &Infrastructure) -> Result<OnPremises, Failure> {
    let ssh_private_key_file = hosts::key_file(&infrastructure.hosts)?;
    let hosts = hosts::machines(&infrastructure.hosts, &settings.known_hosts)?;
    let several = hosts::in_cluster(&infrastructure.hosts).count() > 1;
    Ok(OnPremises {
        common,
        hosts,
        ssh_private_key_file,
        cluster_join_token_file: several.then_some(hosts::JOIN_TOKEN_FILE),
        database_password_file: hosts::PASSWORD_FILE,
    })
}

fn managed(common: Common, infrastructure: &Infrastructure) -> Result<Managed, Failure> {
    let example = "cluster: {name: hub, endpoint: \"https://kubernetes.example.com:6443\"}";
    let ExistingCluster { name, endpoint, storage_class } = given("cluster", infrastructure.cluster.clone(), example)?;
    let example =
        "database: {host: database.example.com, name: hub, user: hub, passwordFrom: {secret: hub-database/password}}";
    let database = given("database", infrastructure.database.clone(), example)?;
    let credentials = credentials(&database)?;
    let ExistingDatabase { host, port, name: database_name, user, .. } = database;
    Ok(Managed {
        common,
        cluster: Cluster { name, endpoint, storage_class },
        database: Database { host, port, name: database_name, user, credentials },
    })
}

/// Where the password is; never the password.
fn credentials(database: &ExistingDatabase) -> Result<Credentials, Failure> {
    Ok(match &database.password_from {
        SecretReference::Secret(place) => {
            let (name, key) = place.split_once('/').unwrap_or((place, "password"));
            Credentials {
                kind: "kubernetes-secret",
                reference: format!("{NAMESPACE}/{name}"),
                password_key: Some(key.to_owned()),
            }
        }
        SecretReference::File(path) => Credentials { kind: "file", reference: path.clone(), password_key: None },
        SecretReference::Env(name) => {
            let wrong = format!(
                "infrastructure.database.passwordFrom: found the environment variable {name}, expected a secret or a file"
            );
            return Err(Failure::usage(wrong)
                .hint("a hub in a cluster has no environment of yours: passwordFrom: {secret: NAME/KEY}"));
        }
    })
}

fn given<T>(field: &str, value: Option<T>, example: &str) -> Result<T, Failure> {
    value.ok_or_else(|| {
        Failure::usage(format!("infrastructure.{field} is missing: this root needs it"))
            .hint(format!("write {example}"))
    })
}

/// From where in the definition a variable comes; `None` for one that the definition does not set.
pub(crate) fn path(variable: &str) -> Option<&'static str> {
    Some(match variable {
        "name" => "metadata.name",
        "payments_per_second"
        | "node_instance_type"
        | "node_count_min"
        | "node_count_max"
        | "database_instance_class"
        | "database_instances" => "sizing.paymentsPerSecond",
        "region" => "infrastructure.region",
        "network_cidr" => "infrastructure.network",
        "tags" => "infrastructure.tags",
        "hosts" => "infrastructure.hosts",
        "ssh_private_key_file" => "infrastructure.hosts[0].keyFile",
        "cluster" => "infrastructure.cluster",
        "database" => "infrastructure.database",
        _ => return None,
    })
}
