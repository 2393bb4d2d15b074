//! A real hub in the process, and a way to it that breaks.

#![allow(clippy::unwrap_used, reason = "support of tests")]

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use fspiop::FspId;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hub::{CallbackPolicy, Intake, Jws, Listen, OpenAuthorizer, Running, Settings, delivery::SchedulerSettings};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use ledger::EntryKind;
use operations::{Change, Plan, Risk, Silent};
use provisioning::{Apis, HttpClient, Scheme, apply, plan};
use serde_json::Value;
use store::Store;
use store_sqlite::SqliteStore;
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::Notify};

/// The built-in demo, with FSPs where nobody listens: the hub's callbacks to them are none of these tests' business.
pub(crate) fn demo() -> Scheme {
    let hub: definition::Hub = serde_saphyr::from_str(include_str!("../../../definition/src/demo.yaml")).unwrap();
    Scheme::of(&hub, |fsp| format!("http://127.0.0.1:9/{fsp}"))
}

/// A hub on an empty store, and the store under it.
pub(crate) struct World {
    pub(crate) apis: Apis,
    pub(crate) store: Arc<dyn Store>,
    client: HttpClient,
    hub: Running,
    _folder: TempDir,
}

impl World {
    pub(crate) async fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        let name = FspId::parse("Hub").unwrap();
        let clock = hub::system_clock();
        let store = SqliteStore::open(&folder.path().join("hub.sqlite"), name.clone(), clock.clone()).unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        let settings = Settings {
            roles: hub::Roles::default(),
            listen: Listen::ephemeral(&hub::Roles::default()),
            hub_name: name,
            callback_policy: CallbackPolicy::Open,
            delivery: SchedulerSettings::default(),
            intake: Intake::default(),
            jws: Jws::default(),
            tls: hub::Tls::default(),
            on_us_transfers: false,
            capture: false,
            capture_from: Vec::new(),
        };
        let hub = hub::serve(settings, store.clone(), clock, Arc::new(OpenAuthorizer)).await.unwrap();
        let apis = Apis {
            fspiop: url(hub.addresses.fspiop[0]),
            ledger_admin: url(hub.addresses.ledger_admin.unwrap()),
            oracle_admin: url(hub.addresses.oracle_admin.unwrap()),
        };
        World { apis, store, client: HttpClient::new(), hub, _folder: folder }
    }

    /// A hub that is as the demo says.
    pub(crate) async fn with_demo() -> World {
        let world = World::new().await;
        world.apply(&demo()).await;
        world
    }

    pub(crate) async fn plan(&self, scheme: &Scheme) -> Plan {
        plan(&self.apis, scheme, &str::to_owned).await.unwrap()
    }

    pub(crate) async fn apply(&self, scheme: &Scheme) -> Plan {
        apply(&self.apis, scheme, &Silent).await.unwrap()
    }

    /// Sends a request to the ledger admin API by hand.
    pub(crate) async fn administer(&self, method: Method, path: &str, body: Value) {
        self.client.send_json(method, &format!("{}{path}", self.apis.ledger_admin), &body).await.unwrap();
    }

    /// How much was paid in, movement by movement.
    pub(crate) async fn paid_in(&self) -> Vec<String> {
        let books = self.store.books().await.unwrap();
        let paid = books.entries.iter().filter(|entry| entry.kind == EntryKind::FundsIn);
        paid.map(|entry| format!("{} {}", entry.amount, entry.currency)).collect()
    }

    /// Brings a hub from what it is to a changed demo: the plan is these changes (resource, field, before, after, risk),
    /// applying makes them, and nothing is left to change.
    #[track_caller]
    pub(crate) fn check<'a>(
        &'a self,
        scheme: &'a Scheme,
        expect: &'a [(&str, &str, Value, Value, Risk)],
    ) -> impl Future<Output = ()> + 'a {
        let at = std::panic::Location::caller();
        async move {
            let planned = self.plan(scheme).await;
            let found: Vec<_> = planned.changes.iter().map(shape).collect();
            let expect: Vec<_> = expect
                .iter()
                .map(|(resource, field, before, after, risk)| (*resource, *field, before, after, *risk))
                .collect();
            assert_eq!(found, expect, "{at}");
            assert_eq!(self.apply(scheme).await, planned, "{at}");
            assert_eq!(self.plan(scheme).await, Plan::default(), "{at}");
        }
    }

    pub(crate) async fn stop(self) {
        self.hub.stop().await;
    }
}

fn shape(change: &Change) -> (&str, &str, &Value, &Value, Risk) {
    (&change.resource, &change.field, &change.before, &change.after, change.risk)
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// Ways to the three APIs of a hub, over which a number of requests pass. The last of them still reaches the hub, but its
/// answer does not come back, nor does anything after it: as if whoever asked had been killed.
pub(crate) struct Breaking {
    pub(crate) apis: Apis,
    state: Arc<State>,
}

struct State {
    client: Client<HttpConnector, Full<Bytes>>,
    left: AtomicUsize,
    broken: Notify,
}

impl Breaking {
    pub(crate) async fn after(requests: usize, hub: &Apis) -> Breaking {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let state = Arc::new(State { client, left: AtomicUsize::new(requests), broken: Notify::new() });
        let apis = Apis {
            fspiop: way(&state, &hub.fspiop).await,
            ledger_admin: way(&state, &hub.ledger_admin).await,
            oracle_admin: way(&state, &hub.oracle_admin).await,
        };
        Breaking { apis, state }
    }

    /// Returns when the way has broken.
    pub(crate) async fn broken(&self) {
        self.state.broken.notified().await;
    }
}

async fn way(state: &Arc<State>, to: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (state, to) = (state.clone(), to.to_owned());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (state, to) = (state.clone(), to.clone());
            let pass = service_fn(move |request| pass(state.clone(), to.clone(), request));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), pass));
        }
    });
    url(address)
}

async fn pass(state: Arc<State>, to: String, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let left = state.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
    if left.is_err() {
        std::future::pending::<()>().await;
    }
    let (mut head, body) = request.into_parts();
    head.uri = format!("{to}{}", head.uri.path_and_query().unwrap()).parse().unwrap();
    let body = body.collect().await.unwrap().to_bytes();
    let response = state.client.request(Request::from_parts(head, Full::new(body))).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    assert_ne!(head.status, StatusCode::NOT_FOUND);
    if left == Ok(1) {
        state.broken.notify_one();
        std::future::pending::<()>().await;
    }
    Ok(Response::from_parts(head, Full::new(body)))
}
