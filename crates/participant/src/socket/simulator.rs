//! Any number of simulated FSPs in one process, behind one port: [`Simulator`].

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fspiop::{FspId, Timestamp, percent_encode};
use hyper::service::service_fn;
use identity::Signer;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;

use crate::control;
use crate::fsp::Fsp;
use crate::identifier_source::{IdentifierSource, PaymentIdentifiers};
use crate::notice::Notice;
use crate::profile::Profile;
use crate::script::{Script, ScriptError};
use crate::socket::hub_client::{HubClient, HubUrlError, HubUrls};
use crate::socket::pay::{self, PayError, Running};
use crate::socket::watch::Watches;
use crate::socket::{endpoint, listen};
use crate::transfer::TransferRequest;

/// What a simulator is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the FSPs listen for the hub; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the control API listens; `None` for none.
    pub control: Option<SocketAddr>,
    /// Where the hub takes FSPIOP.
    pub hub: HubUrls,
    /// The FSPs, and what they follow.
    pub fsps: Vec<(Profile, Script)>,
    /// The keys with which FSPs sign their messages to the hub; those that have none sign nothing.
    pub signers: BTreeMap<FspId, Arc<Signer>>,
    /// What the simulator bounds.
    pub limits: Limits,
}

/// What a simulator bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a message's body; the hub has the same limit.
    pub body_bytes: usize,
    /// Connections that are open at once, for each of the two ports.
    pub connections: usize,
    /// Callbacks that wait to be sent, delayed ones among them; more are refused with 503 and error 2005.
    pub waiting_callbacks: usize,
    /// Payments that run at once; more are refused.
    pub payments: usize,
    /// Messages to the hub that wait for their HTTP answer at once, and so connections to the hub.
    pub in_flight: usize,
    /// How long to wait for the HTTP answer to a message: clients of FSPIOP give up at 10 s.
    pub answer_timeout: Duration,
    /// How often a message is sent when the hub cannot be reached or is busy; 1 for never again.
    pub attempts: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 5 * 1024 * 1024,
            connections: 1_024,
            waiting_callbacks: 10_000,
            payments: 2_000,
            in_flight: 256,
            answer_timeout: Duration::from_secs(10),
            attempts: 4,
        }
    }
}

impl Settings {
    /// Settings for FSPs on a free port of this machine, with the control API at its usual port 9101.
    pub fn new(hub: impl Into<HubUrls>, fsps: Vec<(Profile, Script)>) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            control: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, control::DEFAULT_PORT))),
            hub: hub.into(),
            fsps,
            signers: BTreeMap::new(),
            limits: Limits::default(),
        }
    }
}

/// Why a simulator does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken, or the address is not of this machine.
    #[error("cannot listen on {address} for {purpose}: {source}")]
    Listen {
        /// What the port is for: `simulated FSPs` or `the simulators' control API`.
        purpose: &'static str,
        /// Where it should listen.
        address: SocketAddr,
        /// Why it cannot.
        source: std::io::Error,
    },
    /// Not a URL that a hub can have.
    #[error(transparent)]
    Hub(#[from] HubUrlError),
    /// A script has a value out of its limits.
    #[error("the script of {fsp}: {source}")]
    Script {
        /// Whose script.
        fsp: FspId,
        /// What is wrong with it.
        source: ScriptError,
    },
    /// Two FSPs have the same name.
    #[error("there are two simulated FSPs called {0}")]
    DuplicateFsp(FspId),
}

/// Simulated FSPs that run until they are stopped or this is dropped.
#[derive(Debug)]
pub struct Simulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    control: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
}

impl Simulator {
    /// Starts the FSPs and the control API; they serve when this returns.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let listener = bind(settings.listen, "simulated FSPs").await?;
        let control = match settings.control {
            Some(address) => Some(bind(address, "the simulators' control API").await?),
            None => None,
        };
        let address = listener.local_addr().unwrap_or(settings.listen);
        let control_address = control.as_ref().and_then(|listener| listener.local_addr().ok());
        let shared = Arc::new(Shared::new(settings, address)?);
        let (stop, stopped) = watch::channel(false);
        let connections = shared.limits.connections;
        let owner = Arc::clone(&shared);
        let fspiop = service_fn(move |request| endpoint::answer(Arc::clone(&owner), request));
        let mut servers = vec![tokio::spawn(listen::serve(listener, None, fspiop, connections, stopped.clone()))];
        if let Some(listener) = control {
            let service = control::service(Arc::clone(&shared));
            servers.push(tokio::spawn(listen::serve(listener, None, service, connections, stopped)));
        }
        Ok(Self { shared, address, control: control_address, stop, servers })
    }

    /// Where the FSPs listen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the control API listens.
    pub fn control_address(&self) -> Option<SocketAddr> {
        self.control
    }

    /// The base URL for all callbacks to an FSP, as it is provisioned in the hub.
    pub fn endpoint(&self, fsp: &FspId) -> String {
        self.shared.endpoint(fsp)
    }

    /// Begins a payment from a simulated FSP.
    ///
    /// # Errors
    /// [`PayError`] if it cannot begin. What happens later is in its events.
    pub fn pay(&self, request: TransferRequest) -> Result<Running, PayError> {
        pay::pay(&self.shared, request)
    }

    /// Lets an FSP follow another script from the next message on; `None` if there is no such FSP.
    ///
    /// # Errors
    /// [`ScriptError`] if a value is out of its limits.
    pub fn set_script(&self, fsp: &FspId, script: Script) -> Option<Result<(), ScriptError>> {
        self.shared.with_fsp(fsp, |fsp| fsp.set_script(script))
    }

    /// What an FSP was told lately, the oldest first; nothing if there is no such FSP.
    pub fn notices(&self, fsp: &FspId) -> Vec<Notice> {
        self.shared.with_fsp(fsp, |fsp| fsp.notices().cloned().collect()).unwrap_or_default()
    }

    /// Begins no more payments, and waits for the end of those that run, up to `patience`.
    pub async fn finish(&self, patience: Duration) {
        let all = u32::try_from(self.shared.limits.payments).unwrap_or(u32::MAX);
        let ended = tokio::time::timeout(patience, self.shared.payments.acquire_many(all)).await;
        match ended {
            // They are not given back: nobody begins another one.
            Ok(permits) => permits.into_iter().for_each(tokio::sync::SemaphorePermit::forget),
            Err(_) => tracing::warn!("payments were still under way after {} s", patience.as_secs()),
        }
    }

    /// Closes all connections and waits until the ports are free.
    pub async fn stop(self) {
        // The servers may have ended by themselves.
        let _ = self.stop.send(true);
        for server in self.servers {
            if let Err(error) = server.await {
                tracing::error!(%error, "a server of the simulator failed");
            }
        }
    }
}

