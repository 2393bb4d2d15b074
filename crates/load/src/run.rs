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
    book::{Book, Counts, Second},
    connections::Connections,
    generator::Generator,
    latencies::Percentiles,
    plan::{PAYMENT_TIMEOUT, Plan},
    stationery::{Names, Stationery},
    traffic::Traffic,
};

/// Connections that the hub may open to the FSPs: it keeps some dozens for each.
const CONNECTIONS: usize = 4_096;
/// From the start of a run until the first payment may be due, so that nothing is late at once.
const LEAD: Duration = Duration::from_millis(50);
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
    /// Lets the FSPs listen, and the payments go to these hubs. The FSPs sign if there is a signer.
    pub(crate) fn start(plan: &Plan, listener: TcpListener, hubs: Vec<Connections>, signer: Option<Signer>) -> Fsps {
        let (book, stationery) = (Book::new(plan.phases), Stationery::new(plan, signer));
        let traffic = Arc::new(Traffic::new(book, stationery, hubs, tokio::runtime::Handle::current()));
        let (stop, stopped) = watch::channel(false);
        let owner = Arc::clone(&traffic);
        let service = service_fn(move |request| Arc::clone(&owner).answer(request));
        let server = tokio::spawn(participant::serve(listener, service, CONNECTIONS, stopped));
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
pub(crate) struct Observed<T> {
    pub(crate) counts: Counts,
    /// Payments that were committed from the first to the last, the warm-up included.
    pub(crate) committed_ever: u64,
    /// Payments that ended well while those that count were begun.
    pub(crate) committed_in_time: u64,
    /// In the order of `MEASURES`.
    pub(crate) percentiles: [Percentiles; 4],
    pub(crate) lateness: Percentiles,
    pub(crate) problems: BTreeMap<String, u64>,
    pub(crate) course: Vec<Second>,
    /// What `sample` said when the warm-up ended, and when the last payment had been begun.
    pub(crate) samples: [T; 2],
}

/// Begins the payments of the plan, and waits for their ends. `sample` is asked at both ends of what counts.
pub(crate) async fn run<T>(
    plan: &Plan,
    fsps: &Fsps,
    watcher: &dyn Watcher,
    sample: impl Fn() -> T,
) -> Result<Observed<T>, Failure> {
    let traffic = &fsps.traffic;
    let start = Instant::now() + LEAD;
    let names = Names::new(RandomState::new().hash_one(std::process::id()));
    let generator = Generator::start(plan.clone(), Arc::clone(traffic), start, names).map_err(Failure::failed)?;
    let mut course = Course { plan, traffic, watcher, start, seconds: Vec::new() };
    course.until(start + plan.warmup).await;
    let (before, first) = (traffic.book().committed_ever(), sample());
    course.until(start + plan.warmup + plan.duration).await;
    let (after, second) = (traffic.book().committed_ever(), sample());
    let deadline = Instant::now() + PAYMENT_TIMEOUT + GRACE;
    let is_over = || generator.is_finished() && traffic.book().under_way() == 0 && traffic.sending() == 0;
    while !is_over() && Instant::now() < deadline {
        course.until(Instant::now() + LOOK_EVERY).await;
    }
    let book = traffic.book();
    Ok(Observed {
        counts: book.counts(),
        committed_ever: book.committed_ever(),
        committed_in_time: after - before,
        percentiles: book.percentiles(),
        lateness: book.lateness(),
        problems: book.problems().clone(),
        course: course.seconds,
        samples: [first, second],
    })
}

/// Notes each second.
struct Course<'a> {
    plan: &'a Plan,
    traffic: &'a Traffic,
    watcher: &'a dyn Watcher,
    start: Instant,
    seconds: Vec<Second>,
}

impl Course<'_> {
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
            let warmup = at_s <= self.plan.warmup.as_secs_f64();
            let second = self.traffic.book().second(at_s, warmup, Instant::now());
            self.watcher.second(&second);
            self.seconds.push(second);
        }
    }
}
