//! What is known of one transfer or quote, and of all that moved.

use std::sync::{Arc, Mutex};

use fspiop::TransferId;
use ledger::TransferStatus;
use switch::{Message, Method, QuoteStatus};

use super::{
    Fixture,
    command::{
        OTHER, PAYEE, PAYER, Payment, START, answer_quote, delivered, failing, funds_id, given_up, quote_id,
        request_quote, transfer_id,
    },
    world::World,
};
use crate::{Between, Fate, Page, SentMessage, Store, Story};

fn story<F: Fixture>(world: &World<F>, id: TransferId) -> Story {
    world.wait(world.store().story(id))
}

fn fates(story: &Story) -> Vec<Fate> {
    story.messages.iter().map(|sent| sent.fate.clone()).collect()
}

/// A transfer and a quote of the same id, with the messages about both in the order of decision; nothing of others.
pub fn a_story_has_everything_under_its_id<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let (payment, other) = (Payment::new(1, "10"), Payment::new(2, "10"));
    let quote = quote_id(1);
    let mut messages = world.commit([request_quote(quote, b"terms?"), other.prepare(), payment.prepare()]).messages;
    messages.extend(world.commit([answer_quote(PAYEE, quote, b"terms", false), payment.fulfil()]).messages);
    world.reopen();
    let found = story(&world, payment.id);
    assert_eq!(found.transfer, Some(world.transfer(&payment)));
    assert_eq!(found.quote.map(|quote| quote.status), Some(QuoteStatus::Answered));
    assert_eq!(found.funds, None);
    let expected: Vec<_> = [0, 2, 3, 4].iter().map(|index| SentMessage::pending(&messages[*index])).collect();
    assert_eq!(found.messages, expected);
    assert_eq!((expected[3].recipient.as_str(), expected[3].method), (PAYER, Method::Put));
    assert_eq!(story(&world, transfer_id(9)), Story::default());
    assert!(story(&world, funds_id(1)).funds.is_some());
}

/// Attempts and reasons, until it arrives or is given up; a second word about what is done with changes nothing.
pub fn a_story_tells_what_became_of_messages<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let payment = Payment::new(1, "10");
    let prepared = world.commit([request_quote(quote_id(1), b"terms?"), payment.prepare()]).messages;
    let [quote, transfer]: [Message; 2] = prepared.try_into().expect("two messages");
    world.commit([failing(&transfer, 1, "refused"), failing(&quote, 2, "timed out"), failing(&transfer, 3, "«reset»")]);
    world.reopen();
    let pending = |reason: &str| Fate::Pending { reason: Some(reason.into()) };
    let before = story(&world, payment.id);
    assert_eq!(fates(&before), [pending("timed out"), pending("«reset»")]);
    let attempts: Vec<_> = before.messages.iter().map(|sent| (sent.attempts, sent.last_attempt_at)).collect();
    assert_eq!(attempts, [(2, Some(START.plus_millis(2))), (3, Some(START.plus_millis(3)))]);
    assert_eq!(world.outbox(), [quote.clone(), transfer.clone()], "what fails is still to be delivered");
    let told = world
        .commit([given_up(&quote), delivered(std::slice::from_ref(&transfer)), failing(&transfer, 9, "late")])
        .messages;
    world.reopen();
    let after = story(&world, payment.id);
    let gave_up = Fate::GaveUp { reason: "connection refused".into() };
    assert_eq!(fates(&after), [gave_up, Fate::Delivered, Fate::Pending { reason: None }]);
    assert_eq!((after.messages[1].attempts, after.messages[1].last_attempt_at), (1, Some(START)));
    assert_eq!(after.messages[2], SentMessage::pending(&told[0]));
    assert_eq!(after.transfer.map(|transfer| transfer.status), Some(TransferStatus::Reserved));
}

/// Who looks for a payment sees those of the same two within some time, the earliest first; none that was refused.
pub fn packets_are_found_by_who_and_when<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let [late, early, refused] = [("1", 1), ("1", 2), ("100000", 3)].map(|(text, number)| Payment::new(number, text));
    let others = Payment { payee: OTHER, ..Payment::new(4, "1") };
    world.commit([early.prepare(), refused.prepare(), others.prepare()]);
    world.clock.advance(10);
    world.commit([late.prepare(), early.fulfil()]);
    world.reopen();
    let payer = world.transfer(&early).payer;
    let payee = world.transfer(&early).payee.expect("it was reserved");
    let whole = Between { payer, payee, since: START, until: START.plus_millis(11) };
    let found = |between: Between, limit| {
        let packets = world.wait(world.store().ilp_packets(between, limit));
        assert!(packets.iter().all(|(_, packet)| packet.as_ref() == Payment::ILP_PACKET), "{packets:?}");
        packets.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!(found(whole, 9), [early.id, late.id]);
    assert_eq!(found(whole, 1), [early.id]);
    assert_eq!(found(Between { until: START.plus_millis(10), ..whole }, 9), [early.id]);
    assert_eq!(found(Between { since: START.plus_millis(10), ..whole }, 9), [late.id]);
    assert_eq!(found(Between { payer: payee, payee: payer, ..whole }, 9), []);
}

/// Accounts by number, then movements by id, each whole with its lines in order: the books, a page at a time.
pub fn a_visitor_sees_the_books<F: Fixture>() {
    let world = World::<F>::onboarded();
    let [open, done, refused] = [("1", 3), ("2", 1), ("100000", 2)].map(|(text, number)| Payment::new(number, text));
    world.commit([open.prepare(), done.prepare(), refused.prepare(), done.fulfil()]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let pages = seen.clone();
    let visitor = Box::new(move |page: Page| pages.lock().expect("no test panics in it").push(page));
    world.wait(world.store().visit_books(visitor));
    let pages = std::mem::take(&mut *seen.lock().expect("nobody panicked"));
    let books = world.books();
    let accounts = pages.iter().filter_map(|page| match page {
        Page::Account { account, balance, .. } => Some((account.clone(), *balance)),
        Page::Movement { .. } => None,
    });
    assert_eq!(accounts.collect::<Vec<_>>(), books.accounts);
    let movements: Vec<_> = pages.iter().skip_while(|page| matches!(page, Page::Account { .. })).collect();
    let seen: Vec<_> = movements
        .iter()
        .filter_map(|page| match page {
            Page::Movement { id, transfer, funds, entries } => {
                Some((*id, transfer.is_some(), funds.is_some(), entries.len()))
            }
            Page::Account { .. } => None,
        })
        .collect();
    let expected = [
        (funds_id(1), false, true, 1),
        (done.id, true, false, 2),
        (refused.id, true, false, 0),
        (open.id, true, false, 1),
    ];
    assert_eq!(seen, expected);
}
