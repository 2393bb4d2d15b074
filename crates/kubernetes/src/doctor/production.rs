//! What production needs beside what everybody needs.

use std::collections::BTreeSet;

use definition::StoreKind;
use k8s_openapi::api::{
    core::v1::{LimitRange, Namespace, Node, ResourceQuota},
    storage::v1::StorageClass,
};
use kube::{
    Api,
    api::{ListParams, ObjectMeta},
};
use operations::{Failure, Finding};

use crate::{
    Cluster, Engine,
    client::{innermost, refused},
    quantity::parse,
    wanted::Wanted,
};

/// Minor versions that are supported upstream: the newest and two before. The newest that was known when this was written.
const NEWEST_MINOR: u32 = 37;
const SUPPORTED: u32 = 3;
/// A kubelet may be this many minor versions older than the API server.
const SKEW: u32 = 3;
/// A hub that survives the loss of a node, or of a zone, needs this many.
const NODES: usize = 3;
const ZONE: &str = "topology.kubernetes.io/zone";
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

/// Findings that only production has.
pub async fn production(engine: &Engine) -> Vec<Finding> {
    let mut findings = definition(engine);
    let (Ok(cluster), Ok(wanted)) = (engine.cluster().await, engine.wanted(None)) else { return findings };
    findings.push(support(cluster));
    let looked = [
        ("nodes", nodes(cluster).await),
        ("volumes", volumes(cluster, &wanted).await),
        ("quota", quota(cluster, &wanted).await),
        ("pod-security", pod_security(cluster).await),
    ];
    findings.extend(looked.into_iter().map(|(id, found)| {
        found.unwrap_or_else(|failure: Failure| {
            Finding::warning(id, failure.message, "the user of this kubeconfig may lack the permission to look")
        })
    }));
    findings
}

/// What the definition itself says against production.
fn definition(engine: &Engine) -> Vec<Finding> {
    let hub = engine.settings.hub();
    let mut findings = Vec::new();
    findings.push(match hub.store.kind {
        StoreKind::Sqlite => Finding::warning(
            "store",
            "SQLite keeps the books on one node: while that node is away, so is the hub",
            "store.kind: postgres is the store for production; it is not available in containers yet",
        ),
        StoreKind::Postgres => Finding::ok("store", "PostgreSQL"),
    });
    let simulated = hub.participants.iter().filter(|one| matches!(one.endpoint, definition::Endpoint::Simulator(_)));
    let names: Vec<&str> = simulated.map(|one| one.name.as_str()).collect();
    findings.push(match hub.components.simulators && !names.is_empty() {
        true => Finding::warning(
            "simulators",
            format!("simulated FSPs would take part in the scheme, with its money: {}", names.join(", ")),
            "components.simulators: false, and an `endpoint` for each participant",
        ),
        false => Finding::ok("simulators", "there are none"),
    });
    findings
}

fn support(cluster: &Cluster) -> Finding {
    const ID: &str = "support";
    let (minor, oldest) = (cluster.version.minor, NEWEST_MINOR + 1 - SUPPORTED);
    if minor < oldest {
        let message =
            format!("{} gets no security fixes upstream any more (1.{oldest} and later do)", cluster.version.text);
        return Finding::warning(ID, message, "upgrade the cluster, one minor version at a time");
    }
    Finding::ok(ID, format!("{} gets security fixes", cluster.version.text))
}

async fn nodes(cluster: &Cluster) -> Result<Finding, Failure> {
    let nodes: Api<Node> = Api::all(cluster.client.clone());
    let nodes = nodes.list(&ListParams::default()).await.map_err(|error| refused("list the nodes", &error))?.items;
    Ok(judge_nodes(&nodes, cluster.version.minor))
}

