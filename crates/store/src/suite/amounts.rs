//! Amounts are exact, however large.

use fspiop::Amount;
use ledger::TransferStatus;
use switch::{Administration, Command};

use super::{
    Fixture,
    command::{
        PAYEE_POSITION, PAYER, PAYER_POSITION, PAYER_SETTLEMENT, Payment, RECONCILIATION, amount, fsp, funds_in,
        funds_in_of, hub_accounts, register, usd,
    },
    world::World,
};

/// The largest amount of the protocol.
const LARGEST: &str = "999999999999999999.9999";
/// Twice that and a unit.
const LIMIT: &str = "1999999999999999999.9999";

/// Two of the largest transfers fit under a cap, and then a single unit.
pub fn amounts_of_22_digits_are_exact<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    world.commit([
        Command::Administer(Administration::AdjustLimit(fsp(PAYER), usd(), amount(LIMIT))),
        funds_in(2, PAYER, PAYER_SETTLEMENT, LARGEST),
        funds_in(3, PAYER, PAYER_SETTLEMENT, "999999999999990000"),
    ]);
    assert_eq!(world.balance(PAYER_SETTLEMENT), amount(&format!("-{LIMIT}")));
    let payments =
        [LARGEST, LARGEST, "0.0002", "0.0001"].into_iter().zip(1..).map(|(text, number)| Payment::new(number, text));
    let payments: Vec<_> = payments.collect();
    world.commit(payments.iter().map(Payment::prepare).collect::<Vec<_>>());
    world.commit([payments[0].fulfil()]);
    world.reopen();
    assert_eq!(world.balance(PAYER_POSITION), amount(LIMIT));
    assert_eq!(world.balance(PAYEE_POSITION), amount(&format!("-{LARGEST}")));
    assert_eq!(world.transfer(&payments[1]).amount, amount(LARGEST));
    assert_eq!(world.status(&payments[2]), TransferStatus::Invalid);
    assert_eq!(world.transfer(&payments[3]).amount, Amount::from_units(1));
    world.books();
}

/// Sums grow beyond what a message can say.
pub fn balances_beyond_amounts_on_the_wire_are_exact<F: Fixture>() {
    let mut world = World::<F>::empty();
    world.commit(hub_accounts(usd()));
    world.commit([register(PAYER, Some(usd()))]);
    let half = Amount::from_units(i128::MAX / 2);
    world.commit([2, 3].map(|number| funds_in_of(number, PAYER, PAYER_SETTLEMENT, half)));
    world.reopen();
    assert_eq!(world.balance(PAYER_SETTLEMENT).units(), -(i128::MAX - 1));
    assert_eq!(world.balance(RECONCILIATION).units(), i128::MAX - 1);
    world.books();
}
