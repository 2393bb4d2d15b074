//! The ports that the containers publish on this machine, and the variables that move them.

/// A published port.
pub(super) struct PublishedPort {
    /// The variable in `.env`.
    pub(super) variable: &'static str,
    /// The port in the container, and on this machine unless the variable says otherwise.
    pub(super) port: u16,
    /// What answers there.
    pub(super) serves: &'static str,
}

const fn port(variable: &'static str, port: u16, serves: &'static str) -> PublishedPort {
    PublishedPort { variable, port, serves }
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

/// Of the simulated FSPs.
pub(super) const SIMULATORS: [PublishedPort; 1] = [port("SIMULATORS_PORT", 9101, "control of the simulated FSPs")];

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static PublishedPort> {
    HUB.iter().chain(&SIMULATORS)
}

/// The port on this machine; `None` if the offset leaves the range of ports.
pub(super) fn moved(port: u16, offset: u16) -> Option<u16> {
    port.checked_add(offset)
}
