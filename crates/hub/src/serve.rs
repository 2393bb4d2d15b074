//! Starts a hub, and ends it in good order.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use fspiop::Timestamp;
use store::{Clock, Committed, Store, StoreError};
use switch::{Configuration, Message};
use tls::{Renewable, ServerConfig};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::{JoinHandle, JoinSet},
};

use crate::{
    Authorizer, Hub, Settings, admin,
    capture::{self, Capture},
    committer::{Committer, Observer},
    connections,
    current::{self, Current},
    delivery::{self, CallbackClient, DeliveryHandle},
    edge, expiry,
    load_shedding::LoadShedding,
    lookup::{Lookup, Oracles},
    metrics::Metrics,
    operations,
    patient_store::PatientStore,
    phase::Phase,
    roles::Role,
    signatures::Signatures,
};

/// How long requests that are under way may take to end after the hub was told to stop.
const DRAIN: Duration = Duration::from_secs(5);
/// How long clients are asked to come again on another connection before theirs are closed. Who sends a request each second
/// never sends one into a connection that is just being closed.
const LEAVE: Duration = Duration::from_secs(1);
/// How long messages that are under way may take to be delivered by a hub that leaves. Lookups are not stored: nobody else
/// would deliver them.
const DELIVER: Duration = Duration::from_millis(500);
/// Pause between two looks at whether the store is still used, or a message under way: what is left then ends within
/// milliseconds.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(2);

/// Why a hub did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address can't be listened on.
    #[error("{what} can't listen on {address}: {cause}")]
    Listen {
        /// Which listener.
        what: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The store can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where a running hub listens, ports that the system chose included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// FSPIOP; none where the node has no role in a payment.
    pub fspiop: Vec<SocketAddr>,
    /// Ledger admin API, if the node has it.
    pub ledger_admin: Option<SocketAddr>,
    /// Oracle admin API, if the node has it.
    pub oracle_admin: Option<SocketAddr>,
    /// Settlement API, if the node has it.
    pub settlement: Option<SocketAddr>,
    /// Metrics, liveness, readiness.
    pub operations: SocketAddr,
    /// Pages, where messages are captured.
    pub pages: Option<SocketAddr>,
}

/// A hub that runs. Dropping it breaks off what is under way; see [`Running::stop`].
pub struct Running {
    /// Where it listens.
    pub addresses: Addresses,
    phase: watch::Sender<Phase>,
    stop: watch::Sender<bool>,
    listeners: JoinSet<()>,
    background: Vec<JoinHandle<()>>,
    metrics: Arc<Metrics>,
    store: Arc<dyn Store>,
}

impl Running {
    /// Leaves its place to a successor that serves the same listeners as soon as this returns: like [`Running::stop`], but
    /// clients are first asked to come again on other connections, and what is under way is delivered.
    pub async fn leave(mut self) {
        let _ = self.phase.send(Phase::Leaving);
        tokio::time::sleep(LEAVE).await;
        self.drain().await;
        let delivered = async {
            while !self.metrics.is_all_delivered() {
                tokio::time::sleep(LOOK_AGAIN_AFTER).await;
            }
        };
        // What is durable goes out later, too.
        let _ = tokio::time::timeout(DELIVER, delivered).await;
        self.stop().await;
    }

    /// Takes no new requests, ends those under way, notes what was delivered, leaves the rest to other nodes, and returns.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        self.drain().await;
        for task in self.background {
            let _ = tokio::time::timeout(DRAIN, task).await;
        }
        if let Err(error) = self.store.leave().await {
            tracing::warn!(%error, "other nodes take this node's messages over only when its claim has run out");
        }
        // Whoever starts a hub again on the same file must find it free.
        let (in_use, ()) = (Arc::downgrade(&self.store), drop(self.store));
        let released = async {
            while in_use.strong_count() > 0 {
                tokio::time::sleep(LOOK_AGAIN_AFTER).await;
            }
        };
        if tokio::time::timeout(DRAIN, released).await.is_err() {
            tracing::warn!("the store was still in use after {} s", DRAIN.as_secs());
        }
    }

    async fn drain(&mut self) {
        let _ = self.phase.send(Phase::Draining);
        let drained = async { while self.listeners.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN, drained).await.is_err() {
            tracing::warn!("requests were still under way after {} s", DRAIN.as_secs());
            self.listeners.abort_all();
        }
    }
}

struct Listeners {
    fspiop: Vec<TcpListener>,
    ledger_admin: Option<TcpListener>,
    oracle_admin: Option<TcpListener>,
    settlement: Option<TcpListener>,
    operations: TcpListener,
    pages: Option<TcpListener>,
}

