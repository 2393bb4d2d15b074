//! What is reserved, what is refused and why; a refusal moves no money.

use fspiop::Timestamp;
use ledger::{AccountType, EntryKind, Ledger, Prepare, PrepareDecision, TransferStatus};

use crate::world::{
    HUB, OTHER, PAYEE, PAYER, START, account, amount, currency, everything, fsp, funds_in, hash, id, money, payment,
    position, prepared, scheme, usd,
};

/// Asks for a payment of 1 that was changed, in a scheme that was changed.
#[track_caller]
fn check(scheme_change: impl FnOnce(&mut Ledger), change: impl FnOnce(&mut Prepare), expect: &str) {
    let mut ledger = scheme();
    scheme_change(&mut ledger);
    let mut prepare = payment(1, "1");
    change(&mut prepare);
    let before = money(&ledger);
    let decision = ledger.prepare(START, &prepare);
    assert_eq!(prepared(&decision), expect);
    match decision {
        PrepareDecision::Reserved(_) => assert_ne!(money(&ledger), before),
        PrepareDecision::Refused(transfer, error) => {
            assert_eq!(money(&ledger), before, "{expect}: money moved");
            let reason = transfer.abort_reason.as_ref().unwrap();
            assert_eq!((&*reason.code, &*reason.description), (error.code.text(), error.wire_description()));
            assert_eq!((transfer.status, transfer.completed_at), (TransferStatus::Invalid, Some(START)));
            assert_eq!(ledger.transfer(prepare.transfer_id), Some(&transfer), "a refusal is remembered");
        }
        _ => assert_eq!(money(&ledger), before, "{expect}: money moved"),
    }
}

#[test]
fn what_is_asked_for_is_reserved_or_refused_with_its_code() {
    let nothing = |_: &mut Ledger| {};
    let activate = |name: &'static str, active: bool| {
        move |ledger: &mut Ledger| ledger.activate_participant(&fsp(name), active).unwrap()
    };
    let close_position = |name: &'static str| {
        move |ledger: &mut Ledger| {
            let position = account(ledger, name, usd(), AccountType::Position).id;
            ledger.activate_account(&fsp(name), position, false).unwrap();
        }
    };
    let invalid = "3100 Generic validation error - ";
    let not_found = "3200 Generic ID not found - ";
    check(nothing, |_| {}, "reserved");
    check(nothing, |prepare| prepare.amount = amount("100"), "reserved");
    check(nothing, |prepare| prepare.amount = amount("100.0001"), "4200 Payer limit error");
    check(nothing, |prepare| prepare.amount = amount("1000.0001"), "4001 Payer FSP insufficient liquidity");
    check(
        nothing,
        |prepare| prepare.amount = amount("0"),
        &format!("{invalid}/requestBody/amount/amount must be above 0"),
    );
    check(
        nothing,
        |prepare| prepare.amount = amount("-1"),
        &format!("{invalid}/requestBody/amount/amount must be above 0"),
    );
    check(nothing, |prepare| prepare.payee = fsp("nobody"), &format!("{not_found}Participant nobody not found"));
    check(nothing, |prepare| prepare.payer = fsp("nobody"), "unknown payer");
    check(
        nothing,
        |prepare| prepare.payee = fsp(PAYER),
        &format!("{invalid}Payer FSP and Payee FSP should be different: the scheme allows no on-us transfers"),
    );
    check(
        nothing,
        |prepare| prepare.currency = currency("KES"),
        &format!("{not_found}Participant {PAYER} KES account not found"),
    );
    check(nothing, |prepare| prepare.payee = fsp(HUB), &format!("{not_found}Participant {HUB} not found"));
    check(nothing, |prepare| prepare.payer = fsp(HUB), &format!("{not_found}Participant {HUB} not found"));
    check(activate(PAYER, false), |_| {}, &format!("{invalid}Participant {PAYER} is inactive"));
    check(activate(PAYEE, false), |_| {}, &format!("{invalid}Participant {PAYEE} is inactive"));
    check(close_position(PAYER), |_| {}, &format!("{invalid}Participant {PAYER} USD account is inactive"));
    check(close_position(PAYEE), |_| {}, &format!("{invalid}Participant {PAYEE} USD account is inactive"));
    check(close_position(OTHER), |_| {}, "reserved");
}

#[test]
fn who_takes_part_is_looked_at_before_time_and_money() {
    // Everything is wrong at once: the answers come in the order in which upstream looks.
    let spoil = |prepare: &mut Prepare| {
        prepare.payee = fsp("nobody");
        prepare.expiration = START;
        prepare.amount = amount("5000");
    };
    let close = |ledger: &mut Ledger| ledger.activate_participant(&fsp(PAYER), false).unwrap();
    check(close, spoil, &format!("3100 Generic validation error - Participant {PAYER} is inactive"));
    check(|_| {}, spoil, "3200 Generic ID not found - Participant nobody not found");
    let late = |prepare: &mut Prepare| (prepare.expiration, prepare.amount) = (START, amount("5000"));
    let past = format!("3100 Generic validation error - Expiration date {START} is already in the past");
    check(|_| {}, late, &past);
}

