//! When a run has passed: [`reasons_against`].

use crate::result::{Gates, Ledger, Pace, Payments};

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

/// What the verdict is made of.
pub(crate) struct Facts<'a> {
    pub(crate) payments: Payments,
    /// Committed while payments that count were begun, and begun.
    pub(crate) in_time: u64,
    pub(crate) pace: Pace,
    pub(crate) gates: Gates,
    pub(crate) ledger: Option<&'a Ledger>,
}

/// Everything that speaks against "pass"; nothing, if it is.
pub(crate) fn reasons_against(facts: &Facts<'_>) -> Vec<String> {
    let Payments { offered, committed, failed, refused } = facts.payments;
    let mut reasons = Vec::new();
    if offered == 0 {
        reasons.push("no payment was begun: the duration is too short for the rate".to_owned());
    }
    if committed != offered {
        reasons.push(format!("of {offered} payments {failed} failed and {refused} were refused"));
    }
    if let Some(reason) = behind(offered, facts.in_time) {
        reasons.push(reason);
    }
    if facts.pace.late_p99_ms > LATE_P99_MS {
        let late = facts.pace.late_p99_ms;
        reasons.push(format!(
            "the load was late itself: 1 % of the payments by more than {late:.0} ms; it needs more processor time"
        ));
    }
    let gate = |name: &str, found: Option<f64>, expect: f64| {
        #[expect(clippy::float_cmp, reason = "a quotient of equal or doubled integers is exact")]
        let wrong = found.filter(|found| *found != expect)?;
        Some(format!("{name} is {wrong:.4}, expected {expect}"))
    };
    reasons.extend(gate("fulfil_per_prepare", facts.gates.fulfil_per_prepare, FULFILS));
    reasons.extend(gate("notify_per_prepare", facts.gates.notify_per_prepare, NOTIFICATIONS));
    if let Some(Ledger { moved, expected }) = facts.ledger.filter(|ledger| ledger.moved != ledger.expected) {
        reasons.push(format!("the payers' positions moved by {moved}, and their payments sum up to {expected}"));
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
    use super::*;

    fn good() -> Facts<'static> {
        Facts {
            payments: Payments { offered: 1_000, committed: 1_000, failed: 0, refused: 0 },
            in_time: 990,
            pace: Pace { offered_per_s: 100.0, committed_per_s: 99.0, late_p99_ms: 1.0, late_max_ms: 500.0 },
            gates: Gates { fulfil_per_prepare: Some(1.0), notify_per_prepare: Some(2.0) },
            ledger: None,
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
        static WRONG: Ledger = Ledger { moved: String::new(), expected: String::new() };
        check(|_| {}, &[]);
        check(|facts| facts.ledger = Some(&WRONG), &[]);
        check(
            |facts| facts.payments = Payments { offered: 1_000, committed: 998, failed: 1, refused: 1 },
            &["1 failed"],
        );
        check(|facts| facts.in_time = 979, &["21 of 1000"]);
        check(|facts| facts.in_time = 1_050, &[]);
        check(|facts| facts.pace.late_p99_ms = 101.0, &["101 ms"]);
        check(|facts| facts.gates.fulfil_per_prepare = Some(0.999), &["0.9990"]);
        check(|facts| facts.gates.notify_per_prepare = Some(2.001), &["2.0010, expected 2"]);
        check(|facts| facts.gates = Gates { fulfil_per_prepare: None, notify_per_prepare: None }, &[]);
        let none = Payments { offered: 0, committed: 0, failed: 0, refused: 0 };
        check(|facts| (facts.payments, facts.in_time) = (none, 0), &["no payment"]);
    }

    #[test]
    fn a_short_run_may_be_some_payments_behind() {
        let short = Payments { offered: 40, committed: 40, failed: 0, refused: 0 };
        check(|facts| (facts.payments, facts.in_time) = (short, 31), &[]);
        check(|facts| (facts.payments, facts.in_time) = (short, 29), &["11 of 40"]);
    }

    #[test]
    fn a_ledger_that_differs_fails() {
        let ledger = Ledger { moved: "999".to_owned(), expected: "1000".to_owned() };
        let facts = Facts { ledger: Some(&ledger), ..good() };
        assert!(reasons_against(&facts)[0].contains("999"));
    }
}
