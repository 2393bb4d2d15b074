//! Funds that are paid in: once, on the right account, in the right currency.

use fspiop::Timestamp;
use ledger::{AccountType, ContentHash, EntryKind, FundsRequest};

use crate::world::{
    HUB, PAYEE, PAYER, START, account, balance, check_refused, currency, everything, fsp, funds_in, id, payment,
    scheme, usd,
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
