//! What each Terraform root needs, and what it cannot use.

use crate::{formats, meaning, node::View, problem::Problem};

/// What belongs to a root, besides `root` and `tags`.
struct Root {
    name: &'static str,
    needs: &'static [&'static str],
    may_have: &'static [&'static str],
}

const ROOTS: [Root; 3] = [
    Root { name: "aws", needs: &["region", "network"], may_have: &["state"] },
    Root { name: "on-premises", needs: &["hosts"], may_have: &[] },
    Root { name: "managed", needs: &["cluster", "database"], may_have: &[] },
];
/// Network sizes that a VPC's subnets in three zones fit in, and that AWS allows.
const AWS_NETWORK_BITS: std::ops::RangeInclusive<u32> = 16..=20;

pub(super) fn check(root: &View<'_>, problems: &mut Vec<Problem>) {
    let infrastructure = root.get("infrastructure");
    let name = infrastructure.get("root");
    let Some(kind) = ROOTS.iter().find(|kind| name.text() == Some(kind.name)) else { return };
    for key in kind.needs {
        let view = infrastructure.get(key);
        if !view.exists() {
            problems.push(meaning::problem(&view, format!("is missing: the root {} needs it", kind.name)));
        }
    }
    for (key, view) in infrastructure.entries() {
        let owner = ROOTS.iter().find(|root| root.needs.contains(&key) || root.may_have.contains(&key));
        if let Some(owner) = owner.filter(|owner| owner.name != kind.name && view.exists()) {
            let message = format!("belongs to the root {}, but infrastructure.root is {}", owner.name, kind.name);
            problems.push(meaning::problem(&view, message).hint("take it away, or change the root"));
        }
    }
    match kind.name {
        "aws" => network(&infrastructure.get("network"), problems),
        "on-premises" => hosts(&infrastructure.get("hosts"), problems),
        _ => {}
    }
}

fn network(network: &View<'_>, problems: &mut Vec<Problem>) {
    let Some((_, bits)) = network.text().and_then(formats::network) else { return };
    if !AWS_NETWORK_BITS.contains(&bits) {
        let message = format!("found a /{bits}, expected a network from /16 to /20");
        problems.push(meaning::problem(network, message));
    }
}

fn hosts(hosts: &View<'_>, problems: &mut Vec<Problem>) {
    let items = hosts.items();
    meaning::unique(items.iter().map(|host| host.get("name")), str::to_owned, "the host", problems);
    meaning::unique(items.iter().map(|host| host.get("address")), str::to_lowercase, "the address", problems);
    let runs_pods = |host: &View<'_>| host.get("roles").items().iter().any(|role| role.text() == Some("cluster"));
    if hosts.exists() && !items.iter().any(runs_pods) {
        let message = "no host has the role cluster, expected at least one";
        problems.push(meaning::problem(hosts, message).hint("roles: [cluster]"));
    }
    for host in &items {
        meaning::unique(host.get("roles").items().into_iter(), str::to_owned, "the role", problems);
    }
}
