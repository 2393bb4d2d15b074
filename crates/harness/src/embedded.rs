//! The embedded engine: a hub and its FSPs in one process, on SQLite or on a PostgreSQL that is there.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use fspiop::Timestamp;
use hub::{
    Addresses, CallbackPolicy, Intake, Jws, Listen, OpenAuthorizer, Roles, Running, Settings,
    delivery::SchedulerSettings, system_clock,
};
use operations::{Plan, Silent};
use participant::{PayError, PaymentResult, Profile, Script, Simulator, TransferRequest};
use provisioning::{Apis, Scheme, Signers};
use stores::Opening;
use tempfile::TempDir;

use crate::{HarnessError, Instance, Lock, Place, State, keys, store_opening::opening};

/// The port where simulated FSPs are controlled.
pub(crate) const CONTROL_PORT: u16 = 9101;
/// A free port of this machine: where simulated FSPs listen need not be known before.
pub(crate) const ANY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// What is to be started.
#[derive(Clone, Debug)]
pub struct Up {
    /// Under which name, in which folder.
    pub place: Place,
    /// What the hub is called, who takes part in its scheme, and whom of them the simulators play.
    pub hub: definition::Hub,
    /// Keep the data in a temporary folder.
    pub ephemeral: bool,
    /// Moves all ports.
    pub port_offset: u16,
    /// With the definition's participants, onboarded and funded, and simulators for those that nobody else plays; without,
    /// the hub is alone and empty.
    pub simulators: bool,
    /// When the process started.
    pub started: Instant,
}

/// A running harness.
pub struct Harness {
    /// What runs, as other processes see it.
    pub instance: Instance,
    /// What the hub was told of its scheme; nothing, if it is alone.
    scheme: Option<Scheme>,
    place: Place,
    hub: Running,
    simulator: Option<Simulator>,
    // Dropped in this order: the folder when nothing uses it any more, the right to run last.
    _folder: Option<TempDir>,
    _lock: Lock,
}

impl Harness {
    /// Starts it. When this returns, the hub is ready to transact.
    pub async fn start(up: Up) -> Result<Harness, HarnessError> {
        let lock = Lock::take(&up.place)?;
        // What a run that was killed has left would name a process that may be somebody else's by now.
        Instance::remove(&up.place);
        let address = IpAddr::from(Ipv4Addr::LOCALHOST);
        let outside = || HarnessError::PortOffset(up.port_offset);
        let listen = Listen::at(address, up.port_offset, &Roles::default()).ok_or_else(outside)?;
        let control = CONTROL_PORT.checked_add(up.port_offset).ok_or_else(outside)?;
        let (folder, file) = data_file(&up)?;
        let opening = opening(&up.hub, file, up.place.name())?;
        let data = opening.location.to_string();
        let keys = folder.as_ref().map_or(up.place.folder(), TempDir::path);
        let hub = start_hub(listen, opening, keys::of_hub(&up.hub, keys)?).await?;
        let (simulator, scheme) = match up.simulators {
            true => {
                let played = Scheme::of(&up.hub, |_| String::new());
                let signers = keys::of_fsps(&up.hub, played.simulated().map(|fsp| &fsp.name), keys)?;
                let control = SocketAddr::new(address, control);
                let simulator = start_simulator(&hub.addresses, &played, signers.clone(), (ANY, control)).await?;
                let scheme = Scheme::of(&up.hub, |fsp| simulator.endpoint(fsp));
                onboard(&apis(&hub.addresses), &scheme, &signers).await?;
                (Some(simulator), Some(scheme))
            }
            false => (None, None),
        };
        let instance = describe(&up, &hub.addresses, simulator.as_ref(), data);
        instance.write(&up.place)?;
        Ok(Harness { instance, scheme, place: up.place, hub, simulator, _folder: folder, _lock: lock })
    }

    /// The payment that shows that everything works; `None` if nobody can make one.
    pub fn first_payment(&self) -> Option<TransferRequest> {
        let first = self.scheme.as_ref()?.first_payment()?;
        Some(TransferRequest::new(first.from, first.to, first.amount, first.currency))
    }

    /// Lets a simulated FSP pay; `None` without simulated FSPs, or if they are stopped meanwhile.
    pub async fn pay(&self, request: TransferRequest) -> Option<Result<PaymentResult, PayError>> {
        match self.simulator.as_ref()?.pay(request) {
            Ok(running) => running.result().await.map(Ok),
            Err(error) => Some(Err(error)),
        }
    }