async fn bind(address: SocketAddr, purpose: &'static str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { purpose, address, source })
}

/// Where a simulator serves an FSP, behind the address at which the hub reaches it: `/payerfsp`. The base URL of the FSP's
/// callbacks is that address with this path, without a slash at the end.
pub fn endpoint_path(fsp: &FspId) -> String {
    format!("/{}", percent_encode(fsp.as_str()))
}

/// What all tasks of a simulator share.
#[derive(Debug)]
pub(crate) struct Shared {
    signers: BTreeMap<FspId, Arc<Signer>>,
    /// Fixed at the start. No lock is held while anything is awaited.
    fsps: BTreeMap<FspId, Mutex<Fsp>>,
    address: SocketAddr,
    hub: HubClient,
    watches: Watches,
    identifiers: Mutex<IdentifierSource>,
    waiting_callbacks: Arc<Semaphore>,
    payments: Arc<Semaphore>,
    limits: Limits,
}

impl Shared {
    fn new(settings: Settings, address: SocketAddr) -> Result<Self, StartError> {
        let limits = settings.limits;
        let mut fsps = BTreeMap::new();
        for (profile, script) in settings.fsps {
            let name = profile.name.clone();
            let fsp = Fsp::new(profile, script).map_err(|source| StartError::Script { fsp: name.clone(), source })?;
            if fsps.insert(name.clone(), Mutex::new(fsp)).is_some() {
                return Err(StartError::DuplicateFsp(name));
            }
        }
        Ok(Self {
            signers: settings.signers,
            fsps,
            address,
            hub: HubClient::new(&settings.hub, limits.in_flight, limits.answer_timeout)?,
            watches: Watches::default(),
            identifiers: Mutex::new(IdentifierSource::new(random_seed())),
            waiting_callbacks: Arc::new(Semaphore::new(limits.waiting_callbacks)),
            payments: Arc::new(Semaphore::new(limits.payments)),
            limits,
        })
    }

    pub(crate) fn hub(&self) -> &HubClient {
        &self.hub
    }

    /// The key with which an FSP signs.
    pub(crate) fn signer(&self, fsp: &FspId) -> Option<&Signer> {
        self.signers.get(fsp).map(AsRef::as_ref)
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn watches(&self) -> &Watches {
        &self.watches
    }

    pub(crate) fn has_fsp(&self, name: &FspId) -> bool {
        self.fsps.contains_key(name)
    }

    /// Does something with an FSP; `None` if there is no such FSP.
    pub(crate) fn with_fsp<T>(&self, name: &FspId, action: impl FnOnce(&mut Fsp) -> T) -> Option<T> {
        let fsp = self.fsps.get(name)?;
        Some(action(&mut fsp.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// The names of all FSPs, for messages.
    pub(crate) fn names(&self) -> impl fmt::Display {
        let names: Vec<_> = self.fsps.keys().map(FspId::as_str).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    }

    /// All FSPs, in the order of their names.
    pub(crate) fn fsps(&self) -> impl Iterator<Item = &FspId> {
        self.fsps.keys()
    }

    pub(crate) fn endpoint(&self, fsp: &FspId) -> String {
        format!("http://{}{}", self.address, endpoint_path(fsp))
    }

    pub(crate) fn next_payment(&self, now: Timestamp) -> PaymentIdentifiers {
        self.identifiers.lock().unwrap_or_else(PoisonError::into_inner).next_payment(now)
    }

    pub(crate) fn callback_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.waiting_callbacks).try_acquire_owned().ok()
    }

    pub(crate) fn payment_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.payments).try_acquire_owned().ok()
    }
}

/// The keys of the standard library's hash maps are random.
fn random_seed() -> u64 {
    RandomState::new().hash_one(std::process::id())
}
