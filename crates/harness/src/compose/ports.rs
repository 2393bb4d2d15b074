//! The ports that the containers publish on this machine, and the variables that move them.

/// A published port.
#[derive(Clone, Copy)]
pub(super) struct PublishedPort {
    /// The variable in `.env`.
    pub(super) variable: &'static str,
    /// The port on this machine, unless the variable says otherwise.
    pub(super) port: u16,
    /// The port in the container.
    pub(super) inside: u16,
    /// What answers there.
    pub(super) serves: &'static str,
}

impl PublishedPort {
    /// The port on this machine where nothing else has it: that of the container, for parts of the hub.
    pub(super) fn alone(&self) -> u16 {
        if self.variable.contains("_NODE_") { self.inside } else { self.port }
    }
}

const fn port(variable: &'static str, port: u16, serves: &'static str) -> PublishedPort {
    PublishedPort { variable, port, inside: port, serves }
}

const fn mapped(variable: &'static str, port: u16, inside: u16, serves: &'static str) -> PublishedPort {
    PublishedPort { variable, port, inside, serves }
}

/// Of the hub: upstream's harness has most of them, too.
pub(super) const HUB: [PublishedPort; 11] = [
    port("FSPIOP_PORT", 3000, "FSPIOP"),
    port("LEDGER_ADMIN_PORT", 3001, "ledger admin"),
    port("QUOTING_PORT", 3002, "FSPIOP, as upstream's quoting service"),
    port("QUOTING_HANDLER_PORT", 3003, "FSPIOP, as upstream's quoting handler"),
    port("SETTLEMENT_PORT", 3007, "settlement"),
    port("BULK_PORT", 3500, "FSPIOP, as upstream's bulk adapter"),
    port("ORACLE_ADMIN_PORT", 4001, "oracle admin"),
    port("LOOKUP_PORT", 4002, "FSPIOP, as upstream's account lookup"),
    port("TRANSACTION_REQUESTS_PORT", 4003, "FSPIOP, as upstream's transaction requests"),
    port("PAGES_PORT", 8080, "pages that show payments"),
    port("OPERATIONS_PORT", 9100, "/metrics, /live, /ready"),
];

/// Of a node with the role lookup. Nodes of one role can stand beside the whole hub, so they have ports of their own.
pub(super) const LOOKUP_NODE: [PublishedPort; 1] = [mapped("LOOKUP_NODE_PORT", 14002, 4002, "lookup node: FSPIOP")];
/// Of a node with the role agreement.
pub(super) const AGREEMENT_NODE: [PublishedPort; 3] = [
    mapped("AGREEMENT_NODE_PORT", 13002, 3002, "agreement node: FSPIOP"),
    mapped("AGREEMENT_NODE_HANDLER_PORT", 13003, 3003, "agreement node: FSPIOP, as upstream's quoting handler"),
    mapped("AGREEMENT_NODE_REQUESTS_PORT", 14003, 4003, "agreement node: FSPIOP, transaction requests"),
];
/// Of a node with the role clearing.
pub(super) const CLEARING_NODE: [PublishedPort; 2] = [
    mapped("CLEARING_NODE_PORT", 13000, 3000, "clearing node: FSPIOP"),
    mapped("CLEARING_NODE_BULK_PORT", 13500, 3500, "clearing node: FSPIOP, as upstream's bulk adapter"),
];
/// Of a node with the role settlement.
pub(super) const SETTLEMENT_NODE: [PublishedPort; 1] =
    [mapped("SETTLEMENT_NODE_PORT", 13007, 3007, "settlement node: settlement")];
/// Of a node with the role admin.
pub(super) const ADMIN_NODE: [PublishedPort; 2] = [
    mapped("ADMIN_NODE_LEDGER_PORT", 13001, 3001, "admin node: ledger admin"),
    mapped("ADMIN_NODE_ORACLE_PORT", 14001, 4001, "admin node: oracle admin"),
];
/// Of a node with the role portal.
pub(super) const PORTAL_NODE: [PublishedPort; 2] = [
    mapped("PORTAL_NODE_PORT", 18080, 8080, "portal node: pages that show payments"),
    mapped("PORTAL_NODE_OPERATIONS_PORT", 19100, 9100, "portal node: /metrics, /live, /ready, messages of all nodes"),
];

/// Of the simulated FSPs.
pub(super) const SIMULATORS: [PublishedPort; 1] = [port("SIMULATORS_PORT", 9101, "control of the simulated FSPs")];
/// Of the Testing Toolkit, where upstream's harness has them.
pub(super) const TESTING_TOOLKIT: [PublishedPort; 2] = [
    mapped("TTK_FSPIOP_PORT", 9440, 4040, "the Testing Toolkit's FSPIOP"),
    mapped("TTK_PORT", 9550, 5050, "the Testing Toolkit's API"),
];
/// Of Prometheus.
pub(super) const PROMETHEUS: [PublishedPort; 1] = [port("PROMETHEUS_PORT", 9090, "Prometheus")];
/// Of the database's console.
pub(super) const CONSOLE: [PublishedPort; 1] = [mapped("CONSOLE_PORT", 8081, 8080, "the console of the database")];

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static PublishedPort> {
    let nodes = LOOKUP_NODE.iter().chain(&AGREEMENT_NODE).chain(&CLEARING_NODE).chain(&SETTLEMENT_NODE);
    let nodes = nodes.chain(&ADMIN_NODE).chain(&PORTAL_NODE);
    HUB.iter().chain(&SIMULATORS).chain(nodes).chain(&TESTING_TOOLKIT).chain(&PROMETHEUS).chain(&CONSOLE)
}

/// The port on this machine; `None` if the offset leaves the range of ports.
pub(super) fn moved(port: u16, offset: u16) -> Option<u16> {
    port.checked_add(offset)
}
