//! A whole bench: hub, FSPs, run, result: [`bench`].

use std::{net::SocketAddr, path::PathBuf};

use fspiop::{Amount, FspId};
use http::Uri;
use identity::Signer;
use operations::{Failure, Progress};
use participant::Phase;
use provisioning::{Apis, check_hub};
use tokio::net::TcpListener;

use crate::{
    book::{Counts, Second},
    connections::Connections,
    hub_process::{HubProcess, HubProgram},
    machine::{Meter, Sample, Usage, listening_on, steal_percent},
    plan::Plan,
    result::{BenchResult, Bytes, Costs, Gates, Ledger, Machine, Memory, Pace, Payments, Phases, Problem, Verdict},
    run::{Fsps, Observed, Watcher, run},
    scheme,
    stationery::AMOUNT,
    verdict::{Facts, reasons_against},
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
        /// The base URLs of its FSPIOP, at least one; payments take them in turn.
        fspiop: Vec<String>,
        /// Where it is administered.
        apis: Apis,
        /// What it is called.
        hub_name: FspId,
        /// Its store as `--store` has it, if that is known: says where its database is.
        store: Option<String>,
    },
}

/// A result, and how it came about second by second.
#[derive(Clone, Debug)]
pub struct Report {
    /// The result.
    pub result: BenchResult,
    /// The course.
    pub course: Vec<Second>,
}

/// Measures a hub.
///
/// # Errors
/// If the hub does not start, can't be reached or can't be provisioned. A hub that is too slow is no error but a result.
pub async fn bench(
    plan: &Plan,
    target: Target,
    listen: SocketAddr,
    progress: &dyn Progress,
    watcher: &dyn Watcher,
) -> Result<Report, Failure> {
    plan.check().map_err(Failure::usage)?;
    let hub = Hub::of(target, plan.jws, progress).await?;
    let hubs: Vec<Connections> = hub.fspiop.iter().map(|url| connections(url)).collect::<Result<_, _>>()?;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| Failure::preflight(format!("--listen {listen}: {error}")).hint("port 0 takes a free one"))?;
    let address = listener.local_addr().map_err(Failure::failed)?;
    let signer = plan.jws.then(Signer::generate).transpose().map_err(Failure::failed)?.map(|(signer, _)| signer);
    let fsps = Fsps::start(plan, listener, hubs, signer);
    scheme::onboard(&hub.apis, &hub.name, fsps.traffic.stationery(), address, progress).await?;
    scheme::register_key(&hub.apis, fsps.traffic.stationery()).await?;
    let before = hub.positions(plan, &fsps).await?;
    let observed = run(plan, &fsps, watcher, || hub.meter.sample()).await?;
    let after = hub.positions(plan, &fsps).await;
    fsps.stop().await;
    let (ledger, unread) = match (before, after) {
        (Some(before), Ok(Some(after))) => (Some(compare(before, after, observed.committed_ever)?), None),
        // A hub that does not live to the end of the run has failed; what was measured is told all the same.
        (_, Err(failure)) => (None, Some(failure.message)),
        _ => (None, None),
    };
    let mut result = conclude(plan, &hub, &observed, ledger);
    if let Some(reason) = unread {
        result.reasons.push(format!("the hub's positions can't be read: {reason}"));
        result.verdict = Verdict::Fail;
    }
    Ok(Report { result, course: observed.course })
}

fn connections(url: &str) -> Result<Connections, Failure> {
    Connections::to(url).ok_or_else(|| {
        Failure::usage(format!("--hub: found {url:?}, expected http://HOST:PORT"))
            .hint("example: --hub http://127.0.0.1:3000")
    })
}

/// A hub that is there.
struct Hub {
    fspiop: Vec<String>,
    apis: Apis,
    name: FspId,
    store: Option<&'static str>,
    meter: Meter,
    /// Ends with this.
    _process: Option<HubProcess>,
}

impl Hub {
    async fn of(target: Target, jws: bool, progress: &dyn Progress) -> Result<Hub, Failure> {
        match target {
            Target::Own(program) => {
                let (process, store) = HubProcess::start(&program, jws, progress).await?;
                let (kind, database, store_file) = store_of(&store);
                Ok(Hub {
                    fspiop: vec![process.apis.fspiop.clone()],
                    apis: process.apis.clone(),
                    name: FspId::parse("Hub").expect("letters"),
                    store: kind,
                    meter: Meter { hub: vec![process.pid()], database, store_file },
                    _process: Some(process),
                })
            }
            Target::Running { fspiop, apis, hub_name, store } => {
                for url in &fspiop {
                    connections(url)?;
                    check_hub(url).await.map_err(|reason| Failure::failed(format!("--hub {url}: {reason}")))?;
                }
                let (kind, database, store_file) = store.as_deref().map_or((None, None, None), store_of);
                let mut processes: Vec<u32> = fspiop.iter().filter_map(|url| listening_at(url)).collect();
                processes.sort_unstable();
                processes.dedup();
                let meter = Meter { hub: processes, database, store_file };
                Ok(Hub { fspiop, apis, name: hub_name, store: kind, meter, _process: None })
            }
        }
    }

