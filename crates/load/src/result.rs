//! What a run has measured, in the form that scripts read: [`BenchResult`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{course::MemoryCourse, latencies::Percentiles, overload::Overload};

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// Payments a second that were asked for.
    pub rate: f64,
    /// How long payments that count were begun, in seconds.
    pub duration_s: f64,
    /// How long payments were begun before, which count in no figure, in seconds.
    pub warmup_s: f64,
    /// How long before that the rate rose, in seconds.
    #[serde(default)]
    pub ramp_s: f64,
    /// The seed of schedule and pairs.
    pub seed: u64,
    /// How payments are spread in time: `poisson`.
    pub schedule: String,
    /// FSPs that paid.
    pub payers: u32,
    /// FSPs that were paid.
    pub payees: u32,
    /// How payments were spread over them.
    pub skew: String,
    /// The currencies of the payments.
    #[serde(default)]
    pub currencies: Vec<String>,
    /// Whether the FSPs signed their messages.
    pub jws: bool,
    /// Whether hub and FSPs spoke mutual TLS.
    #[serde(default)]
    pub tls: bool,
    /// The hub's store: `sqlite`, `postgres`; `null` for a hub whose store nobody named.
    pub store: Option<String>,
}

/// What a run has measured. Durations are in milliseconds unless their names say otherwise; what is not known is `null`, and
/// so is every figure of a run that lost something or did something twice ([`Gates`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchResult {
    /// What was asked for.
    #[serde(flatten)]
    pub setting: Setting,
    /// How long phases and payments took.
    pub phases: Phases,
    /// The same, less what the FSPs themselves took: from the arrival of the hub's request at the payee until its answer was
    /// sent, and what composing and signing the payer's requests took.
    #[serde(default)]
    pub hub_added: Phases,
    /// What became of the payments.
    pub payments: Payments,
    /// What the hub refused, and with which code.
    #[serde(default)]
    pub refusals: Vec<Refusal>,
    /// Processor time, per payment that was committed while those that count were begun.
    pub cpu_ms_per_payment: Costs<f64>,
    /// Memory at the end.
    pub resident_bytes: Memory,
    /// Memory over the run.
    #[serde(default)]
    pub memory: MemoryCourse,
    /// Bytes, per payment that was committed while those that count were begun.
    pub bytes_per_payment: Bytes,
    /// Whether nothing was lost on the way, and nothing done twice.
    pub gates: Gates,
    /// How the hub bore more than its rate; `null` if it was not asked to.
    #[serde(default)]
    pub overload: Option<Overload>,
    /// Where it ran.
    pub machine: Machine,
    /// Whether the load kept to the schedule, and the hub followed.
    pub pace: Pace,
    /// Whether the hub has booked what the payers saw.
    pub ledger: Option<Ledger>,
    /// What went wrong with payments, and how often.
    pub problems: Vec<Problem>,
    /// Why figures are missing.
    #[serde(default)]
    pub notes: Vec<String>,
    /// `pass` or `fail`.
    pub verdict: Verdict,
    /// Why the verdict is `fail`.
    pub reasons: Vec<String>,
}

/// How long phases took; `null` for those that payments did not go through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Phases {
    /// From the request to the payer's callback.
    pub lookup: Option<Percentiles>,
    /// From the request to the payer's callback.
    pub agreement: Option<Percentiles>,
    /// From the request to the payer's callback.
    pub clearing: Option<Percentiles>,
    /// From the scheduled send of the first request to the payer's final callback.
    pub end_to_end: Option<Percentiles>,
}

/// What became of the payments that count; `offered` is the sum of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Costs<T> {
    /// The hub's processes; `null` for a hub on another machine.
    pub hub: Option<T>,
    /// All processes of the database server; `null` for one on another machine, and for SQLite, which is in the hub.
    pub database: Option<T>,
    /// The load's own process.
    pub load: Option<T>,
}

/// Memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Of the hub's processes.
    pub hub: Option<u64>,
    /// Of all processes of the database server; what they share counts once.
    pub database: Option<u64>,
}

/// A message that the hub refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Method and resource: `POST /transfers`.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
    /// FSPIOP's error code in the body; `null` if there is none.
    pub code: Option<String>,
    /// How often. A payee's answer that is refused with 503 is sent again, so this may be more than payments were refused.
    pub count: u64,
}

/// Bytes per payment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bytes {
    /// By which the store has grown and stays: SQLite's file and log; of PostgreSQL tables and indexes of the hub's database
    /// without `reusable`.
    pub stored: Option<f64>,
    /// By which the tables of PostgreSQL have grown for rows that are gone again: later payments take that space.
    #[serde(default)]
    pub reusable: Option<f64>,
    /// Of the database server's write-ahead log.
    pub wal: Option<f64>,
    /// Given to disks by hub and database, logs and everything written again included.
    pub written: Option<f64>,
    /// `stored`, for each table of PostgreSQL with its indexes.
    #[serde(default)]
    pub tables: BTreeMap<String, f64>,
}

/// Ratios that are to be exact; `null` without clearing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gates {
    /// Fulfils that the hub took over, for each prepare that it took over: 1.
    pub fulfil_per_prepare: Option<f64>,
    /// Prepares delivered to payees and final states delivered to payers by PUT, for each prepare that the hub took over: 2.
    pub notify_per_prepare: Option<f64>,
}

/// The machine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Processors that the load may use.
    pub cores: usize,
    /// The part of the machine's time that its host gave to others.
    pub steal_percent: Option<f64>,
}

/// Whether the rate was kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
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

/// The hub's books beside the payers' view, warm-up included. Each payment moves 1 of its currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// By how much the payers' positions have risen: with several currencies, payments and not money.
    pub moved: String,
    /// What the committed payments sum up to.
    pub expected: String,
    /// The same for each currency.
    #[serde(default)]
    pub currencies: BTreeMap<String, Moved>,
}

/// Positions in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// By how much the payers' positions have risen.
    pub moved: String,
    /// What the committed payments sum up to.
    pub expected: String,
}

impl Ledger {
    /// Whether the books agree with what the payers saw, in each currency.
    pub fn agrees(&self) -> bool {
        self.moved == self.expected && self.currencies.values().all(|moved| moved.moved == moved.expected)
    }
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What.
    pub what: String,
    /// How often.
    pub count: u64,
}

/// The outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything was as it should be.
    Pass,
    /// Something was not.
    Fail,
}

impl Verdict {
    /// `pass`, if nothing speaks against it.
    pub(crate) const fn of(reasons: &[String]) -> Verdict {
        if reasons.is_empty() { Verdict::Pass } else { Verdict::Fail }
    }

    /// The word in results.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
        }
    }
}
