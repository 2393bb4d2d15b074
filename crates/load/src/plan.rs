//! What is to be measured: [`Plan`].

use std::{collections::BTreeSet, fmt, time::Duration};

use fspiop::Currency;
use participant::Phase;

use serde::{Deserialize, Serialize};

use crate::{fsp_tls::FspTls, schedule::Stretch, skew::Skew};

/// How long a payment may take, from its scheduled beginning; then it counts as failed. Clients of FSPIOP expire transfers
/// after 30 s.
pub const PAYMENT_TIMEOUT: Duration = Duration::from_secs(30);
/// The most payments a second that can be asked for: beyond what one load process can make.
pub const MAX_RATE: f64 = 100_000.0;
/// The most payers, and the most payees: each is onboarded by a dozen requests.
pub const MAX_FSPS: u32 = 1_000;

/// The most currencies: terms are made beforehand for each.
pub const MAX_CURRENCIES: usize = 16;
/// The shortest run that can be overloaded: a third of it is, and what came before and after is seen in whole seconds.
const SHORTEST_OVERLOAD: Duration = Duration::from_secs(6);

/// The phases that payments go through, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    /// Ask for the payee.
    pub lookup: bool,
    /// Ask for a quote.
    pub agreement: bool,
    /// Transfer.
    pub clearing: bool,
}

impl Phases {
    /// All three.
    pub const ALL: Phases = Phases { lookup: true, agreement: true, clearing: true };

    /// Exactly these.
    pub fn of(phases: &[Phase]) -> Phases {
        let has = |phase| phases.contains(&phase);
        Phases { lookup: has(Phase::Lookup), agreement: has(Phase::Agreement), clearing: has(Phase::Clearing) }
    }

    /// Whether this phase is one of them.
    pub const fn has(self, phase: Phase) -> bool {
        match phase {
            Phase::Lookup => self.lookup,
            Phase::Agreement => self.agreement,
            Phase::Clearing => self.clearing,
        }
    }

    /// They, in their order.
    pub fn iter(self) -> impl Iterator<Item = Phase> {
        [Phase::Lookup, Phase::Agreement, Phase::Clearing].into_iter().filter(move |phase| self.has(*phase))
    }

    /// The first of them.
    pub fn first(self) -> Option<Phase> {
        self.iter().next()
    }

    /// The one that comes after this one.
    pub fn after(self, phase: Phase) -> Option<Phase> {
        self.iter().find(|later| *later > phase)
    }
}

impl fmt::Display for Phases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Phase::as_str).collect();
        f.write_str(&names.join(","))
    }
}

/// What is to be measured.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Payments a second, on average.
    pub rate: f64,
    /// How long payments are begun that count.
    pub duration: Duration,
    /// How long payments are begun before, which count in no figure.
    pub warmup: Duration,
    /// How long before that the rate rises evenly from 0; its payments count in no figure either.
    pub ramp: Duration,
    /// How many times the rate is asked for in the middle third of `duration`.
    pub overload: Option<f64>,
    /// The phases that payments go through.
    pub phases: Phases,
    /// FSPs that pay.
    pub payers: u32,
    /// FSPs that are paid.
    pub payees: u32,
    /// How payments are spread over them.
    pub skew: Skew,
    /// Of schedule and pairs: the same seed asks for the same.
    pub seed: u64,
    /// The currencies of the payments, at least one; each is as frequent as the others.
    pub currencies: Vec<Currency>,
    /// Whether the FSPs sign their messages.
    pub jws: bool,
    /// TLS between hub and FSPs, if it is on.
    pub tls: Option<FspTls>,
}

/// Why a plan can't be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError {
    /// The flag that is wrong.
    pub flag: &'static str,
    /// What was found and what was expected.
    pub problem: String,
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.flag, self.problem)
    }
}

impl Plan {
    /// How long payments are begun that do not count.
    pub fn lead(&self) -> Duration {
        self.ramp + self.warmup
    }

    /// Between which seconds of the run, the lead included, more is asked for than the rate. Whole seconds, as the course is.
    pub(crate) fn overloaded(&self) -> Option<(Duration, Duration)> {
        let third = |number: u64| self.lead() + Duration::from_secs(self.duration.as_secs() * number / 3);
        self.overload.map(|_| (third(1), third(2)))
    }

    /// The rate over the time of the run.
    pub(crate) fn stretches(&self) -> Vec<Stretch> {
        let rise = Stretch { length: self.ramp, from: 0.0, to: self.rate, measured: false };
        let warmup = Stretch::steady(self.warmup, self.rate, false);
        let (from, until) = self.overloaded().unwrap_or((self.lead(), self.lead()));
        let end = self.lead() + self.duration;
        let factor = self.overload.unwrap_or(1.0);
        let measured = |length, times: f64| Stretch::steady(length, self.rate * times, true);
        vec![
            rise,
            warmup,
            measured(from - self.lead(), 1.0),
            measured(until - from, factor),
            measured(end - until, 1.0),
        ]
    }

