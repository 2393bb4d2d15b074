//! What a run has shown, before anything is concluded from it: [`Evidence`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    counts::{Counts, Distributions},
    course::Second,
    machine::Sample,
    plan::Phases,
    result::{Ledger, Refusal, Setting},
};

/// All that the result follows from. Kept in certificates, so that anyone can draw the conclusions again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was asked for.
    pub setting: Setting,
    /// What payments went through.
    pub through: Phases,
    /// When more than the rate was asked for; absent if it was not.
    pub overloaded: Option<Overloaded>,
    /// Payments and messages.
    pub counts: Counts,
    /// Payments that ended well while those that count were begun.
    pub committed_in_time: u64,
    /// What the hub refused.
    pub refusals: Vec<Refusal>,
    /// What went wrong, and how often.
    pub problems: BTreeMap<String, u64>,
    /// The hub's books; absent without clearing, and if they could not be read.
    pub ledger: Option<Ledger>,
    /// Why the hub's books could not be read.
    pub unread_ledger: Option<String>,
    /// When the first payment that counts was due, and when the last one had been begun.
    pub samples: [Sample; 2],
    /// Processors that the load may use.
    pub cores: usize,
    /// Why figures are missing.
    pub notes: Vec<String>,
    /// Durations.
    pub distributions: Distributions,
    /// The run second by second.
    pub course: Vec<Second>,
}

/// More was asked for than the rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overloaded {
    /// How many times the rate.
    pub factor: f64,
    /// From this second of the course on,
    pub from_s: f64,
    /// until this one.
    pub until_s: f64,
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{machine::Usage, result::Memory};

    /// A run of 100 clearings in 10 s that passes.
    pub(crate) fn evidence() -> Evidence {
        let mut distributions = Distributions::default();
        for _ in 0..100 {
            distributions.taken[2].record(Duration::from_millis(20));
            distributions.taken[3].record(Duration::from_millis(20));
            distributions.hub_added[2].record(Duration::from_millis(19));
            distributions.hub_added[3].record(Duration::from_millis(19));
            distributions.lateness.record(Duration::from_micros(50));
        }
        let usage = |cpu_ms| Usage { cpu_ms, resident_bytes: 5_000, written_bytes: Some(0) };
        let sample = |cpu_ms| Sample { hub: Some(usage(cpu_ms)), load: Some(usage(1.0)), ..Sample::default() };
        let second = |number: u32| Second {
            at_s: f64::from(number),
            begun: 10,
            committed: 10,
            resident_bytes: Memory { hub: Some(u64::from(number.min(7)) * 1_000), database: None },
            ..Second::default()
        };
        Evidence {
            setting: Setting {
                rate: 10.0,
                duration_s: 10.0,
                warmup_s: 0.0,
                ramp_s: 0.0,
                seed: 0,
                schedule: "poisson".to_owned(),
                payers: 1,
                payees: 1,
                skew: "uniform".to_owned(),
                currencies: vec!["USD".to_owned()],
                jws: false,
                tls: false,
                store: Some("sqlite".to_owned()),
            },
            through: Phases { lookup: false, agreement: false, clearing: true },
            overloaded: None,
            counts: Counts {
                offered: 100,
                committed: 100,
                prepares: 100,
                fulfils: 100,
                notifications: 200,
                ..Counts::default()
            },
            committed_in_time: 100,
            refusals: Vec::new(),
            problems: BTreeMap::new(),
            ledger: None,
            unread_ledger: None,
            samples: [sample(100.0), sample(200.0)],
            cores: 2,
            notes: Vec::new(),
            distributions,
            course: (1..=10).map(second).collect(),
        }
    }
}
