//! Traces and audits of a hub at work, through the ledger admin API.

use std::sync::Arc;

use fspiop::IlpPacket;
use hub::{OpenAuthorizer, audit, trace};
use serde_json::{Value, json};
use store::Store;

use crate::support::{
    Request, Shaky, TestHub, World, eventually,
    messages::{Transfer, new_id, quote_answer, request_quote},
    test_hub,
    world::{PAYER, without_payee},
};

/// What a packet of a payment after this quote says.
fn packet(quote_id: &str, transaction_id: &str) -> String {
    let transaction = json!({
        "transactionId": transaction_id,
        "quoteId": quote_id,
        "payee": {"partyIdInfo": {"partyIdType": "MSISDN", "partyIdentifier": "27713803912"}, "name": "Alice Alpaca"},
    });
    let data = IlpPacket::data_of(transaction.to_string().as_bytes());
    IlpPacket::Payment { amount: 500, account: "g.payeefsp.msisdn.27713803912".to_owned(), data }.to_string()
}

/// The prepare of a payment that was agreed on by a quote.
fn prepare(transfer: &Transfer, quote_id: &str, transaction_id: &str) -> Request {
    let mut body = transfer.body();
    body["ilpPacket"] = packet(quote_id, transaction_id).into();
    transfer.prepare().body(body.to_string())
}

/// Makes a payment, agreement and clearing; returned are the quote's and the transaction's id.
async fn pay(world: &World, transfer: &Transfer) -> (String, String) {
    let World { hub, payer, payee } = world;
    let (quote_id, transaction_id) = (new_id(), new_id());
    hub.must_take(&request_quote(&quote_id)).await;
    payee.wait_for_one("POST", "/quotes").await;
    let path = format!("/quotes/{quote_id}");
    hub.must_take(&Request::fspiop("PUT", &path, "payeefsp").to(PAYER).body(quote_answer().to_string())).await;
    payer.wait_for_one("PUT", &path).await;
    hub.must_take(&prepare(transfer, &quote_id, &transaction_id)).await;
    payee.wait_for_one("POST", "/transfers").await;
    hub.must_take(&transfer.commit()).await;
    payer.wait_for_one("PUT", &transfer.path()).await;
    hub.quiet().await;
    (quote_id, transaction_id)
}

fn events(trace: &Value) -> Vec<&str> {
    trace["events"].as_array().unwrap().iter().map(|event| event["what"].as_str().unwrap()).collect()
}

async fn a_payment_is_told_and_audited(store: Arc<dyn Store>) {
    let world = World::on(store).await;
    let transfer = Transfer::new("5");
    let (quote_id, transaction_id) = pay(&world, &transfer).await;
    let told = world.hub.read(&format!("/trace/{}", transfer.id)).await;
    assert_eq!((&told["transfer_id"], &told["quote_id"]), (&json!(transfer.id), &json!(quote_id)));
    assert_eq!((&told["state"], &told["transaction_id"]), (&json!("COMMITTED"), &json!(transaction_id)));
    let agreed = ["quote_requested", "message_delivered", "quote_answered", "message_delivered"];
    let cleared = ["reserved", "message_delivered", "committed", "message_delivered"];
    let mut expected = [agreed, cleared].concat();
    let mut found = events(&told);
    // Two things of one millisecond may stand in either order.
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected, "{told}");
    assert_eq!(told["standing"], "COMMITTED, and payerfsp was told");
    let text = told.to_string();
    assert!(!text.contains("Alice") && !text.contains("2771380"), "{text}");

    let by_quote = world.hub.read(&format!("/trace/{quote_id}")).await;
    for part in ["about", "transfer_id", "quote_id", "transaction_id", "state", "events", "standing"] {
        assert_eq!(by_quote[part], told[part], "{part}: one payment, one story");
    }
    let funds = world.hub.truth.books().await.unwrap().funds[0].id;
    assert_eq!(world.hub.read(&format!("/trace/{funds}")).await["about"], "funds");

    let audit: audit::Audit = serde_json::from_value(world.hub.read("/audit").await).unwrap();
    assert_eq!(audit.verdict, audit::Verdict::Pass, "{audit:#?}");
    assert!(audit.invariants.iter().all(|invariant| invariant.checked > 0), "{audit:#?}");
    assert_eq!((audit.transfers, audit.funds), (1, 2));
    world.hub.stop().await;
}

#[tokio::test]
async fn on_the_store_in_memory() {
    a_payment_is_told_and_audited(test_hub::memory()).await;
}

