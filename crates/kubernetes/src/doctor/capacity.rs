//! Whether a node has room for the hub.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{Node, Pod},
    apimachinery::pkg::api::resource::Quantity,
};
use kube::{Api, api::ListParams};
use operations::{Failure, Finding};

use crate::{
    Cluster,
    client::refused,
    quantity::{self, parse},
    wanted::Wanted,
};

/// CPU and memory, in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Room {
    cpu: u128,
    memory: u128,
}

impl Room {
    fn of(amounts: Option<&BTreeMap<String, Quantity>>) -> Room {
        let amount = |name: &str| amounts.and_then(|all| parse(&all.get(name)?.0)).unwrap_or(0);
        Room { cpu: amount("cpu"), memory: amount("memory") }
    }

    fn less(self, other: Room) -> Room {
        Room { cpu: self.cpu.saturating_sub(other.cpu), memory: self.memory.saturating_sub(other.memory) }
    }

    fn more(self, other: Room) -> Room {
        Room { cpu: self.cpu + other.cpu, memory: self.memory + other.memory }
    }

    fn holds(self, other: Room) -> bool {
        self.cpu >= other.cpu && self.memory >= other.memory
    }

    fn words(self) -> String {
        format!("{} and {}", quantity::cpu(self.cpu), quantity::memory(self.memory))
    }
}

pub(super) async fn look(cluster: &Cluster, wanted: &Wanted) -> Result<Finding, Failure> {
    let nodes: Api<Node> = Api::all(cluster.client.clone());
    let nodes = nodes.list(&ListParams::default()).await.map_err(|error| refused("list the nodes", &error))?.items;
    let pods: Api<Pod> = Api::all(cluster.client.clone());
    let pods = pods.list(&ListParams::default()).await.map_err(|error| refused("list all pods", &error))?.items;
    let is_ours = |pod: &Pod| {
        let labels = pod.metadata.labels.as_ref();
        let instance = labels.and_then(|labels| labels.get("app.kubernetes.io/instance"));
        pod.metadata.namespace.as_ref() == Some(&cluster.namespace) && instance == Some(&wanted.names.release)
    };
    let others: Vec<&Pod> = pods.iter().filter(|pod| !is_ours(pod)).collect();
    Ok(judge(&nodes, &others, needed(wanted), needed_at_most(wanted)))
}

/// What the hub asks for on one node.
fn needed(wanted: &Wanted) -> Room {
    let requests = &wanted.values.hub.resources.requests;
    let amount = |name: &str| requests.get(name).and_then(|quantity| parse(&quantity.text())).unwrap_or(0);
    Room { cpu: amount("cpu"), memory: amount("memory") }
}

/// What hub, simulators and the pods of jobs and checks ask for together.
fn needed_at_most(wanted: &Wanted) -> Room {
    let mut all = needed(wanted);
    let values = &wanted.values;
    for resources in [&values.simulators.resources, &values.provisioning.resources, &values.test.resources] {
        let amount =
            |name: &str| resources.requests.get(name).and_then(|quantity| parse(&quantity.text())).unwrap_or(0);
        all = all.more(Room { cpu: amount("cpu"), memory: amount("memory") });
    }
    all
}

fn judge(nodes: &[Node], others: &[&Pod], hub: Room, all: Room) -> Finding {
    const ID: &str = "capacity";
    let free: Vec<Room> = nodes.iter().filter(|node| takes_pods(node)).map(|node| free_of(node, others)).collect();
    let count = free.len();
    if count == 0 {
        let hint = "`kubectl get nodes` shows which are not ready, cordoned or tainted";
        return Finding::error(ID, format!("none of {} nodes takes pods", nodes.len()), hint);
    }
    let together = free.iter().fold(Room::default(), |sum, room| sum.more(*room));
    let freest = free.iter().copied().max_by_key(|room| (room.holds(hub), room.memory, room.cpu)).unwrap_or_default();
    if !freest.holds(hub) {
        let message = format!("the hub needs {} on one node; the freest has {} left", hub.words(), freest.words());
        return Finding::error(ID, message, "a larger node, or a smaller `sizing.paymentsPerSecond`");
    }
    if !together.holds(all) {
        let message = format!("all pods together need {}; the nodes have {} left", all.words(), together.words());
        return Finding::error(ID, message, "a larger node or another one");
    }
    let plural = if count == 1 { "node has" } else { "nodes have" };
    Finding::ok(ID, format!("needs {}; {count} {plural} {} left", all.words(), together.words()))
}

