//! What is known of the payments of a run: [`Book`]. Pure: the time comes in.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use fspiop::TransferId;
use participant::Phase;

use crate::{
    latencies::{Latencies, Percentiles},
    plan::{PAYMENT_TIMEOUT, Phases},
    skew::Pair,
};

/// Different problems that are told apart; what comes beyond is counted under one name.
const MOST_PROBLEMS: usize = 20;

/// How a payment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Its last phase ended as it should.
    Committed,
    /// The hub did not take one of its messages over.
    Refused,
    /// Anything else: an error's callback, a broken connection, no end in time.
    Failed,
}

/// A payment on its way, or one that has ended lately.
#[derive(Clone, Debug)]
pub(crate) struct Payment {
    pub(crate) pair: Pair,
    /// When its first request was to be sent.
    scheduled: Instant,
    phase: Phase,
    /// When the phase began: for the first one, when it was to begin.
    phase_since: Instant,
    /// Whether it counts, that is, was scheduled after the warm-up.
    measured: bool,
    ended: Option<(Ending, Instant)>,
}

impl Payment {
    pub(crate) fn new(pair: Pair, phase: Phase, scheduled: Instant, measured: bool) -> Payment {
        Payment { pair, scheduled, phase, phase_since: scheduled, measured, ended: None }
    }
}

/// Messages that are counted for the gates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// The hub has taken a prepare over.
    PrepareAccepted,
    /// The hub has taken a fulfil over.
    FulfilAccepted,
    /// The payee was sent a prepare.
    PrepareDelivered,
}

/// Figures of the payments that count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Payments that were begun.
    pub offered: u64,
    /// Payments whose last phase ended as it should.
    pub committed: u64,
    /// Payments that ended otherwise.
    pub failed: u64,
    /// Payments of which the hub has refused a message, before it took it over.
    pub refused: u64,
    /// Prepares that the hub took over.
    pub prepares: u64,
    /// Fulfils that the hub took over.
    pub fulfils: u64,
    /// Prepares that payees were sent, and final states that payers were sent by PUT.
    pub notifications: u64,
}

/// One second of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Second {
    /// Seconds since the first payment was due, the warm-up included.
    pub at_s: f64,
    /// Whether it is one of the warm-up.
    pub warmup: bool,
    /// Payments that were begun in it.
    pub begun: u64,
    /// Payments that ended well in it.
    pub committed: u64,
    /// Payments that ended otherwise in it.
    pub failed: u64,
    /// Payments that were on their way at its end.
    pub under_way: u64,
    /// Of phases and whole payments that ended in it; in the order of [`MEASURES`].
    pub latencies: [Percentiles; 4],
}

/// What is measured of a payment: its phases, and all of it.
pub const MEASURES: [&str; 4] = ["lookup", "agreement", "clearing", "end_to_end"];
const END_TO_END: usize = 3;

/// All that is known.
#[derive(Debug)]
pub(crate) struct Book {
    phases: Phases,
    payments: HashMap<TransferId, Payment>,
    under_way: u64,
    counts: Counts,
    /// Of all payments, those of the warm-up included: as the hub's ledger counts.
    committed_ever: u64,
    latencies: [Latencies; 4],
    /// How late payments were begun: that much of every figure is the load's own fault.
    lateness: Latencies,
    second: Second,
    second_latencies: [Latencies; 4],
    problems: BTreeMap<String, u64>,
}

impl Book {
    pub(crate) fn new(phases: Phases) -> Book {
        Book {
            phases,
            payments: HashMap::new(),
            under_way: 0,
            counts: Counts::default(),
            committed_ever: 0,
            latencies: Default::default(),
            lateness: Latencies::new(),
            second: Second::default(),
            second_latencies: Default::default(),
            problems: BTreeMap::new(),
        }
    }

    /// A payment begins.
    pub(crate) fn begin(&mut self, id: TransferId, payment: Payment, now: Instant) {
        self.under_way += 1;
        self.second.begun += 1;
        if payment.measured {
            self.counts.offered += 1;
            self.lateness.record(now.saturating_duration_since(payment.scheduled));
        }
        self.payments.insert(id, payment);
    }

    /// The payment of this name, if there is one or was lately.
    pub(crate) fn payment(&self, id: TransferId) -> Option<&Payment> {
        self.payments.get(&id)
    }

