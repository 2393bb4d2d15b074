//! What was promised, and whether a run kept it: [`Certificate`]. Pure.

mod document;

use serde::{Deserialize, Serialize};

use crate::{
    bench::Report,
    conclusion::conclude,
    course::Second,
    evidence::Evidence,
    host::Host,
    plan::Phases,
    result::{BenchResult, Verdict},
};

pub use document::{read, write};

/// The mission's words (HELM Deploy, performance specifications).
const WORDS: [&str; 2] = [
    "1000+ TPS sustained for one hour",
    "99th percentile latency under 1 second for: Clearing operations, Lookup operations, Agreement of Terms",
];
const RATE: f64 = 1_000.0;
const DURATION_S: f64 = 3_600.0;
const P99_MS: f64 = 1_000.0;
/// Sustained means that no minute was slower than so much of the rate: payments come in bursts, and a minute of sixty
/// thousand differs by less than 1 % from the next.
const SUSTAINED: f64 = 0.95;
/// Seconds of a minute.
const MINUTE: usize = 60;

/// What is promised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Promise {
    /// In the mission's words.
    pub words: Vec<String>,
    /// Payments a second, at least.
    pub rate: f64,
    /// For how long, in seconds.
    pub duration_s: f64,
    /// Below which the 99th percentiles of lookup, agreement and clearing each are, in milliseconds.
    pub p99_ms: f64,
}

impl Promise {
    /// The one that is made.
    pub fn made() -> Promise {
        Promise { words: WORDS.map(ToOwned::to_owned).to_vec(), rate: RATE, duration_s: DURATION_S, p99_ms: P99_MS }
    }
}

/// How the hub was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posture {
    /// Its store: `sqlite`, `postgres`.
    pub store: Option<String>,
    /// Whether the FSPs signed their messages, and the hub checked the signatures.
    pub jws: bool,
    /// Whether FSPs and hub spoke mutual TLS.
    pub tls: bool,
    /// What payments went through.
    pub phases: String,
    /// FSPs that paid, and that were paid.
    pub payers: u32,
    /// FSPs that were paid.
    pub payees: u32,
    /// How payments were spread over them.
    pub skew: String,
    /// The currencies of the payments.
    pub currencies: Vec<String>,
}

/// Whether the rate was sustained.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sustained {
    /// Payments that were begun in the time that counts and committed, a second.
    pub committed_per_s: f64,
    /// Payments committed a second in the slowest minute; `null` for runs of less than a minute.
    pub slowest_minute_per_s: Option<f64>,
}

/// By whom and when a run was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The program with its version.
    pub program: String,
    /// When it began (RFC 3339).
    pub begun_at: String,
    /// When it ended (RFC 3339).
    pub ended_at: String,
}

/// What a run says about the promise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// By whom and when.
    pub origin: Origin,
    /// What is promised.
    pub promise: Promise,
    /// Whether the run was shorter or slower than the promise: then it certifies nothing.
    pub trial: bool,
    /// Whether the rate was sustained.
    pub sustained: Sustained,
    /// On what it was measured.
    pub host: Host,
    /// How the hub was run.
    pub posture: Posture,
    /// What was measured.
    pub measured: BenchResult,
    /// `pass` or `fail`. Of a trial: whether it was as good as the promise for the time and at the rate that it had.
    pub verdict: Verdict,
    /// Why the verdict is `fail`.
    pub reasons: Vec<String>,
}

/// A statement with everything that it follows from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// What is said.
    #[serde(flatten)]
    pub statement: Statement,
    /// What it follows from.
    pub evidence: Evidence,
}

impl Certificate {
    /// What follows from a run.
    pub fn of(evidence: Evidence, host: Host, origin: Origin) -> Certificate {
        let (promise, measured) = (Promise::made(), conclude(&evidence));
        let setting = &evidence.setting;
        let trial = setting.rate < promise.rate || setting.duration_s < promise.duration_s;
        let sustained = sustained(&evidence);
        let reasons = reasons_against(&promise, &measured, &sustained);
        let posture = Posture {
            store: setting.store.clone(),
            jws: setting.jws,
            tls: setting.tls,
            phases: evidence.through.to_string(),
            payers: setting.payers,
            payees: setting.payees,
            skew: setting.skew.clone(),
            currencies: setting.currencies.clone(),
        };
        let verdict = Verdict::of(&reasons);
        let statement = Statement { origin, promise, trial, sustained, host, posture, measured, verdict, reasons };
        Certificate { statement, evidence }
    }

    /// The run as `bench` reports it.
    pub(crate) fn report(&self) -> Report {
        let Statement { measured, host, .. } = &self.statement;
        Report { result: measured.clone(), evidence: self.evidence.clone(), host: host.clone() }
    }
}