/// Starts a hub on a store. When this returns, it accepts requests.
pub async fn serve(
    settings: Settings,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    authorizer: Arc<dyn Authorizer>,
) -> Result<Running, ServeError> {
    serve_on(Vec::new(), settings, store, clock, authorizer).await
}

/// Like [`serve`], on listeners that are there: whichever of them has an address of the settings is used for it.
pub async fn serve_on(
    there: Vec<std::net::TcpListener>,
    settings: Settings,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    authorizer: Arc<dyn Authorizer>,
) -> Result<Running, ServeError> {
    let store = PatientStore::over(store);
    let listeners = bind(&settings, there).await?;
    let addresses = listeners.addresses();
    let ((stop, stopping), (phase, phases)) = (watch::channel(false), watch::channel(Phase::Serving));
    let tls = settings.tls.clone();
    let (hub, delivery) = assemble(settings, store.clone(), clock, authorizer, &stopping).await?;
    let refresh = current::refresh(hub.current.clone(), hub.store.clone(), stopping.clone());
    let mut background = vec![delivery, refresh];
    if hub.roles.has(Role::Clearing) {
        background.push(expiry::start(hub.clone(), stopping.clone()));
    }
    background.extend(tls.fspiop.clone().map(|files| keep(files, stopping.clone())));
    background.extend(tls.callbacks.map(|files| keep(files, stopping.clone())));
    let (listeners, metrics) = (listeners.serve(&hub, tls.fspiop, &phases), hub.metrics.clone());
    Ok(Running { addresses, phase, stop, listeners, background, metrics, store })
}

async fn assemble(
    settings: Settings,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    authorizer: Arc<dyn Authorizer>,
    stopping: &watch::Receiver<bool>,
) -> Result<(Arc<Hub>, JoinHandle<()>), ServeError> {
    let metrics = Arc::new(Metrics::new());
    let load_shedding = Arc::<LoadShedding>::default();
    let capture = settings.capture.then(|| Capture::new(clock.clone()));
    if let Some(capture) = &capture {
        follow(capture, settings.capture_from, stopping);
    }
    let current = Arc::new(Current::new(store.configuration().await?));
    let (handle, receiver) = DeliveryHandle::channel();
    let observer = Arc::new(Publisher { current: current.clone(), delivery: handle.clone() });
    let committer = Committer::start(store.clone(), settings.intake, metrics.clone(), observer);
    let client = CallbackClient::new(
        settings.delivery.answer_timeout(),
        settings.callback_policy.clone(),
        settings.tls.of_callbacks(),
    );
    let surroundings = delivery::Surroundings {
        store: store.clone(),
        committer: committer.clone(),
        current: current.clone(),
        client: client.clone(),
        signer: settings.jws.signer,
        policy: settings.callback_policy.clone(),
        clock: clock.clone(),
        metrics: metrics.clone(),
        load_shedding: load_shedding.clone(),
        capture: capture.clone(),
    };
    let task = delivery::start(settings.delivery, (handle.clone(), receiver), surroundings, stopping.clone());
    let lookup = Lookup {
        store: store.clone(),
        clock: clock.clone(),
        current: current.clone(),
        committer: committer.clone(),
        delivery: handle,
        oracles: Oracles::new(client, settings.callback_policy.clone(), metrics.clone()),
        cache: Lookup::cache(),
        room: Lookup::room(),
        bulks: Lookup::room_for_bulks(),
    };
    let inspection = admin::Inspection::new(clock.now(), settings.delivery);
    let hub = Hub {
        store,
        clock,
        current,
        committer,
        lookup,
        authorizer,
        callback_policy: settings.callback_policy,
        intake: settings.intake,
        signatures: Signatures::new(settings.jws.validate),
        inspection,
        bodies: Arc::new(Semaphore::new(settings.intake.reading_bytes)),
        on_us_transfers: settings.on_us_transfers,
        roles: settings.roles,
        load_shedding,
        metrics,
        capture,
    };
    Ok((Arc::new(hub), task))
}

/// Keeps what other nodes capture until the hub is told to stop.
fn follow(capture: &Arc<Capture>, nodes: Vec<String>, stopping: &watch::Receiver<bool>) {
    for node in nodes {
        let (capture, mut stopping) = (capture.clone(), stopping.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = capture::follow(capture, node) => {}
                () = stopped(&mut stopping) => {}
            }
        });
    }
}

/// Makes known what was committed.
struct Publisher {
    current: Arc<Current>,
    delivery: DeliveryHandle,
}

impl Observer for Publisher {
    fn committed(&self, committed: Committed) {
        if let Some(configuration) = committed.configuration {
            self.current.set(configuration);
        }
    }

