//! Captured messages, as the operations port gives them.

use serde_json::{Value, json};

use crate::support::{
    Manner, Request, Response, World,
    messages::{Transfer, new_id, party_answer, quote_answer, request_quote},
    test_hub,
    world::{PAYEE, PAYER},
};

const PARTY: &str = "/parties/MSISDN/27713803912";

async fn capturing() -> World {
    World::with(hub::Settings { capture: true, ..test_hub::settings() }).await
}

async fn get(world: &World, path: &str) -> Response {
    Request::plain("GET", path).with("host", "127.0.0.1:9100").send(world.hub.operations()).await
}

async fn messages(world: &World, query: &str) -> Value {
    let response = get(world, &format!("/messages{query}")).await;
    assert_eq!((response.status, response.header("cache-control")), (200, Some("no-store")), "{response:?}");
    response.json()
}

/// Waits until so many messages have ended, and gives them.
async fn ended(world: &World, query: &str, count: usize) -> Vec<Value> {
    crate::support::eventually(&format!("{count} messages"), async || {
        let found = messages(world, query).await["messages"].as_array().cloned().unwrap_or_default();
        (found.len() >= count).then_some(found)
    })
    .await
}

/// A payment of twelve messages, of which the FSPs' are signed; the id of its quote.
async fn pay(world: &World, transfer: &Transfer) -> String {
    let World { hub, payer, payee } = world;
    let secret = |request: Request| request.with("fspiop-signature", "not-shown").with("authorization", "not-shown");
    hub.must_take(&secret(Request::fspiop("GET", PARTY, PAYER).to(PAYEE))).await;
    payee.wait_for_one("GET", PARTY).await;
    let answer = party_answer("MSISDN", "27713803912").to_string();
    hub.must_take(&secret(Request::fspiop("PUT", PARTY, PAYEE).to(PAYER).body(answer))).await;
    payer.wait_for_one("PUT", PARTY).await;

    let quote = new_id();
    let request = request_quote(&quote);
    hub.must_take(&secret(request)).await;
    payee.wait_for_one("POST", "/quotes").await;
    let path = format!("/quotes/{quote}");
    hub.must_take(&secret(Request::fspiop("PUT", &path, PAYEE).to(PAYER).body(quote_answer().to_string()))).await;
    payer.wait_for_one("PUT", &path).await;
    world.pay(transfer).await;
    quote
}

#[tokio::test]
async fn without_being_asked_for_nothing_is_captured() {
    let world = World::new().await;
    let response = get(&world, "/messages").await;
    assert_eq!(response.status, 404);
    assert!(response.text().contains("--capture true"), "{response:?}");
    assert_eq!(world.hub.pages(), None);
    world.hub.stop().await;
}

#[tokio::test]
async fn the_twelve_messages_of_a_payment_in_their_order() {
    let world = capturing().await;
    let transfer = Transfer::new("12.5");
    let quote = pay(&world, &transfer).await;
    let all = ended(&world, "", 12).await;
    let seen: Vec<String> = all
        .iter()
        .map(|message| {
            let word = |name: &str| message[name].as_str().unwrap().to_owned();
            let (from, to, phase, method, path) =
                (word("from"), word("to"), word("phase"), word("method"), word("path"));
            format!("{phase} {from} {to} {method} {path} {}", message["status"])
        })
        .collect();
    let id = &transfer.id;
    let expect = [
        format!("lookup payerfsp hub GET {PARTY} 202"),
        format!("lookup hub payeefsp GET {PARTY} 202"),
        format!("lookup payeefsp hub PUT {PARTY} 200"),
        format!("lookup hub payerfsp PUT {PARTY} 202"),
        "agreement payerfsp hub POST /quotes 202".to_owned(),
        "agreement hub payeefsp POST /quotes 202".to_owned(),
        format!("agreement payeefsp hub PUT /quotes/{quote} 200"),
        format!("agreement hub payerfsp PUT /quotes/{quote} 202"),
        "clearing payerfsp hub POST /transfers 202".to_owned(),
        "clearing hub payeefsp POST /transfers 202".to_owned(),
        format!("clearing payeefsp hub PUT /transfers/{id} 200"),
        format!("clearing hub payerfsp PUT /transfers/{id} 202"),
    ];
    assert_eq!(seen, expect);
    assert!(all.iter().all(|message| message["duration_ms"].as_f64() > Some(0.0)), "{all:?}");
    assert_eq!(all[8]["transfer_id"], json!(id));
    assert_eq!(all[4]["quote_id"], json!(quote));
    assert_eq!(all[0]["party"], "MSISDN/27713803912");
    let text = serde_json::to_string(&all).unwrap();
    assert!(!text.contains("not-shown") && !text.contains("signature"), "{text}");
    // What was sent on is what came, as the FSP signed it.
    assert_eq!((&all[4]["body"], &all[8]["body"]), (&all[5]["body"], &all[9]["body"]));
    world.hub.stop().await;
}

