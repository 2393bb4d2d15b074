//! What runs, where, how healthy, which URLs.

use k8s_openapi::api::core::v1::{Node, PersistentVolumeClaim, Pod, Service, ServicePort};
use kube::{
    Api,
    api::{ListParams, ObjectMeta},
};
use operations::{Failure, Report};
use serde::Serialize;

use crate::{Cluster, client::refused, helm_program::Release, names::Names, rollout::is_check};

#[derive(Serialize)]
struct Status {
    release: Option<ReleaseStatus>,
    namespace: String,
    pods: Vec<PodStatus>,
    services: Vec<ServiceStatus>,
    volumes: Vec<VolumeStatus>,
    urls: Vec<String>,
}

#[derive(Serialize)]
struct ReleaseStatus {
    name: String,
    revision: u64,
    status: String,
    chart: String,
    updated: String,
}

#[derive(Serialize)]
struct PodStatus {
    name: String,
    component: String,
    node: String,
    phase: String,
    ready: bool,
    restarts: i32,
    age_s: i64,
}

#[derive(Serialize)]
struct ServiceStatus {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    address: String,
    ports: Vec<String>,
}

#[derive(Serialize)]
struct VolumeStatus {
    claim: String,
    phase: String,
    size: String,
    storage_class: String,
}

/// Reads what a release is made of.
pub(crate) async fn report(cluster: &Cluster, names: &Names, release: &Release) -> Result<Report, Failure> {
    let last = release.history().await?.pop();
    let release = last.map(|last| ReleaseStatus {
        name: names.release.clone(),
        revision: last.revision,
        status: last.status,
        chart: last.chart,
        updated: last.updated,
    });
    let services = list::<Service>(cluster, names).await?;
    let status = Status {
        release,
        namespace: cluster.namespace.clone(),
        pods: list::<Pod>(cluster, names).await?.iter().filter(|pod| !is_check(pod)).map(of_pod).collect(),
        services: services.iter().map(of_service).collect(),
        volumes: list::<PersistentVolumeClaim>(cluster, names).await?.iter().map(of_claim).collect(),
        urls: urls(cluster, &services).await?,
    };
    let text = text(&status);
    Report::new("Status", &status, text)
}

async fn list<K>(cluster: &Cluster, names: &Names) -> Result<Vec<K>, Failure>
where
    K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + serde::de::DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(cluster.client.clone(), &cluster.namespace);
    let ours = ListParams::default().labels(&names.selector());
    let list = api.list(&ours).await.map_err(|error| refused("list what runs", &error))?;
    Ok(list.items)
}

fn name(metadata: &ObjectMeta) -> String {
    metadata.name.clone().unwrap_or_default()
}

fn of_pod(pod: &Pod) -> PodStatus {
    let status = pod.status.clone().unwrap_or_default();
    let labels = pod.metadata.labels.clone().unwrap_or_default();
    let conditions = status.conditions.unwrap_or_default();
    let created = pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
    PodStatus {
        name: name(&pod.metadata),
        component: labels.get("app.kubernetes.io/component").cloned().unwrap_or_default(),
        node: pod.spec.as_ref().and_then(|spec| spec.node_name.clone()).unwrap_or_default(),
        phase: status.phase.unwrap_or_default(),
        ready: conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True"),
        restarts: status.container_statuses.iter().flatten().map(|container| container.restart_count).sum(),
        age_s: created.map_or(0, |created| jiff::Timestamp::now().duration_since(created).as_secs().max(0)),
    }
}

fn of_service(service: &Service) -> ServiceStatus {
    let spec = service.spec.clone().unwrap_or_default();
    let port = |port: &ServicePort| match port.node_port {
        Some(node_port) => format!("{}:{node_port}", port.port),
        None => port.port.to_string(),
    };
    ServiceStatus {
        name: name(&service.metadata),
        kind: spec.type_.unwrap_or_default(),
        address: spec.cluster_ip.unwrap_or_default(),
        ports: spec.ports.iter().flatten().map(port).collect(),
    }
}

