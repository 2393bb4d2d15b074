//! Open-loop load on a hub, and what it measures.
//!
//! A [`Plan`] says how many payments a second begin, and between whom. They begin when the schedule says so, whatever
//! became of those before, and a payment's time runs from its *scheduled* beginning to the payer's final callback: a hub that
//! pauses for a second is seen to pause, because nobody waits for it politely (no coordinated omission).
//!
//! This process plays the FSPs: payers and payees, as cheaply as it can ([`bench`]). The hub is another process, and so is its
//! database, so that what each of them costs can be told apart.

mod bench;
mod book;
mod certificate;
mod comparison;
mod conclusion;
mod connections;
mod counts;
mod course;
mod database;
mod endpoints;
mod evidence;
mod fsp_tls;
mod generator;
mod host;
mod hub_process;
mod latencies;
mod machine;
mod observer;
mod overload;
mod plan;
mod random;
mod report;
mod result;
mod run;
mod schedule;
mod scheme;
mod skew;
mod stationery;
mod traffic;
mod verdict;

pub use bench::{Report, Target, bench};
pub use certificate::{
    Certificate, Origin, PROMISED_PHASES, Posture, Promise, Statement, Sustained, read as read_certificate,
    write as write_certificate,
};
pub use comparison::{Compared, Comparison, SettingDifference, read_result};
pub use conclusion::conclude;
pub use counts::{Counts, Distributions};
pub use course::{Extent, MEASURES, MemoryCourse, Second};
pub use database::{DatabaseAccess, Stored, Table};
pub use endpoints::Endpoints;
pub use evidence::{Evidence, Overloaded};
pub use fsp_tls::FspTls;
pub use host::Host;
pub use hub_process::HubProgram;
pub use latencies::{Latencies, Percentiles};
pub use machine::{MachineTimes, Sample, Usage};
pub use overload::Overload;
pub use plan::{MAX_CURRENCIES, MAX_FSPS, MAX_RATE, PAYMENT_TIMEOUT, Phases, Plan, PlanError};
pub use report::{certificate_to_html, to_html};
pub use result::{
    BenchResult, Bytes, Costs, Gates, Ledger, Machine, Memory, Moved, Pace, Payments, Problem, Refusal, Setting,
    Verdict,
};
pub use run::Watcher;
pub use schedule::{Due, Schedule, Stretch};
pub use skew::Skew;
