//! What a run has measured, in the form that scripts read: [`BenchResult`].

use serde::Serialize;

use crate::latencies::Percentiles;

/// What a run has measured. Durations are in milliseconds unless their names say otherwise; what is not known is `null`.
#[derive(Clone, Debug, Serialize)]
pub struct BenchResult {
    /// Payments a second that were asked for.
    pub rate: f64,
    /// How long payments that count were begun, in seconds.
    pub duration_s: f64,
    /// How long payments were begun before, which count in no figure, in seconds.
    pub warmup_s: f64,
    /// The seed of schedule and pairs.
    pub seed: u64,
    /// How payments are spread in time: `poisson`.
    pub schedule: &'static str,
    /// FSPs that paid.
    pub payers: u32,
    /// FSPs that were paid.
    pub payees: u32,
    /// How payments were spread over them.
    pub skew: &'static str,
    /// Whether the FSPs signed their messages.
    pub jws: bool,
    /// The hub's store: `sqlite`, `postgres`; `null` for a hub whose store nobody named.
    pub store: Option<&'static str>,
    /// How long phases and payments took.
    pub phases: Phases,
    /// What became of the payments.
    pub payments: Payments,
    /// Processor time, per payment that was committed while those that count were begun.
    pub cpu_ms_per_payment: Costs<f64>,
    /// Memory at the end.
    pub resident_bytes: Memory,
    /// Bytes, per payment that was committed while those that count were begun.
    pub bytes_per_payment: Bytes,
    /// Whether nothing was lost on the way, and nothing done twice.
    pub gates: Gates,
    /// Where it ran.
    pub machine: Machine,
    /// Whether the load kept to the schedule, and the hub followed.
    pub pace: Pace,
    /// Whether the hub has booked what the payers saw.
    pub ledger: Option<Ledger>,
    /// What went wrong with payments, and how often.
    pub problems: Vec<Problem>,
    /// `pass` or `fail`.
    pub verdict: Verdict,
    /// Why the verdict is `fail`.
    pub reasons: Vec<String>,
}

/// How long phases took; `null` for those that payments did not go through.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Phases {
    /// From the request to the payer's callback.
    pub lookup: Option<Percentiles>,
    /// From the request to the payer's callback.
    pub agreement: Option<Percentiles>,
    /// From the request to the payer's callback.
    pub clearing: Option<Percentiles>,
    /// From the scheduled send of the first request to the payer's final callback.
    pub end_to_end: Percentiles,
}

/// What became of the payments that count; `offered` is the sum of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Payments {
    /// Begun.
    pub offered: u64,
    /// Their last phase ended as it should; with clearing, that is a committed transfer.
    pub committed: u64,
    /// They ended otherwise, or not within 30 s.
    pub failed: u64,
    /// The hub answered one of their messages with an error, before it took it over.
    pub refused: u64,
}

/// Costs of the three that have a part in it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Costs<T> {
    /// The hub's processes; `null` for a hub on another machine.
    pub hub: Option<T>,
    /// All processes of the database server; `null` for one on another machine, and for SQLite, which is in the hub.
    pub database: Option<T>,
    /// The load's own process.
    pub load: Option<T>,
}

/// Memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// Of the hub's processes.
    pub hub: Option<u64>,
    /// Of all processes of the database server; what they share counts once.
    pub database: Option<u64>,
}

/// Bytes per payment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bytes {
    /// By which the store has grown.
    pub stored: Option<f64>,
    /// Of the database server's write-ahead log.
    pub wal: Option<f64>,
    /// Given to disks by hub and database, logs and everything written again included.
    pub written: Option<f64>,
}

/// Ratios that are to be exact; `null` without clearing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Gates {
    /// Fulfils that the hub took over, for each prepare that it took over: 1.
    pub fulfil_per_prepare: Option<f64>,
    /// Prepares delivered to payees and final states delivered to payers by PUT, for each prepare that the hub took over: 2.
    pub notify_per_prepare: Option<f64>,
}

/// The machine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Machine {
    /// Processors that the load may use.
    pub cores: usize,
    /// The part of the machine's time that its host gave to others.
    pub steal_percent: Option<f64>,
}

/// Whether the rate was kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pace {
    /// Payments begun a second.
    pub offered_per_s: f64,
    /// Payments a second that were committed while those that count were begun.
    pub committed_per_s: f64,
    /// How late the load began payments: its own fault, and contained in all figures.
    pub late_p99_ms: f64,
    /// The same, of the latest one.
    pub late_max_ms: f64,
}

/// The hub's books beside the payers' view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// By how much the payers' positions have risen, the warm-up included.
    pub moved: String,
    /// What the committed payments sum up to, the warm-up included.
    pub expected: String,
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What.
    pub what: String,
    /// How often.
    pub count: u64,
}

/// The outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything was as it should be.
    Pass,
    /// Something was not.
    Fail,
}

impl Verdict {
    /// The word in results.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
        }
    }
}