fn judge_nodes(nodes: &[Node], minor: u32) -> Finding {
    const ID: &str = "nodes";
    let kubelet = |node: &Node| node.status.as_ref()?.node_info.as_ref().map(|info| info.kubelet_version.clone());
    let skewed = nodes.iter().filter_map(|node| {
        let version = kubelet(node)?;
        let its: u32 = version.split('.').nth(1)?.parse().ok()?;
        (its > minor || its + SKEW < minor).then(|| format!("{} {version}", name(&node.metadata)))
    });
    let skewed: Vec<String> = skewed.collect();
    if !skewed.is_empty() {
        let message = format!("kubelets that do not fit the API server's 1.{minor}: {}", skewed.join(", "));
        return Finding::error(
            ID,
            message,
            "upgrade these nodes: a kubelet is at most three minor versions older, never newer",
        );
    }
    let zones: BTreeSet<&String> = nodes.iter().filter_map(|node| node.metadata.labels.as_ref()?.get(ZONE)).collect();
    let found = format!("nodes: {}, zones: {}", nodes.len(), zones.len());
    match nodes.len() >= NODES && zones.len() >= NODES {
        true => Finding::ok(ID, found),
        false => Finding::warning(
            ID,
            found,
            format!("{NODES} nodes, each in a zone of its own (label {ZONE}), survive the loss of any one"),
        ),
    }
}

async fn volumes(cluster: &Cluster, wanted: &Wanted) -> Result<Finding, Failure> {
    const ID: &str = "volumes";
    let classes: Api<StorageClass> = Api::all(cluster.client.clone());
    let classes = classes.list(&ListParams::default()).await;
    let classes = classes.map_err(|error| refused("list the storage classes", &error))?.items;
    let named = wanted.values.hub.persistence.storage_class_name.as_deref();
    let is_it =
        |class: &&StorageClass| match named {
            Some(named) => class.metadata.name.as_deref() == Some(named),
            None => class.metadata.annotations.as_ref().is_some_and(|all| {
                all.get("storageclass.kubernetes.io/is-default-class").is_some_and(|is| is == "true")
            }),
        };
    let Some(class) = classes.iter().find(is_it) else {
        return Ok(Finding::warning(ID, "there is no storage class to look at", "see storage-class"));
    };
    Ok(judge_class(class))
}

fn judge_class(class: &StorageClass) -> Finding {
    const ID: &str = "volumes";
    let name = name(&class.metadata);
    let mut lacks = Vec::new();
    if class.reclaim_policy.as_deref() != Some("Retain") {
        lacks.push("deletes a volume with its claim (reclaimPolicy: Retain keeps it)");
    }
    if class.allow_volume_expansion != Some(true) {
        lacks.push("can't make a volume larger (allowVolumeExpansion: true)");
    }
    match lacks.is_empty() {
        true => Finding::ok(ID, format!("{name} keeps volumes and can make them larger")),
        false => Finding::warning(
            ID,
            format!("the storage class {name} {}", lacks.join(", and ")),
            "kubernetes.storageClass names a class of your own for the hub's books",
        ),
    }
}

/// Whether quotas and limits of others in the namespace leave room for the hub.
async fn quota(cluster: &Cluster, wanted: &Wanted) -> Result<Finding, Failure> {
    const ID: &str = "quota";
    let (client, namespace) = (&cluster.client, &cluster.namespace);
    let failed = |error: kube::Error| refused("read the namespace's limits", &error);
    let quotas: Api<ResourceQuota> = Api::namespaced(client.clone(), namespace);
    let ours = |metadata: &ObjectMeta| metadata.name.as_deref() == Some(wanted.names.hub());
    for quota in quotas.list(&ListParams::default()).await.map_err(failed)? {
        if !ours(&quota.metadata)
            && let Some(lack) = lack_of(&quota, wanted)
        {
            let hint = "ask for a larger quota, or take a namespace of the hub's own";
            return Ok(Finding::error(ID, format!("quota {}: {lack}", name(&quota.metadata)), hint));
        }
    }
    let ranges: Api<LimitRange> = Api::namespaced(client.clone(), namespace);
    for range in ranges.list(&ListParams::default()).await.map_err(failed)? {
        let limits = range.spec.iter().flat_map(|spec| spec.limits.iter()).filter(|limit| limit.type_ == "Container");
        for (resource, most) in limits.flat_map(|limit| limit.max.iter().flatten()) {
            let asked = wanted.values.hub.resources.limits.get(resource).and_then(|quantity| parse(&quantity.text()));
            if !ours(&range.metadata) && asked > parse(&most.0) {
                let message = format!("limit range {} allows {} {resource} at most", name(&range.metadata), most.0);
                return Ok(Finding::error(ID, message, "ask for a larger one, or take a namespace of the hub's own"));
            }
        }
    }
    Ok(Finding::ok(ID, format!("nothing in namespace {namespace} limits the hub below what it needs")))
}

