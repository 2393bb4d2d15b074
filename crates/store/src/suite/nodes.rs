//! Several nodes on one store: they see each other's changes, share limits, and each message has one owner.

use std::sync::Arc;

use ledger::TransferStatus;
use switch::{Administration, Command, Message, MessageId};

use super::{
    Fixture, Nodes,
    command::{PAYEE, PAYER, PAYER_POSITION, Payment, amount, delivered, fsp, quote_id, register, request_quote},
    world::{ALL, World},
};
use crate::{Committed, Store};

/// Two nodes on one store.
struct Pair<F: Fixture> {
    world: World<F>,
    second: F::Store,
}

impl<F: Nodes> Pair<F> {
    fn onboarded() -> Pair<F> {
        let world = World::<F>::onboarded();
        let second = world.fixture.join("second");
        Pair { world, second }
    }

    fn on_second(&self, commands: impl Into<Vec<Command>>) -> Committed {
        self.world.wait(self.second.commit(Arc::new(commands.into())))
    }

    fn outbox_of_second(&self) -> Vec<Message> {
        self.world.wait(self.second.pending_messages(MessageId(0), ALL))
    }

    fn take_over(&self) -> (bool, bool) {
        (self.world.wait(self.world.store().take_over()), self.world.wait(self.second.take_over()))
    }
}

/// The amount of a prepare under an id that was used for another one: its sender is told at once.
fn modified(number: u32, text: &str) -> Command {
    Payment::new(number, text).prepare()
}

/// The next batch of one node obeys what another one has changed, and tells it.
pub fn a_change_on_one_node_binds_the_others<F: Nodes>() {
    let pair = Pair::<F>::onboarded();
    let off = Command::Administer(Administration::ActivateParticipant(fsp(PAYER), false));
    let told = pair.world.commit([off]).configuration.expect("it changed");
    let payment = Payment::new(1, "1");
    let committed = pair.on_second([payment.prepare()]);
    assert_eq!(committed.configuration, Some(told.clone()));
    assert_eq!(pair.world.status(&payment), TransferStatus::Invalid);
    assert_eq!(pair.on_second([]).configuration, None);
    pair.on_second([register("third", None)]);
    let configuration = pair.world.configuration();
    assert_eq!(configuration.version, told.version + 1);
    assert!(configuration.registry.participant_named("third").is_some());
}

/// Prepared on one node, ended on another, repeated on both.
pub fn a_transfer_goes_on_on_any_node<F: Nodes>() {
    let pair = Pair::<F>::onboarded();
    let payment = Payment::new(1, "600");
    pair.world.commit([payment.prepare()]);
    assert_eq!(pair.on_second([payment.prepare()]).messages, []);
    pair.on_second([payment.fulfil()]);
    assert_eq!(pair.world.status(&payment), TransferStatus::Committed);
    let repeated = pair.world.commit([payment.fulfil()]).messages;
    assert_eq!(repeated.iter().map(|message| message.recipient.as_str()).collect::<Vec<_>>(), [PAYEE]);
    assert_eq!(pair.world.balance(PAYER_POSITION), amount("600"));
    let story = pair.world.wait(pair.second.story(payment.id));
    assert_eq!(story.messages.len(), 3);
    pair.world.books();
}

/// Of what both nodes are asked at the same moment, as much is reserved as fits; the same transfer only once.
pub fn nodes_share_the_cap<F: Nodes>() {
    let pair = Pair::<F>::onboarded();
    for round in 0..10 {
        let payments: Vec<_> = (0..4).map(|number| Payment::new(4 * round + number, "50")).collect();
        let prepares: Vec<_> = payments.iter().map(Payment::prepare).collect();
        let backwards: Vec<_> = prepares.iter().rev().cloned().collect();
        let first = pair.world.store().commit(Arc::new(prepares));
        let second = pair.second.commit(Arc::new(backwards));
        let (first, second) = pair.world.fixture.block_on(futures_util::future::join(first, second));
        first.and(second).expect("both batches are decided");
    }
    let books = pair.world.books();
    let reserved = books.transfers.iter().filter(|transfer| transfer.status == TransferStatus::Reserved).count();
    assert_eq!((reserved, books.transfers.len()), (20, 40));
    assert_eq!(pair.world.balance(PAYER_POSITION), amount("1000"));
}

