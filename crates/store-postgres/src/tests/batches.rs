//! Messages that stand together in the row of their batch, and get rows of their own when they take longer.

use fspiop::Timestamp;
use store::{Fate, Store};
use switch::{Command, Delivery, DeliveryResult, Message, MessageId};

use super::{commit, figures, runtime, settings, tamper, unwelcome};
use crate::{Migrate, PostgresSettings, PostgresStore};

async fn open(settings: &PostgresSettings) -> PostgresStore {
    PostgresStore::open(settings.clone(), Migrate::Yes).await.unwrap()
}

fn told(message: &Message, attempts: u32, result: DeliveryResult) -> Command {
    let at = Timestamp::from_millis(message.created_at.as_millis() + 5);
    Command::Deliveries(vec![Delivery { message: message.id, attempts, at, result }])
}

async fn pending(store: &PostgresStore) -> Vec<Message> {
    store.pending_messages(MessageId(0), 10).await.unwrap()
}

fn number(settings: &PostgresSettings, sql: &str) -> i64 {
    tamper(settings, sql).trim().parse().unwrap()
}

const ROWS: &str = "SELECT count(*) FROM outbox";
const PENDING: &str = "SELECT count(*) FROM pending_message";
const OPEN_BATCHES: &str = "SELECT sum(batches - settled_batch) FROM node";

#[test]
fn what_is_delivered_promptly_has_no_row_of_its_own() {
    let settings = settings("node");
    runtime().block_on(async {
        let store = open(&settings).await;
        let messages = commit(&store, vec![unwelcome(), unwelcome()]).await.unwrap().messages;
        assert_eq!((number(&settings, ROWS), number(&settings, PENDING)), (0, 2));
        commit(&store, vec![told(&messages[1], 1, DeliveryResult::Delivered)]).await.unwrap();
        assert_eq!((number(&settings, PENDING), number(&settings, OPEN_BATCHES)), (1, 2));
        commit(&store, vec![told(&messages[0], 1, DeliveryResult::Delivered)]).await.unwrap();
        assert_eq!((number(&settings, PENDING), number(&settings, OPEN_BATCHES)), (0, 0));
        assert_eq!(number(&settings, "SELECT count(*) FROM sent_message"), 0);
    });
}

#[test]
fn what_was_delivered_is_not_sent_again_by_whoever_goes_on() {
    for same_node in [true, false] {
        let settings = settings("node");
        runtime().block_on(async {
            let first = open(&settings).await;
            let messages = commit(&first, vec![unwelcome(), unwelcome(), unwelcome()]).await.unwrap().messages;
            commit(&first, vec![told(&messages[1], 1, DeliveryResult::Delivered), unwelcome()]).await.unwrap();
            drop(first);
            let second = match same_node {
                true => open(&settings).await,
                false => open(&PostgresSettings { node: "other".into(), ..settings.clone() }).await,
            };
            tamper(&settings, "UPDATE node SET lease_until = 0 WHERE name = 'node'");
            assert_eq!(second.take_over().await.unwrap(), !same_node);
            let left = pending(&second).await;
            assert_eq!(left.len(), 3);
            assert_eq!(left[..2], [messages[0].clone(), messages[2].clone()]);
            assert_eq!(number(&settings, PENDING), 3);
            let all: Vec<_> = left.iter().map(|one| told(one, 1, DeliveryResult::Delivered)).collect();
            commit(&second, all).await.unwrap();
            assert_eq!((number(&settings, PENDING), number(&settings, ROWS)), (0, 0));
        });
    }
}

#[test]
fn what_takes_long_gets_rows_and_keeps_no_batch_open() {
    let settings = settings("node");
    runtime().block_on(async {
        let store = open(&settings).await;
        let slow = commit(&store, vec![unwelcome()]).await.unwrap().messages;
        assert!(!store.take_over().await.unwrap());
        assert_eq!(number(&settings, ROWS), 0, "it is young");
        tamper(&settings, "UPDATE outbox_batch SET at = at - 10001");
        assert!(!store.take_over().await.unwrap(), "this node knows of it");
        assert_eq!((number(&settings, ROWS), number(&settings, OPEN_BATCHES)), (1, 0));
        let next = commit(&store, vec![unwelcome()]).await.unwrap().messages;
        assert_eq!(number(&settings, OPEN_BATCHES), 1);
        let all = [&slow[0], &next[0]].map(|one| told(one, 1, DeliveryResult::Delivered));
        commit(&store, all.to_vec()).await.unwrap();
        assert_eq!((number(&settings, PENDING), number(&settings, OPEN_BATCHES)), (0, 0));
        assert_eq!(number(&settings, "SELECT count(*) FROM sent_message"), 1);
    });
}

#[test]
fn attempts_that_fail_are_written_down() {
    let settings = settings("node");
    runtime().block_on(async {
        let store = open(&settings).await;
        commit(&store, figures::onboarding()).await.unwrap();
        let payment = figures::Payment::new(0, 1, false);
        let messages = commit(&store, vec![payment.leg(0), payment.leg(2), unwelcome()]).await.unwrap().messages;
        let reason: Box<str> = "refused".into();
        let failing = told(&messages[1], 1, DeliveryResult::Failing { reason: reason.clone() });
        commit(&store, vec![failing, told(&messages[0], 1, DeliveryResult::Delivered)]).await.unwrap();
        assert_eq!((number(&settings, ROWS), number(&settings, PENDING)), (2, 2));
        let switch::Subject::Transfer(id) = messages[1].subject else { panic!("the prepare is about a transfer") };
        let story = store.story(id).await.unwrap();
        let fates: Vec<_> = story.messages.iter().map(|sent| (sent.attempts, sent.fate.clone())).collect();
        assert_eq!(fates, [(1, Fate::Pending { reason: Some(reason) })]);
        // One that arrives at the second attempt is not as all others.
        commit(&store, vec![told(&messages[1], 2, DeliveryResult::Delivered)]).await.unwrap();
        let story = store.story(id).await.unwrap();
        assert_eq!((story.messages[0].attempts, story.messages[0].fate.clone()), (2, Fate::Delivered));
        assert!(store.ilp_packet(id).await.unwrap().is_some());
    });
}

#[test]
fn a_batch_that_can_not_be_read_keeps_no_other_back() {
    let settings = settings("node");
    runtime().block_on(async {
        let store = open(&settings).await;
        let mut messages = Vec::new();
        for _ in 0..3 {
            messages.extend(commit(&store, vec![unwelcome()]).await.unwrap().messages);
        }
        let damage = format!("UPDATE outbox_batch SET content = '\\x01ff' WHERE first_message = {}", messages[1].id.0);
        tamper(&settings, &damage);
        drop(store);
        let store = open(&settings).await;
        assert_eq!(pending(&store).await, [messages[0].clone(), messages[2].clone()]);
        assert_eq!(number(&settings, "SELECT count(*) FROM outbox_batch WHERE content = '\\x01ff'"), 1);
    });
}
