//! `mojaloop bench`.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{ArgAction, Args, ValueEnum};
use fspiop::{Currency, FspId};
use load::{BenchResult, HubProgram, Percentiles, Phases, Plan, Report, Second, Skew, Target, Watcher};
use participant::Phase;
use provisioning::Apis;

use crate::{
    arguments::Global,
    commands::{progress::Steps, runtime},
    environment,
    exit::{Exit, Failure},
    logging, printer,
};

/// How long a hub may take to become ready, in seconds; migrating a large store takes some.
const TIMEOUT_S: u64 = 60;
/// The ledger's and the oracles' admin APIs, seen from the first of the hub's FSPIOP ports.
const LEDGER_ADMIN_PORT: u16 = 1;
const ORACLE_ADMIN_PORT: u16 = 1_001;

#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// Payments a second, on average: they begin as independent customers' do (a Poisson process)
    #[arg(long, value_name = "PAYMENTS", default_value_t = 100.0)]
    pub(crate) rate: f64,
    /// How long payments are begun that count: 60s, 10m, 1h
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(crate) duration: Duration,
    /// How long payments are begun before, which count in no figure
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(crate) warmup: Duration,
    /// What payments go through, with commas; without lookup or agreement the terms are known beforehand
    #[arg(long, value_name = "PHASES", value_delimiter = ',', action = ArgAction::Set, default_values = ["lookup", "agreement", "clearing"])]
    pub(crate) phases: Vec<PhaseName>,
    /// FSPs that pay
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) payers: u32,
    /// FSPs that are paid
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) payees: u32,
    /// How payments are spread: evenly, nine of ten from one payer, or nine of ten between one pair
    #[arg(long, value_name = "SKEW", default_value = "uniform")]
    pub(crate) skew: SkewName,
    /// Of schedule and pairs: the same seed asks for the same
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// The currency of all payments
    #[arg(long, value_name = "CODE", default_value = "USD")]
    pub(crate) currency: String,
    /// The FSPs sign their messages with a key that is registered for the run, and its own hub checks them. A hub that runs
    /// checks them if it was told to, and the FSPs of a bench must sign from then on
    #[arg(long)]
    pub(crate) jws: bool,
    /// Measure this hub, not one of its own: where it takes FSPIOP (repeatable: payments take them in turn).
    /// Its admin APIs are looked for at the same host, at this port + 1 and + 1001
    #[arg(long, value_name = "URL", env = environment::HUB, value_delimiter = ',')]
    pub(crate) hub: Vec<String>,
    /// Where that hub's ledger is administered [default: the first --hub's port + 1]
    #[arg(long, value_name = "URL", env = environment::LEDGER_ADMIN, requires = "hub")]
    pub(crate) ledger_admin: Option<String>,
    /// Where that hub's oracles are administered [default: the first --hub's port + 1001]
    #[arg(long, value_name = "URL", env = environment::ORACLE_ADMIN, requires = "hub")]
    pub(crate) oracle_admin: Option<String>,
    /// What that hub is called
    #[arg(long, value_name = "NAME", env = environment::HUB_NAME, default_value = "Hub")]
    pub(crate) hub_name: String,
    /// Where the FSPs that the bench plays listen; a hub on another machine must reach it
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// The store of its own hub [default: sqlite, a file in the folder for temporary files]. With --hub: that hub's store, so
    /// that its database is found on this machine
    #[arg(long, value_name = "STORE", env = environment::STORE, hide_env_values = true)]
    pub(crate) store: Option<String>,
    /// Write the result as a page with charts, too
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

/// The phases on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PhaseName {
    /// Who the payee is: parties
    Lookup,
    /// The terms: quotes
    Agreement,
    /// The money: transfers
    Clearing,
}

/// The skews on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SkewName {
    /// Each payer pays each payee equally often
    Uniform,
    /// Nine of ten payments come from one payer
    HotPayer,
    /// Nine of ten payments go from one payer to one payee
    HotPair,
}

pub(crate) fn run(arguments: BenchArguments, global: &Global) -> Result<(), Failure> {
    logging::start("warn", None)?;
    let plan = plan(&arguments)?;
    let target = target(&arguments, global)?;
    if let Some(file) = &arguments.report {
        check_writable(file)?;
    }
    let progress = Steps::new(global.no_progress);
    let line = Line(&progress);
    let runtime = runtime::start()?;
    let report = runtime.block_on(async {
        tokio::select! {
            report = load::bench(&plan, target, arguments.listen, &progress, &line) => report,
            told = runtime::told_to_stop() => {
                told?;
                Err(Failure::failed("interrupted").exit(Exit::Interrupted))
            }
        }
    })?;
    drop(progress);
    printer::print(global.output, "BenchResult", &report.result, table)?;
    if let Some(file) = &arguments.report {
        write(file, &report)?;
    }
    let passed = report.result.verdict == load::Verdict::Pass;
    if passed { Ok(()) } else { Err(Failure::verdict(Exit::Failed)) }
}