/// A message about the same to the same FSP belongs to the node that is still at the one before it, under a higher number;
/// that node learns of it when it renews its claim.
pub fn messages_about_one_subject_stay_with_one_node<F: Nodes>() {
    let pair = Pair::<F>::onboarded();
    let first = pair.on_second([modified(1, "1"), modified(1, "2")]).messages;
    assert_eq!(first.len(), 2, "the prepare, and an error to its sender");
    let told = pair.world.commit([modified(1, "3"), request_quote(quote_id(1), b"{}")]).messages;
    assert_eq!(told.len(), 1, "the error is the second node's, the quote this one's");
    assert_eq!(pair.world.outbox(), told);
    assert_eq!(pair.on_second([modified(1, "3")]).messages, [], "it waits behind the one of which nobody was told");
    assert_eq!(pair.take_over(), (false, true));
    assert_eq!(pair.take_over(), (false, false));
    let all = pair.outbox_of_second();
    assert_eq!(all.len(), 4);
    assert_eq!(all[..2], first);
    assert_eq!((&all[2].recipient, &all[2].subject), (&first[1].recipient, &first[1].subject));
    assert!(all[2].id > all[1].id);
    // And the other way round, whatever blocks of numbers the nodes have.
    let more = pair.on_second([modified(1, "4")]).messages;
    assert_eq!(more.len(), 1);
    assert!(more[0].id > all[3].id);
    pair.on_second([delivered(&pair.outbox_of_second())]);
    assert_eq!(pair.world.commit([modified(1, "5")]).messages.len(), 1);
}

/// What a node left behind that does not renew its claim is another one's, until then it is nobody else's.
pub fn what_a_lost_node_left_is_taken_over<F: Nodes>() {
    let pair = Pair::<F>::onboarded();
    let left = pair.on_second([modified(1, "1"), request_quote(quote_id(1), b"{}")]).messages;
    let renew = || pair.world.wait(pair.world.store().take_over());
    pair.world.clock.advance(4_999);
    assert!(!renew());
    assert_eq!(pair.world.outbox(), []);
    pair.world.clock.advance(1);
    assert!(renew());
    assert!(!renew());
    assert_eq!(pair.world.outbox(), left);
    assert_eq!(pair.outbox_of_second(), []);
    // It was only slow: it goes on, and its new messages about the same are not its own.
    assert!(!pair.world.wait(pair.second.take_over()));
    let answered = pair.on_second([modified(2, "1")]).messages;
    assert_eq!(pair.outbox_of_second(), answered);
    pair.on_second([delivered(&left)]);
    assert_eq!(pair.world.outbox(), []);
}

/// What a node leaves behind that ends in good order is another one's without waiting, also what it still decides then.
pub fn what_a_node_gave_up_is_taken_over_at_once<F: Nodes>() {
    let pair = Pair::<F>::onboarded();
    let renew = || pair.world.wait(pair.world.store().take_over());
    let mut left = pair.on_second([modified(1, "1"), request_quote(quote_id(1), b"{}")]).messages;
    assert!(!renew());
    pair.world.wait(pair.second.leave());
    left.extend(pair.on_second([request_quote(quote_id(2), b"{}")]).messages);
    assert!(renew());
    assert!(!renew());
    assert_eq!(pair.world.outbox(), left);
    assert_eq!(pair.outbox_of_second(), []);
    // It goes on after all, and what it decides then is its own again.
    assert!(!pair.world.wait(pair.second.take_over()));
    let own = pair.on_second([request_quote(quote_id(3), b"{}")]).messages;
    assert!(!renew());
    assert_eq!(pair.outbox_of_second(), own);
}

/// Nodes count each other when they renew their claims: one that has given its claim up, or is lost, counts no more.
pub fn nodes_know_how_many_they_are<F: Nodes>() {
    let pair = Pair::<F>::onboarded();
    let nodes = || (pair.world.store().nodes(), pair.second.nodes());
    pair.take_over();
    pair.take_over();
    assert_eq!(nodes(), (2, 2));
    pair.world.wait(pair.second.leave());
    pair.world.wait(pair.world.store().take_over());
    assert_eq!(nodes().0, 1);
    pair.take_over();
    pair.take_over();
    assert_eq!(nodes(), (2, 2));
    pair.world.clock.advance(5_000);
    pair.world.wait(pair.world.store().take_over());
    assert_eq!(nodes().0, 1);
}

/// Renewing in time is enough.
pub fn a_node_that_renews_keeps_its_messages<F: Nodes>() {
    let pair = Pair::<F>::onboarded();
    let kept = pair.on_second([modified(1, "1")]).messages;
    for _ in 0..4 {
        pair.world.clock.advance(4_000);
        assert_eq!(pair.take_over(), (false, false));
    }
    assert_eq!(pair.outbox_of_second(), kept);
    assert_eq!(pair.world.outbox(), []);
}

/// No two messages have the same number, wherever they were decided.
pub fn numbers_are_given_once_among_nodes<F: Nodes>() {
    let pair = Pair::<F>::onboarded();
    for number in (0..10).step_by(2) {
        pair.world.commit([request_quote(quote_id(number), b"{}")]);
        pair.on_second([request_quote(quote_id(number + 1), b"{}")]);
    }
    let mut ids: Vec<_> = pair.world.outbox().into_iter().chain(pair.outbox_of_second()).map(|one| one.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 10);
}
