//! What FSPs notice when the store fails: nothing, if it comes back in time; else a refusal, and nothing is done.

use std::time::Duration;

use fspiop::TransferId;
use hub::{Intake, Settings};
use serde_json::json;
use tokio::time::Instant;

use crate::support::{
    Connection, Fault, Request, Response, World, eventually,
    messages::{Transfer, new_id, request_quote},
    test_hub,
    world::{PAYEE, PAYER},
};

/// Settings with which a request is held for this long.
fn holding(hold_ms: u64) -> Settings {
    Settings { intake: Intake { hold_ms, ..Intake::default() }, ..test_hub::settings() }
}

/// Sends requests at once, each on a connection of its own, without waiting for their answers.
async fn send_all(world: &World, requests: &[Request]) -> Vec<Connection> {
    let mut connections = Vec::new();
    for request in requests {
        let mut connection = world.hub.connect().await;
        connection.write(&request.to_bytes()).await;
        connections.push(connection);
    }
    connections
}

#[track_caller]
fn check_unavailable(name: &str, response: &Response) {
    assert_eq!(response.status, 503, "{name}: {response:?}");
    assert_eq!(response.error(), ("2003".to_owned(), "Service currently unavailable".to_owned()), "{name}");
    assert_eq!(response.header("retry-after"), Some("1"), "{name}");
}

#[tokio::test]
async fn requests_are_held_while_the_store_is_away_and_then_succeed() {
    let (world, shaky) = World::shaky(holding(60_000)).await;
    world.hub.quiet().await;
    shaky.set(Fault::Unavailable);
    let transfers: Vec<_> = (0..5).map(|_| Transfer::new("1")).collect();
    let mut requests: Vec<_> = transfers.iter().map(Transfer::prepare).collect();
    requests.push(request_quote(&new_id()));
    let body = json!({"fspId": PAYEE}).to_string();
    requests.push(Request::fspiop("POST", "/participants/MSISDN/1", PAYEE).body(body));
    let mut connections = send_all(&world, &requests).await;
    // The store has refused often enough to see that nobody is turned away.
    let before = shaky.batches().len();
    eventually("several tries", async || (shaky.batches().len() > before + 5).then_some(())).await;
    assert!(world.payee.received().is_empty());
    shaky.set(Fault::None);
    for connection in &mut connections {
        assert_eq!(connection.read().await.unwrap().status, 202);
    }
    world.payee.wait_for(7).await;
    assert_eq!(world.position(PAYER).await, "5", "each once");
}

#[tokio::test]
async fn requests_are_refused_when_the_store_stays_away_and_nothing_is_done() {
    let (world, shaky) = World::shaky(holding(300)).await;
    let before = world.hub.snapshot().await;
    shaky.set(Fault::Unavailable);
    let transfer = Transfer::new("1");
    let requests = [
        transfer.prepare(),
        transfer.commit(),
        transfer.fail(),
        request_quote(&new_id()),
        Request::fspiop("POST", "/participants/MSISDN/1", PAYEE).body(json!({"fspId": PAYEE}).to_string()),
    ];
    for (request, mut connection) in requests.iter().zip(send_all(&world, &requests).await) {
        check_unavailable(&request.name(), &connection.read().await.unwrap());
    }
    for (method, path, body) in [
        ("POST", "/participants", json!({"name": "newfsp"})),
        ("PUT", "/participants/payerfsp", json!({"isActive": false})),
        (
            "POST",
            "/participants/payerfsp/endpoints",
            json!({"type": "FSPIOP_CALLBACK_URL_QUOTES", "value": "http://a"}),
        ),
    ] {
        let request = Request::admin(method, path).body(body.to_string());
        check_unavailable(&request.name(), &world.hub.admin(&request).await);
    }
    shaky.set(Fault::None);
    assert_eq!(world.hub.snapshot().await, before);
    assert!(world.payee.received().is_empty());
    // It goes on as if nothing had been, with the same transfer.
    world.pay(&transfer).await;
}

