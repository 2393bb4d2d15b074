//! What is looked at before anything is begun: what both tools need, and the parts of what one of them adds.

mod capacity;
mod permissions;
mod production;

use image::Source;
use k8s_openapi::api::{core::v1::Service, storage::v1::StorageClass};
use kube::{Api, api::ListParams};
use operations::{Failure, Finding};

pub use self::production::production;
use crate::{Cluster, Engine, HelmProgram, client::refused, helm_program::Release, storage, wanted::Wanted};

/// The oldest Kubernetes that the chart works with.
const OLDEST_MINOR: u32 = 25;

/// What every tool needs: a cluster that answers, helm, an image, permissions, room, a volume, free names and ports.
pub async fn common(engine: &Engine) -> Vec<Finding> {
    let mut findings = vec![image(engine)];
    let helm = match HelmProgram::find().await {
        Ok(helm) => {
            findings.push(Finding::ok("helm", helm.text()));
            Some(helm)
        }
        Err(finding) => {
            findings.push(finding);
            None
        }
    };
    let cluster = match Cluster::connect(&engine.settings).await {
        Ok(cluster) => cluster,
        Err(no) => {
            findings.push(no.finding());
            return findings;
        }
    };
    let wanted = match engine.wanted(None) {
        Ok(wanted) => wanted,
        Err(failure) => {
            findings.push(Finding::error("definition", failure.message, failure.hint.unwrap_or_default()));
            return findings;
        }
    };
    findings.push(version(&cluster));
    findings.push(told("permissions", permissions::look(&cluster).await));
    findings.push(told("capacity", capacity::look(&cluster, &wanted).await));
    findings.push(told("storage-class", storage_class(&cluster, &wanted).await));
    findings.extend(node_port(&cluster, &wanted).await.unwrap_or_else(|failure| Some(unknown("node-port", failure))));
    if let Some(helm) = helm {
        findings.push(told("release", release(&cluster, &helm, &engine.settings.name).await));
    }
    findings.push(callbacks(&wanted));
    findings.push(Finding::ok(
        "network-policies",
        "whether the cluster enforces them can't be asked; `verify` tries it: its check forbidden-flow",
    ));
    findings
}

fn told(id: &str, found: Result<Finding, Failure>) -> Finding {
    found.unwrap_or_else(|failure| unknown(id, failure))
}

fn unknown(id: &str, failure: Failure) -> Finding {
    let hint = failure.hint.unwrap_or_else(|| "the user of this kubeconfig may lack the permission to look".to_owned());
    Finding::warning(id, failure.message, hint)
}

fn image(engine: &Engine) -> Finding {
    const ID: &str = "image";
    match (Source::find(engine.settings.image.as_deref()), &engine.settings.image_load) {
        (Ok(Source::Reference(reference)), _) => {
            Finding::ok(ID, format!("{reference}, which the nodes must have or can pull"))
        }
        (Ok(Source::Checkout(checkout)), Some(command)) => {
            Finding::ok(ID, format!("is built from {} and loaded by `{command}`", checkout.root().display()))
        }
        (Ok(Source::Checkout(checkout)), None) => Finding::error(
            ID,
            format!("it is built from {}, and the nodes do not have it", checkout.root().display()),
            "--image-load COMMAND puts it on them (microk8s: `microk8s images import`), or --image names one that they can pull",
        ),
        (Err(failure), _) => Finding::error(ID, failure.message, failure.hint.unwrap_or_default()),
    }
}

fn version(cluster: &Cluster) -> Finding {
    let (text, context) = (&cluster.version.text, &cluster.context);
    if cluster.version.major == 1 && cluster.version.minor < OLDEST_MINOR {
        let hint = format!("upgrade the cluster to 1.{OLDEST_MINOR} or later");
        return Finding::error("kubernetes", format!("{text} is too old"), hint);
    }
    Finding::ok("kubernetes", format!("{text} at {} (context {context})", cluster.config.cluster_url))
}