#[tokio::test]
async fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    a_payment_is_told_and_audited(test_hub::sqlite(folder.path())).await;
}

#[tokio::test]
async fn a_quote_of_others_is_not_taken_for_the_agreement() {
    let world = World::new().await;
    let (quote_id, _) = pay(&world, &Transfer::new("5")).await;
    let mut back = Transfer::new("1");
    std::mem::swap(&mut back.payer, &mut back.payee);
    world.hub.must_take(&prepare(&back, &quote_id, "not an id, but +27713803912")).await;
    world.payer.wait_for_one("POST", "/transfers").await;
    let told = world.hub.read(&format!("/trace/{}", back.id)).await;
    assert_eq!(
        (&told["quote_id"], &told["transaction_id"], &told["state"]),
        (&Value::Null, &Value::Null, &json!("RESERVED"))
    );
}

/// A quote without a transfer is told as one, and of several transfers on a quote the last one.
#[tokio::test]
async fn a_quote_leads_to_the_last_transfer_that_was_made_on_it() {
    let world = World::new().await;
    let (first, second, third) = (Transfer::new("5"), Transfer::new("5"), Transfer::new("5"));
    let (quote_id, _) = pay(&world, &first).await;
    let (other_id, _) = pay(&world, &second).await;
    let about = async |quote_id: &str| world.hub.read(&format!("/trace/{quote_id}")).await;
    assert_eq!(about(&quote_id).await["transfer_id"], json!(first.id));
    assert_eq!(about(&other_id).await["transfer_id"], json!(second.id));
    world.hub.must_take(&prepare(&third, &quote_id, &new_id())).await;
    let told = about(&quote_id).await;
    assert_eq!((&told["transfer_id"], &told["state"]), (&json!(third.id), &json!("RESERVED")));
    let unused = new_id();
    world.hub.must_take(&request_quote(&unused)).await;
    let told = about(&unused).await;
    assert_eq!(
        (&told["about"], &told["state"], &told["transfer_id"]),
        (&json!("quote"), &json!("PENDING"), &Value::Null)
    );
}

#[tokio::test]
async fn what_nobody_knows_and_what_is_no_id() {
    let hub = TestHub::start(test_hub::memory()).await;
    for (id, code) in [(new_id(), "3208"), ("+27713803912".to_owned(), "3100")] {
        let response = hub.admin(&Request::admin("GET", &format!("/trace/{id}"))).await;
        assert_eq!((response.status, response.error().0.as_str()), (400, code), "{response:?}");
    }
}

#[tokio::test]
async fn a_payee_that_is_down_is_named_with_its_attempts() {
    let (hub, _payer, _payee) = without_payee(TestHub::start(test_hub::memory()).await).await;
    let transfer = Transfer::new("5");
    hub.must_take(&transfer.prepare()).await;
    let told: trace::Trace = eventually("noted attempts", async || {
        let told = hub.read(&format!("/trace/{}", transfer.id)).await;
        let told: trace::Trace = serde_json::from_value(told).unwrap();
        told.events.iter().any(|event| event.attempts.is_some_and(|attempts| attempts >= 4)).then_some(told)
    })
    .await;
    let expected = "RESERVED, but payeefsp has not taken the request yet: ";
    assert!(told.standing.starts_with(expected) && told.standing.contains("refused"), "{}", told.standing);
    assert!(told.next.contains("it expires in"), "{}", told.next);
}

#[tokio::test]
async fn one_audit_at_a_time() {
    let truth = test_hub::memory();
    let shaky = Shaky::over(truth.clone());
    let hub = TestHub::with(shaky.clone(), truth, test_hub::settings(), Arc::new(OpenAuthorizer)).await;
    assert_eq!(hub.read("/audit/progress").await, json!({"running": false, "pages": 0}));
    shaky.close_books();
    let asked = Request::admin("GET", "/audit");
    let first = async { hub.admin(&asked).await };
    let meanwhile = async {
        let running = async || (hub.read("/audit/progress").await["running"] == true).then_some(());
        eventually("an audit that runs", running).await;
        let second = hub.admin(&asked).await;
        assert_eq!((second.status, second.error().0.as_str()), (503, "2003"), "{second:?}");
        shaky.open_books();
    };
    let (first, ()) = tokio::join!(first, meanwhile);
    assert_eq!(first.status, 200);
    assert_eq!(hub.read("/audit").await["verdict"], "pass");
}
