//! A file that was filled has books that are in order.

use fspiop::IlpPacket;
use ledger::TransferStatus;
use store::{Fate, Store, StoreError, past::Past, suite::block_on};
use switch::{Command, Delivery, DeliveryResult, MessageId, QuoteStatus};

use super::{Folder, NOW, abandoned::unwelcome, commit, open};

const PAST: Past = Past { transfers: 90, days: 3, seed: 0 };

#[test]
fn the_past_is_as_if_it_had_been() {
    let folder = Folder::new();
    let store = open(&folder.file()).unwrap();
    let mut told = Vec::new();
    block_on(store.fill(PAST, |done| told.push(done))).unwrap();
    block_on(store.fill(Past { seed: 1, ..PAST }, |_| ())).unwrap();
    assert_eq!(told, [96], "each of eight pays as often");
    let books = block_on(store.books()).unwrap();
    assert_eq!((books.transfers.len(), books.entries.len()), (192, 384));
    let configuration = block_on(store.configuration()).unwrap();
    assert_eq!(configuration.registry.participants().count(), 9, "and the hub");
    for transfer in &books.transfers {
        assert_eq!(transfer.status, TransferStatus::Committed);
        assert_eq!(transfer.fulfilment.unwrap().condition(), transfer.condition);
        let hours = (transfer.prepared_at.as_millis() - NOW.as_millis()) / 3_600_000;
        assert!((-72..=-1).contains(&hours), "{}", transfer.prepared_at);
    }
    for (account, balance) in &books.accounts {
        assert!(balance.amount.is_zero(), "{account:?}: {balance:?}");
    }
    assert!(block_on(store.pending_messages(MessageId(0), 10)).unwrap().is_empty());
}

#[test]
fn a_payment_has_all_that_a_hub_leaves() {
    let folder = Folder::new();
    let store = open(&folder.file()).unwrap();
    block_on(store.fill(PAST, |_| ())).unwrap();
    // The first transfer of this seed, in a database, too.
    let id = "374708ff-f771-4dd5-979e-c875d56cd228".parse().unwrap();
    let story = block_on(store.story(id)).unwrap();
    let (transfer, quote) = (story.transfer.unwrap(), story.quote.unwrap());
    assert_eq!((transfer.prepared_at, transfer.payee), (quote.answered_at.unwrap(), Some(quote.payee)));
    assert_eq!(transfer.prepared_at, NOW.plus_millis(-3 * 86_400_000));
    assert_eq!(quote.status, QuoteStatus::Answered);
    let messages: Vec<_> = story
        .messages
        .iter()
        .map(|sent| format!("{} {} {}", sent.recipient, sent.method.as_str(), sent.path))
        .collect();
    let expected = [
        "past2 POST /quotes".to_owned(),
        format!("past1 PUT /quotes/{id}"),
        "past2 POST /transfers".to_owned(),
        format!("past1 PUT /transfers/{id}"),
    ];
    assert_eq!(messages, expected);
    assert!(story.messages.iter().all(|sent| sent.fate == Fate::Delivered && sent.attempts == 1));
    assert!(story.messages.is_sorted_by_key(|sent| sent.created_at));
    let packet = IlpPacket::parse(&block_on(store.ilp_packet(id)).unwrap().unwrap()).unwrap();
    let agreed = String::from_utf8(packet.transaction().unwrap()).unwrap();
    assert!(agreed.contains(&format!(r#""quoteId":"{id}""#)), "{agreed}");
}

#[test]
fn numbers_of_messages_go_on_after_the_past() {
    let folder = Folder::new();
    let mut store = open(&folder.file()).unwrap();
    block_on(store.fill(PAST, |_| ())).unwrap();
    for number in [1, 2] {
        let message = commit(&store, vec![unwelcome()]).unwrap().messages.remove(0);
        assert_eq!(message.id, MessageId(4 * 96 + number));
        let delivery = Delivery { message: message.id, attempts: 1, at: NOW, result: DeliveryResult::Delivered };
        commit(&store, vec![Command::Deliveries(vec![delivery])]).expect("nobody has its number");
        drop(store);
        store = open(&folder.file()).unwrap();
    }
}

#[test]
fn what_is_there_already_is_refused() {
    let folder = Folder::new();
    let store = open(&folder.file()).unwrap();
    block_on(store.fill(PAST, |_| ())).unwrap();
    let again = block_on(store.fill(Past { transfers: 8, days: 1, ..PAST }, |_| ()));
    assert!(matches!(&again, Err(StoreError::Refused(text)) if text.contains("another seed")), "{again:?}");
    let nothing = block_on(store.fill(Past { transfers: 0, ..PAST }, |_| ()));
    assert!(matches!(nothing, Err(StoreError::Refused(_))));
    assert_eq!(block_on(store.books()).unwrap().transfers.len(), 96);
}
