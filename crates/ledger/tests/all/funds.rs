//! Funds that are paid in and out: once, on the right account, in the right currency, and never more out than is free.

use fspiop::Timestamp;
use ledger::{
    AccountId, AccountType, ContentHash, EntryKind, FundsDirection, FundsRequest, FundsStatus, Ledger, LedgerError,
};

use crate::world::{
    HUB, OTHER, PAYEE, PAYER, START, account, balance, check_refused, consent, currency, everything, fsp, funds_in, id,
    join, payment, scheme, usd,
};

#[test]
fn funds_move_from_the_hubs_account_to_the_participants() {
    let mut ledger = scheme();
    let settlement = account(&ledger, PAYER, usd(), AccountType::Settlement).id;
    ledger.record_funds_in(START, &funds_in(1, PAYER, settlement, "12.34")).unwrap();
    assert_eq!(balance(&ledger, PAYER, AccountType::Settlement), "-1012.34");
    // 1000, 40 and 40 came in before.
    assert_eq!(balance(&ledger, HUB, AccountType::HubReconciliation), "1092.34");
    assert_eq!(balance(&ledger, PAYER, AccountType::Position), "0");
    let entry = ledger.changes().entries.last().unwrap();
    assert_eq!((entry.kind, entry.transfer_id, entry.at), (EntryKind::FundsIn, id(1), START));
    let movement = ledger.funds(id(1)).unwrap();
    assert_eq!((movement.account, movement.currency, movement.recorded_at), (settlement, usd(), START));
    assert!(ledger.changes().funds.contains(&id(1)));
}

#[test]
fn the_same_funds_twice_are_the_same_funds() {
    let mut ledger = scheme();
    let settlement = account(&ledger, PAYER, usd(), AccountType::Settlement).id;
    let funds = funds_in(1, PAYER, settlement, "5");
    ledger.record_funds_in(START, &funds).unwrap();
    let before = everything(&ledger);
    ledger.record_funds_in(Timestamp::from_millis(START.as_millis() + 5), &funds).unwrap();
    assert_eq!(everything(&ledger), before);
    assert_eq!(balance(&ledger, PAYER, AccountType::Settlement), "-1005");
    let other = FundsRequest { hash: ContentHash([8; 32]), ..funds };
    check_refused(&mut ledger, |ledger| ledger.record_funds_in(START, &other), "used before");
}

#[test]
fn funds_are_refused_and_why() {
    let mut ledger = scheme();
    let of = |name, kind| account(&scheme(), name, usd(), kind).id;
    let settlement = of(PAYER, AccountType::Settlement);
    let good = funds_in(1, PAYER, settlement, "5");
    for (funds, expect) in [
        (FundsRequest { participant: fsp("nobody"), ..good.clone() }, "Participant does not exist"),
        (FundsRequest { account: ledger::AccountId(4711), ..good.clone() }, "Account does not exist"),
        (FundsRequest { account: ledger::AccountId::TRANSIT, ..good.clone() }, "Account does not exist"),
        (FundsRequest { account: of(PAYEE, AccountType::Settlement), ..good.clone() }, "Account does not exist"),
        (
            FundsRequest { account: of(PAYER, AccountType::Position), ..good.clone() },
            "Account type POSITION can not be used here; expected SETTLEMENT",
        ),
        (
            FundsRequest { participant: fsp(HUB), account: of(HUB, AccountType::HubReconciliation), ..good.clone() },
            "Account type HUB_RECONCILIATION can not be used here; expected SETTLEMENT",
        ),
        (FundsRequest { currency: Some(currency("KES")), ..good.clone() }, "The account's currency is USD, found KES"),
        (funds_in(1, PAYER, settlement, "0"), "The amount 0 is not allowed; it must be above 0"),
        (funds_in(1, PAYER, settlement, "-0.0001"), "The amount -0.0001 is not allowed; it must be above 0"),
    ] {
        check_refused(&mut ledger, |ledger| ledger.record_funds_in(START, &funds), expect);
    }
    ledger.record_funds_in(START, &FundsRequest { currency: Some(usd()), ..good }).unwrap();
}

#[test]
fn an_id_that_a_transfer_has_is_refused() {
    let mut ledger = scheme();
    let settlement = account(&ledger, PAYER, usd(), AccountType::Settlement).id;
    ledger.prepare(START, &payment(1, "5"));
    let funds = funds_in(1, PAYER, settlement, "5");
    check_refused(&mut ledger, |ledger| ledger.record_funds_in(START, &funds), "used before");
}

/// What the payer may take out, and the account that it is taken from.
fn out(ledger: &Ledger, number: u32, paid: &str) -> FundsRequest {
    funds_in(number, PAYER, account(ledger, PAYER, usd(), AccountType::Settlement).id, paid)
}

