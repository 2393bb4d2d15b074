//! A batch: its outcomes, its time, and that its commands see each other.

use ledger::{LedgerError, TransferStatus};
use switch::{AdministrationError, Outcome, QuoteStatus};

use super::{
    Fixture,
    command::{
        HUB, PAYEE, PAYEE_POSITION, PAYER, PAYER_POSITION, PAYER_SETTLEMENT, Payment, START, amount, cap, funds_in,
        onboarding, party, quote_id, register, register_party, request_quote, usd,
    },
    world::World,
};
use crate::Store;

/// One outcome for each command, in order; a refused one does not disturb the others.
pub fn outcomes_come_in_the_order_of_the_commands<F: Fixture>() {
    let world = World::<F>::onboarded();
    let committed = world.commit([
        cap(PAYER, "5"),
        Payment::new(1, "10").prepare(),
        register("newfsp", Some(usd())),
        register("newfsp", Some(usd())),
        register("newfsp", None),
    ]);
    let refused = |error| Outcome::Administered(Err(AdministrationError::Ledger(error)));
    let expected = [
        refused(LedgerError::LimitsAlreadySet),
        Outcome::Accepted,
        Outcome::Administered(Ok(())),
        refused(LedgerError::CurrencyRegistered),
        refused(LedgerError::CurrencyRegistered),
    ];
    assert_eq!(committed.outcomes, expected);
    assert_eq!(committed.messages, world.outbox());
}

/// Nothing is asked, nothing is answered.
pub fn an_empty_batch_is_a_batch<F: Fixture>() {
    let world = World::<F>::empty();
    let committed = world.commit([]);
    assert_eq!((committed.outcomes, committed.messages), (Vec::new(), Vec::new()));
    assert!(committed.configuration.is_none());
    assert_eq!(committed.now, START);
}

/// The clock jumps back, also while the store is closed; the batches do not.
pub fn time_never_runs_backwards<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    world.clock.advance(5000);
    let late = START.plus_millis(5000);
    assert_eq!(world.commit([]).now, late);
    world.clock.set(START);
    assert_eq!(world.commit([Payment::new(1, "1").prepare()]).now, late);
    world.reopen();
    assert_eq!(world.commit([]).now, late);
    assert_eq!(world.transfer(&Payment::new(1, "1")).prepared_at, late);
    world.clock.set(late.plus_millis(1));
    assert_eq!(world.commit([]).now, late.plus_millis(1));
}

/// The fulfil finds what the prepare before it reserved; in the other order it finds nothing.
pub fn a_prepare_and_its_fulfil_stand_in_one_batch<F: Fixture>() {
    let world = World::<F>::onboarded();
    let (first, second) = (Payment::new(1, "10"), Payment::new(2, "20"));
    world.commit([first.prepare(), first.fulfil(), second.fulfil(), second.prepare()]);
    assert_eq!(world.status(&first), TransferStatus::Committed);
    assert_eq!(world.status(&second), TransferStatus::Reserved);
    assert_eq!(world.balance(PAYER_POSITION), amount("30"));
    assert_eq!(world.balance(PAYEE_POSITION), amount("-10"));
    world.books();
}

/// From an empty store to a committed transfer in one batch.
pub fn a_batch_uses_what_it_has_just_created<F: Fixture>() {
    let world = World::<F>::empty();
    let payment = Payment::new(1, "1000");
    let alice = party("MSISDN/27713803912");
    let mut commands = onboarding();
    commands.extend([register_party(PAYEE, &alice, None), request_quote(quote_id(1), b"{}")]);
    commands.extend([payment.prepare(), payment.fulfil()]);
    let committed = world.commit(commands);
    assert!(!committed.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Administered(Err(_)))));
    assert_eq!(committed.configuration, Some(world.configuration()));
    assert_eq!(world.status(&payment), TransferStatus::Committed);
    assert_eq!(world.balance(PAYER_POSITION), amount("1000"));
    assert_eq!(world.balance(PAYER_SETTLEMENT), amount("-10000"));
    assert_eq!(world.wait(world.store().party(alice, None)).len(), 1);
    let quote = world.wait(world.store().quote(quote_id(1))).map(|quote| quote.status);
    assert_eq!(quote, Some(QuoteStatus::Pending));
    assert!(world.configuration().registry.participant_named(HUB).is_some());
    world.books();
}

/// Each transfer sees those before it: as many as fit are reserved, to the unit.
pub fn caps_hold_inside_a_batch<F: Fixture>() {
    let world = World::<F>::onboarded();
    let texts = ["400", "400", "400", "200.0001", "200", "0.0001"];
    let payments: Vec<_> = texts.into_iter().zip(1..).map(|(text, number)| Payment::new(number, text)).collect();
    world.commit(payments.iter().map(Payment::prepare).collect::<Vec<_>>());
    let (yes, no) = (TransferStatus::Reserved, TransferStatus::Invalid);
    let statuses: Vec<_> = payments.iter().map(|payment| world.status(payment)).collect();
    assert_eq!(statuses, [yes, yes, no, no, yes, no]);
    assert_eq!(world.balance(PAYER_POSITION), amount("1000"));
    world.books();
}

/// What an abort gives back can be reserved again at once; funds that come in cover at once.
pub fn room_under_the_cap_comes_back_inside_a_batch<F: Fixture>() {
    let world = World::<F>::onboarded();
    let [first, second, third] = [1, 2, 3].map(|number| Payment::new(number, "1000"));
    world.commit([
        first.prepare(),
        second.prepare(),
        first.fail(),
        third.prepare(),
        funds_in(2, PAYER, PAYER_SETTLEMENT, "1"),
    ]);
    assert_eq!(world.status(&first), TransferStatus::AbortedError);
    assert_eq!(world.status(&second), TransferStatus::Invalid);
    assert_eq!(world.status(&third), TransferStatus::Reserved);
    assert_eq!(world.balance(PAYER_POSITION), amount("1000"));
    world.books();
}