/// What speaks against the promise. The rate is that of the run, so that a trial at a lower one can pass.
fn reasons_against(promise: &Promise, measured: &BenchResult, sustained: &Sustained) -> Vec<String> {
    let mut reasons = measured.reasons.clone();
    let rate = promise.rate.min(measured.setting.rate);
    let Sustained { committed_per_s, slowest_minute_per_s } = *sustained;
    if committed_per_s < rate {
        reasons.push(format!("{committed_per_s:.1} payments a second were committed, promised are {rate:.0}"));
    }
    if let Some(slowest) = slowest_minute_per_s.filter(|slowest| *slowest < rate * SUSTAINED) {
        reasons.push(format!("the slowest minute had {slowest:.1} payments a second: {rate:.0} were not sustained"));
    }
    let phases = [
        ("clearing", measured.phases.clearing),
        ("lookup", measured.phases.lookup),
        ("agreement", measured.phases.agreement),
    ];
    for (name, percentiles) in phases {
        match percentiles {
            None => reasons.push(format!("{name} was not measured")),
            Some(found) if found.p99_ms >= promise.p99_ms => {
                reasons.push(format!(
                    "99 % of {name} took up to {:.0} ms, promised are less than {:.0}",
                    found.p99_ms, promise.p99_ms
                ));
            }
            Some(_) => {}
        }
    }
    reasons
}

#[expect(clippy::cast_precision_loss, reason = "counts of payments")]
fn sustained(evidence: &Evidence) -> Sustained {
    let during = evidence.course.iter().filter(|second| is_of_run(second, evidence));
    let counts: Vec<u64> = during.map(|second| second.committed).collect();
    let minutes = counts.chunks_exact(MINUTE).map(|minute| minute.iter().sum::<u64>());
    Sustained {
        committed_per_s: evidence.counts.committed as f64 / evidence.setting.duration_s,
        slowest_minute_per_s: minutes.min().map(|slowest| slowest as f64 / MINUTE as f64),
    }
}

/// The course goes on until the last payment has ended.
fn is_of_run(second: &Second, evidence: &Evidence) -> bool {
    let setting = &evidence.setting;
    !second.warmup && second.at_s <= setting.ramp_s + setting.warmup_s + setting.duration_s
}

/// The phases that the promise is about.
pub const PROMISED_PHASES: Phases = Phases::ALL;

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::evidence::tests::evidence;

    pub(crate) fn origin() -> Origin {
        Origin {
            program: "mojaloop 0.1.0".to_owned(),
            begun_at: "2026-01-01T00:00:00.000Z".to_owned(),
            ended_at: "2026-01-01T01:00:00.000Z".to_owned(),
        }
    }

    /// An hour at 1000 a second, with few durations.
    pub(crate) fn promised() -> Evidence {
        let mut evidence = evidence();
        (evidence.setting.rate, evidence.setting.duration_s) = (1_000.0, 3_600.0);
        evidence.through = Phases::ALL;
        let counts = &mut evidence.counts;
        (counts.offered, counts.committed) = (3_600_000, 3_600_000);
        (counts.prepares, counts.fulfils, counts.notifications) = (3_600_000, 3_600_000, 7_200_000);
        evidence.committed_in_time = 3_599_990;
        for measure in 0..2 {
            evidence.distributions.taken[measure].record(Duration::from_millis(5));
        }
        let second =
            |number: u32| Second { at_s: f64::from(number), begun: 1_000, committed: 1_000, ..Second::default() };
        evidence.course = (1..=3_600).map(second).collect();
        evidence
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Evidence), trial: bool, expect: &[&str]) {
        let mut evidence = promised();
        change(&mut evidence);
        let statement = Certificate::of(evidence, Host::default(), origin()).statement;
        assert_eq!((statement.trial, statement.reasons.len()), (trial, expect.len()), "{:?}", statement.reasons);
        assert!(
            statement.reasons.iter().zip(expect).all(|(found, expect)| found.contains(expect)),
            "{:?}",
            statement.reasons
        );
        assert_eq!(statement.verdict == Verdict::Pass, expect.is_empty());
    }

    #[test]
    fn the_promise_is_kept_or_not() {
        check(|_| {}, false, &[]);
        check(
            |evidence| evidence.distributions.taken[0].record(Duration::from_millis(1_000)),
            false,
            &["lookup took up to 1000 ms"],
        );
        check(|evidence| evidence.through.lookup = false, false, &["lookup was not measured"]);
        check(|evidence| (evidence.setting.jws, evidence.setting.tls) = (true, true), false, &[]);
        let slow =
            |evidence: &mut Evidence| evidence.course[600..660].iter_mut().for_each(|second| second.committed = 900);
        check(slow, false, &["slowest minute had 900.0"]);
        check(
            |evidence| evidence.counts.fulfils -= 1,
            false,
            &["fulfil_per_prepare", "clearing was not", "lookup was not", "agreement was not"],
        );
    }

    #[test]
    fn a_run_that_is_shorter_or_slower_is_a_trial() {
        check(|evidence| evidence.setting.duration_s = 3_599.0, true, &[]);
        let slower = |evidence: &mut Evidence| {
            evidence.setting.rate = 500.0;
            evidence.course.iter_mut().for_each(|second| second.committed = 500);
        };
        check(slower, true, &[]);
    }
}