    /// The payer's callback of a phase has come. Returned is the phase that follows. What is not awaited changes nothing but
    /// the count of final states, which shows that something was sent twice.
    pub(crate) fn called_back(&mut self, id: TransferId, phase: Phase, now: Instant) -> Option<Phase> {
        let payment = self.payments.get_mut(&id)?;
        if phase == Phase::Clearing && payment.measured {
            self.counts.notifications += 1;
        }
        if payment.phase != phase || payment.ended.is_some() {
            return None;
        }
        let took = now.saturating_duration_since(payment.phase_since);
        let next = self.phases.after(phase);
        if let Some(next) = next {
            payment.phase = next;
            payment.phase_since = now;
        }
        let measured = payment.measured;
        self.record(measure_of(phase), took, measured);
        if next.is_none() {
            self.end(id, Ending::Committed, now);
        }
        next
    }

    /// The payment has failed, and why.
    pub(crate) fn fail(&mut self, id: TransferId, ending: Ending, problem: &str, now: Instant) {
        if self.payments.get(&id).is_some_and(|payment| payment.ended.is_none()) {
            self.note(problem);
            self.end(id, ending, now);
        }
    }

    /// Something is not as it should be.
    pub(crate) fn note(&mut self, problem: &str) {
        let known = self.problems.contains_key(problem) || self.problems.len() < MOST_PROBLEMS;
        *self.problems.entry(if known { problem } else { "other problems" }.to_owned()).or_default() += 1;
    }

    /// A message was taken over or delivered.
    pub(crate) fn count(&mut self, id: TransferId, what: Counted) {
        if self.payments.get(&id).is_none_or(|payment| !payment.measured) {
            return;
        }
        match what {
            Counted::PrepareAccepted => self.counts.prepares += 1,
            Counted::FulfilAccepted => self.counts.fulfils += 1,
            Counted::PrepareDelivered => self.counts.notifications += 1,
        }
    }

    /// A second is over. Payments that take too long fail, those that ended long ago are forgotten.
    pub(crate) fn second(&mut self, at_s: f64, warmup: bool, now: Instant) -> Second {
        let is_over = |since: Instant| now.saturating_duration_since(since) > PAYMENT_TIMEOUT;
        let late = self.payments.iter().filter(|(_, payment)| payment.ended.is_none() && is_over(payment.scheduled));
        let late: Vec<(TransferId, Phase)> = late.map(|(id, payment)| (*id, payment.phase)).collect();
        for (id, phase) in late {
            let timeout_s = PAYMENT_TIMEOUT.as_secs();
            self.fail(id, Ending::Failed, &format!("no end within {timeout_s} s, in {phase}"), now);
        }
        self.payments.retain(|_, payment| payment.ended.is_none_or(|(_, at)| !is_over(at)));
        self.second.at_s = at_s;
        self.second.warmup = warmup;
        self.second.under_way = self.under_way;
        for (percentiles, latencies) in self.second.latencies.iter_mut().zip(&mut self.second_latencies) {
            *percentiles = latencies.percentiles();
            latencies.clear();
        }
        std::mem::take(&mut self.second)
    }

