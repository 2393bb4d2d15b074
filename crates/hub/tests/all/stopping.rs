//! A hub that is told to stop ends what is under way.

use std::sync::Arc;

use fspiop::FspId;
use store::MemoryStore;
use switch::MessageId;

use crate::support::{
    Connection, Fault, Manner, Request, TestHub, World, eventually,
    messages::Transfer,
    test_hub, within,
    world::{PAYEE, without_payee},
};

#[tokio::test]
async fn requests_under_way_are_answered_and_what_they_did_is_delivered_by_the_next_run() {
    let (world, shaky) = World::shaky(test_hub::settings()).await;
    world.hub.quiet().await;
    let mut idle = world.hub.connect().await;
    assert_eq!(idle.exchange(&Request::plain("GET", "/nonsense").to_bytes()).await.status, 404);
    shaky.close();
    let transfer = Transfer::new("1");
    let mut under_way = world.hub.connect().await;
    under_way.write(&transfer.prepare().to_bytes()).await;
    eventually("the request is in the store's hands", async || (shaky.waiting() == 1).then_some(())).await;
    let World { hub, payer: _payer, payee } = world;
    let stopping = tokio::spawn(hub.stop());
    assert!(idle.read().await.is_none(), "a connection without a request is closed");
    assert!(!stopping.is_finished(), "the hub waits for the request");
    shaky.open();
    let response = under_way.read().await.unwrap();
    assert_eq!((response.status, response.reason.as_str()), (202, "Accepted"));
    let store = within("the hub stops", stopping).await.unwrap();
    let hub = TestHub::start(store).await;
    payee.wait_for_one("POST", "/transfers").await;
    hub.quiet().await;
}

#[tokio::test]
async fn a_body_that_is_still_coming_is_waited_for() {
    let world = World::new().await;
    let request = Transfer::new("1").prepare().with("expect", "100-continue");
    let mut connection = world.hub.connect().await;
    connection.write(&request.head()).await;
    connection.wait_for_continue().await;
    let World { hub, .. } = world;
    let mut idle = hub.connect().await;
    assert_eq!(idle.exchange(&Request::plain("GET", "/nonsense").to_bytes()).await.status, 404);
    let stopping = tokio::spawn(hub.stop());
    assert!(idle.read().await.is_none());
    connection.write(request.content()).await;
    assert_eq!(connection.read().await.unwrap().status, 202);
    within("the hub stops", stopping).await.unwrap();
}

#[tokio::test]
async fn what_was_delivered_is_noted_before_the_end() {
    let (world, shaky) = World::shaky(test_hub::settings()).await;
    world.hub.quiet().await;
    world.hub.must_take(&Transfer::new("1").prepare()).await;
    shaky.close();
    world.payee.wait_for(1).await;
    let World { hub, payer: _payer, payee } = world;
    eventually("the note is in the store's hands, or done", async || {
        (shaky.waiting() == 1 || hub.outbox().await.is_empty()).then_some(())
    })
    .await;
    let mut idle = hub.connect().await;
    assert_eq!(idle.exchange(&Request::plain("GET", "/nonsense").to_bytes()).await.status, 404);
    let truth = hub.truth.clone();
    let stopping = tokio::spawn(hub.stop());
    assert!(idle.read().await.is_none(), "the end has begun");
    shaky.open();
    within("the hub stops", stopping).await.unwrap();
    assert!(truth.pending_messages(MessageId(0), 10).await.unwrap().is_empty(), "the next run would send it again");
    assert_eq!(payee.received().len(), 1);
}

#[tokio::test]
async fn an_fsp_that_hangs_does_not_keep_the_hub_from_stopping() {
    let world = World::new().await;
    world.payee.usually(Manner::Hang);
    for _ in 0..5 {
        world.hub.must_take(&Transfer::new("1").prepare()).await;
    }
    world.payee.wait_for(5).await;
    let store = world.hub.stop().await;
    world.payee.usually(Manner::Answer(202));
    let hub = TestHub::start(store).await;
    world.payee.wait_for(10).await;
    hub.quiet().await;
}

#[tokio::test]
async fn what_a_stopped_node_leaves_is_delivered_by_another_one_at_once() {
    // No claim ever runs out by itself: the store's clock stands still.
    let now = hub::system_clock().now();
    let first = MemoryStore::new(FspId::parse(test_hub::HUB).unwrap(), Arc::new(move || now));
    let second = Arc::new(first.join(Arc::new(move || now)));
    let (hub, _payer, port) = without_payee(TestHub::start(Arc::new(first)).await).await;
    let other = TestHub::start(second).await;
    let transfer = Transfer::new("1");
    hub.must_take(&transfer.prepare()).await;
    assert_eq!((hub.outbox().await.len(), other.outbox().await.len()), (1, 0));
    let left = hub.stop().await;
    let payee = port.wake(PAYEE);
    payee.wait_for_one("POST", "/transfers").await;
    other.quiet().await;
    assert!(left.pending_messages(MessageId(0), 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_store_that_is_away_does_not_keep_the_hub_from_stopping() {
    let mut settings = test_hub::settings();
    settings.intake.hold_ms = 1_000;
    let (world, shaky) = World::shaky(settings).await;
    world.hub.quiet().await;
    shaky.set(Fault::Unavailable);
    let mut connection: Connection = world.hub.connect().await;
    connection.write(&Transfer::new("1").prepare().to_bytes()).await;
    let before = shaky.batches().len();
    eventually("the store is tried", async || (shaky.batches().len() > before).then_some(())).await;
    let stopping = tokio::spawn(world.hub.stop());
    let response = connection.read().await.unwrap();
    assert_eq!((response.status, response.error().0.as_str()), (503, "2003"));
    within("the hub stops", stopping).await.unwrap();
}
