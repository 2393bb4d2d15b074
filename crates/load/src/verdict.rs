//! When a run has passed: [`reasons_against`].

use crate::{
    overload::Overload,
    result::{Gates, Ledger, Pace, Payments, Refusal},
};

/// The hub has followed if what it committed while payments were begun is at most this part of them behind. More means that
/// a queue grew.
const BEHIND: f64 = 0.02;
/// Short runs may be so many payments behind, whatever part that is: the last ones are still on their way.
const BEHIND_PAYMENTS: u64 = 10;
/// The load has kept the rate if 99 % of the payments were begun at most so late. More says nothing good of the hub, but the
/// figures are then about the load too.
const LATE_P99_MS: f64 = 100.0;
/// What each prepare is to bring about.
const FULFILS: f64 = 1.0;
/// The payee is told of each prepare, the payer of its end.
const NOTIFICATIONS: f64 = 2.0;
/// A hub that bears an overload goes on committing so much of what it committed before, with the load on the same cores,
const GOODPUT_OF_RATED: f64 = 0.8;
/// and is as good as before after so many seconds.
const RECOVERED_S: f64 = 5.0;
/// What it can't take it refuses with this status and this code: the server is busy (FSPIOP 1.1, table 77).
const BUSY: (u16, &str) = (503, "2003");

/// What the verdict is made of.
pub(crate) struct Facts<'a> {
    pub(crate) payments: Payments,
    /// Committed while payments that count were begun, and begun.
    pub(crate) in_time: u64,
    pub(crate) pace: Pace,
    pub(crate) broken: Vec<String>,
    pub(crate) ledger: Option<&'a Ledger>,
    pub(crate) unread_ledger: Option<&'a str>,
    /// For a run that was overloaded: how the hub bore it, if the run has figures, and what was refused.
    pub(crate) overload: Option<(Option<Overload>, &'a [Refusal])>,
}

/// What speaks against the run having measured anything. Without clearing there is nothing to count.
pub(crate) fn broken_gates(clearing: bool, gates: &Gates) -> Vec<String> {
    if clearing && gates.fulfil_per_prepare.is_none() {
        return vec!["the hub took no prepare over".to_owned()];
    }
    let gate = |name: &str, found: Option<f64>, expect: f64| {
        #[expect(clippy::float_cmp, reason = "a quotient of equal or doubled integers is exact")]
        let wrong = found.filter(|found| *found != expect)?;
        Some(format!("{name} is {wrong:.4}, expected {expect}"))
    };
    let fulfils = gate("fulfil_per_prepare", gates.fulfil_per_prepare, FULFILS);
    fulfils.into_iter().chain(gate("notify_per_prepare", gates.notify_per_prepare, NOTIFICATIONS)).collect()
}

/// Everything that speaks against "pass"; nothing, if it is.
pub(crate) fn reasons_against(facts: &Facts<'_>) -> Vec<String> {
    let Payments { offered, committed, failed, refused } = facts.payments;
    let mut reasons = facts.broken.clone();
    if offered == 0 {
        reasons.push("no payment was begun: the duration is too short for the rate".to_owned());
    }
    match facts.overload {
        None => {
            if committed != offered {
                reasons.push(format!("of {offered} payments {failed} failed and {refused} were refused"));
            }
            reasons.extend(behind(offered, facts.in_time));
        }
        Some((overload, refusals)) => {
            if failed > 0 {
                reasons.push(format!("of {offered} payments {failed} failed: more than can be taken is to be refused"));
            }
            reasons.extend(refusals.iter().filter(|refusal| !is_busy(refusal)).map(wrong_refusal));
            reasons.extend(overload.as_ref().map(not_borne).unwrap_or_default());
        }
    }
    if facts.pace.late_p99_ms > LATE_P99_MS {
        let late = facts.pace.late_p99_ms;
        reasons.push(format!(
            "the load was late itself: 1 % of the payments by more than {late:.0} ms; it needs more processor time"
        ));
    }
    if let Some(Ledger { moved, expected, .. }) = facts.ledger.filter(|ledger| !ledger.agrees()) {
        reasons.push(format!("the payers' positions moved by {moved}, and their payments sum up to {expected}"));
    }
    reasons.extend(facts.unread_ledger.map(|reason| format!("the hub's positions can't be read: {reason}")));
    reasons
}

fn is_busy(refusal: &Refusal) -> bool {
    (refusal.status, refusal.code.as_deref()) == (BUSY.0, Some(BUSY.1))
}

fn wrong_refusal(refusal: &Refusal) -> String {
    let Refusal { message, status, code, count } = refusal;
    let code = code.as_deref().unwrap_or("no code");
    format!("{message} was refused with {status}, {code}, expected {}, {}: {count} times", BUSY.0, BUSY.1)
}

fn not_borne(overload: &Overload) -> Vec<String> {
    let mut reasons = Vec::new();
    if overload.goodput_of_rated < GOODPUT_OF_RATED {
        let Overload { goodput_per_s, rated_per_s, .. } = overload;
        reasons.push(format!(
            "while overloaded the hub committed {goodput_per_s:.0} a second, expected at least {GOODPUT_OF_RATED} of the {rated_per_s:.0} before"
        ));
    }
    match overload.recovered_after_s {
        Some(seconds) if seconds <= RECOVERED_S => {}
        Some(seconds) => {
            reasons.push(format!(
                "the hub was as good as before {seconds:.0} s after the overload, expected {RECOVERED_S} s"
            ));
        }
        None => reasons.push("after the overload no second was as good as before".to_owned()),
    }
    reasons
}

