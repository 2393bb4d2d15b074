//! What `bench` and `certify` share: which hub, with which FSPs.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use fspiop::{Currency, FspId};
use load::{DatabaseAccess, Endpoints, FspTls, HubProgram, Plan, Report, Second, Skew, Target, Watcher};
use provisioning::Apis;

use crate::{
    arguments::Global,
    commands::{progress::Steps, runtime, tls},
    environment,
    exit::{Exit, Failure},
};

/// How long a hub may take to become ready, in seconds; migrating a large store takes some.
const TIMEOUT_S: u64 = 60;
/// The ledger's and the oracles' admin APIs, seen from the first of the hub's FSPIOP ports.
const LEDGER_ADMIN_PORT: u16 = 1;
const ORACLE_ADMIN_PORT: u16 = 1_001;

#[derive(Clone, Debug, Args)]
pub(crate) struct MeasureArguments {
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
    /// The currencies of the payments, with commas: each is as frequent as the others
    #[arg(long, value_name = "CODES", default_value = "USD", value_delimiter = ',')]
    pub(crate) currency: Vec<String>,
    /// The FSPs sign their messages with a key that is registered for the run, and its own hub checks them. A hub that runs
    /// checks them if it was told to, and the FSPs of a bench must sign from then on
    #[arg(long)]
    pub(crate) jws: bool,
    /// Hub and FSPs speak mutual TLS: its own hub is started with certificates of an authority that is made for the run. For
    /// `--hub https://HOST:PORT` name those of the FSPs. The admin APIs are plain HTTP
    #[arg(long)]
    pub(crate) tls: bool,
    /// Authorities that must vouch for that hub, at both ends (PEM)
    #[arg(long, value_name = "FILE", requires_all = ["tls", "hub", "tls_certificate", "tls_key"])]
    pub(crate) tls_authorities: Option<PathBuf>,
    /// The certificate that the FSPs show to that hub, at both ends (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_authorities")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// Its private key, without a passphrase (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_authorities")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Measure this hub, not one of its own: where it takes FSPIOP (repeatable: payments take them in turn).
    /// Its admin APIs are looked for at the same host, at this port + 1 and + 1001
    #[arg(long, value_name = "URL", env = environment::HUB, value_delimiter = ',')]
    pub(crate) hub: Vec<String>,
    /// Where that hub takes /parties (repeatable) [default: --hub]
    #[arg(long, value_name = "URL", requires = "hub", value_delimiter = ',')]
    pub(crate) lookup_url: Vec<String>,
    /// Where that hub takes /quotes (repeatable) [default: --hub]
    #[arg(long, value_name = "URL", requires = "hub", value_delimiter = ',')]
    pub(crate) agreement_url: Vec<String>,
    /// Where that hub takes /transfers (repeatable) [default: --hub]
    #[arg(long, value_name = "URL", requires = "hub", value_delimiter = ',')]
    pub(crate) clearing_url: Vec<String>,
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
    /// that its database is found on this machine and asked what it holds
    #[arg(long, value_name = "STORE", env = environment::STORE, hide_env_values = true)]
    pub(crate) store: Option<String>,
    /// Certificates (a PEM file) that the database's is checked against [default: those of the system]
    #[arg(long, value_name = "FILE", env = environment::STORE_CERTIFICATES)]
    pub(crate) store_certificates: Option<PathBuf>,
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

impl MeasureArguments {
    /// The currencies, read.
    pub(crate) fn currencies(&self) -> Result<Vec<Currency>, Failure> {
        let read = |code: &String| Currency::parse(code);
        let currencies: Result<Vec<_>, _> = self.currency.iter().map(read).collect();
        currencies.map_err(|error| Failure::usage(format!("--currency: {error}")).hint("example: --currency USD,KES"))
    }

    /// TLS of the FSPs: certificates that are made for the run, or those that are named for a hub that runs.
    pub(crate) fn fsp_tls(&self) -> Result<Option<FspTls>, Failure> {
        if !self.tls {
            return Ok(None);
        }
        match (&self.tls_authorities, &self.tls_certificate, &self.tls_key) {
            (Some(authorities), Some(certificate), Some(key)) => {
                let (authorities, certificate, key) = (authorities.clone(), certificate.clone(), key.clone());
                FspTls::of_files(authorities, certificate, key).map(Some).map_err(tls::explain)
            }
            _ if self.hub.is_empty() => FspTls::make(self.listen.ip()).map(Some),
            _ => Err(Failure::usage("--tls: a hub that runs trusts only certificates that it knows")
                .hint("name those of the FSPs: --tls-authorities FILE --tls-certificate FILE --tls-key FILE")),
        }
    }

