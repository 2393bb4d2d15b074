//! When payments are to be sent: [`Schedule`].

use std::time::Duration;

use crate::random::Random;

/// A part of a run, in which the rate stays or changes evenly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// How long it is.
    pub length: Duration,
    /// Payments a second at its beginning.
    pub from: f64,
    /// Payments a second at its end.
    pub to: f64,
    /// Whether its payments count.
    pub measured: bool,
}

/// A payment that is to be begun.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Due {
    /// When, seen from the beginning of the run.
    pub at: Duration,
    /// Whether it counts.
    pub measured: bool,
}

/// The times of a run's payments, from its beginning: a Poisson process, out of a seed.
///
/// The gaps are exponentially distributed, because the customers of many FSPs pay independently of each other, and so
/// their payments come in bursts. With fixed gaps a hub would be asked more politely than it ever will be, and queues
/// would not show. The times depend on nothing but seed and rate: neither answers nor their absence move them.
///
/// Of all such courses it is one that has exactly as many payments in each stretch as its rate says, so that "1000 a second"
/// are not 999.8 by chance.
#[derive(Clone, Debug)]
pub struct Schedule {
    random: Random,
    /// The last one first.
    ahead: Vec<Drawn>,
    begins_s: f64,
    /// Mean payments since the stretch began.
    area: f64,
}

/// A stretch with what its gaps are to be, so that its payments fill it.
#[derive(Clone, Copy, Debug)]
struct Drawn {
    stretch: Stretch,
    left: u64,
    mean_gap: f64,
}

impl Stretch {
    /// A rate that stays.
    pub fn steady(length: Duration, rate: f64, measured: bool) -> Stretch {
        Stretch { length, from: rate, to: rate, measured }
    }

    /// Payments in it.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rates and times are bounded")]
    fn payments(&self) -> u64 {
        self.area().round() as u64
    }

    fn area(&self) -> f64 {
        self.length.as_secs_f64() * (self.from + self.to) / 2.0
    }

    /// The time, from its beginning, by which so many payments are due on average.
    fn time_of(&self, area: f64) -> f64 {
        let slope = (self.to - self.from) / self.length.as_secs_f64();
        // The stable form of the quadratic's solution: it also holds where the rate stays.
        2.0 * area / (self.from + (self.from * self.from + 2.0 * slope * area).max(0.0).sqrt())
    }
}

impl Schedule {
    /// The schedule of these stretches, one after the other. It is computed here, which takes some milliseconds for each
    /// hundred thousand payments.
    pub fn new(seed: u64, stretches: &[Stretch]) -> Schedule {
        let mut random = Random::new(seed);
        let drawn = stretches.iter().filter(|stretch| !stretch.length.is_zero()).map(|stretch| {
            let left = stretch.payments();
            // The last gap ends with the stretch.
            let sum: f64 = (0..=left).map(|_| exponential(&mut random)).sum();
            Drawn { stretch: *stretch, left, mean_gap: stretch.area() / sum }
        });
        let mut ahead: Vec<Drawn> = drawn.collect();
        ahead.reverse();
        Schedule { random: Random::new(seed), ahead, begins_s: 0.0, area: 0.0 }
    }
}

impl Iterator for Schedule {
    type Item = Due;

    fn next(&mut self) -> Option<Due> {
        loop {
            let drawn = self.ahead.last_mut()?;
            self.area += exponential(&mut self.random) * drawn.mean_gap;
            let stretch = drawn.stretch;
            if drawn.left > 0 {
                drawn.left -= 1;
                let at = Duration::from_secs_f64(self.begins_s + stretch.time_of(self.area));
                return Some(Due { at, measured: stretch.measured });
            }
            self.begins_s += stretch.length.as_secs_f64();
            self.area = 0.0;
            self.ahead.pop();
        }
    }
}

/// Exponentially distributed, 1 on average.
fn exponential(random: &mut Random) -> f64 {
    -random.fraction().ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(seed: u64, stretches: &[Stretch]) -> Vec<f64> {
        Schedule::new(seed, stretches).map(|due| due.at.as_secs_f64()).collect()
    }

    fn steady(rate: f64, seconds: u64) -> Stretch {
        Stretch::steady(Duration::from_secs(seconds), rate, true)
    }

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "some ten thousands")]
    fn gaps_are_those_of_a_poisson_process() {
        let times = times(3, &[steady(500.0, 100)]);
        assert_eq!(times.len(), 50_000);
        let gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let count = gaps.len() as f64;
        let mean = gaps.iter().sum::<f64>() / count;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / count;
        // The standard deviation of an exponential distribution is its mean; that of fixed gaps is 0.
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.05, "mean {mean}, deviation {}", variance.sqrt());
        assert!(gaps.iter().all(|gap| *gap >= 0.0));
        assert!(times.last().is_some_and(|last| *last < 100.0));
    }

    #[test]
    fn a_ramp_rises_evenly() {
        let ramp = Stretch { length: Duration::from_secs(20), from: 0.0, to: 1_000.0, measured: false };
        let stretches = [ramp, steady(1_000.0, 10)];
        let times = times(5, &stretches);
        let until = |second: f64| times.iter().filter(|at| **at < second).count();
        // A quarter of a ramp's payments fall into its first half.
        assert!(until(10.0).abs_diff(2_500) < 150, "{}", until(10.0));
        assert_eq!((until(20.0), times.len()), (10_000, 20_000));
        let measured = Schedule::new(5, &stretches).filter(|due| due.measured).count();
        assert_eq!(measured, 10_000);
        assert!(Schedule::new(5, &stretches).all(|due| due.measured == (due.at.as_secs_f64() >= 20.0)));
    }

    #[test]
    fn seeds_tell_schedules_apart_and_repeat_them() {
        let of = |seed| times(seed, &[steady(100.0, 5)]);
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }
}