#[expect(clippy::cast_precision_loss, reason = "counts of payments")]
fn behind(offered: u64, in_time: u64) -> Option<String> {
    let behind = offered.saturating_sub(in_time);
    let too_far = behind > BEHIND_PAYMENTS && behind as f64 > offered as f64 * BEHIND;
    too_far
        .then(|| format!("the rate was not kept: {behind} of {offered} payments were still to end when the last began"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn good() -> Facts<'static> {
        Facts {
            payments: Payments { offered: 1_000, committed: 1_000, failed: 0, refused: 0 },
            in_time: 990,
            pace: Pace { offered_per_s: 100.0, committed_per_s: 99.0, late_p99_ms: 1.0, late_max_ms: 500.0 },
            broken: Vec::new(),
            ledger: None,
            unread_ledger: None,
            overload: None,
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Facts<'static>), expect: &[&str]) {
        let mut facts = good();
        change(&mut facts);
        let found = reasons_against(&facts);
        assert_eq!(found.len(), expect.len(), "{found:?}");
        for (found, expect) in found.iter().zip(expect) {
            assert!(found.contains(expect), "{found:?}: {expect:?}");
        }
    }

    #[test]
    fn everything_must_be_as_it_should() {
        static EVEN: Ledger = Ledger { moved: String::new(), expected: String::new(), currencies: BTreeMap::new() };
        check(|_| {}, &[]);
        check(|facts| facts.ledger = Some(&EVEN), &[]);
        check(
            |facts| facts.payments = Payments { offered: 1_000, committed: 998, failed: 1, refused: 1 },
            &["1 failed"],
        );
        check(|facts| facts.in_time = 979, &["21 of 1000"]);
        check(|facts| facts.in_time = 1_050, &[]);
        check(|facts| facts.pace.late_p99_ms = 101.0, &["101 ms"]);
        check(|facts| facts.broken = vec!["a gate".to_owned()], &["a gate"]);
        check(|facts| facts.unread_ledger = Some("gone"), &["can't be read: gone"]);
        let none = Payments { offered: 0, committed: 0, failed: 0, refused: 0 };
        check(|facts| (facts.payments, facts.in_time) = (none, 0), &["no payment"]);
    }

    #[test]
    fn gates_are_exact() {
        let broken = |fulfil_per_prepare, notify_per_prepare| {
            broken_gates(true, &Gates { fulfil_per_prepare, notify_per_prepare })
        };
        assert!(broken(Some(1.0), Some(2.0)).is_empty());
        assert_eq!(broken(None, None), ["the hub took no prepare over"]);
        let none = Gates { fulfil_per_prepare: None, notify_per_prepare: None };
        assert!(broken_gates(false, &none).is_empty(), "without clearing there is nothing to count");
        assert_eq!(broken(Some(0.999), Some(2.0)), ["fulfil_per_prepare is 0.9990, expected 1"]);
        assert_eq!(broken(Some(1.0), Some(2.001)), ["notify_per_prepare is 2.0010, expected 2"]);
    }

    fn borne() -> Overload {
        Overload {
            factor: 2.0,
            from_s: 10.0,
            until_s: 20.0,
            offered_per_s: 200.0,
            rated_per_s: 100.0,
            goodput_per_s: 90.0,
            goodput_of_rated: 0.9,
            refused_percent: 55.0,
            recovered_after_s: Some(2.0),
        }
    }

    #[track_caller]
    fn check_overload(change: impl FnOnce(&mut Overload, &mut Refusal, &mut Payments), expect: &[&str]) {
        let mut overload = borne();
        let mut refusal =
            Refusal { message: "POST /transfers".to_owned(), status: 503, code: Some("2003".to_owned()), count: 110 };
        let mut facts = good();
        facts.payments = Payments { offered: 1_000, committed: 890, failed: 0, refused: 110 };
        change(&mut overload, &mut refusal, &mut facts.payments);
        let refusals = [refusal];
        let found = reasons_against(&Facts { overload: Some((Some(overload), &refusals)), ..facts });
        assert_eq!(found.len(), expect.len(), "{found:?}");
        assert!(found.iter().zip(expect).all(|(found, expect)| found.contains(expect)), "{found:?}");
    }

    #[test]
    fn an_overload_is_borne_with_refusals_that_say_busy() {
        check_overload(|_, _, _| {}, &[]);
        check_overload(|_, refusal, _| refusal.code = Some("2001".to_owned()), &["503, 2001, expected 503, 2003"]);
        check_overload(|_, refusal, _| (refusal.status, refusal.code) = (500, None), &["500, no code"]);
        check_overload(|_, _, payments| payments.failed = 1, &["1 failed"]);
        check_overload(|overload, _, _| overload.goodput_of_rated = 0.79, &["at least 0.8"]);
        check_overload(|overload, _, _| overload.recovered_after_s = Some(6.0), &["6 s after"]);
        check_overload(|overload, _, _| overload.recovered_after_s = None, &["no second"]);
    }

    #[test]
    fn a_short_run_may_be_some_payments_behind() {
        let short = Payments { offered: 40, committed: 40, failed: 0, refused: 0 };
        check(|facts| (facts.payments, facts.in_time) = (short, 31), &[]);
        check(|facts| (facts.payments, facts.in_time) = (short, 29), &["11 of 40"]);
    }

    #[test]
    fn a_ledger_that_differs_fails() {
        let ledger = Ledger { moved: "999".to_owned(), expected: "1000".to_owned(), currencies: BTreeMap::default() };
        let facts = Facts { ledger: Some(&ledger), ..good() };
        assert!(reasons_against(&facts)[0].contains("999"));
    }
}