#[tokio::test]
async fn each_request_is_held_for_its_own_time() {
    let hold = Duration::from_millis(1_500);
    let (world, shaky) = World::shaky(holding(1_500)).await;
    world.hub.quiet().await;
    shaky.set(Fault::Unavailable);
    let started = Instant::now();
    let mut first = send_all(&world, &[Transfer::new("1").prepare()]).await.remove(0);
    let before = shaky.batches().len();
    eventually("the store is tried", async || (shaky.batches().len() > before + 3).then_some(())).await;
    let second_started = Instant::now();
    let mut second = send_all(&world, &[Transfer::new("1").prepare()]).await.remove(0);
    check_unavailable("the first", &first.read().await.unwrap());
    let first_took = started.elapsed();
    check_unavailable("the second", &second.read().await.unwrap());
    // Not before its time, and not much after it, whoever came in between.
    assert!(first_took >= hold && second_started.elapsed() >= hold, "{first_took:?}");
    shaky.set(Fault::None);
}

#[tokio::test]
async fn one_command_that_the_store_refuses_fails_alone() {
    let (world, shaky) = World::shaky(test_hub::settings()).await;
    world.hub.quiet().await;
    shaky.close();
    // The first one occupies the store, so that the others come together to one batch.
    let first = Transfer::new("1");
    let mut connections = send_all(&world, &[first.prepare()]).await;
    eventually("the first one waits", async || (shaky.waiting() == 1).then_some(())).await;
    let others: Vec<_> = (0..9).map(|_| Transfer::new("1")).collect();
    let requests: Vec<_> = others.iter().map(Transfer::prepare).collect();
    connections.extend(send_all(&world, &requests).await);
    let poisoned = &others[4];
    shaky.set(Fault::Refuses(TransferId::parse(&poisoned.id).unwrap()));
    // All have been read when a question that needs no store, sent after them, is answered.
    world.hub.must_take(&Request::fspiop("GET", "/parties/MSISDN/1", PAYER).to(PAYEE)).await;
    shaky.open();
    let mut statuses = Vec::new();
    for connection in &mut connections {
        let response = connection.read().await.unwrap();
        if response.status == 500 {
            assert_eq!(response.error(), ("2001".to_owned(), "Internal server error".to_owned()));
        }
        statuses.push(response.status);
    }
    let mut expect = vec![202; 10];
    expect[5] = 500;
    assert_eq!(statuses, expect);
    assert_eq!(world.status(poisoned).await, "none");
    assert_eq!(world.position(PAYER).await, "9");
    assert!(shaky.batches().iter().any(|size| *size > 1), "they came together: {:?}", shaky.batches());
    world.payee.wait_for(10).await;
}

#[tokio::test]
async fn a_batch_of_unknown_fate_is_not_said_to_be_taken_and_its_messages_are_not_lost() {
    let (world, shaky) = World::shaky(test_hub::settings()).await;
    for (fault, done) in [(Fault::UnknownButDone, true), (Fault::UnknownAndLost, false)] {
        let transfer = Transfer::new("1");
        let before = world.payee.received().len();
        // The store is to fail for the prepare, and not for the notes of earlier deliveries.
        world.hub.quiet().await;
        shaky.set(fault.clone());
        let response = world.hub.send(&transfer.prepare()).await;
        assert_eq!((response.status, response.error().0.as_str()), (500, "2001"), "{fault:?}");
        assert_eq!(world.status(&transfer).await, if done { "RESERVED" } else { "none" });
        // The sender asks again, as it must after such an answer. Either way the payee is asked once.
        world.hub.must_take(&transfer.prepare()).await;
        world.payee.wait_for(before + 1).await;
        world.hub.quiet().await;
        assert_eq!(world.payee.received().len(), before + 1, "{fault:?}");
        world.hub.must_take(&transfer.commit()).await;
        world.payer.wait_for_one("PUT", &transfer.path()).await;
    }
    assert_eq!(world.position(PAYER).await, "2");
}

