//! Leaves an oracle alone that fails again and again. Pure: time comes in.

use std::time::Duration;

use tokio::time::Instant;

/// Failures in a row after which an oracle is left alone. One that is restarted fails a question or two; one that is down
/// fails all of them, and each would hold its asker for as long as an oracle may take.
const FAILURES: u32 = 5;
/// How long an oracle is left alone at first; its restart takes about that long.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The pause doubles with each probe that fails, up to this: askers of an oracle that is back again wait no longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A probe that has not ended by then is not waited for any more; longer than any question to an oracle may take.
const PROBE_ENDS: Duration = Duration::from_secs(10);

/// Decides whether an oracle is asked.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    /// Everybody may ask.
    #[default]
    Closed,
    /// Nobody may ask before this moment; then one does, as a probe.
    Open { until: Instant, pause: Duration },
    /// One asks, the others may not, unless the probe does not come back in time.
    Probing { until: Instant, pause: Duration },
}

impl Breaker {
    /// Whether the oracle may be asked now. Whoever may says later how that ended.
    pub(super) fn admits(&mut self, now: Instant) -> bool {
        match self.state {
            State::Closed => true,
            State::Open { until, pause } | State::Probing { until, pause } if now >= until => {
                self.state = State::Probing { until: now + PROBE_ENDS, pause };
                true
            }
            State::Open { .. } | State::Probing { .. } => false,
        }
    }

    /// The oracle has answered.
    pub(super) fn succeeded(&mut self) {
        *self = Breaker::default();
    }

    /// The oracle has not answered, or said that it can't.
    pub(super) fn failed(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        let pause = match self.state {
            State::Closed if self.failures < FAILURES => return,
            State::Closed => FIRST_PAUSE,
            State::Probing { pause, .. } => (pause * 2).min(LONGEST_PAUSE),
            // Questions that were under way when it opened say nothing new.
            State::Open { .. } => return,
        };
        self.state = State::Open { until: now + pause, pause };
    }

    /// Whether the oracle is left alone.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.state, State::Closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What happens to a breaker, each at a number of seconds after its start.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Asks(u64, bool),
        Fails(u64),
        Succeeds,
    }
    use Step::{Asks, Fails, Succeeds};

    #[track_caller]
    fn check(steps: &[Step], is_open: bool) {
        let (mut breaker, start) = (Breaker::default(), Instant::now());
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        for (number, step) in steps.iter().enumerate() {
            match *step {
                Asks(seconds, expect) => assert_eq!(breaker.admits(at(seconds)), expect, "step {number}: {step:?}"),
                Fails(seconds) => breaker.failed(at(seconds)),
                Succeeds => breaker.succeeded(),
            }
        }
        assert_eq!(breaker.is_open(), is_open);
    }

    #[test]
    fn it_opens_after_failures_in_a_row() {
        check(&[Fails(0), Fails(0), Fails(0), Fails(0), Asks(0, true)], false);
        check(&[Fails(0), Fails(0), Fails(0), Fails(0), Fails(0), Asks(0, false), Asks(1, false)], true);
        // One success between them begins the count anew.
        check(&[Fails(0), Fails(0), Fails(0), Fails(0), Succeeds, Fails(0), Asks(0, true)], false);
    }

    #[test]
    fn one_probe_at_a_time_decides() {
        let open = [Fails(0), Fails(0), Fails(0), Fails(0), Fails(0)];
        let then = |steps: &[Step]| [&open[..], steps].concat();
        check(&then(&[Asks(2, true), Asks(2, false), Succeeds, Asks(2, true), Asks(2, true)]), false);
        // Each failed probe doubles the pause: 2 s, 4 s, 8 s, 16 s, 30 s, 30 s.
        check(&then(&[Asks(2, true), Fails(2), Asks(5, false), Asks(6, true), Fails(6), Asks(13, false)]), true);
        let longest = [Asks(2, true), Fails(2), Asks(6, true), Fails(6), Asks(14, true), Fails(14), Asks(30, true)];
        check(&then(&[&longest[..], &[Fails(30), Asks(59, false), Asks(60, true)]].concat()), true);
    }

    #[test]
    fn stragglers_do_not_prolong_the_pause_and_a_lost_probe_is_replaced() {
        let open = [Fails(0), Fails(0), Fails(0), Fails(0), Fails(0)];
        let then = |steps: &[Step]| [&open[..], steps].concat();
        check(&then(&[Fails(1), Fails(1), Asks(2, true)]), true);
        check(&then(&[Asks(2, true), Asks(11, false), Asks(12, true), Asks(12, false)]), true);
    }
}
