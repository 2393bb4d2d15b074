//! What a batch names is what a store loads: nothing that deciding needs may be missing.

use std::collections::BTreeSet;

use ledger::{AccountId, FundsRequest, Ledger};
use switch::{
    Administration, Command, Delivery, DeliveryResult, Keys, MessageId, NeededAccounts, State, content_hash, decide,
};

use crate::world::{
    PAYEE, PAYER, QUOTE, START, World, amount, committed, failed, fsp, inbound, prepare, quote_id, rejected, reserved,
    transfer_id,
};

fn request_quote() -> Command {
    let inbound = inbound(PAYER, Some(PAYEE), switch::Method::Post, "/quotes", "{}");
    Command::RequestQuote {
        inbound,
        quote_id: quote_id(),
        payee: fsp(PAYEE),
        needs: NeededAccounts::default(),
        hash: content_hash(b"{}"),
    }
}

fn funds() -> FundsRequest {
    FundsRequest {
        id: transfer_id(),
        participant: fsp(PAYER),
        account: AccountId(4),
        amount: amount("1"),
        currency: None,
        hash: content_hash(b"funds"),
    }
}

#[test]
fn commands_name_what_they_touch() {
    let answer = Command::AnswerQuote {
        inbound: inbound(PAYEE, Some(PAYER), switch::Method::Put, &format!("/quotes/{QUOTE}"), "{}"),
        quote_id: quote_id(),
        needs: NeededAccounts::default(),
        hash: content_hash(b"{}"),
        failed: false,
    };
    let message = World::new().take(request_quote()).remove(0);
    let delivery =
        |result| Command::Deliveries(vec![Delivery { message: MessageId(1), attempts: 1, at: START, result }]);
    let gave_up = delivery(DeliveryResult::GaveUp { message: Box::new(message), refused: false, reason: "".into() });
    for (command, transfers, quotes, funds) in [
        (prepare(), 1, 0, 1),
        (committed(), 1, 0, 0),
        (reserved(), 1, 0, 0),
        (failed(), 1, 0, 0),
        (rejected(), 1, 0, 0),
        (Command::Expire(transfer_id()), 1, 0, 0),
        (request_quote(), 0, 1, 0),
        (answer, 0, 1, 0),
        (Command::Administer(Administration::RecordFundsIn(funds())), 1, 0, 1),
        (Command::Administer(Administration::ActivateParticipant(fsp(PAYER), true)), 0, 0, 0),
        (delivery(DeliveryResult::Delivered), 0, 0, 0),
        (gave_up, 0, 1, 0),
    ] {
        let keys = Keys::of(std::slice::from_ref(&command));
        let found = (keys.transfers.len(), keys.quotes.len(), keys.funds.len());
        assert_eq!(found, (transfers, quotes, funds), "{command:?}");
    }
}

/// The accounts that a batch of these commands asks for, given that the payment is reserved.
fn accounts(commands: &[Command]) -> BTreeSet<AccountId> {
    let world = World::new();
    world.take(prepare());
    let mut state = State::new(&world.configuration(), START, MessageId(1));
    state.ledger.load_transfer(world.transfer().unwrap());
    state.accounts(commands)
}

#[test]
fn accounts_are_foreseen() {
    // 3 and 4 are the payer's position and settlement, 5 is the payee's position, 1 is the hub's reconciliation.
    let ids = |numbers: &[i64]| numbers.iter().map(|number| AccountId(*number)).collect::<BTreeSet<_>>();
    assert_eq!(accounts(&[prepare()]), ids(&[3, 4, 5]));
    for command in [committed(), failed(), rejected(), Command::Expire(transfer_id())] {
        assert_eq!(accounts(&[command]), ids(&[3, 4, 5]));
    }
    assert_eq!(accounts(&[Command::Administer(Administration::RecordFundsIn(funds()))]), ids(&[1, 3, 4]));
    assert_eq!(accounts(&[Command::Administer(Administration::ReserveFundsOut(funds()))]), ids(&[1, 3, 4]));
    assert_eq!(accounts(&[request_quote()]), ids(&[]));
}

#[test]
fn messages_are_numbered_from_the_first_free_number() {
    let world = World::new();
    let mut state = State::new(&world.configuration(), START, MessageId(41));
    for id in state.accounts(&[prepare()]) {
        let registry = world.configuration().registry.clone();
        let account = registry.account(id).unwrap();
        state.ledger.load_balance(id, Ledger::new(registry.clone()).balance(account));
    }
    // Without a balance loaded, the payer has paid nothing in and is refused: a message all the same.
    decide(&mut state, &[prepare(), Command::Expire(transfer_id()), prepare()]);
    assert_eq!(state.take_messages().iter().map(|message| message.id.0).collect::<Vec<_>>(), [41, 42]);
    assert!(state.take_messages().is_empty());
}
