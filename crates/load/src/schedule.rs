//! When payments are to be sent: [`Schedule`].

use std::time::Duration;

use crate::random::Random;

/// The times of a run's payments, from its beginning: a Poisson process, out of a seed.
///
/// The gaps are exponentially distributed, because the customers of many FSPs pay independently of each other, and so
/// their payments come in bursts. With fixed gaps a hub would be asked more politely than it ever will be, and queues
/// would not show. The times depend on nothing but seed and rate: neither answers nor their absence move them.
#[derive(Clone, Debug)]
pub struct Schedule {
    random: Random,
    mean_s: f64,
    at_s: f64,
    length_s: f64,
}

impl Schedule {
    /// The schedule of `rate` payments a second on average (above 0), for so long.
    pub fn new(seed: u64, rate: f64, length: Duration) -> Schedule {
        Schedule { random: Random::new(seed), mean_s: 1.0 / rate, at_s: 0.0, length_s: length.as_secs_f64() }
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.at_s -= self.random.fraction().ln() * self.mean_s;
        (self.at_s < self.length_s).then(|| Duration::from_secs_f64(self.at_s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(seed: u64, rate: f64, seconds: u64) -> Vec<f64> {
        let times: Vec<f64> =
            Schedule::new(seed, rate, Duration::from_secs(seconds)).map(|at| at.as_secs_f64()).collect();
        times.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "some ten thousands")]
    fn gaps_are_those_of_a_poisson_process() {
        let gaps = gaps(3, 500.0, 100);
        let count = gaps.len() as f64;
        assert!((count - 50_000.0).abs() < 1_000.0, "{count} payments, expected 500 a second for 100 s");
        let mean = gaps.iter().sum::<f64>() / count;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / count;
        // The standard deviation of an exponential distribution is its mean; that of fixed gaps is 0.
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.05, "mean {mean}, deviation {}", variance.sqrt());
        assert!(gaps.iter().all(|gap| *gap >= 0.0));
    }

    #[test]
    fn seeds_tell_schedules_apart_and_repeat_them() {
        assert_eq!(gaps(1, 100.0, 5), gaps(1, 100.0, 5));
        assert_ne!(gaps(1, 100.0, 5), gaps(2, 100.0, 5));
    }
}