fn plan(arguments: &BenchArguments) -> Result<Plan, Failure> {
    let currency = Currency::parse(&arguments.currency)
        .map_err(|error| Failure::usage(format!("--currency: {error}")).hint("example: --currency USD"))?;
    let phases: Vec<Phase> = arguments.phases.iter().map(|phase| phase.phase()).collect();
    let plan = Plan {
        rate: arguments.rate,
        duration: arguments.duration,
        warmup: arguments.warmup,
        phases: Phases::of(&phases),
        payers: arguments.payers,
        payees: arguments.payees,
        skew: arguments.skew.skew(),
        seed: arguments.seed,
        currency,
        jws: arguments.jws,
    };
    plan.check().map_err(Failure::usage)?;
    Ok(plan)
}

fn target(arguments: &BenchArguments, global: &Global) -> Result<Target, Failure> {
    let store = environment::or_file(arguments.store.clone(), environment::STORE)?;
    let Some(first) = arguments.hub.first() else {
        let executable = std::env::current_exe().map_err(Failure::failed)?;
        return Ok(Target::Own(HubProgram { executable, store, timeout: global.timeout_or(TIMEOUT_S) }));
    };
    let hub_name = FspId::parse(&arguments.hub_name).map_err(|error| Failure::usage(format!("--hub-name: {error}")))?;
    let fspiop: Vec<String> = arguments.hub.iter().map(|url| url.trim_end_matches('/').to_owned()).collect();
    let admin = |given: &Option<String>, plus: u16| given.clone().map_or_else(|| moved(first, plus), Ok);
    let apis = Apis {
        fspiop: fspiop[0].clone(),
        ledger_admin: admin(&arguments.ledger_admin, LEDGER_ADMIN_PORT)?,
        oracle_admin: admin(&arguments.oracle_admin, ORACLE_ADMIN_PORT)?,
    };
    Ok(Target::Running { fspiop, apis, hub_name, store })
}

/// The URL at a higher port of the same host.
fn moved(url: &str, plus: u16) -> Result<String, Failure> {
    let url = url.trim_end_matches('/');
    let moved =
        url.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?.checked_add(plus)?)));
    let (host, port) = moved.ok_or_else(|| {
        Failure::usage(format!("--hub: found {url:?}, expected http://HOST:PORT"))
            .hint("example: --hub http://127.0.0.1:3000")
    })?;
    Ok(format!("{host}:{port}"))
}

/// Reads `500ms`, `60s`, `10m`, `1h`, or seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a time like 500ms, 60s, 10m or 1h".to_owned();
    let end_of_digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end_of_digits);
    let millis_each = match unit {
        "ms" => 1,
        "s" | "" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(wrong()),
    };
    let count: u64 = digits.parse().map_err(|_| wrong())?;
    count.checked_mul(millis_each).map(Duration::from_millis).ok_or_else(wrong)
}

/// Better before the run than after it.
fn check_writable(file: &Path) -> Result<(), Failure> {
    if file.is_dir() {
        return Err(Failure::usage(format!("--report {}: is a folder, not a file", file.display())));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match folder.is_dir() {
        true => Ok(()),
        false => Err(Failure::usage(format!("--report {}: {} is no folder", file.display(), folder.display()))),
    }
}

fn write(file: &Path, report: &Report) -> Result<(), Failure> {
    std::fs::write(file, load::to_html(report))
        .map_err(|error| Failure::failed(format!("--report {}: {error}", file.display())))
}

/// Shows each second on a terminal.
struct Line<'a>(&'a Steps);

impl Watcher for Line<'_> {
    fn second(&self, second: &Second) {
        self.0.live(&progress_line(second));
    }
}

fn progress_line(second: &Second) -> String {
    let what = if second.warmup { "warm-up" } else { "running" };
    let whole = &second.latencies[3];
    format!(
        "{:>5} s  {what}  {} payments/s  p99 {:.1} ms  {} on their way  {} failed",
        second.at_s, second.committed, whole.p99_ms, second.under_way, second.failed
    )
}

