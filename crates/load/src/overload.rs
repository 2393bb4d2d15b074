//! How a hub bears more than its rate: [`Overload`].

use serde::{Deserialize, Serialize};

use crate::{
    course::{END_TO_END, Second},
    evidence::Overloaded,
};

/// A second is as good as those before the overload if so much of what was begun in it was committed, nothing was refused,
const RECOVERED_SHARE: f64 = 0.9;
/// and its 99th percentile is at most so many times what it was: one second's percentile varies that much.
const RECOVERED_LATENCY: f64 = 2.0;

/// What the hub did when more was asked for than its rate, and after it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overload {
    /// How many times the rate was asked for.
    pub factor: f64,
    /// From this second of the run on,
    pub from_s: f64,
    /// until this one.
    pub until_s: f64,
    /// Payments begun a second, meanwhile.
    pub offered_per_s: f64,
    /// Payments committed a second before: the rated goodput.
    pub rated_per_s: f64,
    /// Payments committed a second, meanwhile.
    pub goodput_per_s: f64,
    /// `goodput_per_s` over `rated_per_s`.
    pub goodput_of_rated: f64,
    /// The part of the payments begun meanwhile that the hub refused, in percent.
    pub refused_percent: f64,
    /// Seconds from the end of the overload until a second was as good as before; `null` if none was.
    pub recovered_after_s: Option<f64>,
}

impl Overload {
    /// Read from the course.
    pub(crate) fn of(overloaded: &Overloaded, course: &[Second]) -> Overload {
        let Overloaded { factor, from_s, until_s } = *overloaded;
        let counted = || course.iter().filter(|second| !second.warmup);
        let before: Vec<&Second> = counted().filter(|second| second.at_s <= from_s).collect();
        let during: Vec<&Second> = counted().filter(|second| second.at_s > from_s && second.at_s <= until_s).collect();
        let rated_per_s = mean(&before, |second| second.committed);
        let goodput_per_s = mean(&during, |second| second.committed);
        let offered_per_s = mean(&during, |second| second.begun);
        let refused_per_s = mean(&during, |second| second.refused);
        let usual_ms = median(before.iter().map(|second| second.latencies[END_TO_END].p99_ms).collect());
        let recovered = course.iter().find(|second| second.at_s > until_s && is_as_before(second, usual_ms));
        Overload {
            factor,
            from_s,
            until_s,
            offered_per_s,
            rated_per_s,
            goodput_per_s,
            goodput_of_rated: ratio(goodput_per_s, rated_per_s),
            refused_percent: ratio(refused_per_s, offered_per_s) * 100.0,
            recovered_after_s: recovered.map(|second| second.at_s - until_s),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a second")]
fn is_as_before(second: &Second, usual_ms: f64) -> bool {
    let is_kept = second.committed as f64 >= second.begun as f64 * RECOVERED_SHARE;
    let is_quick = second.latencies[END_TO_END].p99_ms <= usual_ms * RECOVERED_LATENCY;
    second.begun > 0 && second.refused + second.failed == 0 && is_kept && is_quick
}

#[expect(clippy::cast_precision_loss, reason = "counts of hours")]
fn mean(seconds: &[&Second], count: fn(&Second) -> u64) -> f64 {
    let sum: u64 = seconds.iter().map(|second| count(second)).sum();
    ratio(sum as f64, seconds.len() as f64)
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latencies::Percentiles;

    fn second(at_s: f64, (begun, committed, refused): (u64, u64, u64), p99_ms: f64) -> Second {
        let mut second = Second { at_s, begun, committed, refused, ..Second::default() };
        second.latencies[END_TO_END] = Percentiles { p99_ms, ..Percentiles::default() };
        second
    }

    #[test]
    fn goodput_refusals_and_recovery_are_those_of_the_course() {
        let overloaded = Overloaded { factor: 2.0, from_s: 2.0, until_s: 4.0 };
        let course = [
            second(1.0, (100, 100, 0), 20.0),
            second(2.0, (100, 100, 0), 20.0),
            second(3.0, (200, 90, 60), 900.0),
            second(4.0, (200, 90, 80), 900.0),
            second(5.0, (100, 120, 10), 900.0),
            second(6.0, (100, 100, 0), 50.0),
            second(7.0, (100, 80, 0), 20.0),
            second(8.0, (100, 100, 0), 21.0),
        ];
        let found = Overload::of(&overloaded, &course);
        let expect = Overload {
            factor: 2.0,
            from_s: 2.0,
            until_s: 4.0,
            offered_per_s: 200.0,
            rated_per_s: 100.0,
            goodput_per_s: 90.0,
            goodput_of_rated: 0.9,
            refused_percent: 35.0,
            recovered_after_s: Some(4.0),
        };
        assert_eq!(found, expect);
        assert_eq!(Overload::of(&overloaded, &course[..7]).recovered_after_s, None);
        assert_eq!(Overload::of(&overloaded, &[]).goodput_of_rated.to_bits(), 0_f64.to_bits());
    }
}