fn end(ledger: &mut Ledger, number: u32, end: FundsStatus) -> Result<(), LedgerError> {
    let settlement = account(ledger, PAYER, usd(), AccountType::Settlement).id;
    ledger.end_funds_out(START.plus_millis(9), &fsp(PAYER), settlement, id(number), end)
}

/// The payer's settlement account and the hub's reconciliation account.
fn balances(ledger: &Ledger) -> [String; 2] {
    [balance(ledger, PAYER, AccountType::Settlement), balance(ledger, HUB, AccountType::HubReconciliation)]
}

#[test]
fn funds_out_are_charged_at_once_and_leave_the_hub_when_they_are_done() {
    let mut ledger = scheme();
    assert_eq!(balances(&ledger), ["-1000", "1080"]);
    let asked = out(&ledger, 1, "12.34");
    ledger.reserve_funds_out(START, &asked).unwrap();
    assert_eq!(balances(&ledger), ["-987.66", "1080"]);
    let movement = ledger.funds(id(1)).unwrap().clone();
    assert_eq!(
        (movement.direction, movement.status, movement.ended_at),
        (FundsDirection::Out, FundsStatus::Reserved, None)
    );
    let line = ledger.changes().entries.last().unwrap();
    assert_eq!((line.kind, line.raised, line.lowered), (EntryKind::FundsOut, asked.account, AccountId::TRANSIT));
    end(&mut ledger, 1, FundsStatus::Committed).unwrap();
    assert_eq!(balances(&ledger), ["-987.66", "1067.66"]);
    let movement = ledger.funds(id(1)).unwrap();
    assert_eq!((movement.status, movement.ended_at), (FundsStatus::Committed, Some(START.plus_millis(9))));
    let line = ledger.changes().entries.last().unwrap();
    assert_eq!(
        (line.kind, line.raised, line.at),
        (EntryKind::FundsOutCommit, AccountId::TRANSIT, START.plus_millis(9))
    );
}

#[test]
fn funds_out_that_are_called_off_are_on_the_account_again() {
    let mut ledger = scheme();
    ledger.reserve_funds_out(START, &out(&scheme(), 1, "1000")).unwrap();
    assert_eq!(balances(&ledger), ["0", "1080"]);
    end(&mut ledger, 1, FundsStatus::Aborted).unwrap();
    assert_eq!(balances(&ledger), ["-1000", "1080"]);
    assert_eq!(ledger.changes().entries.last().unwrap().kind, EntryKind::FundsOutAbort);
    // It can be asked for again, under another id.
    check_refused(&mut ledger, |ledger| end(ledger, 1, FundsStatus::Committed), "is ABORTED");
    ledger.reserve_funds_out(START, &out(&scheme(), 2, "1000")).unwrap();
}

#[test]
fn the_same_funds_out_twice_and_their_same_end_twice_change_nothing() {
    let mut ledger = scheme();
    let asked = out(&ledger, 1, "5");
    ledger.reserve_funds_out(START, &asked).unwrap();
    let reserved = everything(&ledger);
    ledger.reserve_funds_out(START.plus_millis(5), &asked).unwrap();
    assert_eq!(everything(&ledger), reserved);
    let other = FundsRequest { hash: ContentHash([8; 32]), ..asked.clone() };
    check_refused(&mut ledger, |ledger| ledger.reserve_funds_out(START, &other), "used before");
    // The way is part of what was asked.
    check_refused(&mut ledger, |ledger| ledger.record_funds_in(START, &asked), "used before");
    end(&mut ledger, 1, FundsStatus::Committed).unwrap();
    let ended = everything(&ledger);
    end(&mut ledger, 1, FundsStatus::Committed).unwrap();
    // The request comes once more when all is over.
    ledger.reserve_funds_out(START, &asked).unwrap();
    assert_eq!(everything(&ledger), ended);
    check_refused(&mut ledger, |ledger| end(ledger, 1, FundsStatus::Aborted), "is COMMITTED");
}

#[test]
fn what_a_position_needs_can_not_be_taken_out() {
    let mut ledger = scheme();
    // 60 are reserved and secure a transfer.
    ledger.prepare(START, &payment(7, "60"));
    let too_much = out(&ledger, 1, "940.0001");
    let expect = "Settlement account balance is insufficient: 940 can be taken out";
    check_refused(&mut ledger, |ledger| ledger.reserve_funds_out(START, &too_much), expect);
    ledger.reserve_funds_out(START, &out(&scheme(), 1, "940")).unwrap();
    check_refused(&mut ledger, |ledger| ledger.reserve_funds_out(START, &out(&scheme(), 2, "0.0001")), "0 can be");
    // What others owe the participant is not paid in yet.
    ledger.fulfil(START, &consent(7));
    let of_payee = account(&ledger, PAYEE, usd(), AccountType::Settlement).id;
    let asked = funds_in(3, PAYEE, of_payee, "40.0001");
    check_refused(&mut ledger, |ledger| ledger.reserve_funds_out(START, &asked), "40 can be taken out");
}

