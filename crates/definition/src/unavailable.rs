//! What a definition may say already but what is not there yet. Later work deletes lines here, and nowhere else.

use crate::{
    Dialect, Endpoint, Fspiop, Hub, Implementation, JwsValidation, ModelCurrencies, Origins, Problem, SettlementKind,
    StoreKind, path,
};

/// What works now, by what does not.
#[rustfmt::skip]
pub(crate) fn list(hub: &Hub, origins: &Origins) -> Vec<Problem> {
    let mut list = List { origins, problems: Vec::new() };
    let (scheme, components) = (&hub.scheme, &hub.components);

    list.when(hub.implementation == Implementation::Upstream, "implementation", "deploying the official images (upstream)", "leave it out: this project's hub (native)");
    list.when(lacks_versions(&scheme.fspiop), "scheme.fspiop.versions", "a hub that speaks only some versions", "leave it out: all of 1.0, 1.1 and 2.0");
    list.when(scheme.fspiop.dialect == Dialect::Iso20022, "scheme.fspiop.dialect", "the dialect iso20022", "use json");
    for (index, model) in scheme.settlement_models.iter().enumerate() {
        let at = path::item("scheme.settlementModels", index);
        list.when(model.kind == SettlementKind::ImmediateGross, &format!("{at}.kind"), "settlement at once (IMMEDIATE_GROSS)", "use DEFERRED_NET");
        list.when(matches!(model.currencies, ModelCurrencies::Some(_)), &format!("{at}.currencies"), "a settlement model for some currencies", "use all");
        list.when(model.windows.is_some(), &format!("{at}.windows"), "closing settlement windows by the clock", "leave it out: close them through the settlement API");
    }
    for (index, participant) in hub.participants.iter().enumerate() {
        let at = format!("{}.endpoint", path::item("participants", index));
        list.when(needs_tls(&participant.endpoint), &at, "an endpoint with TLS or keys", "use an http:// URL or simulator");
    }
    list.when(components.ttk, "components.ttk", "the Testing Toolkit as a component", "use false; the Testing Toolkit can be run against the hub by hand");
    list.when(components.portal, "components.portal", "the portal", "use false and the hub's admin APIs");
    list.when(components.monitoring, "components.monitoring", "monitoring as a component", "use false; the hub's metrics are at /metrics on port 9100");
    list.when(components.iam, "components.iam", "identity and access management", "use false and keep the admin APIs in a private network");
    list.when(components.pm4ml, "components.pm4ml", "Payment Manager", "use false and a simulator or a participant's own adapter");
    list.problems
}

/// What works in one process on this machine and not yet in containers.
#[rustfmt::skip]
pub(crate) fn in_containers(hub: &Hub, origins: &Origins) -> Vec<Problem> {
    let mut list = List { origins, problems: Vec::new() };
    list.when(hub.scheme.jws.validate != JwsValidation::None, "scheme.jws.validate", "checking signatures in containers", "use none, or the embedded engine");
    list.problems
}

/// What works on this machine and not yet in a cluster.
#[rustfmt::skip]
pub(crate) fn in_cluster(hub: &Hub, origins: &Origins) -> Vec<Problem> {
    let mut list = List { origins, problems: Vec::new() };
    list.when(hub.scheme.jws.sign, "scheme.jws.sign", "signing messages in a cluster", "use false, or this machine: mojaloop harness up");
    list.when(hub.store.kind == StoreKind::Postgres, "store.kind", "a hub on PostgreSQL in a cluster", "use sqlite, or this machine: mojaloop harness up");
    list.problems
}

/// What works in containers and not in one process: a database comes with the containers only.
#[rustfmt::skip]
pub(crate) fn in_one_process(hub: &Hub, origins: &Origins) -> Vec<Problem> {
    let mut list = List { origins, problems: Vec::new() };
    list.when(hub.store.kind == StoreKind::Postgres && hub.store.url.is_none(), "store.url", "a database that comes with the embedded engine", "name one that is there: store.url: \"postgres://USER@HOST:PORT/DATABASE\"; or use --engine compose");
    list.problems
}

struct List<'a> {
    origins: &'a Origins,
    problems: Vec<Problem>,
}

impl List<'_> {
    fn when(&mut self, asked_for: bool, path: &str, what: &str, instead: &str) {
        if asked_for {
            let problem = Problem::new(path, &self.origins.of(path), format!("{what} is not available yet"));
            self.problems.push(problem.hint(instead));
        }
    }
}

/// Whether versions are left out; their order means nothing.
fn lacks_versions(fspiop: &Fspiop) -> bool {
    Fspiop::default().versions.iter().any(|version| !fspiop.versions.contains(version))
}

fn needs_tls(endpoint: &Endpoint) -> bool {
    match endpoint {
        Endpoint::Simulator(_) => false,
        Endpoint::Url(url) => url.starts_with("https:"),
        Endpoint::Secured(_) => true,
    }
}
