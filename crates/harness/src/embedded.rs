//! The embedded engine: a hub on SQLite and its FSPs in one process.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use fspiop::{FspId, Timestamp};
use hub::{
    CallbackPolicy, Intake, Listen, OpenAuthorizer, Running, Settings, delivery::SchedulerSettings, system_clock,
};
use participant::{PayError, PaymentResult, Profile, Script, Simulator, TransferRequest};
use store_sqlite::SqliteStore;
use tempfile::TempDir;

use crate::{
    DemoParticipant, HarnessError, Instance, Lock, Place, Scheme, State,
    http_client::HttpClient,
    onboarding::{self, Apis},
};

/// The name of the hub; upstream's.
const HUB_NAME: &str = "Hub";
/// The port where simulated FSPs are controlled.
const CONTROL_PORT: u16 = 9101;

/// What is to be started.
#[derive(Clone, Debug)]
pub struct Up {
    /// Under which name, in which folder.
    pub place: Place,
    /// Keep the data in a temporary folder.
    pub ephemeral: bool,
    /// Moves all ports.
    pub port_offset: u16,
    /// With simulated FSPs, onboarded and funded.
    pub simulators: bool,
    /// When the process started.
    pub started: Instant,
}

/// A running harness.
pub struct Harness {
    /// What runs, as other processes see it.
    pub instance: Instance,
    /// The scheme that the FSPs were onboarded to.
    pub scheme: Scheme,
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
        let listen = Listen::at(address, up.port_offset).ok_or_else(outside)?;
        let control = CONTROL_PORT.checked_add(up.port_offset).ok_or_else(outside)?;
        let (folder, data) = data_file(&up)?;
        let hub = start_hub(listen, data.clone()).await?;
        let scheme = Scheme::demo();
        let simulator = match up.simulators {
            true => Some(start_simulator(&hub, &scheme, SocketAddr::new(address, control)).await?),
            false => None,
        };
        if let Some(simulator) = &simulator {
            let apis = Apis { fspiop: hub.addresses.fspiop[0], ledger_admin: hub.addresses.ledger_admin };
            onboarding::onboard(&HttpClient::new(), apis, &scheme, |fsp| simulator.endpoint(fsp)).await?;
        }
        let instance = describe(&up, &hub, simulator.as_ref(), data);
        instance.write(&up.place)?;
        Ok(Harness { instance, scheme, place: up.place, hub, simulator, _folder: folder, _lock: lock })
    }

    /// The payment that shows that everything works: from the first FSP to the second one's customer.
    pub fn first_payment(&self) -> Option<TransferRequest> {
        let [payer, payee, ..] = self.scheme.participants.as_slice() else { return None };
        let amount = fspiop::Amount::parse("10").ok()?;
        let to = payee.parties.first()?.0.clone();
        Some(TransferRequest::new(payer.name.clone(), to, amount, *self.scheme.currencies.first()?))
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

fn data_file(up: &Up) -> Result<(Option<TempDir>, PathBuf), HarnessError> {
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

async fn start_hub(listen: Listen, data: PathBuf) -> Result<Running, HarnessError> {
    let hub_name = FspId::parse(HUB_NAME).expect("the hub's name is a name");
    let clock = system_clock();
    let store = {
        let (hub_name, clock) = (hub_name.clone(), clock.clone());
        let opened = tokio::task::spawn_blocking(move || SqliteStore::open(&data, hub_name, clock)).await;
        opened.map_err(|error| HarnessError::TimedOut(error.to_string()))?.map_err(hub::ServeError::Store)?
    };
    let settings = Settings {
        listen,
        hub_name,
        callback_policy: CallbackPolicy::Open,
        delivery: SchedulerSettings::default(),
        intake: Intake::default(),
    };
    Ok(hub::serve(settings, Arc::new(store), clock, Arc::new(OpenAuthorizer)).await?)
}

async fn start_simulator(hub: &Running, scheme: &Scheme, control: SocketAddr) -> Result<Simulator, HarnessError> {
    let fsps = scheme.participants.iter().map(|fsp| (profile(fsp, scheme), Script::default())).collect();
    let mut settings = participant::Settings::new(format!("http://{}", hub.addresses.fspiop[0]), fsps);
    settings.control = Some(control);
    Ok(Simulator::start(settings).await?)
}

fn profile(fsp: &DemoParticipant, scheme: &Scheme) -> Profile {
    let profile = Profile::new(fsp.name.clone(), scheme.currencies.clone());
    fsp.parties.iter().fold(profile, |profile, (party, name)| profile.with_party(party.clone(), *name))
}

fn describe(up: &Up, hub: &Running, simulator: Option<&Simulator>, data: PathBuf) -> Instance {
    let addresses = &hub.addresses;
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
        ledger_admin: addresses.ledger_admin,
        oracle_admin: addresses.oracle_admin,
        settlement: addresses.settlement,
        operations: addresses.operations,
        simulator: simulator.and_then(Simulator::control_address),
        startup_ms: milliseconds(startup),
    }
}

fn now() -> Timestamp {
    system_clock().now()
}

/// Milliseconds with three decimals.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}