#[test]
fn a_transfer_can_not_use_what_is_on_its_way_out() {
    let mut ledger = scheme();
    ledger.reserve_funds_out(START, &out(&scheme(), 1, "990")).unwrap();
    assert!(crate::world::prepared(&ledger.prepare(START, &payment(7, "10.0001"))).starts_with("4001"));
    end(&mut ledger, 1, FundsStatus::Aborted).unwrap();
    assert_eq!(crate::world::prepared(&ledger.prepare(START, &payment(8, "10.0001"))), "reserved");
}

#[test]
fn funds_out_are_refused_and_why() {
    let mut ledger = scheme();
    let good = out(&ledger, 1, "5");
    let of = |name, kind| account(&scheme(), name, usd(), kind).id;
    for (funds, expect) in [
        (FundsRequest { participant: fsp("nobody"), ..good.clone() }, "Participant does not exist"),
        (FundsRequest { account: of(PAYEE, AccountType::Settlement), ..good.clone() }, "Account does not exist"),
        (FundsRequest { account: of(PAYER, AccountType::Position), ..good.clone() }, "expected SETTLEMENT"),
        (FundsRequest { currency: Some(currency("KES")), ..good.clone() }, "currency is USD, found KES"),
        (out(&scheme(), 1, "0"), "must be above 0"),
        (out(&scheme(), 1, "-5"), "must be above 0"),
        (out(&scheme(), 1, "1000.0001"), "1000 can be taken out"),
    ] {
        check_refused(&mut ledger, |ledger| ledger.reserve_funds_out(START, &funds), expect);
    }
    ledger.reserve_funds_out(START, &good).unwrap();
    // Only whoever they are for, on the account that they are taken from, and only what goes out, has an end.
    ledger.record_funds_in(START, &out(&scheme(), 2, "5")).unwrap();
    let settlement = good.account;
    for (name, account, number, expect) in [
        ("nobody", settlement, 1, "Participant does not exist"),
        (OTHER, settlement, 1, "Transfer does not exist"),
        (PAYER, of(PAYER, AccountType::Position), 1, "Transfer does not exist"),
        (PAYER, settlement, 2, "Transfer does not exist"),
        (PAYER, settlement, 3, "Transfer does not exist"),
    ] {
        let end =
            |ledger: &mut Ledger| ledger.end_funds_out(START, &fsp(name), account, id(number), FundsStatus::Committed);
        check_refused(&mut ledger, end, expect);
    }
}

#[test]
fn nothing_new_moves_for_whoever_is_switched_off_and_what_was_begun_ends() {
    let mut ledger = scheme();
    let begun = out(&ledger, 1, "5");
    ledger.reserve_funds_out(START, &begun).unwrap();
    ledger.reserve_funds_out(START, &out(&scheme(), 2, "5")).unwrap();
    let check = |ledger: &mut Ledger, expect: &str| {
        let (paid, asked) = (out(&scheme(), 3, "5"), out(&scheme(), 4, "5"));
        check_refused(ledger, |ledger| ledger.record_funds_in(START, &paid), expect);
        check_refused(ledger, |ledger| ledger.reserve_funds_out(START, &asked), expect);
    };
    ledger.activate_account(&fsp(PAYER), begun.account, false).unwrap();
    check(&mut ledger, "Account is currently set inactive");
    ledger.activate_account(&fsp(PAYER), begun.account, true).unwrap();
    ledger.activate_participant(&fsp(PAYER), false).unwrap();
    check(&mut ledger, "Participant is currently set inactive");
    // A resend is answered as before, and the bank has paid or has not.
    ledger.reserve_funds_out(START, &begun).unwrap();
    end(&mut ledger, 1, FundsStatus::Committed).unwrap();
    end(&mut ledger, 2, FundsStatus::Aborted).unwrap();
    assert_eq!(balances(&ledger), ["-995", "1075"]);
}

#[test]
fn an_id_of_funds_out_can_not_be_used_for_a_transfer() {
    let mut ledger = scheme();
    join(&mut ledger, "newfsp", usd(), "10", "0");
    ledger.reserve_funds_out(START, &out(&scheme(), 1, "5")).unwrap();
    assert_eq!(crate::world::prepared(&ledger.prepare(START, &payment(1, "5"))), "modified");
    ledger.prepare(START, &payment(2, "5"));
    check_refused(&mut ledger, |ledger| ledger.reserve_funds_out(START, &out(&scheme(), 2, "5")), "used before");
}
