//! Whole hubs on a real PostgreSQL whose network, processes or answers fail.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use fspiop::FspId;
use hub::{Intake, Settings};
use postgres_server::{Durability, Loss, Proxy, Server};
use store::Store;
use store_postgres::{Migrate, PostgresSettings, PostgresStore};
use switch::{Command, Headers, Inbound, Method};
use tokio::time::Instant;

use crate::support::{Manner, Request, World, eventually, messages::Transfer, test_hub, world::PAYER};

/// What only the connection has sent that writes batches.
const BATCH: &str = "SET last_batch";
/// What only the connection has sent that renews the node's claim.
const CLAIM: &str = "SET lease_until = greatest";
/// Clients give up after this long: an answer must reach them before.
const CLIENTS_GIVE_UP: Duration = Duration::from_secs(10);
/// How long a request is held in these tests.
const HOLD_MS: u64 = 1_000;
/// A hub is to be fully there this long after its database, on a machine of its own; here it shares one.
const BACK_WITHIN: Duration = Duration::from_secs(20);

pub(crate) async fn open(url: &str, node: &str) -> Arc<dyn Store> {
    let hub = FspId::parse(test_hub::HUB).unwrap();
    let settings =
        PostgresSettings { url: url.into(), password: None, root_certificates: None, node: node.into(), hub };
    Arc::new(PostgresStore::open(settings, Migrate::Yes).await.unwrap())
}

/// A hub on a database of its own.
struct Site<'a> {
    world: World,
    server: &'a Server,
    url: String,
    proxy: Proxy,
}