#[tokio::test]
async fn messages_are_asked_for_by_number_and_by_payment() {
    let world = capturing().await;
    let transfer = Transfer::new("1");
    world.pay(&transfer).await;
    ended(&world, "", 4).await;
    let one = messages(&world, "?limit=1").await;
    assert_eq!((one["messages"].as_array().unwrap().len(), &one["last"]), (1, &json!(1)));
    let rest = messages(&world, "?after=1").await;
    assert_eq!((rest["messages"].as_array().unwrap().len(), &rest["last"]), (3, &json!(4)));
    assert_eq!(messages(&world, "?after=4").await, json!({"messages": [], "last": 4}));
    let of_payment = messages(&world, &format!("?payment={}", transfer.id)).await;
    assert_eq!(of_payment["messages"].as_array().unwrap().len(), 4);
    assert_eq!(messages(&world, &format!("?payment={}", new_id())).await["messages"], json!([]));
    assert_eq!(get(&world, "/messages?nonsense=1").await.status, 400);
    // A site whose name leads to this machine.
    let site = Request::plain("GET", "/messages").with("host", "site.example");
    assert_eq!(site.send(world.hub.operations()).await.status, 403);
    world.hub.stop().await;
}

#[tokio::test]
async fn what_is_refused_and_what_is_not_taken_says_why() {
    let world = capturing().await;
    let refused = world.hub.send(&Request::fspiop("GET", "/parties/NONSENSE/1", PAYER)).await;
    assert_eq!(refused.status, 400);
    let found = ended(&world, "", 1).await;
    assert_eq!((&found[0]["status"], &found[0]["to"]), (&json!(400), &json!("hub")));
    assert!(found[0]["error"].as_str().unwrap().starts_with("3"), "{found:?}");

    world.payee.next([Manner::Answer(400)]);
    world.hub.must_take(&Request::fspiop("GET", PARTY, PAYER).to(PAYEE)).await;
    let found = ended(&world, "", 3).await;
    let sent = found.iter().find(|message| message["to"] == PAYEE).unwrap();
    assert_eq!((&sent["status"], &sent["error"]), (&json!(400), &json!("answered 400 Bad Request")));
    world.hub.stop().await;
}

#[tokio::test]
async fn a_payment_is_seen_on_the_pages() {
    let world = capturing().await;
    let transfer = Transfer::new("12.5");
    let quote = pay(&world, &transfer).await;
    ended(&world, "", 12).await;
    let pages = world.hub.pages().unwrap();
    let page = async |path: &str| Request::plain("GET", path).with("host", "localhost").send(pages).await;
    let list = page("/").await;
    assert!(
        list.text().contains(&format!("/payments/{}", transfer.id)) && list.text().contains("COMMITTED"),
        "{list:?}"
    );
    // The packets of these tests do not name the quote: lookup and quote are found by its id, the transfer by its own.
    for (id, messages) in [(&quote, 8), (&transfer.id, 4)] {
        let payment = page(&format!("/payments/{id}")).await;
        assert_eq!((payment.status, payment.text().matches("<details").count()), (200, messages), "{id}");
        assert!(!payment.text().contains("not-shown"), "{id}");
    }
    assert_eq!(page("/payments/nobody").await.status, 404);
    world.hub.stop().await;
}

#[tokio::test]
async fn a_node_keeps_what_another_one_captures() {
    let other = capturing().await;
    let capture_from = vec![format!("http://{}", other.hub.operations())];
    let world = World::with(hub::Settings { capture: true, capture_from, ..test_hub::settings() }).await;
    let transfer = Transfer::new("10");
    pay(&other, &transfer).await;
    let paths = |messages: Vec<Value>| messages.into_iter().map(|message| message["path"].clone()).collect::<Vec<_>>();
    let seen = paths(ended(&world, "", 12).await);
    assert_eq!(seen, paths(ended(&other, "", 12).await));
    let query = format!("?payment={}", transfer.id);
    let of_payment = async |world: &World| paths(messages(world, &query).await["messages"].as_array().unwrap().clone());
    assert_eq!(of_payment(&world).await, of_payment(&other).await);
    other.hub.stop().await;
    // A node that is gone takes nothing with it.
    assert_eq!(paths(ended(&world, "", 12).await), seen);
    world.hub.stop().await;
}
