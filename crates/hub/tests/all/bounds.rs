//! Bounds of what comes in: nobody holds up others by being slow, by being many, or by a store that never answers.

use std::{net::SocketAddr, time::Duration};

use hub::{Intake, Settings};
use tokio::time::Instant;

use crate::support::{
    Connection, Request, Response, World, eventually,
    messages::Transfer,
    test_hub,
    world::{PAYEE, PAYER},
};

fn with_intake(intake: Intake) -> Settings {
    Settings { intake, ..test_hub::settings() }
}

#[track_caller]
fn check_refused(response: &Response, code: &str) {
    assert_eq!((response.status, response.error().0.as_str()), (503, code), "{response:?}");
    assert_eq!(response.header("retry-after"), Some("1"));
}

async fn begin(world: &World, request: &Request) -> Connection {
    let mut connection = world.hub.connect().await;
    connection.write(&request.to_bytes()).await;
    connection
}

#[tokio::test]
async fn a_store_that_does_not_answer_holds_its_batch_for_a_while_and_nobody_behind_it() {
    let intake = Intake { batch_ms: 1_500, hold_ms: 500, ..Intake::default() };
    let (world, shaky) = World::shaky(with_intake(intake)).await;
    world.hub.quiet().await;
    shaky.close();
    let (first, second) = (Transfer::new("1"), Transfer::new("1"));
    let mut in_doubt = begin(&world, &first.prepare()).await;
    eventually("the store has it", async || (shaky.waiting() == 1).then_some(())).await;
    // Who waits behind the batch is refused, and nothing was done.
    check_refused(&world.hub.send(&second.prepare()).await, "2003");
    // Whose batch the store has is told that nobody knows.
    let response = in_doubt.read().await.unwrap();
    assert_eq!((response.status, response.error().0.as_str()), (500, "2001"), "{response:?}");
    assert!(world.payee.received().is_empty());
    // The store answers after all: what it has done is known to everybody who must know it.
    shaky.open();
    world.payee.wait_for(1).await;
    world.hub.quiet().await;
    assert_eq!((world.status(&first).await, world.status(&second).await), ("RESERVED", "none"));
    // Both go on as if nothing had been.
    world.hub.must_take(&first.prepare()).await;
    world.pay(&second).await;
    world.hub.must_take(&first.commit()).await;
    world.payer.wait_for_one("PUT", &first.path()).await;
    assert_eq!(world.position(PAYER).await, "2");
}

#[tokio::test]
async fn batches_in_doubt_do_not_pile_up() {
    let intake = Intake { batch_ms: 50, hold_ms: 200, ..Intake::default() };
    let (world, shaky) = World::shaky(with_intake(intake)).await;
    world.hub.quiet().await;
    shaky.close();
    let mut codes = Vec::new();
    while codes.len() < 20 && !codes.ends_with(&["2003".to_owned(), "2003".to_owned()]) {
        codes.push(world.hub.send(&Transfer::new("1").prepare()).await.error().0);
    }
    // Some are in doubt; after them the store counts as unavailable.
    assert_eq!(codes.first().map(String::as_str), Some("2001"), "{codes:?}");
    assert!(codes.ends_with(&["2003".to_owned(), "2003".to_owned()]), "{codes:?}");
    assert_eq!(shaky.waiting(), 4, "{codes:?}");
    shaky.open();
    world.pay(&Transfer::new("1")).await;
}

#[tokio::test]
async fn requests_that_wait_are_counted() {
    let intake = Intake { waiting_requests: 2, hold_ms: 8_000, ..Intake::default() };
    let (world, shaky) = World::shaky(with_intake(intake)).await;
    world.hub.quiet().await;
    shaky.close();
    let mut waiting = Vec::new();
    for _ in 0..2 {
        waiting.push(begin(&world, &Transfer::new("1").prepare()).await);
    }
    // Both have been read when a question that needs no store, sent after them, is answered.
    world.hub.must_take(&Request::fspiop("GET", "/parties/MSISDN/1", PAYER).to(PAYEE)).await;
    check_refused(&world.hub.send(&Transfer::new("1").prepare()).await, "2005");
    shaky.open();
    for connection in &mut waiting {
        assert_eq!(connection.read().await.unwrap().status, 202);
    }
}

#[tokio::test]
async fn bodies_that_are_being_read_have_a_bound_together() {
    let intake = Intake { reading_bytes: 64 * 1024, ..Intake::default() };
    let world = World::with(with_intake(intake)).await;
    let transfer = Transfer::new("1");
    // Announced is more than there is room for; sent is a part that fits.
    let half = transfer.prepare().with("content-length", "1000000").body("x".repeat(50 * 1024));
    let slow = begin(&world, &half).await;
    let padded = |length: usize| {
        let body = transfer.body().to_string();
        transfer.prepare().body(format!(r#"{},"padding":"{}"}}"#, &body[..body.len() - 1], "x".repeat(length)))
    };
    let refused = eventually("the slow body takes the room", async || {
        let response = world.hub.send(&padded(20 * 1024)).await;
        (response.status == 503).then_some(response)
    })
    .await;
    check_refused(&refused, "2005");
    // Small ones still fit, and when the slow one is gone there is room again.
    world.hub.must_take(&Transfer::new("1").prepare()).await;
    drop(slow);
    eventually("there is room", async || (world.hub.send(&padded(20 * 1024)).await.status == 202).then_some(())).await;
}

/// Sends bytes, and says how long the hub leaves the connection open without an answer, or what it answers.
async fn left_alone(address: SocketAddr, bytes: &[u8]) -> (Option<Response>, Duration) {
    let mut connection = Connection::open(address).await;
    let started = Instant::now();
    connection.write(bytes).await;
    (connection.read().await, started.elapsed())
}

#[tokio::test]
async fn peers_that_are_slow_are_cut_off() {
    let world = World::new().await;
    let half_a_body = Transfer::new("1").prepare().with("content-length", "5000").to_bytes();
    let (head, body) = tokio::join!(
        left_alone(world.hub.fspiop(), b"GET /transfers/1 HTTP/1.1\r\nhost: hub"),
        left_alone(world.hub.fspiop(), &half_a_body),
    );
    let expected = Duration::from_secs(9)..Duration::from_secs(30);
    assert!(head.0.is_none() && expected.contains(&head.1), "{head:?}");
    let answer = body.0.expect("the hub says what is wrong");
    assert_eq!((answer.status, answer.error().0.as_str()), (400, "3101"), "{answer:?}");
    assert!(answer.error().1.contains("did not come within 10 s") && expected.contains(&body.1), "{answer:?}");
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_for_their_turn() {
    let world = World::new().await;
    let ask = Request::plain("GET", "/live").to_bytes();
    let mut open = Vec::new();
    for _ in 0..64 {
        let mut connection = Connection::open(world.hub.operations()).await;
        assert_eq!(connection.exchange(&ask).await.status, 200);
        open.push(connection);
    }
    let mut next = Connection::open(world.hub.operations()).await;
    next.write(&ask).await;
    // Others are served meanwhile: each kind of listener has connections of its own.
    world.pay(&Transfer::new("1")).await;
    assert!(futures_util::FutureExt::now_or_never(next.read()).is_none());
    drop(open.pop());
    assert_eq!(next.read().await.unwrap().status, 200);
}