impl<'a> Site<'a> {
    /// A hub behind a proxy; what it has written is read without it.
    async fn new(server: &'a Server, settings: Settings) -> Site<'a> {
        let url = server.database();
        let proxy = Proxy::to(&url);
        let store = open(&proxy.url(&url), "hub").await;
        let world = World::over(store, open(&url, "truth").await, settings).await;
        let site = Site { world, server, url, proxy };
        site.quiet().await;
        site
    }

    /// Waits until no node has messages to deliver.
    async fn quiet(&self) {
        let count = async || self.server.psql(&self.url, "SELECT count(*) FROM pending_message");
        eventually("an empty outbox", async || (count().await.trim() == "0").then_some(())).await;
    }

    async fn readiness(&self) -> u16 {
        Request::plain("GET", "/ready").send(self.world.hub.operations()).await.status
    }

    async fn check_refused(&self, request: &Request, within: Duration) {
        let asked = Instant::now();
        let response = self.world.hub.send(request).await;
        assert_eq!((response.status, response.error().0.as_str()), (503, "2003"), "{}: {response:?}", request.name());
        assert!(asked.elapsed() < within, "{}: after {:?}", request.name(), asked.elapsed());
    }

    /// While the database hangs, whatever the hub can't store is refused in time, and nothing is done for it; afterwards
    /// everything goes on by itself.
    async fn survives(&self, hang: impl FnOnce(), go_on: impl FnOnce()) {
        let world = &self.world;
        world.pay(&Transfer::new("1")).await;
        self.quiet().await;
        eventually("it is ready", async || (self.readiness().await == 200).then_some(())).await;
        hang();
        let refused: Vec<_> = (0..4).map(|_| Transfer::new("1")).collect();
        self.check_refused(&refused[0].prepare(), CLIENTS_GIVE_UP).await;
        assert_eq!(self.readiness().await, 503);
        // The hub knows by now, and holds a request for no longer than it is to.
        for transfer in &refused[1..] {
            self.check_refused(&transfer.prepare(), Duration::from_millis(4 * HOLD_MS)).await;
        }
        let question = Request::admin("GET", "/participants/payerfsp/accounts");
        assert_eq!(world.hub.admin(&question).await.status, 503);
        go_on();
        let started = Instant::now();
        eventually("it is ready again", async || (self.readiness().await == 200).then_some(())).await;
        assert!(started.elapsed() < BACK_WITHIN, "after {:?}", started.elapsed());
        for transfer in &refused {
            assert_eq!(world.status(transfer).await, "none");
        }
        world.pay(&refused[0]).await;
        self.quiet().await;
        assert_eq!(world.position(PAYER).await, "2");
        assert_eq!(world.payee.received().len(), 2, "each prepare once");
    }
}

/// A hub that holds requests for a short time.
fn impatient() -> Settings {
    Settings { intake: Intake { hold_ms: HOLD_MS, ..Intake::default() }, ..test_hub::settings() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_hangs_is_survived() {
    let site = Site::new(Server::shared(), impatient()).await;
    site.survives(|| site.proxy.hang(), || site.proxy.go_on()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_hangs_is_survived() {
    let server = Server::start(Durability::Fast, &[]).unwrap();
    let site = Site::new(&server, impatient()).await;
    let frozen = Mutex::new(None);
    site.survives(|| *frozen.lock().unwrap() = Some(server.freeze()), || drop(frozen.lock().unwrap().take())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_of_the_database_that_hangs_is_left_alone() {
    let server = Server::start(Durability::Fast, &[]).unwrap();
    let site = Site::new(&server, test_hub::settings()).await;
    // The first connection is the one that writes batches.
    let first =
        "backend_start = (SELECT min(backend_start) FROM pg_stat_activity WHERE application_name = 'mojaloop hub')";
    let _frozen = server.freeze_one(&site.url, first);
    let (asked, transfer) = (Instant::now(), Transfer::new("1"));
    site.world.hub.must_take(&transfer.prepare()).await;
    assert!(asked.elapsed() < CLIENTS_GIVE_UP, "after {:?}", asked.elapsed());
    site.world.payee.wait_for_one("POST", "/transfers").await;
    assert_eq!(site.readiness().await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_notices_that_the_answer_to_a_commit_is_lost() {
    let site = Site::new(Server::shared(), test_hub::settings()).await;
    let world = &site.world;
    for (number, loss) in [Loss::Before, Loss::After, Loss::Silent].into_iter().enumerate() {
        let transfer = Transfer::new("1");
        site.quiet().await;
        site.proxy.lose_commit(loss, BATCH);
        world.hub.must_take(&transfer.prepare()).await;
        assert_eq!(site.proxy.losses(), 2 * number + 1, "{loss:?}");
        world.payee.wait_for(number + 1).await;
        site.quiet().await;
        site.proxy.lose_commit(loss, BATCH);
        world.hub.must_take(&transfer.commit()).await;
        assert_eq!(site.proxy.losses(), 2 * number + 2, "{loss:?}");
        world.payer.wait_for_one("PUT", &transfer.path()).await;
        site.quiet().await;
        assert_eq!(world.position(PAYER).await, (number + 1).to_string(), "{loss:?}: moved once");
        assert_eq!(world.payee.received().len(), number + 1, "{loss:?}: sent once");
    }
    assert_eq!(world.payer.received().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_sent_of_which_only_the_takeover_was_answered_to_nobody() {
    let site = Site::new(Server::shared(), test_hub::settings()).await;
    let lost = open(&site.url, "lost").await;
    let participant = FspId::parse(PAYER).unwrap();
    let inbound = Inbound {
        source: participant,
        destination: None,
        method: Method::Post,
        path: "/participants/MSISDN/1".into(),
        headers: Headers::new(),
        body: bytes::Bytes::new(),
    };
    let (party, fsp) = ("MSISDN/1".parse().unwrap(), FspId::parse("nobody").unwrap());
    let unwelcome = Command::RegisterParty { inbound, party, fsp, currency: None };
    assert_eq!(lost.commit(Arc::new(vec![unwelcome])).await.unwrap().messages.len(), 1);
    site.proxy.hang();
    site.server.psql(&site.url, "UPDATE node SET lease_until = 0 WHERE name = 'lost'");
    // The first renewal that can adopt the message.
    site.proxy.lose_commit(Loss::After, CLAIM);
    site.proxy.go_on();
    site.world.payer.wait_for_one("PUT", "/participants/MSISDN/1/error").await;
    site.quiet().await;
    assert_eq!(site.proxy.losses(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_makes_no_sense_stops_nothing_else() {
    let site = Site::new(Server::shared(), test_hub::settings()).await;
    let world = &site.world;
    let (broken, sound) = (Transfer::new("1"), Transfer::short_lived("1", 3_000));
    world.hub.must_take(&broken.prepare()).await;
    world.hub.must_take(&sound.prepare()).await;
    site.quiet().await;
    let key = format!("id = '\\x00{}'", broken.id.replace('-', ""));
    site.server.psql(&site.url, &format!("UPDATE transfer SET status = 'GONE', expiration = 0 WHERE {key}"));
    let response = world.hub.send(&broken.commit()).await;
    assert_eq!((response.status, response.error().0.as_str()), (500, "2001"));
    let trace = world.hub.admin(&Request::admin("GET", &format!("/trace/{}", broken.id))).await;
    assert_eq!(trace.status, 500, "{trace:?}");
    // Another one is paid, and one that nobody answers ends when its time is over.
    world.pay(&Transfer::new("1")).await;
    assert_eq!(world.payer.wait_for_one("PUT", &sound.error_path()).await.error().0, "3303");
    assert_eq!(site.readiness().await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_shows_what_was_given_up() {
    let site = Site::new(Server::shared(), test_hub::settings()).await;
    let transfer = Transfer::short_lived("1", 2_000);
    site.world.payee.usually(Manner::Answer(503));
    site.world.hub.must_take(&transfer.prepare()).await;
    let path = format!("/trace/{}", transfer.id);
    let given_up = async || {
        let trace = site.world.hub.admin(&Request::admin("GET", &path)).await;
        trace.text().contains("message_given_up").then_some(())
    };
    eventually("the trace shows that the prepare was given up", given_up).await;
}
