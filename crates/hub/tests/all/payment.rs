//! A whole payment through HTTP, and what the admin API shows after it, to the unit.

use std::sync::Arc;

use serde_json::{Value, json};
use store::Store;

use crate::support::{
    Request, World,
    messages::{Transfer, new_id, party_answer, quote_answer, request_quote},
    test_hub,
    world::{PAYEE, PAYER, balance},
};

const PARTY: &str = "/MSISDN/27713803912";

/// Enters the payee's party and finds it.
async fn look_up(world: &World) {
    let World { hub, payer, payee } = world;
    let register = Request::fspiop("POST", &format!("/participants{PARTY}"), PAYEE);
    hub.must_take(&register.body(json!({"fspId": PAYEE, "currency": "USD"}).to_string())).await;
    let told = payee.wait_for_one("PUT", &format!("/participants{PARTY}")).await;
    assert_eq!((&told.json()["fspId"], &told.json()["currency"]), (&json!(PAYEE), &json!("USD")));

    let parties = format!("/parties{PARTY}");
    hub.must_take(&Request::fspiop("GET", &parties, PAYER)).await;
    let asked = payee.wait_for_one("GET", &parties).await;
    assert_eq!((asked.header("fspiop-source"), asked.header("fspiop-destination")), (Some(PAYER), Some(PAYEE)));
    let answer = party_answer("MSISDN", "27713803912");
    hub.must_take(&Request::fspiop("PUT", &parties, PAYEE).to(PAYER).body(answer.to_string())).await;
    assert_eq!(payer.wait_for_one("PUT", &parties).await.json(), answer);
}

async fn agree(world: &World) {
    let World { hub, payer, payee } = world;
    let id = new_id();
    let request = request_quote(&id);
    hub.must_take(&request).await;
    assert_eq!(payee.wait_for_one("POST", "/quotes").await.body, request.content());
    let path = format!("/quotes/{id}");
    let terms = quote_answer();
    hub.must_take(&Request::fspiop("PUT", &path, PAYEE).to(PAYER).body(terms.to_string())).await;
    assert_eq!(payer.wait_for_one("PUT", &path).await.json(), terms);
}

/// Asks for the state of a transfer and reads the callback.
async fn state(world: &World, transfer: &Transfer) -> Value {
    let before = world.payer.received().len();
    world.hub.must_take(&transfer.ask(PAYER)).await;
    let answer = world.payer.wait_for(before + 1).await.pop().unwrap();
    assert_eq!(answer.what(), ("PUT", transfer.path().as_str()));
    assert_eq!(answer.header("fspiop-source"), Some("Hub"));
    answer.json()
}

async fn check_books(world: &World, reserved: bool, payer: &str, payee: &str) {
    world.hub.quiet().await;
    for (name, position) in [(PAYER, payer), (PAYEE, payee)] {
        assert_eq!(world.position(name).await, position, "{name}");
        assert_eq!(balance(&world.hub, name, "SETTLEMENT").await, "-10000", "{name}");
        let positions = world.hub.read(&format!("/participants/{name}/positions?currency=USD")).await;
        assert_eq!(positions["value"].to_string(), position, "{name}");
    }
    assert_eq!(balance(&world.hub, "Hub", "HUB_RECONCILIATION").await, "20000");
    assert_eq!(balance(&world.hub, "Hub", "HUB_MULTILATERAL_SETTLEMENT").await, "0");
    let books = world.hub.truth.books().await.unwrap();
    let open = books.transfers.iter().filter(|transfer| !transfer.status.is_final()).count();
    assert_eq!(open, usize::from(reserved));
}

async fn pay(store: Arc<dyn Store>) {
    let world = World::on(store).await;
    look_up(&world).await;
    agree(&world).await;
    let transfer = Transfer::new("12.3456");
    let World { hub, payer, payee } = &world;
    hub.must_take(&transfer.prepare()).await;
    assert_eq!(payee.wait_for_one("POST", "/transfers").await.body, transfer.prepare().content());
    check_books(&world, true, "12.3456", "0").await;
    assert_eq!(state(&world, &transfer).await, json!({"transferState": "RESERVED"}));

    let commit = transfer.commit();
    hub.must_take(&commit).await;
    let told = payer.wait_for(4).await.pop().unwrap();
    assert_eq!(told.what(), ("PUT", transfer.path().as_str()));
    assert_eq!(told.body, commit.content());
    assert_eq!(told.header("fspiop-source"), Some(PAYEE));
    check_books(&world, false, "12.3456", "-12.3456").await;
    let known = state(&world, &transfer).await;
    assert_eq!((&known["transferState"], &known["fulfilment"]), (&json!("COMMITTED"), &json!(transfer.fulfilment())));
    assert_eq!(world.status(&transfer).await, "COMMITTED");
    assert_eq!(payee.received().len(), 4, "a party entered, one looked up, a quote, a transfer");
    world.hub.stop().await;
}

#[tokio::test]
async fn a_payment_on_the_store_in_memory() {
    pay(test_hub::memory()).await;
}

#[tokio::test]
async fn a_payment_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    pay(test_hub::sqlite(folder.path())).await;
}

#[tokio::test]
async fn a_payee_that_says_reserved_hears_from_the_hub() {
    let world = World::new().await;
    let transfer = Transfer::new("5");
    world.hub.must_take(&transfer.prepare()).await;
    world.payee.wait_for(1).await;
    world.hub.must_take(&transfer.reserve()).await;
    let told = world.payer.wait_for_one("PUT", &transfer.path()).await;
    assert_eq!(told.json()["transferState"], "COMMITTED");
    assert_eq!(told.json()["fulfilment"], json!(transfer.fulfilment()));
    let patch = world.payee.wait_for_one("PATCH", &transfer.path()).await;
    assert_eq!(patch.json()["transferState"], "COMMITTED");
    assert_eq!(patch.json()["completedTimestamp"], told.json()["completedTimestamp"]);
    for message in [told, patch] {
        assert_eq!(message.header("fspiop-source"), Some("Hub"));
        let kind = message.header("content-type").unwrap();
        assert_eq!(kind, "application/vnd.interoperability.transfers+json;version=2.0");
    }
    check_books(&world, false, "5", "-5").await;
}

#[tokio::test]
async fn a_payee_that_declines_gives_the_money_back() {
    for (answer, rejects) in [(Transfer::reject as fn(&Transfer) -> Request, true), (Transfer::fail, false)] {
        let world = World::new().await;
        let transfer = Transfer::new("5");
        world.hub.must_take(&transfer.prepare()).await;
        world.payee.wait_for(1).await;
        let request = answer(&transfer);
        world.hub.must_take(&request).await;
        let path = if rejects { transfer.path() } else { transfer.error_path() };
        let told = world.payer.wait_for_one("PUT", &path).await;
        assert_eq!(told.body, request.content());
        check_books(&world, false, "0", "0").await;
        assert_eq!(state(&world, &transfer).await["transferState"], "ABORTED");
    }
}
