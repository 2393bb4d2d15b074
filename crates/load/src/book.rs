//! What is known of the payments of a run: [`Book`]. Pure: the time comes in.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use fspiop::TransferId;
use participant::Phase;

use crate::{
    counts::{Counted, Counts, Distributions},
    course::{END_TO_END, Second},
    latencies::Latencies,
    plan::{PAYMENT_TIMEOUT, Phases},
    result::Refusal,
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
    /// What the FSPs themselves have taken of the phase, and of the phases before.
    fsps_took: Duration,
    fsps_took_before: Duration,
    /// Whether it counts, that is, was scheduled after the warm-up.
    measured: bool,
    ended: Option<(Ending, Instant)>,
}

impl Payment {
    pub(crate) fn new(pair: Pair, phase: Phase, scheduled: Instant, measured: bool) -> Payment {
        Payment {
            pair,
            scheduled,
            phase,
            phase_since: scheduled,
            fsps_took: Duration::ZERO,
            fsps_took_before: Duration::ZERO,
            measured,
            ended: None,
        }
    }
}

/// All that is known.
#[derive(Debug)]
pub(crate) struct Book {
    phases: Phases,
    payments: HashMap<TransferId, Payment>,
    under_way: u64,
    counts: Counts,
    /// Of all payments, those of the warm-up included: as the hub's ledger counts. For each currency.
    committed_ever: Vec<u64>,
    distributions: Distributions,
    refusals: BTreeMap<(String, u16, Option<String>), u64>,
    second: Second,
    second_latencies: [Latencies; 4],
    problems: BTreeMap<String, u64>,
}

impl Book {
    /// Nothing is known yet of payments in so many currencies.
    pub(crate) fn new(phases: Phases, currencies: usize) -> Book {
        Book {
            phases,
            payments: HashMap::new(),
            under_way: 0,
            counts: Counts::default(),
            committed_ever: vec![0; currencies],
            distributions: Distributions::default(),
            refusals: BTreeMap::new(),
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
            self.distributions.lateness.record(now.saturating_duration_since(payment.scheduled));
        }
        self.payments.insert(id, payment);
    }

    /// The payment of this name, if there is one or was lately.
    pub(crate) fn payment(&self, id: TransferId) -> Option<&Payment> {
        self.payments.get(&id)
    }

    /// The payer's callback of a phase has come. Returned is the phase that follows. What is not awaited changes nothing.
    pub(crate) fn called_back(&mut self, id: TransferId, phase: Phase, now: Instant) -> Option<Phase> {
        let payment = self.payments.get_mut(&id)?;
        if payment.phase != phase || payment.ended.is_some() {
            return None;
        }
        let took = now.saturating_duration_since(payment.phase_since);
        let added = took.saturating_sub(payment.fsps_took);
        payment.fsps_took_before += std::mem::take(&mut payment.fsps_took);
        let next = self.phases.after(phase);
        if let Some(next) = next {
            payment.phase = next;
            payment.phase_since = now;
        }
        let measured = payment.measured;
        self.record(measure_of(phase), took, added, measured);
        if next.is_none() {
            self.end(id, Ending::Committed, now);
        }
        next
    }

    /// The FSPs themselves have taken so long of a phase that has not ended.
    pub(crate) fn fsps_took(&mut self, id: TransferId, phase: Phase, time: Duration) {
        if let Some(payment) = self.payments.get_mut(&id).filter(|payment| payment.phase == phase) {
            payment.fsps_took += time;
        }
    }

    /// Whether the payment is still on its way.
    pub(crate) fn is_under_way(&self, id: TransferId) -> bool {
        self.payments.get(&id).is_some_and(|payment| payment.ended.is_none())
    }

    /// The hub has answered a message with an error, before it took it over. `code` is FSPIOP's.
    pub(crate) fn refuse(&mut self, id: TransferId, message: &str, status: u16, code: Option<&str>) {
        if self.payments.get(&id).is_some_and(|payment| payment.measured) {
            let refusal = (message.to_owned(), status, code.map(ToOwned::to_owned));
            *self.refusals.entry(refusal).or_default() += 1;
        }
    }

