//! Callbacks reach FSPs that are down, slow or broken as soon as they can be reached, in order, and nobody else waits.

use std::time::Duration;

use hub::{Settings, delivery::SchedulerSettings};
use tokio::time::Instant;

use crate::support::{
    Fsp, Manner, Received, Request, TestHub, World, eventually,
    messages::{Transfer, new_id, party_answer, request_quote},
    test_hub,
    world::{PAYEE, PAYER, without_payee},
};

/// Settings with which an FSP that hangs is found out soon.
fn impatient() -> Settings {
    let settings = test_hub::settings();
    Settings { delivery: SchedulerSettings { answer_timeout_ms: 300, ..settings.delivery }, ..settings }
}

/// The methods of what was received about a transfer, in order, each run of the same one told once.
fn methods(received: &[Received], transfer: &Transfer) -> Vec<String> {
    let about = |request: &&Received| {
        request.path.contains(&transfer.id) || (request.method == "POST" && request.json()["transferId"] == transfer.id)
    };
    let mut methods: Vec<String> = received.iter().filter(about).map(|request| request.method.clone()).collect();
    methods.dedup();
    methods
}

#[tokio::test]
async fn what_an_fsp_missed_while_it_was_down_comes_in_order() {
    let (hub, payer, port) = without_payee(TestHub::start(test_hub::memory()).await).await;
    let transfers: Vec<_> = (0..5).map(|_| Transfer::new("1")).collect();
    for transfer in &transfers {
        hub.must_take(&transfer.prepare()).await;
    }
    // The payee sends although it can't be reached: the hub owes it a notification after each prepare.
    for transfer in &transfers {
        hub.must_take(&transfer.reserve()).await;
        payer.wait_for_one("PUT", &transfer.path()).await;
    }
    eventually("only the payee's messages are left", async || (hub.outbox().await.len() == 10).then_some(())).await;
    let payee = port.wake(PAYEE);
    let received = payee.wait_for(10).await;
    for transfer in &transfers {
        assert_eq!(methods(&received, transfer), ["POST", "PATCH"]);
    }
    hub.quiet().await;
    assert_eq!(payee.received().len(), 10, "each once");
}

#[tokio::test]
async fn what_finds_no_room_in_memory_waits_in_the_store_and_comes_in_order() {
    let mut settings = test_hub::settings();
    settings.delivery.waiting_per_fsp = 6;
    settings.delivery.in_flight_per_fsp = 2;
    let store = test_hub::memory();
    let hub = TestHub::shaky(crate::support::Shaky::over(store.clone()), store, settings).await;
    let (hub, payer, port) = without_payee(hub).await;
    let transfers: Vec<_> = (0..8).map(|_| Transfer::new("1")).collect();
    for transfer in &transfers {
        hub.must_take(&transfer.prepare()).await;
        hub.must_take(&transfer.reserve()).await;
        payer.wait_for_one("PUT", &transfer.path()).await;
    }
    let payee = port.wake(PAYEE);
    let received = payee.wait_for(16).await;
    for transfer in &transfers {
        assert_eq!(methods(&received, transfer), ["POST", "PATCH"]);
    }
    hub.quiet().await;
}

#[tokio::test]
async fn an_fsp_that_fails_for_now_is_tried_again() {
    let world = World::with(impatient()).await;
    for manner in [
        Manner::Answer(500),
        Manner::Answer(503),
        Manner::Answer(429),
        Manner::Answer(408),
        Manner::Reset,
        Manner::Hang,
        Manner::DripStatus,
    ] {
        let before = world.payee.received().len();
        world.payee.next([manner.clone(), manner.clone()]);
        let transfer = Transfer::new("1");
        world.hub.must_take(&transfer.prepare()).await;
        let received = world.payee.wait_for(before + 3).await;
        let bodies: Vec<_> = received[before..].iter().map(|request| request.body.clone()).collect();
        assert!(bodies.iter().all(|body| *body == transfer.prepare().content()), "{manner:?}");
        world.hub.quiet().await;
        assert_eq!(world.payee.received().len(), before + 3, "{manner:?}: after it was taken it is not sent again");
    }
}

#[tokio::test]
async fn a_message_counts_as_taken_whatever_follows_the_status() {
    let world = World::with(impatient()).await;
    for manner in [
        Manner::Answer(200),
        Manner::Answer(202),
        Manner::Answer(204),
        Manner::Say(200, "<html>thank you</html>".to_owned()),
        // More than the hub reads of an answer, and more than will ever come.
        Manner::Long(200_000),
        Manner::Drip,
    ] {
        let before = world.payee.received().len();
        world.payee.next([manner.clone()]);
        world.hub.must_take(&Transfer::new("1").prepare()).await;
        world.payee.wait_for(before + 1).await;
        world.hub.quiet().await;
        assert_eq!(world.payee.received().len(), before + 1, "{manner:?}");
    }
}