fn of_claim(claim: &PersistentVolumeClaim) -> VolumeStatus {
    let status = claim.status.clone().unwrap_or_default();
    let size = status.capacity.and_then(|capacity| capacity.get("storage").map(|size| size.0.clone()));
    VolumeStatus {
        claim: name(&claim.metadata),
        phase: status.phase.unwrap_or_default(),
        size: size.unwrap_or_default(),
        storage_class: claim.spec.as_ref().and_then(|spec| spec.storage_class_name.clone()).unwrap_or_default(),
    }
}

/// Where FSPs outside the cluster reach the hub.
pub(crate) async fn urls(cluster: &Cluster, services: &[Service]) -> Result<Vec<String>, Failure> {
    let mut urls = Vec::new();
    for service in services {
        let spec = service.spec.clone().unwrap_or_default();
        let ports: Vec<ServicePort> = spec.ports.unwrap_or_default();
        match spec.type_.as_deref() {
            Some("NodePort") => {
                let hosts = node_addresses(cluster, spec.external_traffic_policy.as_deref() == Some("Local")).await?;
                for port in ports.iter().filter_map(|port| port.node_port) {
                    urls.extend(hosts.iter().map(|host| format!("http://{host}:{port}")));
                }
            }
            Some("LoadBalancer") => {
                let status = service.status.clone().unwrap_or_default().load_balancer.unwrap_or_default();
                let hosts = status.ingress.unwrap_or_default().into_iter().filter_map(|one| one.hostname.or(one.ip));
                urls.extend(
                    hosts.flat_map(|host| ports.iter().map(move |port| format!("http://{host}:{}", port.port))),
                );
            }
            _ => {}
        }
    }
    Ok(urls)
}

/// Addresses of nodes that are ready; with `local` only of those on which a hub runs.
async fn node_addresses(cluster: &Cluster, local: bool) -> Result<Vec<String>, Failure> {
    let nodes: Api<Node> = Api::all(cluster.client.clone());
    let nodes = nodes.list(&ListParams::default()).await.map_err(|error| refused("list the nodes", &error))?;
    let mut with_hub = Vec::new();
    if local {
        let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), &cluster.namespace);
        let hubs = ListParams::default().labels("app.kubernetes.io/component=hub");
        let pods = pods.list(&hubs).await.map_err(|error| refused("list the pods", &error))?;
        with_hub.extend(pods.items.into_iter().filter_map(|pod| pod.spec?.node_name));
    }
    let address = |node: &Node| {
        let status = node.status.clone().unwrap_or_default();
        let ready = status
            .conditions
            .iter()
            .flatten()
            .any(|condition| condition.type_ == "Ready" && condition.status == "True");
        let serves = ready && (!local || with_hub.contains(&name(&node.metadata)));
        let addresses = status.addresses.unwrap_or_default();
        let of_type =
            |kind: &str| addresses.iter().find(|address| address.type_ == kind).map(|found| found.address.clone());
        serves.then(|| of_type("ExternalIP").or_else(|| of_type("InternalIP"))).flatten()
    };
    Ok(nodes.iter().filter_map(address).collect())
}

fn text(status: &Status) -> String {
    let mut lines = Vec::new();
    match &status.release {
        None => lines.push(format!("no such release in namespace {}", status.namespace)),
        Some(release) => lines.push(format!(
            "release {} revision {} in namespace {}: {} ({})",
            release.name, release.revision, status.namespace, release.status, release.chart
        )),
    }
    for pod in &status.pods {
        let state = if pod.ready { "ready" } else { pod.phase.as_str() };
        let (name, node, restarts, age) = (&pod.name, &pod.node, pod.restarts, pod.age_s);
        lines.push(format!("pod      {name:<42} {state:<10} node {node}, {restarts} restarts, {age} s old"));
    }
    for service in &status.services {
        let ports = service.ports.join(" ");
        lines.push(format!("service  {:<42} {:<10} {} {ports}", service.name, service.kind, service.address));
    }
    for volume in &status.volumes {
        lines.push(format!(
            "volume   {:<42} {:<10} {} {}",
            volume.claim, volume.phase, volume.size, volume.storage_class
        ));
    }
    for url in &status.urls {
        lines.push(format!("FSPIOP   {url}"));
    }
    lines.join("\n")
}