async fn storage_class(cluster: &Cluster, wanted: &Wanted) -> Result<Finding, Failure> {
    const ID: &str = "storage-class";
    let classes = storage::classes(cluster).await?;
    let name = |class: &StorageClass| class.metadata.name.clone().unwrap_or_default();
    let names: Vec<String> = classes.iter().map(name).collect();
    let size = wanted.values.hub.persistence.size.text();
    let hint = match names.is_empty() {
        true => "install a provisioner of volumes (microk8s: `microk8s enable hostpath-storage`)".to_owned(),
        false => format!("kubernetes.storageClass names one of: {}", names.join(", ")),
    };
    let named = wanted.values.hub.persistence.storage_class_name.as_deref();
    let Some(class) = storage::chosen(&classes, named) else {
        let missing = named.map_or_else(
            || "the cluster has no default storage class".to_owned(),
            |class| format!("the cluster has no storage class {class}"),
        );
        return Ok(Finding::error(ID, missing, hint));
    };
    let default = if named.is_none() { ", the cluster's default" } else { "" };
    let message = format!("{}{default}, for a volume of {size}", name(class));
    Ok(match (storage::ignores_owner(class), storage::has_user_namespaces(cluster)) {
        (false, _) => Finding::ok(ID, message),
        (true, true) => Finding::ok(ID, format!("{message}; its folders are root's: the hub gets a user namespace")),
        (true, false) => Finding::error(
            ID,
            format!("{message}: its provisioner ignores fsGroup, and the hub could not write"),
            "kubernetes.storageClass names another class, or upgrade the cluster to 1.33 or later",
        ),
    })
}

/// Whether another service has the node port that is wanted.
async fn node_port(cluster: &Cluster, wanted: &Wanted) -> Result<Option<Finding>, Failure> {
    const ID: &str = "node-port";
    let Some(port) = wanted.values.external.node_port.filter(|_| wanted.values.external.enabled) else {
        return Ok(None);
    };
    let services: Api<Service> = Api::all(cluster.client.clone());
    let services = services.list(&ListParams::default()).await;
    let services = services.map_err(|error| refused("list all services", &error))?;
    let (ours, namespace) = (wanted.names.external(), &cluster.namespace);
    let has_it = |service: &&Service| {
        let ports = service.spec.iter().flat_map(|spec| spec.ports.iter().flatten());
        ports.into_iter().any(|one| one.node_port == Some(i32::from(port)))
    };
    let is_ours = |service: &Service| {
        service.metadata.name.as_ref() == Some(&ours) && service.metadata.namespace.as_ref() == Some(namespace)
    };
    Ok(Some(match services.iter().find(has_it) {
        Some(other) if !is_ours(other) => {
            let (place, name) = (other.metadata.namespace.clone(), other.metadata.name.clone());
            let owner = format!("{}/{}", place.unwrap_or_default(), name.unwrap_or_default());
            let hint = "kubernetes.exposure.nodePort: another one, or leave it out and the cluster chooses";
            Finding::error(ID, format!("port {port} belongs to the service {owner}"), hint)
        }
        _ => Finding::ok(ID, format!("port {port} is free, or the release's own")),
    }))
}

/// Whether a release of this name is something else.
async fn release(cluster: &Cluster, helm: &HelmProgram, name: &str) -> Result<Finding, Failure> {
    const ID: &str = "release";
    let history = Release::new(helm.clone(), cluster, name).history().await?;
    Ok(match history.last() {
        None => Finding::ok(ID, format!("{name} is not there yet, in namespace {}", cluster.namespace)),
        Some(last) if !last.chart.starts_with("mojaloop-hub-") => {
            let hint = "another metadata.name in the definition, or another --namespace";
            Finding::error(ID, format!("{name} is there and is a release of the chart {}", last.chart), hint)
        }
        Some(last) => Finding::ok(ID, format!("{name} is there: revision {}, {}", last.revision, last.status)),
    })
}

/// FSPs outside the cluster that the network policies would not let the hub call.
fn callbacks(wanted: &Wanted) -> Finding {
    const ID: &str = "callbacks";
    let outside = wanted.scheme.participants.iter().filter(|participant| !participant.simulated);
    let names: Vec<&str> = outside.map(|participant| participant.name.as_str()).collect();
    match names.is_empty() || !wanted.values.network_policy.callbacks.is_empty() {
        true => Finding::ok(ID, "the hub may call every FSP of the definition"),
        false => Finding::warning(
            ID,
            format!("the hub may call nothing outside of the cluster, and these FSPs are there: {}", names.join(", ")),
            "kubernetes.callbacks: [{cidr: …, ports: […]}] names where they are",
        ),
    }
}
