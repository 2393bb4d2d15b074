//! One run of a plan against hubs that are there: [`run`].

use std::{
    collections::BTreeMap,
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
    time::{Duration, Instant},
};

use hyper::service::service_fn;
use identity::Signer;
use operations::Failure;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{
    book::Book,
    counts::{Counts, Distributions},
    course::Second,
    fsp_tls::FspTls,
    generator::Generator,
    machine::{Sample, steal_percent},
    observer::Observer,
    plan::{PAYMENT_TIMEOUT, Plan},
    result::{Memory, Refusal},
    stationery::{Names, Stationery},
    traffic::{Routes, Traffic},
};

/// Connections that the hub may open to the FSPs: it keeps some dozens for each.
const CONNECTIONS: usize = 4_096;
/// From the start of a run until the first payment may be due, so that nothing is late at once.
const LEAD: Duration = Duration::from_millis(50);
/// The memory of a database is looked at in each so many-th second: that takes some milliseconds for each of its processes.
const MEMORY_EVERY: u32 = 5;
/// How often it is looked whether the last payments have ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How much longer than a payment may take the end of a run is waited for.
const GRACE: Duration = Duration::from_secs(2);

/// Told how a run goes.
pub trait Watcher: Send + Sync {
    /// A second is over.
    fn second(&self, second: &Second);
}

/// Nobody.
impl Watcher for () {
    fn second(&self, _: &Second) {}
}

/// FSPs that listen for the hub.
pub(crate) struct Fsps {
    pub(crate) traffic: Arc<Traffic>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Fsps {
    /// Lets the FSPs listen, and the payments take these routes. The FSPs sign if there is a signer.
    pub(crate) fn start(plan: &Plan, listener: TcpListener, routes: Routes, signer: Option<Signer>) -> Fsps {
        let book = Book::new(plan.phases, plan.currencies.len());
        let stationery = Stationery::new(plan, signer);
        let traffic = Arc::new(Traffic::new(book, stationery, routes, tokio::runtime::Handle::current()));
        let (stop, stopped) = watch::channel(false);
        let owner = Arc::clone(&traffic);
        let service = service_fn(move |request| Arc::clone(&owner).answer(request));
        let tls = plan.tls.as_ref().map(FspTls::acceptor);
        let server = tokio::spawn(participant::serve(listener, tls, service, CONNECTIONS, stopped));
        Fsps { traffic, stop, server }
    }

    /// Closes all connections.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.server.await;
    }
}

/// What a run has shown.
#[derive(Clone, Debug)]
pub(crate) struct Observed {
    pub(crate) counts: Counts,
    /// Payments that were committed from the first to the last, the warm-up included; for each currency.
    pub(crate) committed_ever: Vec<u64>,
    /// Payments that ended well while those that count were begun.
    pub(crate) committed_in_time: u64,
    pub(crate) distributions: Distributions,
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) problems: BTreeMap<String, u64>,
    pub(crate) course: Vec<Second>,
    /// When the first payment that counts was due, and when the last one had been begun.
    pub(crate) samples: [Sample; 2],
}

/// Begins the payments of the plan, and waits for their ends.
pub(crate) async fn run(
    plan: &Plan,
    fsps: &Fsps,
    observer: &Observer,
    watcher: &dyn Watcher,
) -> Result<Observed, Failure> {
    let traffic = &fsps.traffic;
    let names = Names::new(RandomState::new().hash_one(std::process::id()));
    let (generator, start) =
        Generator::start(plan.clone(), Arc::clone(traffic), LEAD, names).map_err(Failure::failed)?;
    let mut course = Course::new(plan, traffic, observer, watcher, start).await;
    let committed = || traffic.book().committed_ever().iter().sum::<u64>();
    course.until(start + plan.lead()).await;
    let (before, first) = (committed(), observer.sample().await);
    course.until(start + plan.lead() + plan.duration).await;
    let (after, second) = (committed(), observer.sample().await);
    let deadline = Instant::now() + PAYMENT_TIMEOUT + GRACE;
    let is_over = || generator.is_finished() && traffic.book().under_way() == 0 && traffic.sending() == 0;
    while !is_over() && Instant::now() < deadline {
        course.until(Instant::now() + LOOK_EVERY).await;
    }
    let book = traffic.book();
    Ok(Observed {
        counts: book.counts(),
        committed_ever: book.committed_ever().to_vec(),
        committed_in_time: after - before,
        distributions: book.distributions().clone(),
        refusals: book.refusals(),
        problems: book.problems().clone(),
        course: course.seconds,
        samples: [first, second],
    })
}

/// Notes each second.
struct Course<'a> {
    plan: &'a Plan,
    traffic: &'a Traffic,
    observer: &'a Observer,
    watcher: &'a dyn Watcher,
    start: Instant,
    before: Sample,
    database_bytes: Option<u64>,
    seconds: Vec<Second>,
}

impl<'a> Course<'a> {
    async fn new(
        plan: &'a Plan,
        traffic: &'a Traffic,
        observer: &'a Observer,
        watcher: &'a dyn Watcher,
        start: Instant,
    ) -> Course<'a> {
        let before = observer.processes(true).await;
        let database_bytes = before.memory().database;
        Course { plan, traffic, observer, watcher, start, before, database_bytes, seconds: Vec::new() }
    }

    /// Waits, and notes the seconds that pass.
    async fn until(&mut self, end: Instant) {
        loop {
            let number = u32::try_from(self.seconds.len() + 1).unwrap_or(u32::MAX);
            let next = self.start + Duration::from_secs(1) * number;
            if next > end {
                return tokio::time::sleep_until(end.into()).await;
            }
            tokio::time::sleep_until(next.into()).await;
            let at_s = f64::from(number);
            let warmup = at_s <= self.plan.lead().as_secs_f64();
            let mut second = self.traffic.book().second(at_s, warmup, Instant::now());
            self.cost(&mut second, number.is_multiple_of(MEMORY_EVERY)).await;
            self.watcher.second(&second);
            self.seconds.push(second);
        }
    }

    /// Notes what the second has cost.
    async fn cost(&mut self, second: &mut Second, with_memory: bool) {
        let now = self.observer.processes(with_memory).await;
        if with_memory {
            self.database_bytes = now.memory().database;
        }
        second.cpu_ms = now.cpu_ms_since(&self.before);
        second.resident_bytes = Memory { database: self.database_bytes, ..now.memory() };
        second.steal_percent = steal_percent(&self.before, &now);
        self.before = now;
    }
}