#[test]
fn a_participant_may_pay_itself_where_the_scheme_allows_it() {
    let mut ledger = scheme();
    let on_us = |number, text| Prepare { payee: fsp(PAYER), may_be_on_us: true, ..payment(number, text) };
    assert_eq!(prepared(&ledger.prepare(START, &on_us(1, "30"))), "reserved");
    assert_eq!(position(&ledger, PAYER), "30", "the reservation counts until it is fulfilled");
    assert_eq!(prepared(&ledger.prepare(START, &on_us(2, "70.0001"))), "4200 Payer limit error");
    let consent = ledger::Fulfil { source: fsp(PAYER), ..crate::world::consent(1) };
    assert!(matches!(ledger.fulfil(START, &consent), ledger::FulfilDecision::Committed(_)));
    assert_eq!(position(&ledger, PAYER), "0", "paid and received");
    let refusal = ledger::Abort { source: fsp(PAYER), ..crate::world::refusal(3) };
    assert_eq!(prepared(&ledger.prepare(START, &on_us(3, "100"))), "reserved");
    assert!(matches!(ledger.abort(START, &refusal), ledger::AbortDecision::Aborted(_)));
    assert_eq!(position(&ledger, PAYER), "0");
}

#[test]
fn the_payee_needs_an_account_in_the_currency() {
    let mut ledger = scheme();
    let kes = currency("KES");
    crate::world::hub_accounts(&mut ledger, kes);
    crate::world::join(&mut ledger, PAYER, kes, "10", "10");
    let decision = ledger.prepare(START, &Prepare { currency: kes, ..payment(1, "1") });
    assert_eq!(prepared(&decision), format!("3200 Generic ID not found - Participant {PAYEE} KES account not found"));
}

#[test]
fn a_transfer_that_has_expired_is_refused_and_the_last_millisecond_counts() {
    for (expiration, expect) in [
        (START.plus_millis(1), "reserved".to_owned()),
        (START, format!("3100 Generic validation error - Expiration date {START} is already in the past")),
        (
            Timestamp::from_millis(0),
            "3100 Generic validation error - Expiration date 1970-01-01T00:00:00.000Z is already in the past"
                .to_owned(),
        ),
    ] {
        check(|_| {}, |prepare| prepare.expiration = expiration, &expect);
    }
}

#[test]
fn a_reservation_is_written_whole() {
    let mut ledger = scheme();
    let PrepareDecision::Reserved(transfer) = ledger.prepare(START, &payment(1, "12.34")) else { panic!("reserved") };
    assert_eq!(transfer.status, TransferStatus::Reserved);
    assert_eq!((transfer.prepared_at, transfer.completed_at), (START, None));
    assert_eq!((transfer.fulfilment, transfer.answer_hash, &transfer.abort_reason), (None, None, &None));
    assert_eq!(transfer.payee, ledger.registry().participant_named(PAYEE).map(|payee| payee.id));
    assert_eq!(position(&ledger, PAYER), "12.34");
    assert_eq!(position(&ledger, PAYEE), "0", "the payee has nothing before the commit");
    let entry = ledger.changes().entries.last().unwrap();
    let payer = account(&ledger, PAYER, usd(), AccountType::Position).id;
    assert_eq!((entry.kind, entry.raised, entry.lowered), (EntryKind::Reserve, payer, ledger::AccountId::TRANSIT));
    assert_eq!((entry.transfer_id, entry.amount, entry.currency, entry.at), (id(1), amount("12.34"), usd(), START));
}

#[test]
fn the_same_id_means_the_same_transfer() {
    let mut ledger = scheme();
    ledger.prepare(START, &payment(1, "10"));
    let refused = ledger.prepare(START, &payment(2, "1000.5"));
    assert_eq!(prepared(&refused), "4001 Payer FSP insufficient liquidity");
    let later = START.plus_millis(10);
    for (prepare, expect) in [
        (payment(1, "10"), "duplicate of RESERVED"),
        (Prepare { hash: hash(7), ..payment(1, "10") }, "modified"),
        (Prepare { payer: fsp(OTHER), hash: hash(7), ..payment(1, "10") }, "modified"),
        // A refusal uses the id up, even if the reason for it has gone.
        (payment(2, "1000.5"), "duplicate of INVALID"),
        (Prepare { hash: hash(7), ..payment(2, "1") }, "modified"),
    ] {
        let before = everything(&ledger);
        assert_eq!(prepared(&ledger.prepare(later, &prepare)), expect);
        assert_eq!(everything(&ledger), before, "{expect}: something changed");
    }
}

#[test]
fn ids_of_transfers_and_of_movements_of_funds_are_one_space() {
    let mut ledger = scheme();
    let settlement = account(&ledger, PAYER, usd(), AccountType::Settlement).id;
    ledger.record_funds_in(START, &funds_in(1, PAYER, settlement, "5")).unwrap();
    let before = everything(&ledger);
    assert_eq!(prepared(&ledger.prepare(START, &payment(1, "5"))), "modified");
    assert_eq!(everything(&ledger), before);
}