    /// The payer was sent the final state of a transfer by PUT; also when it comes twice.
    pub(crate) fn notified(&mut self, id: TransferId) {
        if self.payments.get(&id).is_some_and(|payment| payment.measured) {
            self.counts.notifications += 1;
        }
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

    /// Payments that ended well from the first one on, the warm-up included, for each currency.
    pub(crate) fn committed_ever(&self) -> &[u64] {
        &self.committed_ever
    }

    pub(crate) fn distributions(&self) -> &Distributions {
        &self.distributions
    }

    pub(crate) fn refusals(&self) -> Vec<Refusal> {
        let all = self.refusals.iter();
        all.map(|((message, status, code), count)| Refusal {
            message: message.clone(),
            status: *status,
            code: code.clone(),
            count: *count,
        })
        .collect()
    }

    pub(crate) fn problems(&self) -> &BTreeMap<String, u64> {
        &self.problems
    }

    fn end(&mut self, id: TransferId, ending: Ending, now: Instant) {
        let Some(payment) = self.payments.get_mut(&id) else { return };
        payment.ended = Some((ending, now));
        let (measured, took) = (payment.measured, now.saturating_duration_since(payment.scheduled));
        let added = took.saturating_sub(payment.fsps_took_before);
        let currency = usize::try_from(payment.pair.currency).unwrap_or(usize::MAX);
        self.under_way -= 1;
        match ending {
            Ending::Committed => {
                self.committed_ever[currency] += 1;
                self.second.committed += 1;
                self.record(END_TO_END, took, added, measured);
            }
            Ending::Refused => self.second.refused += 1,
            Ending::Failed => self.second.failed += 1,
        }
        if measured {
            match ending {
                Ending::Committed => self.counts.committed += 1,
                Ending::Refused => self.counts.refused += 1,
                Ending::Failed => self.counts.failed += 1,
            }
        }
    }

    fn record(&mut self, measure: usize, took: Duration, added: Duration, measured: bool) {
        self.second_latencies[measure].record(took);
        if measured {
            self.distributions.taken[measure].record(took);
            self.distributions.hub_added[measure].record(added);
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

    const PAIR: Pair = Pair { payer: 0, payee: 0, currency: 0 };

    fn id(number: u8) -> TransferId {
        TransferId::parse(&format!("b51ec534-ee48-4575-b6a9-ead2955b80{number:02x}")).unwrap()
    }

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn time_runs_from_the_schedule_and_the_phases_add_up() {
        let (mut book, due) = (Book::new(Phases::ALL, 1), Instant::now());
        // Sent 100 ms late: the payment's time has begun all the same.
        book.begin(id(1), Payment::new(PAIR, Phase::Lookup, due, true), due + millis(100));
        book.fsps_took(id(1), Phase::Lookup, millis(4));
        book.fsps_took(id(1), Phase::Clearing, millis(1_000));
        assert_eq!(book.called_back(id(1), Phase::Lookup, due + millis(110)), Some(Phase::Agreement));
        assert_eq!(book.called_back(id(1), Phase::Lookup, due + millis(115)), None, "a second answer changes nothing");
        assert_eq!(book.called_back(id(1), Phase::Agreement, due + millis(130)), Some(Phase::Clearing));
        book.fsps_took(id(1), Phase::Clearing, millis(20));
        book.fsps_took(id(1), Phase::Clearing, millis(10));
        assert_eq!(book.called_back(id(1), Phase::Clearing, due + millis(200)), None);
        let longest = |measure: &Latencies| (measure.percentiles().count, measure.percentiles().max_ms.round());
        let Distributions { taken, hub_added, lateness } = book.distributions();
        assert_eq!(taken.each_ref().map(longest), [(1, 110.0), (1, 20.0), (1, 70.0), (1, 200.0)]);
        // What the FSPs took belongs to the phase that was under way.
        assert_eq!(hub_added.each_ref().map(longest), [(1, 106.0), (1, 20.0), (1, 40.0), (1, 166.0)]);
        assert!((lateness.percentiles().max_ms - 100.0).abs() < 1.0);
        assert_eq!((book.counts().committed, book.under_way()), (1, 0));
    }

    #[test]
    fn what_belongs_to_the_warm_up_counts_in_no_figure() {
        let (mut book, due) = (Book::new(Phases::of(&[Phase::Clearing]), 1), Instant::now());
        book.begin(id(1), Payment::new(PAIR, Phase::Clearing, due, false), due);
        book.count(id(1), Counted::PrepareAccepted);
        book.count(id(1), Counted::PrepareDelivered);
        book.count(id(1), Counted::FulfilAccepted);
        book.called_back(id(1), Phase::Clearing, due + millis(5));
        assert_eq!(book.counts(), Counts::default());
        assert_eq!(book.distributions(), &Distributions::default());
        assert_eq!(book.committed_ever(), [1], "the ledger counts it");
        assert_eq!(book.second(1.0, true, due + millis(10)).latencies[END_TO_END].count, 1, "the course shows it");
    }

    #[test]
    fn refusals_are_counted_by_what_was_said_of_what_counts() {
        let (mut book, due) = (Book::new(Phases::ALL, 1), Instant::now());
        book.begin(id(1), Payment::new(PAIR, Phase::Lookup, due, true), due);
        book.begin(id(2), Payment::new(PAIR, Phase::Lookup, due, false), due);
        for number in [1, 1, 2] {
            book.refuse(id(number), "POST /transfers", 503, Some("2003"));
        }
        book.refuse(id(1), "POST /transfers", 400, None);
        let said: Vec<_> = book.refusals().into_iter().map(|found| (found.status, found.code, found.count)).collect();
        assert_eq!(said, [(400, None, 1), (503, Some("2003".to_owned()), 2)]);
        assert!(book.is_under_way(id(1)), "refused answers are tried again");
    }

    #[test]
    fn a_final_state_that_comes_twice_is_counted_twice() {
        let (mut book, due) = (Book::new(Phases::of(&[Phase::Clearing]), 1), Instant::now());
        book.begin(id(1), Payment::new(PAIR, Phase::Clearing, due, true), due);
        for _ in 0..2 {
            book.notified(id(1));
            book.called_back(id(1), Phase::Clearing, due + millis(5));
        }
        assert_eq!((book.counts().committed, book.counts().notifications), (1, 2));
    }

    #[test]
    fn a_payment_ends_once_or_in_time() {
        let (mut book, due) = (Book::new(Phases::of(&[Phase::Clearing]), 1), Instant::now());
        for number in 1..=3 {
            book.begin(id(number), Payment::new(PAIR, Phase::Clearing, due, true), due);
        }
        book.fail(id(1), Ending::Refused, "POST /transfers was answered 503", due);
        book.fail(id(1), Ending::Failed, "again", due);
        book.called_back(id(2), Phase::Clearing, due + millis(5));
        book.fail(id(2), Ending::Failed, "too late", due);
        let second = book.second(31.0, false, due + PAYMENT_TIMEOUT + millis(1));
        assert_eq!((second.begun, second.committed, second.refused, second.failed), (3, 1, 1, 1));
        assert_eq!(second.under_way, 0);
        let counts = book.counts();
        assert_eq!((counts.offered, counts.committed, counts.refused, counts.failed), (3, 1, 1, 1));
        let problems: Vec<&str> = book.problems().keys().map(String::as_str).collect();
        assert_eq!(problems, ["POST /transfers was answered 503", "no end within 30 s, in clearing"]);
        book.second(70.0, false, due + PAYMENT_TIMEOUT * 3);
        assert!(book.payments.is_empty(), "what ended long ago is forgotten");
    }
}