#[tokio::test]
async fn messages_of_a_batch_of_unknown_fate_go_out_by_themselves() {
    let (world, shaky) = World::shaky(test_hub::settings()).await;
    world.hub.quiet().await;
    // Not even the outbox can be read for a while.
    shaky.set(Fault::UnknownButDone);
    shaky.blind(true);
    let transfer = Transfer::new("1");
    assert_eq!(world.hub.send(&transfer.prepare()).await.status, 500);
    shaky.blind(false);
    assert_eq!(world.payee.wait_for(1).await[0].body, transfer.prepare().content());
    world.hub.quiet().await;
}

#[tokio::test]
async fn a_configuration_of_unknown_fate_is_known_to_everybody() {
    let (world, shaky) = World::shaky(test_hub::settings()).await;
    for blind in [false, true] {
        let name = if blind { "laterfsp" } else { "newfsp" };
        // A batch shows that the store is there, whatever was in doubt before.
        world.hub.must_take(&Transfer::new("1").prepare()).await;
        world.hub.quiet().await;
        shaky.set(Fault::UnknownButDone);
        shaky.blind(blind);
        let create = Request::admin("POST", "/participants").body(json!({"name": name}).to_string());
        assert_eq!(world.hub.admin(&create).await.status, 500);
        shaky.blind(false);
        if blind {
            // The next batch brings it.
            world.hub.must_take(&Transfer::new("1").prepare()).await;
        }
        assert_eq!(world.hub.read(&format!("/participants/{name}")).await["name"], name);
        world.hub.must_take(&Request::fspiop("GET", "/parties/MSISDN/1", name).to(PAYEE)).await;
    }
}

#[tokio::test]
async fn what_was_delivered_is_noted_when_the_store_comes_back() {
    let (world, shaky) = World::shaky(holding(200)).await;
    world.hub.quiet().await;
    shaky.set(Fault::TakesNoNotes);
    world.hub.must_take(&Transfer::new("1").prepare()).await;
    world.payee.wait_for(1).await;
    let before = shaky.batches().len();
    eventually("the store is tried in vain", async || (shaky.batches().len() > before + 6).then_some(())).await;
    shaky.set(Fault::None);
    world.hub.quiet().await;
    assert_eq!(world.payee.received().len(), 1, "delivered once");
}

#[tokio::test]
async fn an_outbox_that_can_not_be_read_at_the_start_is_read_later() {
    let (world, shaky) = World::shaky(test_hub::settings()).await;
    world.payee.usually(crate::support::Manner::Answer(503));
    let transfer = Transfer::new("1");
    world.hub.must_take(&transfer.prepare()).await;
    world.payee.wait_for(1).await;
    let World { hub, payer: _payer, payee } = world;
    let truth = hub.stop().await;
    let before = payee.received().len();
    let hub = crate::support::TestHub::shaky(shaky.clone(), truth, test_hub::settings());
    // It starts, for the configuration can be read; the outbox can't.
    shaky.blind_outbox(true);
    let hub = hub.await;
    payee.usually(crate::support::Manner::Answer(202));
    eventually("the outbox was asked for", async || (shaky.outbox_reads() > 0).then_some(())).await;
    shaky.blind_outbox(false);
    payee.wait_for(before + 1).await;
    hub.quiet().await;
}

#[tokio::test]
async fn reading_that_fails_is_said_to_operators_and_keeps_no_question_open() {
    let (world, shaky) = World::shaky(test_hub::settings()).await;
    world.hub.quiet().await;
    shaky.blind(true);
    for path in ["/participants", "/participants/payerfsp/accounts", "/participants/payerfsp/positions"] {
        check_unavailable(path, &world.hub.admin(&Request::admin("GET", path)).await);
    }
    // The directory can't be read: the asker is told so.
    world.hub.must_take(&Request::fspiop("GET", "/parties/MSISDN/1", PAYER)).await;
    let told = world.payer.wait_for_one("PUT", "/parties/MSISDN/1/error").await;
    assert_eq!(told.error().0, "2003");
    shaky.blind(false);
}