    pub(crate) fn under_way(&self) -> u64 {
        self.under_way
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    pub(crate) fn committed_ever(&self) -> u64 {
        self.committed_ever
    }

    pub(crate) fn percentiles(&self) -> [Percentiles; 4] {
        [0, 1, 2, END_TO_END].map(|measure| self.latencies[measure].percentiles())
    }

    pub(crate) fn lateness(&self) -> Percentiles {
        self.lateness.percentiles()
    }

    pub(crate) fn problems(&self) -> &BTreeMap<String, u64> {
        &self.problems
    }

    fn end(&mut self, id: TransferId, ending: Ending, now: Instant) {
        let Some(payment) = self.payments.get_mut(&id) else { return };
        payment.ended = Some((ending, now));
        let (measured, took) = (payment.measured, now.saturating_duration_since(payment.scheduled));
        self.under_way -= 1;
        match ending {
            Ending::Committed => {
                self.committed_ever += 1;
                self.second.committed += 1;
                self.record(END_TO_END, took, measured);
            }
            Ending::Refused | Ending::Failed => self.second.failed += 1,
        }
        if measured {
            match ending {
                Ending::Committed => self.counts.committed += 1,
                Ending::Refused => self.counts.refused += 1,
                Ending::Failed => self.counts.failed += 1,
            }
        }
    }

    fn record(&mut self, measure: usize, took: Duration, measured: bool) {
        self.second_latencies[measure].record(took);
        if measured {
            self.latencies[measure].record(took);
        }
    }
}

const fn measure_of(phase: Phase) -> usize {
    match phase {
        Phase::Lookup => 0,
        Phase::Agreement => 1,
        Phase::Clearing => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: Pair = Pair { payer: 0, payee: 0 };

    fn id(number: u8) -> TransferId {
        TransferId::parse(&format!("b51ec534-ee48-4575-b6a9-ead2955b80{number:02x}")).unwrap()
    }

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn time_runs_from_the_schedule_and_the_phases_add_up() {
        let (mut book, due) = (Book::new(Phases::ALL), Instant::now());
        // Sent 100 ms late: the payment's time has begun all the same.
        book.begin(id(1), Payment::new(PAIR, Phase::Lookup, due, true), due + millis(100));
        assert_eq!(book.called_back(id(1), Phase::Lookup, due + millis(110)), Some(Phase::Agreement));
        assert_eq!(book.called_back(id(1), Phase::Lookup, due + millis(115)), None, "a second answer changes nothing");
        assert_eq!(book.called_back(id(1), Phase::Agreement, due + millis(130)), Some(Phase::Clearing));
        assert_eq!(book.called_back(id(1), Phase::Clearing, due + millis(200)), None);
        let times = book.percentiles().map(|measure| (measure.count, measure.max_ms.round()));
        assert_eq!(times, [(1, 110.0), (1, 20.0), (1, 70.0), (1, 200.0)]);
        assert!((book.lateness().max_ms - 100.0).abs() < 1.0);
        assert_eq!((book.counts().committed, book.under_way()), (1, 0));
    }

    #[test]
    fn what_belongs_to_the_warm_up_counts_in_no_figure() {
        let (mut book, due) = (Book::new(Phases::of(&[Phase::Clearing])), Instant::now());
        book.begin(id(1), Payment::new(PAIR, Phase::Clearing, due, false), due);
        book.count(id(1), Counted::PrepareAccepted);
        book.count(id(1), Counted::PrepareDelivered);
        book.count(id(1), Counted::FulfilAccepted);
        book.called_back(id(1), Phase::Clearing, due + millis(5));
        assert_eq!(book.counts(), Counts::default());
        assert_eq!(book.percentiles(), <[Percentiles; 4]>::default());
        assert_eq!(book.committed_ever(), 1, "the ledger counts it");
        assert_eq!(book.second(1.0, true, due + millis(10)).latencies[END_TO_END].count, 1, "the course shows it");
    }

    #[test]
    fn a_final_state_that_comes_twice_is_counted_twice() {
        let (mut book, due) = (Book::new(Phases::of(&[Phase::Clearing])), Instant::now());
        book.begin(id(1), Payment::new(PAIR, Phase::Clearing, due, true), due);
        for _ in 0..2 {
            book.called_back(id(1), Phase::Clearing, due + millis(5));
        }
        assert_eq!((book.counts().committed, book.counts().notifications), (1, 2));
    }

    #[test]
    fn a_payment_ends_once_or_in_time() {
        let (mut book, due) = (Book::new(Phases::of(&[Phase::Clearing])), Instant::now());
        for number in 1..=3 {
            book.begin(id(number), Payment::new(PAIR, Phase::Clearing, due, true), due);
        }
        book.fail(id(1), Ending::Refused, "POST /transfers was answered 503", due);
        book.fail(id(1), Ending::Failed, "again", due);
        book.called_back(id(2), Phase::Clearing, due + millis(5));
        book.fail(id(2), Ending::Failed, "too late", due);
        let second = book.second(31.0, false, due + PAYMENT_TIMEOUT + millis(1));
        assert_eq!((second.begun, second.committed, second.failed, second.under_way), (3, 1, 2, 0));
        let counts = book.counts();
        assert_eq!((counts.offered, counts.committed, counts.refused, counts.failed), (3, 1, 1, 1));
        let problems: Vec<&str> = book.problems().keys().map(String::as_str).collect();
        assert_eq!(problems, ["POST /transfers was answered 503", "no end within 30 s, in clearing"]);
        book.second(70.0, false, due + PAYMENT_TIMEOUT * 3);
        assert!(book.payments.is_empty(), "what ended long ago is forgotten");
    }
}
