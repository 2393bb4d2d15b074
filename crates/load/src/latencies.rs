//! Distributions of durations: [`Latencies`], [`Percentiles`].

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Digits that a recorded duration keeps: an error of at most 0.1 %.
const DIGITS: u8 = 3;
/// The longest duration that is told apart from longer ones, in microseconds: ten minutes, above every timeout of a payment.
const LONGEST_US: u64 = 600_000_000;

/// A distribution of durations, in microseconds. In documents it is a list of durations, each with how often it came, from
/// which the same percentiles follow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Vec<(u64, u64)>", from = "Vec<(u64, u64)>")]
pub struct Latencies(Histogram<u64>);

/// What is told of a distribution, in milliseconds. Of an empty one everything is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// How many durations there are.
    pub count: u64,
    /// Half of the durations are at most this.
    pub p50_ms: f64,
    /// 90 % of the durations are at most this.
    pub p90_ms: f64,
    /// 99 % of the durations are at most this.
    pub p99_ms: f64,
    /// 99.9 % of the durations are at most this.
    pub p999_ms: f64,
    /// The longest duration.
    pub max_ms: f64,
}

impl Latencies {
    /// No durations.
    pub fn new() -> Latencies {
        Latencies(Histogram::new_with_bounds(1, LONGEST_US, DIGITS).expect("the bounds are valid"))
    }

    /// Counts a duration.
    pub fn record(&mut self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.0.saturating_record(micros.max(1));
    }

    /// Forgets all durations.
    pub fn clear(&mut self) {
        self.0.reset();
    }

    /// How many durations there are.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// This part of all durations, from 0 to 1, is at most so many milliseconds.
    pub fn at(&self, part: f64) -> f64 {
        milliseconds(self.0.value_at_quantile(part).min(self.0.max()))
    }

    /// What is told of them.
    pub fn percentiles(&self) -> Percentiles {
        if self.0.is_empty() {
            return Percentiles::default();
        }
        Percentiles {
            count: self.count(),
            p50_ms: self.at(0.5),
            p90_ms: self.at(0.9),
            p99_ms: self.at(0.99),
            p999_ms: self.at(0.999),
            max_ms: milliseconds(self.0.max()),
        }
    }
}

impl From<Latencies> for Vec<(u64, u64)> {
    fn from(latencies: Latencies) -> Vec<(u64, u64)> {
        latencies.0.iter_recorded().map(|step| (step.value_iterated_to(), step.count_since_last_iteration())).collect()
    }
}

impl From<Vec<(u64, u64)>> for Latencies {
    fn from(recorded: Vec<(u64, u64)>) -> Latencies {
        let mut latencies = Latencies::new();
        for (micros, count) in recorded {
            latencies.0.saturating_record_n(micros.max(1), count);
        }
        latencies
    }
}

impl Default for Latencies {
    fn default() -> Latencies {
        Latencies::new()
    }
}

#[expect(clippy::cast_precision_loss, reason = "at most ten minutes in microseconds")]
fn milliseconds(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(found: f64, expect: f64) {
        assert!((found - expect).abs() <= expect * 0.001 + 0.001, "{found}, expected {expect}");
    }

    #[test]
    fn percentiles_are_those_of_what_was_recorded() {
        let mut latencies = Latencies::new();
        for millis in 1..=1_000 {
            latencies.record(Duration::from_millis(millis));
        }
        let found = latencies.percentiles();
        assert_eq!(found.count, 1_000);
        check(found.p50_ms, 500.0);
        check(found.p90_ms, 900.0);
        check(found.p99_ms, 990.0);
        check(found.p999_ms, 999.0);
        check(found.max_ms, 1_000.0);
        latencies.clear();
        assert_eq!(latencies.percentiles(), Percentiles::default());
    }

    #[test]
    fn a_written_distribution_is_read_with_the_same_percentiles() {
        let mut latencies = Latencies::new();
        for micros in [1, 2, 900, 1_001, 1_001, 33_333, 777_777, 599_999_999, 700_000_000] {
            latencies.record(Duration::from_micros(micros));
        }
        let written = serde_json::to_string(&latencies).unwrap();
        let read: Latencies = serde_json::from_str(&written).unwrap();
        assert_eq!(read.percentiles(), latencies.percentiles());
        assert_eq!(serde_json::to_string(&read).unwrap(), written);
        assert_eq!(serde_json::from_str::<Latencies>("[]").unwrap().percentiles(), Percentiles::default());
    }

    #[test]
    fn extremes_are_kept_within_bounds() {
        let mut latencies = Latencies::new();
        latencies.record(Duration::ZERO);
        latencies.record(Duration::from_secs(86_400));
        let found = latencies.percentiles();
        check(found.p50_ms, 0.001);
        check(found.max_ms, 600_000.0);
    }
}