    /// Whether it can be carried out.
    ///
    /// # Errors
    /// Which value is out of its range.
    pub fn check(&self) -> Result<(), PlanError> {
        let wrong = |flag, problem| Err(PlanError { flag, problem });
        if !(self.rate > 0.0 && self.rate <= MAX_RATE) {
            return wrong("--rate", format!("found {}, expected a number above 0 and at most {MAX_RATE}", self.rate));
        }
        if self.duration.is_zero() {
            return wrong("--duration", "found 0, expected more".to_owned());
        }
        for (flag, count) in [("--payers", self.payers), ("--payees", self.payees)] {
            if !(1..=MAX_FSPS).contains(&count) {
                return wrong(flag, format!("found {count}, expected 1 to {MAX_FSPS}"));
            }
        }
        if self.phases.first().is_none() {
            return wrong("--phases", "found none, expected some of lookup, agreement, clearing".to_owned());
        }
        let currencies: BTreeSet<_> = self.currencies.iter().map(Currency::as_str).collect();
        if currencies.len() != self.currencies.len() || !(1..=MAX_CURRENCIES).contains(&currencies.len()) {
            let found = self.currencies.iter().map(Currency::as_str).collect::<Vec<_>>().join(",");
            return wrong("--currency", format!("found {found:?}, expected 1 to {MAX_CURRENCIES} different ones"));
        }
        self.check_overload()
    }

    fn check_overload(&self) -> Result<(), PlanError> {
        let wrong = |problem| Err(PlanError { flag: "--overload", problem });
        let Some(factor) = self.overload else { return Ok(()) };
        if !(factor > 1.0 && factor * self.rate <= MAX_RATE) {
            return wrong(format!(
                "found {factor}, expected a number above 1, and at most {MAX_RATE} payments a second"
            ));
        }
        if self.duration < SHORTEST_OVERLOAD {
            let seconds = SHORTEST_OVERLOAD.as_secs();
            return wrong(format!("needs a --duration of at least {seconds}s: its middle third is overloaded"));
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn plan() -> Plan {
        Plan {
            rate: 10.0,
            duration: Duration::from_secs(1),
            warmup: Duration::ZERO,
            phases: Phases::ALL,
            payers: 1,
            payees: 1,
            skew: Skew::Uniform,
            seed: 0,
            ramp: Duration::ZERO,
            overload: None,
            currencies: vec![Currency::parse("USD").unwrap()],
            jws: false,
            tls: None,
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Plan), expect: Result<(), &str>) {
        let mut changed = plan();
        change(&mut changed);
        assert_eq!(changed.check().map_err(|error| error.flag), expect);
    }

    #[test]
    fn values_out_of_range_are_refused_by_their_flag() {
        check(|_| {}, Ok(()));
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 100_001.0] {
            check(|plan| plan.rate = rate, Err("--rate"));
        }
        check(|plan| plan.duration = Duration::ZERO, Err("--duration"));
        check(|plan| plan.payers = 0, Err("--payers"));
        check(|plan| plan.payees = 1_001, Err("--payees"));
        check(|plan| plan.phases = Phases::of(&[]), Err("--phases"));
        check(|plan| plan.currencies.clear(), Err("--currency"));
        check(|plan| plan.currencies.push(plan.currencies[0]), Err("--currency"));
        check(|plan| plan.overload = Some(2.0), Err("--overload"));
        let overload =
            |factor| move |plan: &mut Plan| (plan.duration, plan.overload) = (SHORTEST_OVERLOAD, Some(factor));
        check(overload(2.0), Ok(()));
        for factor in [1.0, f64::NAN, 20_000.0] {
            check(overload(factor), Err("--overload"));
        }
    }

    #[test]
    fn an_overload_is_the_middle_third_of_what_counts() {
        let seconds = Duration::from_secs;
        let plan = Plan { ramp: seconds(4), warmup: seconds(2), duration: seconds(10), overload: Some(3.0), ..plan() };
        assert_eq!(plan.overloaded(), Some((seconds(9), seconds(12))));
        let rates: Vec<_> =
            plan.stretches().iter().map(|part| (part.length.as_secs(), part.from, part.to, part.measured)).collect();
        let (steady, times) = (10.0, 30.0);
        let expect = [
            (4, 0.0, steady, false),
            (2, steady, steady, false),
            (3, steady, steady, true),
            (3, times, times, true),
            (4, steady, steady, true),
        ];
        assert_eq!(rates, expect);
    }

    #[test]
    fn phases_follow_each_other() {
        let all = Phases::ALL;
        assert_eq!(all.first(), Some(Phase::Lookup));
        assert_eq!(all.after(Phase::Lookup), Some(Phase::Agreement));
        assert_eq!(all.after(Phase::Clearing), None);
        let two = Phases::of(&[Phase::Clearing, Phase::Lookup]);
        assert_eq!((two.after(Phase::Lookup), two.to_string()), (Some(Phase::Clearing), "lookup,clearing".to_owned()));
    }
}
