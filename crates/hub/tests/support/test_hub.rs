//! A hub in the process, on free ports.

use std::{net::SocketAddr, path::Path, sync::Arc};

use fspiop::FspId;
use hub::{
    Authorizer, CallbackPolicy, Intake, Jws, Listen, OpenAuthorizer, Roles, Running, Settings,
    delivery::SchedulerSettings, serve, system_clock,
};
use store::{MemoryStore, Store};
use store_sqlite::SqliteStore;
use switch::{Configuration, Message, MessageId};

use super::{Connection, Request, Response, Shaky, within};

/// The hub's name.
pub(crate) const HUB: &str = "Hub";
/// More messages than any test makes.
const ALL: usize = 1_000_000;

/// An empty store in memory.
pub(crate) fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(name(), system_clock()))
}

/// The store in this folder, which is made if there is none.
pub(crate) fn sqlite(folder: &Path) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(&folder.join("hub.sqlite"), name(), system_clock()).expect("the store can be opened"))
}

fn name() -> FspId {
    FspId::parse(HUB).expect("a name")
}

/// The settings of tests: free ports, and short pauses between attempts to deliver.
pub(crate) fn settings() -> Settings {
    Settings {
        roles: Roles::default(),
        listen: Listen::ephemeral(&Roles::default()),
        hub_name: name(),
        callback_policy: CallbackPolicy::Open,
        delivery: SchedulerSettings { first_pause_ms: 20, longest_pause_ms: 200, ..SchedulerSettings::default() },
        intake: Intake::default(),
        jws: Jws::default(),
        tls: hub::Tls::default(),
        on_us_transfers: false,
        capture: false,
        capture_from: Vec::new(),
    }
}

/// Everything that requests could change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Snapshot {
    books: String,
    outbox: Vec<Message>,
    configuration: Arc<Configuration>,
}

/// A hub that runs, and the store under it.
pub(crate) struct TestHub {
    running: Running,
    /// What the hub has written, whatever faults stand between the hub and it.
    pub(crate) truth: Arc<dyn Store>,
}

impl TestHub {
    /// Starts a hub on a store.
    pub(crate) async fn start(store: Arc<dyn Store>) -> TestHub {
        TestHub::with(store.clone(), store, settings(), Arc::new(OpenAuthorizer)).await
    }

    /// Starts a hub on a store that may fail.
    pub(crate) async fn shaky(shaky: Arc<Shaky>, truth: Arc<dyn Store>, settings: Settings) -> TestHub {
        TestHub::with(shaky, truth, settings, Arc::new(OpenAuthorizer)).await
    }

    /// Starts a hub.
    pub(crate) async fn with(
        store: Arc<dyn Store>,
        truth: Arc<dyn Store>,
        settings: Settings,
        authorizer: Arc<dyn Authorizer>,
    ) -> TestHub {
        let running = within("the hub starts", serve(settings, store, system_clock(), authorizer)).await;
        TestHub { running: running.expect("the hub starts"), truth }
    }

    /// Where it listens for FSPs.
    pub(crate) fn fspiop(&self) -> SocketAddr {
        self.running.addresses.fspiop[0]
    }

    /// Where it listens for operators.
    pub(crate) fn ledger_admin(&self) -> SocketAddr {
        self.running.addresses.ledger_admin.expect("the node has the role")
    }

    /// Where it listens for operators of oracles.
    pub(crate) fn oracle_admin(&self) -> SocketAddr {
        self.running.addresses.oracle_admin.expect("the node has the role")
    }

    /// Where it listens for settlement.
    pub(crate) fn settlement(&self) -> SocketAddr {
        self.running.addresses.settlement.expect("the node has the role")
    }

    /// Where it listens for the machine room.
    pub(crate) fn operations(&self) -> SocketAddr {
        self.running.addresses.operations
    }

    /// Where its pages are, if it has some.
    pub(crate) fn pages(&self) -> Option<SocketAddr> {
        self.running.addresses.pages
    }

    /// Sends an FSP's request.
    pub(crate) async fn send(&self, request: &Request) -> Response {
        request.send(self.fspiop()).await
    }

    /// Sends an FSP's request that must be taken.
    #[track_caller]
    pub(crate) fn must_take(&self, request: &Request) -> impl Future<Output = ()> {
        let at = std::panic::Location::caller();
        let (address, request) = (self.fspiop(), request.clone());
        async move {
            let response = request.send(address).await;
            assert!(matches!(response.status, 200 | 202), "{at}: {}: {response:?}", request.name());
        }
    }

    /// Sends an operator's request.
    pub(crate) async fn admin(&self, request: &Request) -> Response {
        request.send(self.ledger_admin()).await
    }

    /// What the ledger admin API says of something.
    pub(crate) async fn read(&self, path: &str) -> serde_json::Value {
        let response = self.admin(&Request::admin("GET", path)).await;
        assert_eq!(response.status, 200, "{path}: {response:?}");
        response.json()
    }

    /// A connection to the FSPIOP listener.
    pub(crate) async fn connect(&self) -> Connection {
        Connection::open(self.fspiop()).await
    }

    /// Everything that requests could change, as soon as the callbacks of earlier ones are delivered.
    pub(crate) async fn snapshot(&self) -> Snapshot {
        self.quiet().await;
        let books = self.truth.books().await.expect("the books can be read");
        let configuration = self.truth.configuration().await.expect("the configuration can be read");
        Snapshot { books: format!("{books:?}"), outbox: self.outbox().await, configuration }
    }

    /// The messages that are not delivered yet.
    pub(crate) async fn outbox(&self) -> Vec<Message> {
        self.truth.pending_messages(MessageId(0), ALL).await.expect("the outbox can be read")
    }

    /// Waits until every message is delivered, or given up, and the store knows it.
    pub(crate) async fn quiet(&self) {
        super::eventually("an empty outbox", async || self.outbox().await.is_empty().then_some(())).await;
    }

    /// Stops it, and gives its store back.
    pub(crate) async fn stop(self) -> Arc<dyn Store> {
        within("the hub stops", self.running.stop()).await;
        self.truth
    }
}