    fn target(&self, store: Option<String>, global: &Global) -> Result<Target, Failure> {
        let Some(first) = self.hub.first() else {
            let executable = std::env::current_exe().map_err(Failure::failed)?;
            let (store_certificates, timeout) = (self.store_certificates.clone(), global.timeout_or(TIMEOUT_S));
            return Ok(Target::Own(HubProgram { executable, store, store_certificates, timeout }));
        };
        let hub_name = FspId::parse(&self.hub_name).map_err(|error| Failure::usage(format!("--hub-name: {error}")))?;
        let trimmed = |urls: &[String]| urls.iter().map(|url| url.trim_end_matches('/').to_owned()).collect::<Vec<_>>();
        let fspiop = trimmed(&self.hub);
        let or_all = |urls: &[String]| if urls.is_empty() { fspiop.clone() } else { trimmed(urls) };
        let admin = |given: &Option<String>, plus: u16| given.clone().map_or_else(|| moved(first, plus), Ok);
        let apis = Apis {
            fspiop: fspiop[0].clone(),
            ledger_admin: admin(&self.ledger_admin, LEDGER_ADMIN_PORT)?,
            oracle_admin: admin(&self.oracle_admin, ORACLE_ADMIN_PORT)?,
        };
        let endpoints = Endpoints {
            lookup: or_all(&self.lookup_url),
            agreement: or_all(&self.agreement_url),
            clearing: or_all(&self.clearing_url),
        };
        Ok(Target::Running { endpoints, apis, hub_name, store })
    }

    /// What opens the store, if it is a PostgreSQL server.
    fn database(&self, store: Option<&String>) -> Result<Option<DatabaseAccess>, Failure> {
        let is_postgres = |url: &&String| url.starts_with("postgres://") || url.starts_with("postgresql://");
        let Some(url) = store.filter(is_postgres).cloned() else { return Ok(None) };
        let password = std::env::var(environment::STORE_PASSWORD).ok();
        let password = environment::or_file(password, environment::STORE_PASSWORD)?;
        Ok(Some(DatabaseAccess { url, password, root_certificates: self.store_certificates.clone() }))
    }
}

/// Measures, until Ctrl-C.
pub(crate) fn measure(arguments: &MeasureArguments, plan: &Plan, global: &Global) -> Result<Report, Failure> {
    plan.check().map_err(Failure::usage)?;
    let store = environment::or_file(arguments.store.clone(), environment::STORE)?;
    let database = arguments.database(store.as_ref())?;
    let target = arguments.target(store, global)?;
    let progress = Steps::new(global.no_progress);
    let line = Line(&progress);
    runtime::start()?.block_on(async {
        tokio::select! {
            report = load::bench(plan, target, database, arguments.listen, &progress, &line) => report,
            told = runtime::told_to_stop() => {
                told?;
                Err(Failure::failed("interrupted").exit(Exit::Interrupted))
            }
        }
    })
}

/// The URL at a higher port of the same host, where it is plain HTTP.
fn moved(url: &str, plus: u16) -> Result<String, Failure> {
    let url = url.trim_end_matches('/').replacen("https://", "http://", 1);
    let moved =
        url.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?.checked_add(plus)?)));
    let (host, port) = moved.ok_or_else(|| {
        Failure::usage(format!("--hub: found {url:?}, expected http://HOST:PORT"))
            .hint("example: --hub http://127.0.0.1:3000")
    })?;
    Ok(format!("{host}:{port}"))
}

/// Reads `500ms`, `60s`, `10m`, `1h`, or seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
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
        "{:>5} s  {what}  {} payments/s  p99 {:.1} ms  {} on their way  {} refused  {} failed",
        second.at_s, second.committed, whole.p99_ms, second.under_way, second.refused, second.failed
    )
}

impl SkewName {
    pub(crate) fn skew(self) -> Skew {
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
        assert_eq!(at("https://hub:3000", LEDGER_ADMIN_PORT).as_deref(), Some("http://hub:3001"));
        assert_eq!(at("http://[::1]:3100", ORACLE_ADMIN_PORT).as_deref(), Some("http://[::1]:4101"));
        assert_eq!(at("http://hub", 1), None);
        assert_eq!(at("http://hub:65535", 1), None);
    }
}
