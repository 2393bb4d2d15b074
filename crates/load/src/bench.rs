//! A whole bench: hub, FSPs, run, result: [`bench`].

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use fspiop::{Amount, Currency, FspId};
use http::Uri;
use identity::Signer;
use operations::{Failure, Progress};
use participant::Phase;
use provisioning::Apis;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;

use crate::{
    conclusion::conclude,
    connections::{CONNECTIONS, CONNECTIONS_OF_OVERLOAD},
    database::{Database, DatabaseAccess},
    endpoints::Endpoints,
    evidence::{Evidence, Overloaded},
    host::Host,
    hub_process::{HubProcess, HubProgram},
    machine::{Meter, listening_on},
    observer::Observer,
    plan::Plan,
    result::{BenchResult, Ledger, Moved, Setting},
    run::{Fsps, Observed, Watcher, run},
    scheme,
    stationery::AMOUNT,
};

/// PostgreSQL's port, where a URL names none.
const POSTGRES_PORT: u16 = 5432;

/// Which hub is measured.
#[derive(Clone, Debug)]
pub enum Target {
    /// One that is started for it, as a process of its own.
    Own(HubProgram),
    /// One that runs.
    Running {
        /// Where it takes FSPIOP.
        endpoints: Endpoints,
        /// Where it is administered.
        apis: Apis,
        /// What it is called.
        hub_name: FspId,
        /// Its store as `--store` has it, if that is known: says where its database is.
        store: Option<String>,
    },
}

/// A result, and what it was concluded from.
#[derive(Clone, Debug)]
pub struct Report {
    /// The result.
    pub result: BenchResult,
    /// What the run has shown.
    pub evidence: Evidence,
    /// What it ran on.
    pub host: Host,
}

/// Where the hub reaches FSPs that listen: on every address of this machine means on the one that leads to the hub.
async fn reached_at(listening: SocketAddr, hub: &str) -> Result<SocketAddr, Failure> {
    if !listening.ip().is_unspecified() {
        return Ok(listening);
    }
    let failed = |error: std::io::Error| {
        Failure::preflight(format!("--listen {listening}: which address of this machine leads to {hub}? {error}"))
            .hint("--listen ADDRESS:PORT names the one that the hub can reach")
    };
    let authority = hub.split_once("://").map_or(hub, |(_, rest)| rest).split('/').next().unwrap_or_default();
    let target = tokio::net::lookup_host(authority).await.map_err(failed)?.next();
    let target = target.ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?;
    let anywhere = if target.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    // Nothing is sent: connecting a datagram socket only chooses the route.
    let socket = tokio::net::UdpSocket::bind(anywhere).await.map_err(failed)?;
    socket.connect(target).await.map_err(failed)?;
    let ip = socket.local_addr().map_err(failed)?.ip();
    Ok(SocketAddr::new(ip, listening.port()))
}

/// The other nodes of a hub learn of new participants within a quarter of a second; on a busy machine it takes them longer.
const LEARNED_WITHIN: Duration = Duration::from_secs(2);

/// Measures a hub. `database` opens the store of `target`, if that is on a PostgreSQL server, so that it can be asked what
/// it holds.
///
/// # Errors
/// If the hub does not start, can't be reached or can't be provisioned. A hub that is too slow is no error but a result.
pub async fn bench(
    plan: &Plan,
    target: Target,
    database: Option<DatabaseAccess>,
    listen: SocketAddr,
    progress: &dyn Progress,
    watcher: &dyn Watcher,
) -> Result<Report, Failure> {
    plan.check().map_err(Failure::usage)?;
    raise_file_limit();
    let hub = Hub::of(target, plan, progress).await?;
    let count = plan.overload.map_or(CONNECTIONS, |_| CONNECTIONS_OF_OVERLOAD);
    let routes = hub.endpoints.routes(count, plan.tls.as_ref())?;
    let (observer, mut notes) = observer(&hub, database).await;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| Failure::preflight(format!("--listen {listen}: {error}")).hint("port 0 takes a free one"))?;
    let address = reached_at(listener.local_addr().map_err(Failure::failed)?, &hub.apis.ledger_admin).await?;
    let signer = plan.jws.then(Signer::generate).transpose().map_err(Failure::failed)?.map(|(signer, _)| signer);
    let fsps = Fsps::start(plan, listener, routes, signer);
    let place = (address, plan.tls.is_some());
    scheme::onboard(&hub.apis, &hub.name, fsps.traffic.stationery(), place, progress).await?;
    scheme::register_key(&hub.apis, fsps.traffic.stationery()).await?;
    if hub.endpoints.distinct().len() > 1 {
        tokio::time::sleep(LEARNED_WITHIN).await;
    }
    let before = hub.positions(plan, &fsps).await?;
    let observed = run(plan, &fsps, &observer, watcher).await?;
    let after = hub.positions(plan, &fsps).await;
    fsps.stop().await;
    let (ledger, unread_ledger) = match (before, after) {
        (Some(before), Ok(Some(after))) => (Some(compare(&before, &after, &observed.committed_ever)?), None),
        // A hub that does not live to the end of the run has failed; what was measured is told all the same.
        (_, Err(failure)) => (None, Some(failure.message)),
        _ => (None, None),
    };
    if observed.samples.iter().any(|sample| sample.stored.is_none()) && observer.database().is_some() {
        notes.push("the database did not say what it holds".to_owned());
    }
    let host = Host::describe(&observer).await;
    let evidence = evidence(plan, &hub, observed, (ledger, unread_ledger), notes);
    Ok(Report { result: conclude(&evidence), evidence, host })
}