    /// What the payers owe; nothing without clearing, which moves money.
    async fn positions(&self, plan: &Plan, fsps: &Fsps) -> Result<Option<Amount>, Failure> {
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

fn compare(before: Amount, after: Amount, committed: u64) -> Result<Ledger, Failure> {
    let amount = Amount::parse(AMOUNT).expect("a valid amount");
    let moved = after.checked_sub(before).ok_or_else(|| Failure::failed("positions are out of range"))?;
    let expected = Amount::from_units(amount.units() * i128::from(committed));
    Ok(Ledger { moved: moved.to_string(), expected: expected.to_string() })
}

#[expect(clippy::cast_precision_loss, reason = "counts of payments and bytes")]
fn conclude(plan: &Plan, hub: &Hub, observed: &Observed<Sample>, ledger: Option<Ledger>) -> BenchResult {
    let [before, after] = &observed.samples;
    let in_time = observed.committed_in_time;
    let duration_s = plan.duration.as_secs_f64();
    let payments = payments(&observed.counts);
    let gates = gates(plan, &observed.counts);
    let pace = Pace {
        offered_per_s: payments.offered as f64 / duration_s,
        committed_per_s: in_time as f64 / duration_s,
        late_p99_ms: observed.lateness.p99_ms,
        late_max_ms: observed.lateness.max_ms,
    };
    let reasons = reasons_against(&Facts { payments, in_time, pace, gates, ledger: ledger.as_ref() });
    BenchResult {
        rate: plan.rate,
        duration_s,
        warmup_s: plan.warmup.as_secs_f64(),
        seed: plan.seed,
        schedule: "poisson",
        payers: plan.payers,
        payees: plan.payees,
        skew: plan.skew.as_str(),
        jws: plan.jws,
        store: hub.store,
        phases: phases(plan, observed),
        payments,
        cpu_ms_per_payment: cpu(before, after, in_time),
        resident_bytes: Memory {
            hub: after.hub.map(|usage| usage.resident_bytes),
            database: after.database.map(|usage| usage.resident_bytes),
        },
        bytes_per_payment: bytes(before, after, in_time),
        gates,
        machine: Machine {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            steal_percent: steal_percent(before, after).map(rounded),
        },
        pace,
        ledger,
        problems: observed.problems.iter().map(|(what, count)| Problem { what: what.clone(), count: *count }).collect(),
        verdict: if reasons.is_empty() { Verdict::Pass } else { Verdict::Fail },
        reasons,
    }
}

fn payments(counts: &Counts) -> Payments {
    let Counts { offered, committed, failed, refused, .. } = *counts;
    // What has not even timed out when everybody has stopped waiting has failed.
    let open = offered - committed - failed - refused;
    Payments { offered, committed, failed: failed + open, refused }
}

#[expect(clippy::cast_precision_loss, reason = "counts of payments")]
fn gates(plan: &Plan, counts: &Counts) -> Gates {
    let per_prepare = |count: u64| {
        let known = plan.phases.has(Phase::Clearing) && counts.prepares > 0;
        known.then(|| count as f64 / counts.prepares as f64)
    };
    Gates { fulfil_per_prepare: per_prepare(counts.fulfils), notify_per_prepare: per_prepare(counts.notifications) }
}

fn phases(plan: &Plan, observed: &Observed<Sample>) -> Phases {
    let [lookup, agreement, clearing, end_to_end] = observed.percentiles;
    let of = |phase, percentiles| plan.phases.has(phase).then_some(percentiles);
    Phases {
        lookup: of(Phase::Lookup, lookup),
        agreement: of(Phase::Agreement, agreement),
        clearing: of(Phase::Clearing, clearing),
        end_to_end,
    }
}

fn cpu(before: &Sample, after: &Sample, payments: u64) -> Costs<f64> {
    let cost = |before: Option<Usage>, after: Option<Usage>| per_payment(after?.cpu_ms - before?.cpu_ms, payments);
    Costs {
        hub: cost(before.hub, after.hub),
        database: cost(before.database, after.database),
        load: cost(before.load, after.load),
    }
}

#[expect(clippy::cast_precision_loss, reason = "bytes of a run")]
fn bytes(before: &Sample, after: &Sample, payments: u64) -> Bytes {
    let growth = |before: Option<u64>, after: Option<u64>| Some(after?.saturating_sub(before?) as f64);
    let written = |sample: &Sample| {
        let database = sample.database.map_or(Some(0), |usage| usage.written_bytes);
        Some(sample.hub?.written_bytes? + database?)
    };
    let per = |bytes: Option<f64>| bytes.and_then(|bytes| per_payment(bytes, payments));
    Bytes {
        stored: per(growth(before.stored_bytes, after.stored_bytes)),
        wal: None,
        written: per(growth(written(before), written(after))),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of payments")]
fn per_payment(sum: f64, payments: u64) -> Option<f64> {
    (payments > 0).then(|| rounded(sum / payments as f64))
}

/// With three decimals.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
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
    fn costs_are_differences_per_payment() {
        let usage = |cpu_ms| Some(Usage { cpu_ms, resident_bytes: 1, written_bytes: Some(0) });
        let before = Sample { hub: usage(100.0), load: usage(50.0), ..Sample::default() };
        let after = Sample { hub: usage(300.0), load: usage(100.0), ..Sample::default() };
        assert_eq!(cpu(&before, &after, 100), Costs { hub: Some(2.0), database: None, load: Some(0.5) });
        assert_eq!(cpu(&before, &after, 0).hub, None);
    }

    #[test]
    fn what_never_ended_has_failed() {
        let counts = Counts { offered: 10, committed: 6, failed: 1, refused: 1, ..Counts::default() };
        assert_eq!(payments(&counts), Payments { offered: 10, committed: 6, failed: 3, refused: 1 });
    }
}
