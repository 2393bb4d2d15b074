//! Quotes are remembered from the request to the answer.

use fspiop::{Identifier, QuoteId};
use switch::{Quote, QuoteStatus, content_hash};

use super::{
    Fixture,
    command::{OTHER, PAYEE, PAYER, START, answer_quote, given_up, quote_id, request_quote},
    world::World,
};
use crate::Store;

fn quote<F: Fixture>(world: &World<F>, id: QuoteId) -> Quote {
    world.wait(world.store().quote(id)).expect("the quote is there")
}

/// Asked, answered, closed and opened in between; the answer counts once, and only the payee's.
pub fn a_quote_is_pending_until_it_is_answered<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let ids = [quote_id(1), QuoteId(Identifier::from_ulid_bits(1))];
    world.commit(ids.map(|id| request_quote(id, b"terms?")));
    world.reopen();
    let asked = quote(&world, ids[0]);
    assert_eq!((asked.status, asked.answer_hash, asked.answered_at), (QuoteStatus::Pending, None, None));
    assert_eq!((asked.id, asked.request_hash, asked.requested_at), (ids[0], content_hash(b"terms?"), START));
    world.clock.advance(7);
    let messages = world.commit([
        answer_quote(OTHER, ids[0], b"mine", false),
        answer_quote(PAYEE, ids[0], b"terms", false),
        answer_quote(PAYEE, ids[0], b"terms", false),
        answer_quote(PAYEE, ids[0], b"other terms", false),
    ]);
    let recipients: Vec<_> = messages.messages.iter().map(|message| message.recipient.as_str().to_owned()).collect();
    assert_eq!(recipients, [OTHER, PAYER, PAYER, PAYEE]);
    world.reopen();
    let answered = Quote {
        status: QuoteStatus::Answered,
        answer_hash: Some(content_hash(b"terms")),
        answered_at: Some(START.plus_millis(7)),
        ..asked
    };
    assert_eq!(quote(&world, ids[0]), answered);
    assert_eq!(quote(&world, ids[1]).status, QuoteStatus::Pending);
}

/// An error is an answer, too.
pub fn an_error_fails_a_quote<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    world.commit([request_quote(quote_id(1), b"terms?"), answer_quote(PAYEE, quote_id(1), b"no", true)]);
    world.reopen();
    assert_eq!(quote(&world, quote_id(1)).status, QuoteStatus::Failed);
    assert_eq!(quote(&world, quote_id(1)).answer_hash, Some(content_hash(b"no")));
}

/// A request that never reached the payee fails the quote, and the payer is told.
pub fn an_undeliverable_quote_fails<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let request = world.commit([request_quote(quote_id(1), b"terms?")]).messages.remove(0);
    world.reopen();
    let told = world.commit([given_up(&request)]).messages;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].recipient.as_str(), PAYER);
    assert_eq!(quote(&world, quote_id(1)).status, QuoteStatus::Failed);
    assert_eq!(world.outbox(), told);
}

/// The same id with another content changes nothing; the same content is passed on again.
pub fn a_modified_quote_is_refused<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    world.commit([request_quote(quote_id(1), b"terms?")]);
    let before = quote(&world, quote_id(1));
    world.reopen();
    world.clock.advance(1);
    let messages =
        world.commit([request_quote(quote_id(1), b"other terms?"), request_quote(quote_id(1), b"terms?")]).messages;
    assert!(String::from_utf8_lossy(&messages[0].body).contains("3106"), "{messages:?}");
    assert_eq!((messages[1].recipient.as_str(), &messages[1].body[..]), (PAYEE, &b"terms?"[..]));
    assert_eq!(quote(&world, quote_id(1)), before);
}