/// Whether pods without tolerations are put there.
fn takes_pods(node: &Node) -> bool {
    let spec = node.spec.as_ref();
    let cordoned = spec.and_then(|spec| spec.unschedulable).unwrap_or(false);
    let tainted =
        spec.iter().flat_map(|spec| spec.taints.iter().flatten()).any(|taint| taint.effect != "PreferNoSchedule");
    let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let ready = conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True");
    ready && !cordoned && !tainted
}

fn free_of(node: &Node, others: &[&Pod]) -> Room {
    let allocatable = Room::of(node.status.as_ref().and_then(|status| status.allocatable.as_ref()));
    let there = |pod: &&&Pod| {
        let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
        let spec = pod.spec.as_ref();
        spec.and_then(|spec| spec.node_name.as_ref()) == node.metadata.name.as_ref()
            && !matches!(phase, Some("Succeeded" | "Failed"))
    };
    others.iter().filter(there).fold(allocatable, |free, pod| free.less(asked_by(pod)))
}

fn asked_by(pod: &Pod) -> Room {
    let containers = pod.spec.iter().flat_map(|spec| spec.containers.iter());
    containers.fold(Room::default(), |sum, container| {
        sum.more(Room::of(container.resources.as_ref().and_then(|resources| resources.requests.as_ref())))
    })
}

#[cfg(test)]
mod tests {
    use operations::Severity;
    use serde_json::json;

    use super::*;

    fn node(cpu: &str, memory: &str, ready: &str) -> Node {
        serde_json::from_value(json!({"metadata": {"name": "a"}, "status": {
            "allocatable": {"cpu": cpu, "memory": memory}, "conditions": [{"type": "Ready", "status": ready}]}}))
        .unwrap()
    }

    fn pod(cpu: &str) -> Pod {
        serde_json::from_value(json!({"metadata": {"name": "p"}, "spec": {"nodeName": "a", "containers": [
            {"name": "c", "resources": {"requests": {"cpu": cpu, "memory": "64Mi"}}}]}}))
        .unwrap()
    }

    fn room(cpu: u128, mebibytes: u128) -> Room {
        Room { cpu, memory: mebibytes * (1_000 << 20) }
    }

    #[test]
    fn a_node_that_is_too_small_is_said_with_figures() {
        let hub = room(250, 128);
        let small = judge(&[node("200m", "1Gi", "True")], &[], hub, hub);
        assert_eq!(small.severity, Severity::Error);
        assert_eq!(
            small.message,
            "the hub needs 250m CPU and 128 MiB on one node; the freest has 200m CPU and 1024 MiB left"
        );
        assert_eq!(judge(&[node("2", "1Gi", "True")], &[], hub, hub).severity, Severity::Ok);
    }

    #[test]
    fn what_others_asked_for_is_taken() {
        let hub = room(250, 128);
        let (busy, pods) = (node("1", "1Gi", "True"), [pod("800m")]);
        let others: Vec<&Pod> = pods.iter().collect();
        assert_eq!(judge(&[busy], &others, hub, hub).severity, Severity::Error);
    }

    #[test]
    fn nodes_that_are_not_ready_do_not_count() {
        let found = judge(&[node("8", "8Gi", "False")], &[], room(1, 1), room(1, 1));
        assert_eq!((found.severity, found.message.as_str()), (Severity::Error, "none of 1 nodes takes pods"));
    }
}