fn lack_of(quota: &ResourceQuota, wanted: &Wanted) -> Option<String> {
    let status = quota.status.as_ref()?;
    for (key, hard) in status.hard.iter().flatten() {
        let (kind, resource) = key.split_once('.').unwrap_or(("requests", key));
        let resources = &wanted.values.hub.resources;
        let asked = if kind == "limits" { &resources.limits } else { &resources.requests };
        let Some(asked) = asked.get(resource).and_then(|quantity| parse(&quantity.text())) else { continue };
        let used = status.used.as_ref().and_then(|used| parse(&used.get(key)?.0)).unwrap_or(0);
        if parse(&hard.0).is_some_and(|hard| hard < asked) || parse(&hard.0).is_some_and(|hard| used > hard) {
            return Some(format!("{key} is {}, and the hub alone asks for more", hard.0));
        }
    }
    None
}

async fn pod_security(cluster: &Cluster) -> Result<Finding, Failure> {
    const ID: &str = "pod-security";
    let namespaces: Api<Namespace> = Api::all(cluster.client.clone());
    let there = namespaces.get_opt(&cluster.namespace).await;
    let there = there.map_err(|error| Failure::failed(innermost(&error)))?;
    let Some(namespace) = there else {
        return Ok(Finding::ok(ID, format!("namespace {} will be made, with {ENFORCE}=restricted", cluster.namespace)));
    };
    let level = namespace.metadata.labels.and_then(|labels| labels.get(ENFORCE).cloned());
    Ok(match level.as_deref() {
        Some("restricted") => Finding::ok(ID, "the namespace takes only restricted pods"),
        other => Finding::warning(
            ID,
            format!("the namespace enforces {} pods", other.unwrap_or("no standard for")),
            format!("kubectl label namespace {} {ENFORCE}=restricted", cluster.namespace),
        ),
    })
}

fn name(metadata: &ObjectMeta) -> String {
    metadata.name.clone().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use operations::Severity;
    use serde_json::json;

    use super::*;

    fn node(zone: &str, version: &str) -> Node {
        serde_json::from_value(json!({"metadata": {"name": zone, "labels": {ZONE: zone}}, "status": {"nodeInfo": {
            "kubeletVersion": version, "machineID": "", "systemUUID": "", "bootID": "", "kernelVersion": "",
            "osImage": "", "containerRuntimeVersion": "", "kubeProxyVersion": "", "operatingSystem": "", "architecture": ""}}}))
        .unwrap()
    }

    #[test]
    fn three_zones_are_wanted_and_versions_must_fit() {
        let three = ["a", "b", "c"].map(|zone| node(zone, "v1.36.1"));
        assert_eq!(judge_nodes(&three, 36).severity, Severity::Ok);
        assert_eq!(judge_nodes(&three[..2], 36).severity, Severity::Warning);
        assert_eq!(judge_nodes(&three, 40).severity, Severity::Error);
        assert_eq!(judge_nodes(&three, 35).severity, Severity::Error);
    }

    #[test]
    fn a_class_that_deletes_books_is_said() {
        let class = |policy: &str, expands: bool| -> StorageClass {
            serde_json::from_value(json!({"metadata": {"name": "a"}, "provisioner": "p", "reclaimPolicy": policy,
                "allowVolumeExpansion": expands}))
            .unwrap()
        };
        assert_eq!(judge_class(&class("Retain", true)).severity, Severity::Ok);
        let bad = judge_class(&class("Delete", false));
        assert_eq!(bad.severity, Severity::Warning);
        assert!(bad.message.contains("deletes a volume") && bad.message.contains("can't make a volume larger"));
    }
}