/// Each connection is a file, of the load and of a hub that it starts. Where the limit may not be raised, connections fail and
/// are reported.
fn raise_file_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

async fn observer(hub: &Hub, access: Option<DatabaseAccess>) -> (Observer, Vec<String>) {
    let Some(access) = access else { return (Observer::new(hub.meter.clone(), None), Vec::new()) };
    match Database::connect(&access).await {
        Ok(database) => (Observer::new(hub.meter.clone(), Some(database)), Vec::new()),
        Err(reason) => {
            let note = format!("what the database holds is not known: {reason}");
            (Observer::new(hub.meter.clone(), None), vec![note])
        }
    }
}

/// A hub that is there.
struct Hub {
    endpoints: Endpoints,
    apis: Apis,
    name: FspId,
    store: Option<&'static str>,
    meter: Meter,
    /// Ends with this.
    _process: Option<HubProcess>,
}

impl Hub {
    async fn of(target: Target, plan: &Plan, progress: &dyn Progress) -> Result<Hub, Failure> {
        match target {
            Target::Own(program) => {
                let (process, store) = HubProcess::start(&program, plan, progress).await?;
                let (kind, database, store_file) = store_of(&store);
                Ok(Hub {
                    endpoints: Endpoints::all(vec![process.apis.fspiop.clone()]),
                    apis: process.apis.clone(),
                    name: FspId::parse("Hub").expect("letters"),
                    store: kind,
                    meter: Meter { hub: vec![process.pid()], database, store_file },
                    _process: Some(process),
                })
            }
            Target::Running { endpoints, apis, hub_name, store } => {
                endpoints.check(plan.tls.as_ref()).await?;
                let (kind, database, store_file) = store.as_deref().map_or((None, None, None), store_of);
                let mut processes: Vec<u32> = endpoints.distinct().iter().filter_map(|url| listening_at(url)).collect();
                processes.sort_unstable();
                processes.dedup();
                let meter = Meter { hub: processes, database, store_file };
                Ok(Hub { endpoints, apis, name: hub_name, store: kind, meter, _process: None })
            }
        }
    }

    /// What the payers owe; nothing without clearing, which moves money.
    async fn positions(&self, plan: &Plan, fsps: &Fsps) -> Result<Option<Vec<(Currency, Amount)>>, Failure> {
        if !plan.phases.has(Phase::Clearing) {
            return Ok(None);
        }
        scheme::positions(&self.apis, fsps.traffic.stationery()).await.map(Some)
    }
}

/// The kind of a store, its database server on this machine, and its file.
fn store_of(store: &str) -> (Option<&'static str>, Option<u32>, Option<PathBuf>) {
    match store.split_once(':') {
        Some(("sqlite", file)) => (Some("sqlite"), None, Some(file.into())),
        Some(("postgres" | "postgresql", _)) => (Some("postgres"), listening_at(store), None),
        _ => (None, None, None),
    }
}

/// The process that listens where a URL leads, if that is this machine.
fn listening_at(url: &str) -> Option<u32> {
    let uri: Uri = url.parse().ok()?;
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    let is_here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    let port = uri
        .port_u16()
        .or_else(|| uri.scheme_str().filter(|scheme| scheme.starts_with("postgres")).map(|_| POSTGRES_PORT))?;
    is_here.then(|| listening_on(port)).flatten()
}

