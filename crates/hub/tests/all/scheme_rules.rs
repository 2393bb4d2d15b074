//! Rules that are the scheme's, and what goes against them: transfers to oneself, states of version 1.0, times that lie ahead,
//! notifications that are the hub's own, repeated answers, funds under a transfer's id.

use serde_json::json;

use crate::support::{
    Request, World,
    messages::{Transfer, in_millis, new_id},
    test_hub,
    world::{PAYEE, PAYER},
};

#[tokio::test]
async fn a_participant_pays_itself_where_the_scheme_allows_it() {
    let on_us = Transfer { payee: PAYER.to_owned(), ..Transfer::new("10") };
    let world = World::new().await;
    world.hub.must_take(&on_us.prepare()).await;
    let (code, description) = world.payer.wait_for_one("PUT", &on_us.error_path()).await.error();
    assert_eq!(code, "3100");
    assert!(description.contains("should be different"), "{description}");

    let world = World::with(hub::Settings { on_us_transfers: true, ..test_hub::settings() }).await;
    world.hub.must_take(&on_us.prepare()).await;
    world.payer.wait_for_one("POST", "/transfers").await;
    assert_eq!(world.position(PAYER).await, "10");
    world.hub.must_take(&on_us.commit()).await;
    let told = world.payer.wait_for_one("PUT", &on_us.path()).await;
    assert_eq!(told.json()["transferState"], "COMMITTED");
    assert_eq!(world.position(PAYER).await, "0");
    let noticed = Transfer { payee: PAYER.to_owned(), ..Transfer::new("10") };
    world.hub.must_take(&noticed.prepare()).await;
    world.hub.must_take(&noticed.reserve()).await;
    world.payer.wait_for_one("PUT", &noticed.path()).await;
    world.payer.wait_for_one("PATCH", &noticed.path()).await;
    assert_eq!((world.status(&noticed).await, world.position(PAYER).await.as_str()), ("COMMITTED", "0"));
}

#[tokio::test]
async fn reserved_is_no_end_in_version_one() {
    let world = World::new().await;
    let transfer = Transfer::new("1");
    let old =
        |request: Request| request.with("content-type", "application/vnd.interoperability.transfers+json;version=1.0");
    // Of a transfer that nobody knows the payee is told so.
    world.hub.must_take(&old(transfer.reserve())).await;
    let told = world.payee.wait_for_one("PUT", &transfer.error_path()).await;
    assert_eq!(told.error().0, "2001");
    world.hub.must_take(&transfer.prepare()).await;
    world.payee.wait_for_one("POST", "/transfers").await;
    world.hub.must_take(&old(transfer.reserve())).await;
    world.hub.quiet().await;
    assert_eq!((world.status(&transfer).await, world.position(PAYEE).await.as_str()), ("RESERVED", "0"));
    assert_eq!(world.payer.received().len(), 0, "the payer has nothing to hear yet");
    // Somebody else has nothing to say about it.
    world.hub.must_take(&old(transfer.reserve()).with("fspiop-source", PAYER)).await;
    assert_eq!(world.payer.wait_for_one("PUT", &transfer.error_path()).await.error().0, "3100");
    world.hub.must_take(&old(transfer.commit())).await;
    world.payer.wait_for_one("PUT", &transfer.path()).await;
    assert_eq!((world.status(&transfer).await, world.position(PAYEE).await.as_str()), ("COMMITTED", "-1"));
    // In later versions it asks for the hub's notification.
    let later = Transfer::new("1");
    world.hub.must_take(&later.prepare()).await;
    world.hub.must_take(&later.reserve()).await;
    world.payee.wait_for_one("PATCH", &later.path()).await;
}

