//! Amounts at the ends of their range are exact, and none can leave it.

use fspiop::Amount;
use ledger::{AccountType, LedgerError, Prepare};

use crate::world::{
    PAYEE, PAYER, START, account, amount, balance, check_refused, consent, fsp, funds_in, hub_only, join, payment,
    position, prepared, scheme, usd,
};

/// The largest amount on the wire: 18 digits before the point and 4 after it.
const LARGEST: &str = "999999999999999999.9999";

#[test]
fn amounts_of_22_digits_are_exact() {
    let mut ledger = hub_only();
    join(&mut ledger, PAYER, usd(), "10000000000000000000000", "1999999999999999999.9999");
    join(&mut ledger, PAYEE, usd(), "0", "0");
    assert_eq!(prepared(&ledger.prepare(START, &payment(1, LARGEST))), "reserved");
    assert_eq!(position(&ledger, PAYER), LARGEST);
    assert_eq!(prepared(&ledger.prepare(START, &payment(2, "0.0001"))), "reserved");
    assert_eq!(position(&ledger, PAYER), "1000000000000000000");
    // With this one the payer owes exactly what it has paid in.
    assert_eq!(prepared(&ledger.prepare(START, &payment(3, LARGEST))), "reserved");
    assert_eq!(prepared(&ledger.prepare(START, &payment(4, "0.0001"))), "4001 Payer FSP insufficient liquidity");
    assert_eq!(position(&ledger, PAYER), "1999999999999999999.9999");
    for number in [1, 2, 3] {
        ledger.fulfil(START, &consent(number));
    }
    assert_eq!(position(&ledger, PAYEE), "-1999999999999999999.9999");
    assert_eq!(balance(&ledger, PAYER, AccountType::Settlement), "-1999999999999999999.9999");
}

#[test]
fn a_balance_cannot_leave_its_range() {
    let mut ledger = scheme();
    let settlement = account(&ledger, PAYER, usd(), AccountType::Settlement).id;
    let mut funds = funds_in(50, PAYER, settlement, "1");
    funds.amount = Amount::from_units(i128::MAX);
    check_refused(&mut ledger, |ledger| ledger.record_funds_in(START, &funds), "exceed the range");
    // As much as the reconciliation account can just hold: the 1080 of the scheme stand on it.
    funds.amount = Amount::from_units(i128::MAX - 1080 * 10_000);
    ledger.record_funds_in(START, &funds).unwrap();
    let more = funds_in(51, PAYER, settlement, "0.0001");
    assert_eq!(ledger.record_funds_in(START, &more), Err(LedgerError::OutOfRange));
}

#[test]
fn a_position_cannot_leave_its_range() {
    let mut ledger = scheme();
    ledger.adjust_limit(&fsp(PAYER), usd(), Amount::from_units(i128::MAX)).unwrap();
    let prepare = Prepare { amount: Amount::from_units(i128::MAX), ..payment(1, "1") };
    assert_eq!(prepared(&ledger.prepare(START, &prepare)), "4001 Payer FSP insufficient liquidity");
    assert_eq!(position(&ledger, PAYER), "0");
}

#[test]
fn a_cap_that_is_far_above_a_negative_position_does_not_overflow() {
    let mut ledger = scheme();
    ledger.prepare(START, &payment(1, "1"));
    ledger.fulfil(START, &consent(1));
    assert_eq!(position(&ledger, PAYEE), "-1");
    ledger.adjust_limit(&fsp(PAYEE), usd(), Amount::from_units(i128::MAX)).unwrap();
    let back = Prepare { payer: fsp(PAYEE), payee: fsp(PAYER), ..payment(2, "1") };
    // The room is more than an amount can say; nothing is sent rather than too much.
    assert_eq!(prepared(&ledger.prepare(START, &back)), "4200 Payer limit error");
    ledger.adjust_limit(&fsp(PAYEE), usd(), amount("1000")).unwrap();
    let back = Prepare { transfer_id: crate::world::id(3), ..back };
    assert_eq!(prepared(&ledger.prepare(START, &back)), "reserved");
}
