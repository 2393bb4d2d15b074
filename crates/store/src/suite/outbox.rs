//! Messages are kept as they are until they are done with.

use bytes::Bytes;
use switch::{Command, Message, MessageId};

use super::{
    Fixture,
    command::{PAYER, Payment, answer_quote, delivered, given_up, party, quote_id, register_party, request_quote},
    world::{ALL, World},
};
use crate::Store;

/// Four messages: a prepare that goes on, an error, a quote, an answer about a party.
fn four_messages<F: Fixture>(world: &World<F>) -> Vec<Message> {
    let messages = world.commit([
        Payment::new(1, "10").prepare(),
        Payment::new(2, "1000000").prepare(),
        request_quote(quote_id(1), b"{}"),
        register_party(PAYER, &party("ALIAS/a%2Fb c/x"), None),
    ]);
    assert_eq!(messages.messages.len(), 4);
    messages.messages
}

/// Headers, body, path, subject, endpoint and moments are those that the batch told, whatever bytes the body has.
pub fn messages_come_back_byte_for_byte<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let all_bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let mut messages = four_messages(&world);
    messages.extend(world.commit([request_quote(quote_id(2), &all_bytes), request_quote(quote_id(3), b"")]).messages);
    messages.extend(world.commit([answer_quote("payeefsp", quote_id(3), b"\0", false)]).messages);
    let bodies: Vec<_> = messages[4..].iter().map(|message| message.body.clone()).collect();
    assert_eq!(bodies, [Bytes::from(all_bytes), Bytes::new(), Bytes::from_static(b"\0")]);
    assert!(messages[0].headers.iter().any(|(_, value)| value.is_empty()), "an empty header is among them");
    world.reopen();
    assert_eq!(world.outbox(), messages);
}

/// Numbers rise; `after` and `limit` cut out a piece.
pub fn messages_come_in_order_from_where_one_asks<F: Fixture>() {
    let world = World::<F>::onboarded();
    let messages = four_messages(&world);
    assert!(messages.is_sorted_by(|left, right| left.id < right.id));
    assert!(messages[0].id.is_durable());
    let pending = |after: MessageId, limit| world.wait(world.store().pending_messages(after, limit));
    assert_eq!(pending(MessageId(0), 2), messages[..2]);
    assert_eq!(pending(messages[1].id, 1), messages[2..3]);
    assert_eq!(pending(messages[1].id, ALL), messages[2..]);
    assert_eq!(pending(messages[3].id, ALL), []);
    assert_eq!(pending(MessageId(0), 0), []);
}

/// Twice told is once done.
pub fn delivered_messages_leave<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let messages = four_messages(&world);
    let done = world.commit([delivered(&messages[1..3])]);
    assert_eq!(done.messages, []);
    world.commit([delivered(&messages[2..3])]);
    world.reopen();
    assert_eq!(world.outbox(), [messages[0].clone(), messages[3].clone()]);
}

/// Nobody is told that a transfer was not delivered: it expires. A quote's originator is told.
pub fn messages_given_up_leave_and_tell_their_originator<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let messages = four_messages(&world);
    let told = world.commit([given_up(&messages[0]), given_up(&messages[2]), given_up(&messages[2])]).messages;
    assert!(told.iter().all(|message| message.recipient.as_str() == PAYER));
    assert_eq!(told.len(), 2);
    world.reopen();
    let left = [&messages[1], &messages[3], &told[0], &told[1]].map(Clone::clone);
    assert_eq!(world.outbox(), left);
}

/// Not even when the outbox is empty and the store was closed.
pub fn numbers_are_never_used_again<F: Fixture>() {
    let mut world = World::<F>::onboarded();
    let messages = four_messages(&world);
    let last = messages[3].id;
    world.commit([delivered(&messages)]);
    assert_eq!(world.outbox(), []);
    world.reopen();
    let next = world.commit([request_quote(quote_id(9), b"{}")]).messages;
    assert!(next[0].id > last, "{:?} after {last:?}", next[0].id);
    world.commit([delivered(&next)]);
    world.reopen();
    let commands: Vec<Command> = vec![request_quote(quote_id(10), b"{}")];
    assert!(world.commit(commands).messages[0].id > next[0].id);
}