#[tokio::test]
async fn nothing_was_completed_in_the_future() {
    let world = World::new().await;
    let transfer = Transfer::new("1");
    world.hub.must_take(&transfer.prepare()).await;
    let answer = |millis: i64| {
        let body = json!({
            "fulfilment": transfer.fulfilment(), "transferState": "COMMITTED", "completedTimestamp": in_millis(millis),
        });
        Request::fspiop("PUT", &transfer.path(), PAYEE).to(PAYER).body(body.to_string())
    };
    let response = world.hub.send(&answer(10_000)).await;
    assert_eq!((response.status, response.error().0.as_str()), (400, "3100"));
    assert_eq!(world.status(&transfer).await, "RESERVED", "the payee may still say something that can be true");
    // A clock that is a little ahead is none's fault.
    world.hub.must_take(&answer(1_000)).await;
    world.payer.wait_for_one("PUT", &transfer.path()).await;
}

#[tokio::test]
async fn only_the_hub_notifies() {
    let world = World::new().await;
    let transfer = Transfer::new("1");
    world.hub.must_take(&transfer.prepare()).await;
    for (body, code) in [
        (json!({"transferState": "COMMITTED", "completedTimestamp": in_millis(0)}), "3000"),
        (json!({"transferState": "COMMITTED"}), "3102"),
    ] {
        let request = Request::fspiop("PATCH", &transfer.path(), PAYEE).to(PAYER).body(body.to_string());
        let response = world.hub.send(&request).await;
        assert_eq!((response.status, response.error().0.as_str()), (400, code));
    }
    assert_eq!(world.status(&transfer).await, "RESERVED");
}

#[tokio::test]
async fn a_repeated_answer_is_told_how_the_transfer_ended_after_a_restart_too() {
    let store = test_hub::memory();
    let world = World::on(store.clone()).await;
    let transfer = Transfer::new("1");
    world.pay(&transfer).await;
    world.hub.must_take(&transfer.commit()).await;
    let told = world.payee.wait_for_one("PUT", &transfer.path()).await;
    assert_eq!(told.json()["transferState"], "COMMITTED");
    assert_eq!(told.json()["fulfilment"], json!(transfer.fulfilment()));
    world.hub.must_take(&transfer.reject()).await;
    assert_eq!(world.payee.wait_for_one("PUT", &transfer.error_path()).await.error().0, "3106");
    assert_eq!(world.position(PAYEE).await, "-1");
}

#[tokio::test]
async fn an_aborted_transfer_says_its_cause() {
    let world = World::new().await;
    let transfer = Transfer::new("1");
    world.hub.must_take(&transfer.prepare()).await;
    world.hub.must_take(&transfer.fail()).await;
    world.payer.wait_for_one("PUT", &transfer.error_path()).await;
    world.hub.must_take(&transfer.ask(PAYER)).await;
    let told = world.payer.wait_for_one("PUT", &transfer.path()).await.json();
    assert_eq!(told["transferState"], "ABORTED");
    let cause = json!({"extension": [{"key": "cause", "value": "5104: Payee rejected"}]});
    assert_eq!(told["extensionList"], cause);
}

#[tokio::test]
async fn funds_are_asked_about_like_transfers() {
    let world = World::new().await;
    let mut operator = world.operator().await;
    let account = operator.account(PAYER, "SETTLEMENT").await;
    let id = new_id();
    let funds = json!({
        "transferId": id, "externalReference": "ref", "action": "recordFundsIn", "reason": "why",
        "amount": {"amount": "5", "currency": "USD"},
    });
    operator.post(&format!("/participants/{PAYER}/accounts/{account}"), funds).await;
    world.hub.must_take(&Request::fspiop("GET", &format!("/transfers/{id}"), PAYER)).await;
    let told = world.payer.wait_for_one("PUT", &format!("/transfers/{id}")).await;
    assert_eq!(told.json()["transferState"], "COMMITTED");
    assert_eq!(told.header("fspiop-source"), Some("Hub"));
    world.hub.must_take(&Request::fspiop("GET", &format!("/transfers/{id}"), PAYEE)).await;
    let told = world.payee.wait_for_one("PUT", &format!("/transfers/{id}/error")).await;
    assert_eq!(told.error().0, "3000", "they are nobody else's business");
}
