//! Load shedding: when more comes than the hub can carry, new payments are refused at once, so that those that were begun end
//! in time. What is measured is how long requests and messages wait inside the hub: a queue that does not become shorter is
//! an overload, whatever its cause.
//!
//! The median counts, so that one FSP whose messages wait because it is slow changes nothing. The first phases are refused
//! first: whoever was given terms can still pay, and what is refused late has cost the most.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How long it is measured before the next decision.
const INTERVAL: Duration = Duration::from_millis(100);
/// With fewer waits in an interval nothing is said: an idle hub that was held up once is not overloaded.
const FEWEST_WAITS: usize = 16;
/// The most waits of an interval that are looked at.
const MOST_WAITS: usize = 10_000;
/// Lookups are refused when the median wait is longer; a phase has 1 s at the most,
const LOOKUP: Duration = Duration::from_millis(200);
/// then quotes,
const AGREEMENT: Duration = Duration::from_millis(300);
/// and at last transfers.
const CLEARING: Duration = Duration::from_millis(400);

/// A phase of a payment, by the request that begins it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Lookup,
    Agreement,
    Clearing,
}

impl Phase {
    /// The phase that a request begins; `None` for answers, and for what is no part of a payment.
    pub(crate) fn begun_by(method: &http::Method, resource: &str) -> Option<Phase> {
        match (method, resource) {
            (&http::Method::GET, "parties") => Some(Phase::Lookup),
            (&http::Method::POST, "quotes") => Some(Phase::Agreement),
            (&http::Method::POST, "transfers") => Some(Phase::Clearing),
            _ => None,
        }
    }

    const fn longest_wait(self) -> Duration {
        match self {
            Phase::Lookup => LOOKUP,
            Phase::Agreement => AGREEMENT,
            Phase::Clearing => CLEARING,
        }
    }
}

/// Where something waits inside the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queue {
    /// A request for its batch to be durable.
    Batch,
    /// A message for being sent for the first time.
    Delivery,
}

/// What is known of waits inside the hub.
#[derive(Debug, Default)]
pub(crate) struct LoadShedding {
    batch: Mutex<Waits>,
    delivery: Mutex<Waits>,
}

#[derive(Debug, Default)]
struct Waits {
    began: Option<Instant>,
    waits: Vec<Duration>,
    /// The median of the interval before, which holds until two intervals later.
    median: Duration,
}

impl LoadShedding {
    /// Something has waited so long, and does no longer.
    pub(crate) fn waited(&self, queue: Queue, wait: Duration, now: Instant) {
        let mut waits = self.waits(queue);
        waits.advance(now);
        if waits.waits.len() < MOST_WAITS {
            waits.waits.push(wait);
        }
    }

    /// Whether a request that begins this phase is to be refused.
    pub(crate) fn refuses(&self, phase: Phase, now: Instant) -> bool {
        [Queue::Batch, Queue::Delivery].into_iter().any(|queue| {
            let mut waits = self.waits(queue);
            waits.advance(now);
            waits.median > phase.longest_wait()
        })
    }

    fn waits(&self, queue: Queue) -> MutexGuard<'_, Waits> {
        let waits = match queue {
            Queue::Batch => &self.batch,
            Queue::Delivery => &self.delivery,
        };
        waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waits {
    /// Begins the next interval, if the present one is over.
    fn advance(&mut self, now: Instant) {
        let began = *self.began.get_or_insert(now);
        if now.saturating_duration_since(began) < INTERVAL {
            return;
        }
        let count = self.waits.len();
        self.median = match count >= FEWEST_WAITS && now.saturating_duration_since(began) < INTERVAL * 2 {
            true => *self.waits.select_nth_unstable(count / 2).1,
            false => Duration::ZERO,
        };
        self.waits.clear();
        self.began = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Phase; 3] = [Phase::Lookup, Phase::Agreement, Phase::Clearing];

    /// What is refused after an interval with these waits, in milliseconds.
    #[track_caller]
    fn check(waits: &[u64], refused: [bool; 3]) {
        for queue in [Queue::Batch, Queue::Delivery] {
            let (shedding, start) = (LoadShedding::default(), Instant::now());
            for wait in waits {
                shedding.waited(queue, Duration::from_millis(*wait), start);
            }
            let after = start + INTERVAL;
            assert_eq!(ALL.map(|phase| shedding.refuses(phase, after)), refused, "{queue:?} {waits:?}");
            assert_eq!(ALL.map(|phase| shedding.refuses(phase, after + INTERVAL)), [false; 3], "it is over");
        }
    }

    #[test]
    fn the_first_phases_are_refused_first() {
        check(&[5; 100], [false; 3]);
        check(&[201; 100], [true, false, false]);
        check(&[301; 100], [true, true, false]);
        check(&[401; 100], [true; 3]);
    }

    #[test]
    fn what_few_wait_for_is_no_overload() {
        check(&[9_000; FEWEST_WAITS - 1], [false; 3]);
        check(&[&[9_000; 40][..], &[1; 60]].concat(), [false; 3]);
        check(&[], [false; 3]);
    }

    #[test]
    fn requests_begin_phases_and_answers_do_not() {
        let of = |method, resource| Phase::begun_by(&method, resource);
        assert_eq!(of(http::Method::GET, "parties"), Some(Phase::Lookup));
        assert_eq!(of(http::Method::POST, "quotes"), Some(Phase::Agreement));
        assert_eq!(of(http::Method::POST, "transfers"), Some(Phase::Clearing));
        for (method, resource) in
            [(http::Method::PUT, "transfers"), (http::Method::PATCH, "transfers"), (http::Method::GET, "transfers")]
        {
            assert_eq!(of(method, resource), None);
        }
    }
}
