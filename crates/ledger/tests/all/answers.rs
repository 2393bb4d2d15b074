//! How a transfer ends: by the payee's consent or refusal, or by the clock; exactly once.

use fspiop::Fulfilment;
use ledger::{Abort, AbortDecision, EntryKind, Fulfil, FulfilDecision, Ledger, Transfer, TransferStatus};

use crate::world::{
    HUB, OTHER, PAYEE, PAYER, START, VALIDITY_MS, aborted, consent, everything, fsp, fulfilled, fulfilment, hash, id,
    payment, position, refusal, scheme,
};

/// A ledger in which the payment 1 of 10 is reserved, and the payment 2 was refused.
fn reserved() -> Ledger {
    let mut ledger = scheme();
    ledger.prepare(START, &payment(1, "10"));
    ledger.prepare(START, &payment(2, "1000"));
    ledger
}

fn transfer(ledger: &Ledger) -> &Transfer {
    ledger.transfer(id(1)).unwrap()
}

fn positions(ledger: &Ledger) -> (String, String) {
    (position(ledger, PAYER), position(ledger, PAYEE))
}

fn at(payer: &str, payee: &str) -> (String, String) {
    (payer.to_owned(), payee.to_owned())
}

#[test]
fn consent_moves_the_money() {
    let mut ledger = reserved();
    let later = START.plus_millis(5);
    assert_eq!(fulfilled(&ledger.fulfil(later, &consent(1))), "committed");
    assert_eq!(positions(&ledger), at("10", "-10"));
    let transfer = transfer(&ledger);
    assert_eq!((transfer.status, transfer.completed_at), (TransferStatus::Committed, Some(later)));
    assert_eq!((transfer.fulfilment, transfer.answer_hash), (Some(fulfilment(1)), Some(hash(2))));
    assert_eq!(transfer.abort_reason, None);
    assert_eq!(ledger.changes().entries.last().unwrap().kind, EntryKind::Commit);
}

#[test]
fn the_payee_may_say_when_it_was_completed() {
    let mut ledger = reserved();
    let said = START.plus_millis(3);
    ledger.fulfil(START.plus_millis(5), &Fulfil { completed_at: Some(said), ..consent(1) });
    assert_eq!(transfer(&ledger).completed_at, Some(said));
    let entry = ledger.changes().entries.last().unwrap();
    assert_eq!(entry.at, START.plus_millis(5), "the journal has the ledger's time");
}

#[test]
fn refusal_gives_the_money_back() {
    for status in [TransferStatus::AbortedError, TransferStatus::AbortedRejected] {
        let mut ledger = reserved();
        assert_eq!(aborted(&ledger.abort(START, &Abort { status, ..refusal(1) })), "aborted");
        assert_eq!(positions(&ledger), at("0", "0"));
        let transfer = transfer(&ledger);
        assert_eq!((transfer.status, transfer.completed_at), (status, Some(START)));
        assert_eq!(transfer.abort_reason, Some(refusal(1).reason));
        assert_eq!((transfer.fulfilment, transfer.answer_hash), (None, Some(hash(3))));
        assert_eq!(ledger.changes().entries.last().unwrap().kind, EntryKind::Abort);
    }
}

#[test]
fn a_preimage_that_does_not_fit_ends_the_transfer() {
    for wrong in [None, Some(fulfilment(99)), Some(Fulfilment::from_bytes([0; 32]))] {
        let mut ledger = reserved();
        let decision = ledger.fulfil(START, &Fulfil { fulfilment: wrong, ..consent(1) });
        let FulfilDecision::WrongFulfilment(transfer, error) = decision else { panic!("{decision:?}") };
        assert_eq!(error.to_string(), "3100 Generic validation error - invalid fulfilment");
        assert_eq!((transfer.status, transfer.fulfilment), (TransferStatus::AbortedError, None));
        assert_eq!(positions(&ledger), at("0", "0"));
        // The right one comes too late now.
        let before = everything(&ledger);
        assert_eq!(fulfilled(&ledger.fulfil(START, &Fulfil { hash: hash(8), ..consent(1) })), "modified");
        assert_eq!(everything(&ledger), before);
    }
}

#[test]
fn answers_that_are_nobodys_change_nothing() {
    for (number, source, expect) in [
        (7, PAYEE, "not found"),
        (1, PAYER, "not the payee"),
        (1, OTHER, "not the payee"),
        (1, HUB, "not the payee"),
        (1, "nobody", "not the payee"),
        (2, PAYEE, "not reserved"),
        (2, OTHER, "not the payee"),
    ] {
        let mut ledger = reserved();
        let before = everything(&ledger);
        assert_eq!(fulfilled(&ledger.fulfil(START, &Fulfil { source: fsp(source), ..consent(number) })), expect);
        assert_eq!(aborted(&ledger.abort(START, &Abort { source: fsp(source), ..refusal(number) })), expect);
        assert_eq!(everything(&ledger), before, "{number} {source}");
    }
}

#[test]
fn a_stranger_cannot_end_a_transfer_whose_time_has_passed() {
    let mut ledger = reserved();
    let late = START.plus_millis(VALIDITY_MS + 1);
    let before = everything(&ledger);
    assert_eq!(fulfilled(&ledger.fulfil(late, &Fulfil { source: fsp(OTHER), ..consent(1) })), "not the payee");
    assert_eq!(everything(&ledger), before);
}

