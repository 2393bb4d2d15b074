//! What a running hub is told at its start.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use fspiop::FspId;
use identity::Signer;
use tls::{ClientConfig, ClientFiles, Renewable, ServerConfig};

use crate::{
    callback_policy::CallbackPolicy,
    delivery::SchedulerSettings,
    roles::{Role, Roles},
    signatures::Validation,
};

/// Everything that a hub needs to run, its store apart.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What this node does.
    pub roles: Roles,
    /// Where it listens.
    pub listen: Listen,
    /// The name in FSPIOP-Source of messages that the hub makes itself.
    pub hub_name: FspId,
    /// Which URLs FSPs and operators may register.
    pub callback_policy: CallbackPolicy,
    /// Bounds of the delivery of callbacks.
    pub delivery: SchedulerSettings,
    /// Bounds of what is taken in.
    pub intake: Intake,
    /// Signatures of messages.
    pub jws: Jws,
    /// TLS from and to FSPs.
    pub tls: Tls,
    /// Whether a participant may pay itself (on-us transfers): a rule of the scheme.
    pub on_us_transfers: bool,
    /// Whether messages are captured in memory, to be looked at. They hold personal data: off in production.
    pub capture: bool,
    /// Operations ports (URLs) of other nodes whose captured messages are kept here, too, so that this node's pages show them.
    pub capture_from: Vec<String>,
}

/// Signatures of messages. Without anything said: signatures are passed on, and the hub makes none.
#[derive(Clone, Debug, Default)]
pub struct Jws {
    /// Whose signatures are checked.
    pub validate: Validation,
    /// What signs the messages that the hub makes itself.
    pub signer: Option<Arc<Signer>>,
}

/// TLS from and to FSPs. Without anything said: FSPIOP is plain HTTP, and whom the hub calls at `https://` an authority must
/// vouch for that the machine trusts.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Of the FSPIOP listeners; all others stay plain.
    pub fspiop: Option<Arc<Renewable<ServerConfig>>>,
    /// Of callbacks and requests to oracles.
    pub callbacks: Option<Arc<Renewable<ClientConfig>>>,
}

impl Tls {
    pub(crate) fn of_callbacks(&self) -> Arc<Renewable<ClientConfig>> {
        let of_machine = || ClientFiles::default().open().expect("without files nothing is wrong with one");
        self.callbacks.clone().unwrap_or_else(of_machine)
    }
}

/// Addresses of the listeners that a node's roles have; the ports are those of upstream's harness, so that its users find
/// everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// FSPIOP, the same router on each.
    pub fspiop: Vec<SocketAddr>,
    /// Ledger admin API.
    pub ledger_admin: Option<SocketAddr>,
    /// Oracle admin API.
    pub oracle_admin: Option<SocketAddr>,
    /// Settlement API; health only, so far.
    pub settlement: Option<SocketAddr>,
    /// Metrics, liveness, readiness.
    pub operations: SocketAddr,
    /// Pages that show captured messages; nobody listens here where none are captured.
    pub pages: Option<SocketAddr>,
}

impl Listen {
    /// Ports of upstream's ml-api-adapter, quoting service, its handler, bulk adapter, account lookup and transaction
    /// requests, with the role that each is for.
    const FSPIOP_PORTS: [(u16, Role); 6] = [
        (3000, Role::Clearing),
        (3002, Role::Agreement),
        (3003, Role::Agreement),
        (3500, Role::Clearing),
        (4002, Role::Lookup),
        (4003, Role::Agreement),
    ];

    /// The harness's ports on one address that these roles have, moved by `offset`; an offset that leaves the range of ports is
    /// `None`.
    pub fn at(address: IpAddr, offset: u16, roles: &Roles) -> Option<Listen> {
        let at = |port: u16| port.checked_add(offset).map(|port| SocketAddr::new(address, port));
        let fspiop = Listen::FSPIOP_PORTS.into_iter().filter(|(_, role)| roles.has(*role));
        let (admin, settlement) = (roles.has(Role::Admin), roles.has(Role::Settlement));
        Some(Listen {
            fspiop: fspiop.map(|(port, _)| at(port)).collect::<Option<_>>()?,
            ledger_admin: Some(at(3001)?).filter(|_| admin),
            oracle_admin: Some(at(4001)?).filter(|_| admin),
            settlement: Some(at(3007)?).filter(|_| settlement),
            operations: at(9100)?,
            pages: Some(at(8080)?).filter(|_| roles.has(Role::Portal)),
        })
    }