    fn decided(&self, messages: Vec<Message>) {
        if !messages.is_empty() {
            self.delivery.send(messages);
        }
    }

    fn in_doubt(&self) {
        self.delivery.take_over();
    }

    fn configured(&self, configuration: Arc<Configuration>) {
        self.current.set(configuration);
    }
}

async fn bind(settings: &Settings, there: Vec<std::net::TcpListener>) -> Result<Listeners, ServeError> {
    let listen = &settings.listen;
    let mut binding = Binding { there };
    let mut fspiop = Vec::with_capacity(listen.fspiop.len());
    for address in &listen.fspiop {
        fspiop.push(binding.one("FSPIOP", *address).await?);
    }
    Ok(Listeners {
        fspiop,
        ledger_admin: binding.perhaps("the ledger admin API", listen.ledger_admin).await?,
        oracle_admin: binding.perhaps("the oracle admin API", listen.oracle_admin).await?,
        settlement: binding.perhaps("the settlement API", listen.settlement).await?,
        operations: binding.one("operations (metrics, live, ready)", listen.operations).await?,
        pages: binding.perhaps("the pages", listen.pages.filter(|_| settings.capture)).await?,
    })
}

/// Listeners that are there and not used yet.
struct Binding {
    there: Vec<std::net::TcpListener>,
}

impl Binding {
    async fn perhaps(
        &mut self,
        what: &'static str,
        address: Option<SocketAddr>,
    ) -> Result<Option<TcpListener>, ServeError> {
        match address {
            Some(address) => self.one(what, address).await.map(Some),
            None => Ok(None),
        }
    }

    async fn one(&mut self, what: &'static str, address: SocketAddr) -> Result<TcpListener, ServeError> {
        let has_address = |listener: &std::net::TcpListener| listener.local_addr().is_ok_and(|has| has == address);
        let bound = match self.there.iter().position(has_address) {
            Some(position) => {
                let listener = self.there.swap_remove(position);
                listener.set_nonblocking(true).and_then(|()| TcpListener::from_std(listener))
            }
            None => TcpListener::bind(address).await,
        };
        bound.map_err(|cause| ServeError::Listen { what, address, cause })
    }
}

impl Listeners {
    fn addresses(&self) -> Addresses {
        let of = |listener: &TcpListener| listener.local_addr().expect("a bound listener has an address");
        Addresses {
            fspiop: self.fspiop.iter().map(of).collect(),
            ledger_admin: self.ledger_admin.as_ref().map(of),
            oracle_admin: self.oracle_admin.as_ref().map(of),
            settlement: self.settlement.as_ref().map(of),
            operations: of(&self.operations),
            pages: self.pages.as_ref().map(of),
        }
    }

    fn serve(
        self,
        hub: &Arc<Hub>,
        tls: Option<Arc<Renewable<ServerConfig>>>,
        phases: &watch::Receiver<Phase>,
    ) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        let mut spawn = |listener, tls: Option<&Arc<_>>, router, room: &Arc<Semaphore>| {
            tasks.spawn(connections::serve(listener, tls.cloned(), router, room.clone(), phases.clone()));
        };
        let (fspiop, room) = (edge::router(hub.clone()), Arc::new(Semaphore::new(connections::FSP_CONNECTIONS)));
        for listener in self.fspiop {
            spawn(listener, tls.as_ref(), fspiop.clone(), &room);
        }
        // An FSP's certificate does not make an operator of it.
        for (listener, router) in [
            (self.ledger_admin, admin::ledger_router(hub.clone())),
            (self.oracle_admin, admin::oracle_router(hub.clone())),
            (self.settlement, admin::settlement_router(hub.clone())),
        ] {
            if let Some(listener) = listener {
                spawn(listener, None, router, &Arc::new(Semaphore::new(connections::ADMIN_CONNECTIONS)));
            }
        }
        let room = Arc::new(Semaphore::new(connections::OPERATIONS_CONNECTIONS));
        spawn(self.operations, None, operations::router(hub.clone()), &room);
        if let (Some(listener), Some(capture)) = (self.pages, &hub.capture) {
            let room = Arc::new(Semaphore::new(connections::PAGES_CONNECTIONS));
            spawn(listener, None, portal::router(capture.clone()), &room);
        }
        tasks
    }
}

/// Takes renewed certificates up until the hub is told to stop.
fn keep<T: Send + Sync + 'static>(files: Arc<Renewable<T>>, mut stopping: watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        tokio::select! {
            () = files.keep() => {}
            () = stopped(&mut stopping) => {}
        }
    })
}

/// Waits until the hub is told to stop.
pub(crate) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// The system's clock.
pub fn system_clock() -> Arc<dyn Clock> {
    Arc::new(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    })
}
