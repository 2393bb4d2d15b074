//! A hub in this process, and a way to it that can be disturbed.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fspiop::{Amount, Currency, FspId};
use hub::{CallbackPolicy, Intake, Listen, OpenAuthorizer, Running, Settings, system_clock};
use ledger::AccountType;
use load::{Endpoints, Phases, Plan, Report, Skew, Target, Watcher, bench};
use operations::Silent;
use provisioning::Apis;
use store::Store;
use store_sqlite::SqliteStore;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

pub(crate) fn plan() -> Plan {
    Plan {
        rate: 40.0,
        duration: Duration::from_secs(2),
        warmup: Duration::from_secs(1),
        phases: Phases::ALL,
        payers: 2,
        payees: 2,
        skew: Skew::Uniform,
        seed: 1,
        ramp: Duration::ZERO,
        overload: None,
        currencies: vec![Currency::parse("USD").unwrap()],
        jws: false,
        tls: None,
    }
}

fn at(address: SocketAddr) -> String {
    format!("http://{address}")
}

pub(crate) struct TestHub {
    store: Arc<dyn Store>,
    running: Running,
    _folder: TempDir,
}

impl TestHub {
    pub(crate) async fn start() -> TestHub {
        TestHub::with(hub::Tls::default()).await
    }

    /// A hub that speaks TLS.
    pub(crate) async fn with(tls: hub::Tls) -> TestHub {
        let folder = tempfile::tempdir().unwrap();
        let hub_name = FspId::parse("Hub").unwrap();
        let file = folder.path().join("hub.sqlite");
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&file, hub_name.clone(), system_clock()).unwrap());
        let settings = Settings {
            roles: hub::Roles::default(),
            listen: Listen::ephemeral(&hub::Roles::default()),
            hub_name,
            callback_policy: CallbackPolicy::Open,
            delivery: hub::delivery::SchedulerSettings::default(),
            intake: Intake::default(),
            jws: hub::Jws::default(),
            tls,
            on_us_transfers: false,
            capture: false,
            capture_from: Vec::new(),
        };
        let running = hub::serve(settings, store.clone(), system_clock(), Arc::new(OpenAuthorizer)).await.unwrap();
        TestHub { store, running, _folder: folder }
    }

    pub(crate) async fn bench(&self, plan: &Plan, way: &Way, watcher: &dyn Watcher) -> Report {
        let scheme = if plan.tls.is_some() { "https" } else { "http" };
        self.bench_on(plan, Endpoints::all(vec![format!("{scheme}://{}", way.address)]), watcher).await
    }

    /// The hub's own address for one phase, the way to it for the others.
    pub(crate) fn endpoints(&self, way: &Way) -> Endpoints {
        let direct = vec![at(self.running.addresses.fspiop[0])];
        Endpoints { lookup: direct, ..Endpoints::all(vec![at(way.address)]) }
    }

    pub(crate) async fn bench_on(&self, plan: &Plan, endpoints: Endpoints, watcher: &dyn Watcher) -> Report {
        let addresses = &self.running.addresses;
        let target = Target::Running {
            endpoints,
            apis: Apis {
                fspiop: at(addresses.fspiop[0]),
                ledger_admin: at(addresses.ledger_admin.unwrap()),
                oracle_admin: at(addresses.oracle_admin.unwrap()),
            },
            hub_name: FspId::parse("Hub").unwrap(),
            store: None,
        };
        bench(plan, target, None, "127.0.0.1:0".parse().unwrap(), &Silent, watcher).await.unwrap()
    }

    /// The sums of the payers' and of the payees' positions.
    pub(crate) async fn positions(&self) -> (Amount, Amount) {
        let configuration = self.store.configuration().await.unwrap();
        let registry = &configuration.registry;
        let mut sums = [Amount::ZERO; 2];
        for (sum, kind) in sums.iter_mut().zip(["benchpayer", "benchpayee"]) {
            for number in 1..=2 {
                let participant = registry.participant_named(&format!("{kind}{number}")).unwrap();
                let currency = Currency::parse("USD").unwrap();
                let account = registry.account_of(participant.id, currency, AccountType::Position).unwrap();
                for (_, balance) in self.store.balances(vec![account.id]).await.unwrap() {
                    *sum = sum.checked_add(balance.amount).unwrap();
                }
            }
        }
        (sums[0], sums[1])
    }
}

/// Carries bytes to a hub, until it is told otherwise.
pub(crate) struct Way {
    pub(crate) address: SocketAddr,
    paused: watch::Sender<bool>,
    closed: Arc<AtomicBool>,
}

impl Way {
    pub(crate) async fn to(hub: &TestHub) -> Way {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (paused, seen) = watch::channel(false);
        let closed = Arc::new(AtomicBool::new(false));
        tokio::spawn(carry(listener, hub.running.addresses.fspiop[0], seen, closed.clone()));
        Way { address, paused, closed }
    }

    /// Nothing reaches the hub for so long.
    pub(crate) fn pause(&self, time: Duration) {
        let paused = self.paused.clone();
        paused.send_replace(true);
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            paused.send_replace(false);
        });
    }

    /// Nothing reaches the hub any more.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}

async fn carry(listener: TcpListener, hub: SocketAddr, paused: watch::Receiver<bool>, closed: Arc<AtomicBool>) {
    while let Ok((client, _)) = listener.accept().await {
        if closed.load(Ordering::Relaxed) {
            return;
        }
        let server = TcpStream::connect(hub).await.unwrap();
        let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
        tokio::spawn(pass(from_client, to_server, paused.clone(), closed.clone()));
        tokio::spawn(pass(from_server, to_client, paused.clone(), closed.clone()));
    }
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut paused: watch::Receiver<bool>,
    closed: Arc<AtomicBool>,
) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        let _ = paused.wait_for(|paused| !paused).await;
        if closed.load(Ordering::Relaxed) || to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}
