//! More than fits: requests are refused before they are accepted, and what was accepted is done.

use std::time::Duration;

use futures_util::future::select_all;
use hub::{Intake, Settings};
use tokio::time::sleep;

use crate::support::{
    Connection, Request, Response, Shaky, World, eventually,
    messages::{Transfer, new_id, quote_request, request_quote},
    test_hub,
    world::PAYER,
};

/// Settings with room for this many KiB of waiting requests, each of which waits for this long.
fn narrow(waiting_kib: usize, hold_ms: u64) -> Settings {
    let intake = Intake { waiting_bytes: waiting_kib * 1024, hold_ms, ..Intake::default() };
    Settings { intake, ..test_hub::settings() }
}

/// A prepare whose body is padded to this many bytes.
fn padded(transfer: &Transfer, length: usize) -> Request {
    let body = transfer.body().to_string();
    let body = format!(r#"{},"padding":"{}"}}"#, &body[..body.len() - 1], "x".repeat(length - body.len() - 13));
    assert_eq!(body.len(), length);
    transfer.prepare().body(body)
}

async fn begin(world: &World, request: &Request) -> Connection {
    let mut connection = world.hub.connect().await;
    connection.write(&request.to_bytes()).await;
    connection
}

#[track_caller]
fn check_busy(response: &Response) {
    assert_eq!(response.status, 503, "{response:?}");
    assert_eq!(response.error(), ("2005".to_owned(), "Server busy - too many requests are waiting".to_owned()));
    assert_eq!(response.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn requests_beyond_the_room_are_refused_and_those_inside_it_are_done() {
    let (world, shaky) = World::shaky(narrow(64, 8_000)).await;
    world.hub.quiet().await;
    shaky.close();
    // Each counts 10 KiB, one more than its whole ones: six fit, whichever come first.
    let mut waiting = Vec::new();
    for _ in 0..7 {
        let transfer = Transfer::new("1");
        let connection = begin(&world, &padded(&transfer, 9 * 1024)).await;
        waiting.push((transfer, connection));
    }
    let answers = waiting.iter_mut().map(|(_, connection)| Box::pin(connection.read()));
    let (answer, refused, _) = select_all(answers).await;
    check_busy(&answer.unwrap());
    let (refused, _) = waiting.remove(refused);
    let quote = request_quote(&new_id()).body(quote_of(9 * 1024));
    check_busy(&world.hub.send(&quote).await);
    // What is small still fits, and questions need no room.
    let small = Transfer::new("1");
    let connection = begin(&world, &small.prepare()).await;
    waiting.push((small.clone(), connection));
    world.hub.must_take(&small.ask(PAYER)).await;
    shaky.open();
    for (_, connection) in &mut waiting {
        assert_eq!(connection.read().await.unwrap().status, 202);
    }
    world.payee.wait_for(7).await;
    assert_eq!((world.status(&refused).await, world.position(PAYER).await), ("none", "7".to_owned()));
    // There is room again.
    world.hub.must_take(&padded(&refused, 9 * 1024)).await;
    world.payee.wait_for(8).await;
}

/// The body of a quote's request, padded.
fn quote_of(length: usize) -> String {
    let body = quote_request(&new_id()).to_string();
    format!(r#"{},"padding":"{}"}}"#, &body[..body.len() - 1], "x".repeat(length - body.len()))
}

#[tokio::test]
async fn a_request_that_waits_for_room_gets_it_when_others_are_done() {
    let (world, shaky) = World::shaky(narrow(16, 60_000)).await;
    world.hub.quiet().await;
    shaky.close();
    let mut first = begin(&world, &padded(&Transfer::new("1"), 12 * 1024)).await;
    eventually("the store has it", async || (shaky.waiting() == 1).then_some(())).await;
    let mut second = begin(&world, &padded(&Transfer::new("1"), 12 * 1024)).await;
    shaky.open();
    assert_eq!(first.read().await.unwrap().status, 202);
    assert_eq!(second.read().await.unwrap().status, 202);
    world.payee.wait_for(2).await;
}

#[tokio::test]
async fn batches_are_bounded() {
    let mut settings = test_hub::settings();
    settings.intake.batch_commands = 4;
    let (world, shaky) = World::shaky(settings).await;
    world.hub.quiet().await;
    shaky.close();
    let mut connections = vec![begin(&world, &Transfer::new("1").prepare()).await];
    eventually("the store has one", async || (shaky.waiting() == 1).then_some(())).await;
    for _ in 0..10 {
        connections.push(begin(&world, &Transfer::new("1").prepare()).await);
    }
    // A question that is sent after them is answered after they were read.
    world.hub.must_take(&Transfer::new("1").ask(PAYER)).await;
    shaky.open();
    for connection in &mut connections {
        assert_eq!(connection.read().await.unwrap().status, 202);
    }
    let batches = shaky.batches();
    assert!(batches.iter().all(|size| *size <= 4), "{batches:?}");
    assert!(batches.iter().any(|size| *size > 1), "commands come together: {batches:?}");
}

/// Keeps twenty requests waiting for half a second, and returns a prepare that was refused right after it, if one was: a
/// machine that does other things may miss the tenth of a second in which it would be.
async fn refused_after_a_queue(world: &World, shaky: &Shaky) -> Option<(Transfer, Response)> {
    shaky.close();
    let mut waiting = Vec::new();
    for _ in 0..20 {
        waiting.push(begin(world, &Transfer::new("0.01").prepare()).await);
    }
    sleep(Duration::from_millis(500)).await;
    shaky.open();
    for connection in &mut waiting {
        assert_eq!(connection.read().await.unwrap().status, 202);
    }
    // An interval in which all have waited for so long.
    sleep(Duration::from_millis(110)).await;
    let transfer = Transfer::new("0.01");
    let response = world.hub.send(&transfer.prepare()).await;
    (response.status != 202).then_some((transfer, response))
}

#[tokio::test]
async fn new_payments_are_refused_while_what_was_taken_waits_too_long() {
    let (world, shaky) = World::shaky(test_hub::settings()).await;
    world.hub.quiet().await;
    let mut refused = None;
    for _ in 0..20 {
        refused = refused_after_a_queue(&world, &shaky).await;
        if refused.is_some() {
            break;
        }
    }
    let (transfer, response) = refused.expect("a queue of half a second is too long");
    assert_eq!((response.status, response.error().0.as_str()), (503, "2003"), "{response:?}");
    assert_eq!(response.header("retry-after"), Some("1"));
    eventually("new payments are taken again", async || {
        (world.hub.send(&transfer.prepare()).await.status == 202).then_some(())
    })
    .await;
    assert_ne!(world.status(&transfer).await, "none", "it was sent again");
}