#[tokio::test]
async fn a_message_that_is_refused_is_not_sent_again() {
    let world = World::new().await;
    for status in [400, 401, 404, 406, 301] {
        let before = world.payee.received().len();
        world.payee.next([Manner::Answer(status)]);
        let id = new_id();
        world.hub.must_take(&request_quote(&id)).await;
        let told = world.payer.wait_for_one("PUT", &format!("/quotes/{id}/error")).await;
        let expect = "Generic client error - payeefsp did not take the request";
        assert_eq!(told.error(), ("3000".to_owned(), expect.to_owned()));
        world.hub.quiet().await;
        assert_eq!(world.payee.received().len(), before + 1, "{status}");
    }
}

#[tokio::test]
async fn a_final_state_that_is_declined_is_tried_a_few_times_more() {
    let world = World::new().await;
    // As a gateway answers that is being restarted; then it has come to itself, or it never does.
    for (declined, attempts) in [(3, 4), (100, 9)] {
        let transfer = Transfer::new("1");
        world.hub.must_take(&transfer.prepare()).await;
        world.hub.quiet().await;
        let before = world.payer.received().len();
        world.payer.next(std::iter::repeat_n(Manner::Answer(404), declined));
        world.hub.must_take(&transfer.commit()).await;
        world.payer.wait_for(before + attempts).await;
        world.hub.quiet().await;
        assert_eq!((world.payer.received().len(), world.status(&transfer).await), (before + attempts, "COMMITTED"));
    }
    // A notification is not: it says to the payee what the payee has said.
    let transfer = Transfer::new("1");
    world.hub.must_take(&transfer.prepare()).await;
    world.hub.quiet().await;
    world.payee.on(&transfer.path(), Manner::Answer(404));
    let before = world.payee.received().len();
    world.hub.must_take(&transfer.reserve()).await;
    world.payee.wait_for(before + 1).await;
    world.hub.quiet().await;
    assert_eq!(world.payee.received().len(), before + 1);
}

/// A hundred messages for an FSP that behaves like this, and one for another FSP.
async fn check_others_go_on(manner: Manner) {
    let world = World::new().await;
    world.payee.usually(manner.clone());
    for _ in 0..100 {
        world.hub.must_take(&Transfer::new("1").prepare()).await;
    }
    world.payee.wait_for(1).await;
    let started = Instant::now();
    let refused = Transfer::new("100000");
    world.hub.must_take(&refused.prepare()).await;
    world.payer.wait_for_one("PUT", &refused.error_path()).await;
    let asked = "/parties/MSISDN/1";
    world.hub.must_take(&Request::fspiop("GET", asked, PAYEE).to(PAYER)).await;
    world.payer.wait_for_one("GET", asked).await;
    // An FSP is given ten seconds to answer: whoever waited for it would wait that long.
    assert!(started.elapsed() < Duration::from_secs(9), "{manner:?}: {:?}", started.elapsed());
    assert!(world.hub.outbox().await.len() >= 100, "{manner:?}: nothing was taken");
}

#[tokio::test]
async fn an_fsp_that_hangs_holds_up_nobody_else() {
    check_others_go_on(Manner::Hang).await;
}

#[tokio::test]
async fn an_fsp_that_drips_holds_up_nobody_else() {
    check_others_go_on(Manner::DripStatus).await;
}

#[tokio::test]
async fn an_fsp_that_breaks_connections_off_holds_up_nobody_else() {
    check_others_go_on(Manner::Reset).await;
}

#[tokio::test]
async fn an_fsp_that_answers_500_holds_up_nobody_else() {
    check_others_go_on(Manner::Answer(500)).await;
}

#[tokio::test]
async fn an_fsp_gets_no_more_at_once_than_it_may() {
    let mut settings = test_hub::settings();
    settings.delivery.in_flight_per_fsp = 3;
    let world = World::with(settings).await;
    world.payee.usually(Manner::Hang);
    for _ in 0..10 {
        world.hub.must_take(&Transfer::new("1").prepare()).await;
    }
    world.payee.wait_for(3).await;
    // What else is asked meanwhile finds its way, so the other seven could have come.
    let refused = Transfer::new("100000");
    world.hub.must_take(&refused.prepare()).await;
    world.payer.wait_for_one("PUT", &refused.error_path()).await;
    assert_eq!(world.payee.received().len(), 3);
}

#[tokio::test]
async fn a_question_that_reaches_nobody_is_answered_with_an_error() {
    let (hub, payer, port) = without_payee(TestHub::start(test_hub::memory()).await).await;
    let path = "/parties/MSISDN/1";
    hub.must_take(&Request::fspiop("GET", path, PAYER).to(PAYEE)).await;
    // An answer to somebody who can't be reached is nobody's business.
    let answer = Request::fspiop("PUT", path, PAYER).to(PAYEE).body(party_answer("MSISDN", "1").to_string());
    hub.must_take(&answer).await;
    let told = payer.wait_for_one("PUT", "/parties/MSISDN/1/error").await;
    let expect = "Destination communication error - payeefsp can't be reached";
    assert_eq!(told.error(), ("1001".to_owned(), expect.to_owned()));
    assert_eq!(payer.received().len(), 1);
    let payee: Fsp = port.wake(PAYEE);
    hub.must_take(&Request::fspiop("GET", "/parties/MSISDN/2", PAYER).to(PAYEE)).await;
    payee.wait_for_one("GET", "/parties/MSISDN/2").await;
    assert_eq!(payee.received().len(), 1, "what was given up does not come any more");
}