#[test]
fn an_answer_races_the_clock() {
    for (offset, consented, refused, after) in [
        (-1, "committed", "aborted", at("10", "-10")),
        (0, "expired", "expired", at("0", "0")),
        (1, "expired", "expired", at("0", "0")),
    ] {
        let now = payment(1, "10").expiration.plus_millis(offset);
        let mut ledger = reserved();
        assert_eq!(fulfilled(&ledger.fulfil(now, &consent(1))), consented, "{offset}");
        assert_eq!(positions(&ledger), after, "{offset}");
        assert_eq!(ledger.expire(now, id(1)), None, "{offset}: it has ended");
        assert_eq!(positions(&ledger), after, "{offset}");

        let mut ledger = reserved();
        assert_eq!(aborted(&ledger.abort(now, &refusal(1))), refused, "{offset}");
        assert_eq!(positions(&ledger), at("0", "0"), "{offset}");
        assert_eq!(ledger.expire(now, id(1)), None, "{offset}: it has ended");

        let mut ledger = reserved();
        assert_eq!(ledger.expire(now, id(1)).is_some(), offset >= 0, "{offset}");
        let expect = if offset >= 0 { "not reserved" } else { "committed" };
        assert_eq!(fulfilled(&ledger.fulfil(now, &consent(1))), expect, "{offset}: after the sweep");
        assert_eq!(positions(&ledger), after, "{offset}: after the sweep");
    }
}

#[test]
fn expiry_ends_what_is_reserved_and_nothing_else() {
    let late = START.plus_millis(VALIDITY_MS);
    let mut ledger = reserved();
    let ended = ledger.expire(late, id(1)).unwrap();
    assert_eq!((ended.status, ended.completed_at), (TransferStatus::ExpiredReserved, Some(late)));
    let reason = ended.abort_reason.unwrap();
    assert_eq!((&*reason.code, &*reason.description), ("3303", "Transfer expired"));
    assert_eq!(ended.answer_hash, None);
    assert_eq!(positions(&ledger), at("0", "0"));

    let mut committed = reserved();
    committed.fulfil(START, &consent(1));
    for (mut ledger, number) in [(ledger, 1), (committed, 1), (reserved(), 2), (reserved(), 7)] {
        let before = everything(&ledger);
        assert_eq!(ledger.expire(late, id(number)), None);
        assert_eq!(everything(&ledger), before);
    }
}

/// After a first answer, sends a second one.
#[track_caller]
fn check_second(first: impl FnOnce(&mut Ledger), second: &Fulfil, abort: &Abort, expect: (&str, &str)) {
    let mut ledger = reserved();
    first(&mut ledger);
    let before = everything(&ledger);
    for now in [START, START.plus_millis(VALIDITY_MS), START.plus_millis(10 * VALIDITY_MS)] {
        assert_eq!((fulfilled(&ledger.fulfil(now, second)), aborted(&ledger.abort(now, abort))), expect);
    }
    assert_eq!(everything(&ledger), before);
}

#[test]
fn the_first_answer_counts_and_a_second_one_changes_nothing() {
    let commit = |ledger: &mut Ledger| assert_eq!(fulfilled(&ledger.fulfil(START, &consent(1))), "committed");
    let abort = |ledger: &mut Ledger| assert_eq!(aborted(&ledger.abort(START, &refusal(1))), "aborted");
    let expire = |ledger: &mut Ledger| assert!(ledger.expire(START.plus_millis(VALIDITY_MS), id(1)).is_some());
    let other_content = Fulfil { hash: hash(8), ..consent(1) };
    // A state is a version of a state, an error of an error; one after the other is too late.
    let rejection = Abort { status: TransferStatus::AbortedRejected, ..refusal(1) };
    let reject = |ledger: &mut Ledger| assert_eq!(aborted(&ledger.abort(START, &rejection)), "aborted");
    let wrong = Fulfil { fulfilment: None, ..other_content.clone() };
    let fail = |ledger: &mut Ledger| assert_eq!(fulfilled(&ledger.fulfil(START, &wrong)), "wrong fulfilment");
    check_second(commit, &consent(1), &refusal(1), ("duplicate", "not reserved"));
    check_second(commit, &other_content, &rejection, ("modified", "modified"));
    check_second(abort, &consent(1), &refusal(1), ("not reserved", "duplicate"));
    check_second(abort, &other_content, &Abort { hash: hash(8), ..refusal(1) }, ("not reserved", "modified"));
    check_second(reject, &consent(1), &Abort { hash: hash(8), ..refusal(1) }, ("modified", "not reserved"));
    check_second(fail, &consent(1), &refusal(1), ("modified", "not reserved"));
    check_second(expire, &consent(1), &refusal(1), ("not reserved", "not reserved"));
}

#[test]
fn an_answer_to_an_inactive_participants_transfer_still_ends_it() {
    // Money that was reserved before a participant was switched off must not stay in between.
    let mut ledger = reserved();
    for name in [PAYER, PAYEE] {
        ledger.activate_participant(&fsp(name), false).unwrap();
    }
    assert_eq!(fulfilled(&ledger.fulfil(START, &consent(1))), "committed");
    let mut ledger = reserved();
    ledger.activate_participant(&fsp(PAYEE), false).unwrap();
    assert!(matches!(ledger.abort(START, &refusal(1)), AbortDecision::Aborted(_)));
}