fn compare(before: &[(Currency, Amount)], after: &[(Currency, Amount)], committed: &[u64]) -> Result<Ledger, Failure> {
    let amount = Amount::parse(AMOUNT).expect("a valid amount").units();
    let mut ledger = Ledger { moved: String::new(), expected: String::new(), currencies: Default::default() };
    let (mut moved_in_all, mut expected_in_all) = (Amount::ZERO, Amount::ZERO);
    let add =
        |sum: Amount, amount| sum.checked_add(amount).ok_or_else(|| Failure::failed("positions are out of range"));
    for (((currency, before), (_, after)), committed) in before.iter().zip(after).zip(committed) {
        let moved = after.checked_sub(*before).ok_or_else(|| Failure::failed("positions are out of range"))?;
        let expected = Amount::from_units(amount * i128::from(*committed));
        (moved_in_all, expected_in_all) = (add(moved_in_all, moved)?, add(expected_in_all, expected)?);
        let moved = Moved { moved: moved.to_string(), expected: expected.to_string() };
        ledger.currencies.insert(currency.as_str().to_owned(), moved);
    }
    (ledger.moved, ledger.expected) = (moved_in_all.to_string(), expected_in_all.to_string());
    Ok(ledger)
}

fn evidence(
    plan: &Plan,
    hub: &Hub,
    observed: Observed,
    (ledger, unread_ledger): (Option<Ledger>, Option<String>),
    notes: Vec<String>,
) -> Evidence {
    let overloaded = plan.overload.zip(plan.overloaded());
    Evidence {
        setting: setting(plan, hub.store),
        through: plan.phases,
        overloaded: overloaded.map(|(factor, (from, until))| Overloaded {
            factor,
            from_s: from.as_secs_f64(),
            until_s: until.as_secs_f64(),
        }),
        counts: observed.counts,
        committed_in_time: observed.committed_in_time,
        refusals: observed.refusals,
        problems: observed.problems,
        ledger,
        unread_ledger,
        samples: observed.samples,
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        notes,
        distributions: observed.distributions,
        course: observed.course,
    }
}

fn setting(plan: &Plan, store: Option<&str>) -> Setting {
    Setting {
        rate: plan.rate,
        duration_s: plan.duration.as_secs_f64(),
        warmup_s: plan.warmup.as_secs_f64(),
        ramp_s: plan.ramp.as_secs_f64(),
        seed: plan.seed,
        schedule: "poisson".to_owned(),
        payers: plan.payers,
        payees: plan.payees,
        skew: plan.skew.as_str().to_owned(),
        currencies: plan.currencies.iter().map(|currency| currency.as_str().to_owned()).collect(),
        jws: plan.jws,
        tls: plan.tls.is_some(),
        store: store.map(ToOwned::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_by_kind() {
        assert_eq!(store_of("sqlite:/tmp/x").0, Some("sqlite"));
        assert_eq!(store_of("sqlite:/tmp/x").2, Some("/tmp/x".into()));
        assert_eq!(store_of("postgres://hub:secret@db.example:5432/hub"), (Some("postgres"), None, None));
        assert_eq!(store_of("other"), (None, None, None));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_server_on_this_machine_is_found_by_its_url() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let own = Some(std::process::id());
        assert_eq!(listening_at(&format!("http://127.0.0.1:{port}")), own);
        assert_eq!(listening_at(&format!("postgres://hub:secret@localhost:{port}/hub?sslmode=disable")), own);
        assert_eq!(listening_at(&format!("http://198.51.100.7:{port}")), None, "another machine");
    }

    #[test]
    fn books_are_compared_for_each_currency() {
        let of = |usd: &str, kes: &str| {
            ["USD", "KES"]
                .map(|code| Currency::parse(code).unwrap())
                .into_iter()
                .zip([usd, kes].map(|text| Amount::parse(text).unwrap()))
                .collect::<Vec<_>>()
        };
        let ledger = compare(&of("5", "7"), &of("8", "11"), &[3, 4]).unwrap();
        assert_eq!((ledger.moved.as_str(), ledger.expected.as_str(), ledger.agrees()), ("7", "7", true));
        let ledger = compare(&of("5", "7"), &of("9", "10"), &[3, 4]).unwrap();
        assert!(!ledger.agrees(), "as many payments, but in other currencies: {ledger:?}");
    }
}
