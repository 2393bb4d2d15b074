//! An id is used once: a resend changes nothing, other content is refused, across batches and reopenings.

use ledger::{LedgerError, TransferStatus};
use switch::{AdministrationError, Message, Outcome};

use super::{
    Fixture,
    command::{PAYEE, PAYER, PAYER_SETTLEMENT, Payment, amount, funds_in},
    world::World,
};

/// FSPIOP's error "Modified request".
const MODIFIED: &str = "3106";
/// FSPIOP's error of a net debit cap that would be exceeded.
const CAP_EXCEEDED: &str = "4200";

fn says(message: &Message, recipient: &str, code: &str) -> bool {
    message.recipient.as_str() == recipient && String::from_utf8_lossy(&message.body).contains(code)
}

/// Nothing is reserved twice; while it is open nothing is said, afterwards how it ended.
pub fn a_resent_prepare_changes_nothing<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let payment = Payment::new(1, "600");
    assert_eq!(world.commit([payment.prepare(), payment.prepare()]).messages.len(), 1);
    world.reopen();
    let before = world.books();
    assert_eq!(world.commit([payment.prepare()]).messages, []);
    assert_eq!(world.books().entries, before.entries);
    world.commit([payment.fulfil()]);
    world.reopen();
    let before = world.transfer(&payment);
    let messages = world.commit([payment.prepare()]).messages;
    assert_eq!(messages.len(), 1);
    assert!(says(&messages[0], PAYER, "COMMITTED"), "{messages:?}");
    assert_eq!(world.transfer(&payment), before);
    world.books();
}

/// The same id with another amount, in the same batch and later.
pub fn a_modified_prepare_is_refused<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let payment = Payment::new(1, "600");
    let other = Payment { amount: amount("1"), ..payment.clone() };
    let messages = world.commit([payment.prepare(), other.prepare()]).messages;
    assert!(says(&messages[1], PAYER, MODIFIED), "{messages:?}");
    world.reopen();
    let messages = world.commit([other.prepare()]).messages;
    assert!(says(&messages[0], PAYER, MODIFIED), "{messages:?}");
    assert_eq!(world.transfer(&payment).amount, payment.amount);
    world.books();
}

/// What was refused once is refused again, even when it would be possible by now.
pub fn an_id_stays_used_after_a_refusal<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let (large, small) = (Payment::new(1, "1000"), Payment::new(2, "1"));
    world.commit([large.prepare(), small.prepare(), large.reject()]);
    assert_eq!(world.status(&small), TransferStatus::Invalid);
    world.reopen();
    let messages = world.commit([small.prepare()]).messages;
    assert!(says(&messages[0], PAYER, CAP_EXCEEDED), "{messages:?}");
    assert_eq!(world.status(&small), TransferStatus::Invalid);
    world.books();
}

/// The same fulfil again hears how the transfer ended; another answer is refused and told so.
pub fn a_resent_answer_changes_nothing<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let payment = Payment::new(1, "10");
    world.commit([payment.prepare()]);
    world.commit([payment.fulfil()]);
    world.reopen();
    let before = world.transfer(&payment);
    let messages = world.commit([payment.fulfil()]).messages;
    assert_eq!(messages.iter().map(|message| message.recipient.as_str()).collect::<Vec<_>>(), [PAYEE]);
    let messages = world.commit([payment.reject()]).messages;
    assert!(says(&messages[0], PAYEE, MODIFIED), "{messages:?}");
    assert_eq!(world.transfer(&payment), before);
    world.books();
}

/// The same record again succeeds and changes nothing; another one under its id is refused.
pub fn funds_are_recorded_once<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let funds = || funds_in(2, PAYER, PAYER_SETTLEMENT, "5");
    let fine = Outcome::Administered(Ok(()));
    assert_eq!(world.commit([funds(), funds()]).outcomes, [fine.clone(), fine.clone()]);
    world.reopen();
    assert_eq!(world.commit([funds()]).outcomes, [fine]);
    let modified = Outcome::Administered(Err(AdministrationError::Ledger(LedgerError::ModifiedRequest)));
    assert_eq!(world.commit([funds_in(2, PAYER, PAYER_SETTLEMENT, "6")]).outcomes, [modified]);
    assert_eq!(world.balance(PAYER_SETTLEMENT), amount("-10005"));
    world.books();
}