    /// Ends requests under way, then everything.
    pub async fn stop(self) {
        if let Some(simulator) = self.simulator {
            simulator.stop().await;
        }
        self.hub.stop().await;
        Instance::remove(&self.place);
    }
}

/// Where the hub's file is, with the temporary folder that it is in if it is ephemeral.
pub(crate) fn data_file(up: &Up) -> Result<(Option<TempDir>, PathBuf), HarnessError> {
    if !up.ephemeral {
        return Ok((None, up.place.store_file()));
    }
    let folder = tempfile::Builder::new()
        .prefix(&format!("mojaloop-{}-", up.place.name()))
        .tempdir()
        .map_err(HarnessError::file("making a temporary folder in", std::env::temp_dir()))?;
    let file = folder.path().join("hub.sqlite");
    Ok((Some(folder), file))
}

async fn start_hub(listen: Listen, opening: Opening, jws: Jws) -> Result<Running, HarnessError> {
    let (clock, hub_name) = (system_clock(), opening.hub.clone());
    let store = stores::open(opening, clock.clone()).await.map_err(hub::ServeError::Store)?;
    let settings = Settings {
        roles: Roles::default(),
        listen,
        hub_name,
        callback_policy: CallbackPolicy::Open,
        delivery: SchedulerSettings::default(),
        intake: Intake::default(),
        jws,
        tls: hub::Tls::default(),
        on_us_transfers: false,
        // Whoever runs a harness wants to look inside, and its money and its persons are not real.
        capture: true,
        capture_from: Vec::new(),
    };
    Ok(hub::serve(settings, store, clock, Arc::new(OpenAuthorizer)).await?)
}

/// The FSPs must be there before the hub can be told where they are; of their endpoints they know themselves.
pub(crate) async fn start_simulator(
    hub: &Addresses,
    scheme: &Scheme,
    signers: Signers,
    (listen, control): (SocketAddr, SocketAddr),
) -> Result<Simulator, HarnessError> {
    let fsps = scheme.simulated().map(|fsp| (profile(fsp), Script::default())).collect();
    let mut settings = participant::Settings::new(apis(hub).fspiop, fsps);
    settings.listen = listen;
    settings.control = Some(control);
    settings.signers = signers;
    Ok(Simulator::start(settings).await?)
}

/// What had to be changed. Parties are registered in their FSPs' names, and a hub that checks signatures must know their keys before.
pub(crate) async fn onboard(apis: &Apis, scheme: &Scheme, signers: &Signers) -> Result<Plan, HarnessError> {
    if !signers.is_empty() {
        let mut without_parties = scheme.clone();
        without_parties.participants.iter_mut().for_each(|participant| participant.parties.clear());
        provisioning::apply(apis, &without_parties, &Silent).await.map_err(HarnessError::Provisioning)?;
        keys::register(apis, signers).await?;
    }
    provisioning::apply_signed(apis, scheme, signers, &Silent).await.map_err(HarnessError::Provisioning)
}

fn profile(fsp: &provisioning::Participant) -> Profile {
    let parties = fsp.parties.iter().map(|party| (party.id.clone(), party.name.as_str()));
    Profile::serving(fsp.name.clone(), fsp.currencies.keys().copied(), parties)
}

pub(crate) fn apis(addresses: &Addresses) -> Apis {
    Apis {
        fspiop: format!("http://{}", addresses.fspiop[0]),
        ledger_admin: format!("http://{}", there(addresses.ledger_admin)),
        oracle_admin: format!("http://{}", there(addresses.oracle_admin)),
    }
}

pub(crate) fn describe(up: &Up, addresses: &Addresses, simulator: Option<&Simulator>, data: String) -> Instance {
    let startup = up.started.elapsed();
    Instance {
        name: up.place.name().to_owned(),
        pid: std::process::id(),
        state: State::Ready,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: now().plus_millis(-i64::try_from(startup.as_millis()).unwrap_or(0)),
        data,
        ephemeral: up.ephemeral,
        fspiop: addresses.fspiop.clone(),
        ledger_admin: there(addresses.ledger_admin),
        oracle_admin: there(addresses.oracle_admin),
        settlement: there(addresses.settlement),
        operations: addresses.operations,
        pages: addresses.pages,
        simulator: simulator.and_then(Simulator::control_address),
        fsps: simulator.map(Simulator::address),
        startup_ms: milliseconds(startup),
    }
}

fn there(address: Option<SocketAddr>) -> SocketAddr {
    address.expect("a hub in one process has all roles")
}

fn now() -> Timestamp {
    system_clock().now()
}

/// Milliseconds with three decimals.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}