fn table(result: &BenchResult) -> String {
    let phases = &result.phases;
    let rows = [
        ("lookup", phases.lookup),
        ("agreement", phases.agreement),
        ("clearing", phases.clearing),
        ("end_to_end", Some(phases.end_to_end)),
    ];
    let rows = rows.into_iter().filter_map(|(name, percentiles)| Some(latency_row(name, percentiles?))).collect();
    let head = ["phase", "count", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms"];
    let latencies = printer::table(&head, rows, &[1, 2, 3, 4, 5, 6]);
    let facts = printer::table(&["", ""], facts(result), &[]);
    // The second table has no header to show.
    let facts = facts.split_once('\n').map_or("", |(_, rows)| rows);
    let verdict = match result.verdict {
        load::Verdict::Pass => printer::green("pass"),
        load::Verdict::Fail => printer::red("fail"),
    };
    let problems = result.problems.iter().map(|problem| format!("{} × {}", problem.count, problem.what));
    let reasons = result.reasons.iter().cloned().chain(problems).map(|reason| format!("\n  {reason}"));
    format!("{latencies}\n\n{facts}\n\nverdict: {verdict}{}", reasons.collect::<String>())
}

fn latency_row(name: &str, percentiles: Percentiles) -> Vec<String> {
    let Percentiles { count, p50_ms, p90_ms, p99_ms, p999_ms, max_ms } = percentiles;
    let times = [p50_ms, p90_ms, p99_ms, p999_ms, max_ms].map(|time| format!("{time:.1}"));
    [vec![name.to_owned(), count.to_string()], times.to_vec()].concat()
}

fn facts(result: &BenchResult) -> Vec<Vec<String>> {
    let known =
        |value: Option<f64>, unit: &str| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}{unit}"));
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let megabytes =
        |bytes: Option<u64>| bytes.map_or_else(|| "–".to_owned(), |bytes| format!("{:.1} MB", bytes as f64 / 1e6));
    let (cpu, memory, payments) = (&result.cpu_ms_per_payment, &result.resident_bytes, &result.payments);
    let (bytes, gates, pace) = (&result.bytes_per_payment, &result.gates, &result.pace);
    let row = |name: &str, values: String| vec![name.to_owned(), values];
    vec![
        row(
            "payments",
            format!(
                "{} offered, {} committed, {} failed, {} refused",
                payments.offered, payments.committed, payments.failed, payments.refused
            ),
        ),
        row("pace", format!("{:.1} offered/s, {:.1} committed/s", pace.offered_per_s, pace.committed_per_s)),
        row(
            "cpu per payment",
            format!(
                "hub {}, database {}, load {}",
                known(cpu.hub, " ms"),
                known(cpu.database, " ms"),
                known(cpu.load, " ms")
            ),
        ),
        row("memory", format!("hub {}, database {}", megabytes(memory.hub), megabytes(memory.database))),
        row(
            "bytes per payment",
            format!(
                "stored {}, log {}, written {}",
                known(bytes.stored, ""),
                known(bytes.wal, ""),
                known(bytes.written, "")
            ),
        ),
        row(
            "gates",
            format!(
                "fulfil per prepare {} (1), notify per prepare {} (2)",
                known(gates.fulfil_per_prepare, ""),
                known(gates.notify_per_prepare, "")
            ),
        ),
        row("machine", format!("{} cores, {} % stolen", result.machine.cores, known(result.machine.steal_percent, ""))),
    ]
}

impl PhaseName {
    fn phase(self) -> Phase {
        match self {
            PhaseName::Lookup => Phase::Lookup,
            PhaseName::Agreement => Phase::Agreement,
            PhaseName::Clearing => Phase::Clearing,
        }
    }
}

impl SkewName {
    fn skew(self) -> Skew {
        match self {
            SkewName::Uniform => Skew::Uniform,
            SkewName::HotPayer => Skew::HotPayer,
            SkewName::HotPair => Skew::HotPair,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<u64>) {
        assert_eq!(duration(text).ok(), expect.map(Duration::from_millis), "{text}");
    }

    #[test]
    fn times() {
        check("500ms", Some(500));
        check("60s", Some(60_000));
        check("60", Some(60_000));
        check("10m", Some(600_000));
        check("1h", Some(3_600_000));
        for bad in ["", "s", "1d", "1.5s", "-1s", "99999999999999999999s", "18446744073709551615h"] {
            check(bad, None);
        }
    }

    #[test]
    fn admin_apis_are_at_the_hubs_other_ports() {
        let at = |url, plus| moved(url, plus).ok();
        assert_eq!(at("http://127.0.0.1:3000/", LEDGER_ADMIN_PORT).as_deref(), Some("http://127.0.0.1:3001"));
        assert_eq!(at("http://[::1]:3100", ORACLE_ADMIN_PORT).as_deref(), Some("http://[::1]:4101"));
        assert_eq!(at("http://hub", 1), None);
        assert_eq!(at("http://hub:65535", 1), None);
    }
}
