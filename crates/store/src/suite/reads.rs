//! Questions to the store.

use fspiop::Amount;
use ledger::AccountId;
use switch::Command;

use super::{
    Fixture,
    command::{
        PAYEE_POSITION, PAYER_POSITION, PAYER_SETTLEMENT, Payment, START, VALIDITY_MS, amount, party, quote_id,
        transfer_id,
    },
    world::{ALL, World},
};
use crate::Store;

/// Nothing, rather than an error.
pub fn what_is_not_there_is_not_found<F: Fixture>() {
    let world = World::<F>::empty();
    let store = world.store();
    assert_eq!(world.wait(store.transfer(transfer_id(1))), None);
    assert_eq!(world.wait(store.quote(quote_id(1))), None);
    assert_eq!(world.wait(store.party(party("MSISDN/1"), None)), []);
    assert_eq!(world.wait(store.balances(vec![AccountId(1), AccountId::TRANSIT])), []);
    assert_eq!(world.wait(store.due(START.plus_millis(i64::MAX), ALL)), []);
    assert_eq!(world.outbox(), []);
    let books = world.books();
    assert!(books.accounts.is_empty() && books.transfers.is_empty() && books.entries.is_empty());
}

/// By number, once each, those that exist; one that never moved stands at zero since its creation.
pub fn balances_are_those_of_the_accounts_asked_for<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    world.clock.advance(5);
    world.commit([Payment::new(1, "10").prepare()]);
    let check = |world: &World<F>| {
        let asked = vec![PAYER_SETTLEMENT, AccountId(99), PAYEE_POSITION, PAYER_POSITION, PAYER_POSITION];
        let found = world.wait(world.store().balances(asked));
        let found: Vec<_> = found.into_iter().map(|(id, balance)| (id, balance.amount, balance.changed_at)).collect();
        let expected = [
            (PAYER_POSITION, amount("10"), START.plus_millis(5)),
            (PAYER_SETTLEMENT, amount("-10000"), START),
            (PAYEE_POSITION, Amount::ZERO, START),
        ];
        assert_eq!(found, expected);
    };
    check(&world);
    world.reopen();
    check(&world);
}

/// The earliest first, those of one moment by id, only those that are still open.
pub fn due_transfers_come_by_their_expiration<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let payment = |number, late| {
        let payment = Payment::new(number, "1");
        Payment { expiration: payment.expiration.plus_millis(late), ..payment }
    };
    let [late, early, twin, done, never] =
        [payment(1, 20), payment(4, 10), payment(2, 10), payment(3, 5), payment(5, 1_000_000)];
    let all = [&late, &early, &twin, &done, &never];
    world.commit(all.map(Payment::prepare));
    world.commit([done.fulfil()]);
    world.reopen();
    let end = START.plus_millis(VALIDITY_MS);
    let due = |late, limit| world.wait(world.store().due(end.plus_millis(late), limit));
    assert_eq!(due(9, ALL), []);
    assert_eq!(due(10, ALL), [twin.id, early.id]);
    assert_eq!(due(20, ALL), [twin.id, early.id, late.id]);
    assert_eq!(due(20, 1), [twin.id]);
    world.clock.advance(VALIDITY_MS + 15);
    world.commit([twin.id, early.id, late.id].map(Command::Expire));
    let due = |late, limit| world.wait(world.store().due(end.plus_millis(late), limit));
    assert_eq!(due(20, ALL), [late.id]);
    world.books();
}

/// For readiness.
pub fn the_store_answers<F: Fixture>() {
    let mut world = World::<F>::empty();
    world.wait(world.store().ping());
    world.reopen();
    world.wait(world.store().ping());
}