    /// All addresses, each once.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        let others = [self.ledger_admin, self.oracle_admin, self.settlement, Some(self.operations), self.pages];
        self.fspiop.iter().copied().chain(others.into_iter().flatten())
    }

    /// Free ports on the loopback address, for tests: one of FSPIOP, and one of each other listener that these roles have.
    pub fn ephemeral(roles: &Roles) -> Listen {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let of = |role| Some(free).filter(|_| roles.has(role));
        let in_payments = [Role::Lookup, Role::Agreement, Role::Clearing].into_iter().any(|role| roles.has(role));
        Listen {
            fspiop: Some(free).filter(|_| in_payments).into_iter().collect(),
            ledger_admin: of(Role::Admin),
            oracle_admin: of(Role::Admin),
            settlement: of(Role::Settlement),
            operations: free,
            pages: of(Role::Portal),
        }
    }
}

/// Bytes of all bodies that are being read, or whose requests are not answered yet. Twice as many as may wait for their
/// batch, since questions hold theirs for a moment, too.
const READING_BYTES: usize = 128 << 20;
/// Bytes of all requests that wait for their batch: those of 8 s at 4,000 requests a second of 2 KiB.
const WAITING_BYTES: usize = 64 << 20;
/// Requests that wait for their batch: those of 4 s at 4,000 requests a second; each connection holds one of them.
const WAITING_REQUESTS: usize = 16_384;
/// Commands in one transaction. Larger ones save little more, and hold locks for longer.
const BATCH_COMMANDS: usize = 500;
/// How long a request is held while the store does not answer, in milliseconds; clients give up at 10 s.
const HOLD_MS: u64 = 8_000;
/// How long a batch may take before it counts as in doubt, in milliseconds: by then its requests' clients have given up.
const BATCH_MS: u64 = 10_000;

/// Bounds of what is taken in; beyond them requests are held for a while and then refused before acceptance.
#[derive(Clone, Copy, Debug)]
pub struct Intake {
    /// Largest body, in bytes (upstream's bound).
    pub body_bytes: usize,
    /// Bytes of all bodies that are being read, or whose requests are not answered yet.
    pub reading_bytes: usize,
    /// Bytes of all requests that wait for their batch.
    pub waiting_bytes: usize,
    /// Requests that wait for their batch.
    pub waiting_requests: usize,
    /// Commands in one transaction.
    pub batch_commands: usize,
    /// How long a request is held while the store does not answer; clients give up at 10 s.
    pub hold_ms: u64,
    /// How long a batch may take. Then nobody waits for it any more: it may have become durable, or still become so.
    pub batch_ms: u64,
}

impl Default for Intake {
    fn default() -> Intake {
        Intake {
            body_bytes: fspiop::headers::MAX_BODY_BYTES,
            reading_bytes: READING_BYTES,
            waiting_bytes: WAITING_BYTES,
            waiting_requests: WAITING_REQUESTS,
            batch_commands: BATCH_COMMANDS,
            hold_ms: HOLD_MS,
            batch_ms: BATCH_MS,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::{Listen, Role, Roles};

    fn ports(offset: u16, roles: &Roles) -> Option<Vec<u16>> {
        let listen = Listen::at(IpAddr::from(Ipv4Addr::LOCALHOST), offset, roles)?;
        Some(listen.addresses().map(|address| address.port()).collect())
    }

    #[test]
    fn ports_are_those_of_upstreams_harness_and_move_together() {
        let all = Roles::default();
        let usual = vec![3000, 3002, 3003, 3500, 4002, 4003, 3001, 4001, 3007, 9100, 8080];
        assert_eq!(ports(0, &all), Some(usual.clone()));
        assert_eq!(ports(10_000, &all), Some(usual.iter().map(|port| port + 10_000).collect()));
        assert_eq!(ports(56_435, &all).map(|ports| ports.contains(&65_535)), Some(true));
        assert_eq!(ports(56_436, &all), None);
    }

    #[test]
    fn a_role_has_the_ports_of_upstreams_service() {
        for (role, expect) in [
            (Role::Lookup, vec![4002, 9100]),
            (Role::Agreement, vec![3002, 3003, 4003, 9100]),
            (Role::Clearing, vec![3000, 3500, 9100]),
            (Role::Settlement, vec![3007, 9100]),
            (Role::Admin, vec![3001, 4001, 9100]),
            (Role::Portal, vec![9100, 8080]),
        ] {
            assert_eq!(ports(0, &Roles::of([role])), Some(expect), "{role}");
        }
    }
}
