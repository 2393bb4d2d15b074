//! Where callbacks go: templates and bases, changed while the hub runs, missing, refused.

use serde_json::json;

use crate::support::{
    Request, World,
    messages::{Transfer, new_id, party_answer, quote_answer, request_quote},
    test_hub,
    world::{PAYEE, PAYER},
};

#[tokio::test]
async fn callbacks_go_to_the_urls_that_templates_make() {
    let world = World::new().await;
    let base = format!("http://{}", world.payer.address);
    let mut operator = world.operator().await;
    let set = |kind: &str, path: &str| json!({"type": format!("FSPIOP_CALLBACK_URL_{kind}"), "value": format!("{base}{path}")});
    let endpoints = json!([
        set("PARTIES_PUT", "/in/{{partyIdType}}/of/{{partyIdentifier}}?x=1"),
        set("PARTIES_SUB_ID_PUT", "/sub/{{partySubIdOrType}}/{{partyIdentifier}}"),
        set("PARTIES_PUT_ERROR", "/wrong/{{ partyIdentifier }}"),
        set("PARTICIPANT_PUT", "/who/{{partyIdType}}/{{partyIdentifier}}"),
        set("QUOTES", "/q/v2/"),
        set("TRANSFER_PUT", "/done/{{transferId}}/{{transferId}}"),
        set("TRANSFER_ERROR", "/failed"),
    ]);
    operator.post(&format!("/participants/{PAYER}/endpoints"), endpoints).await;
    let put =
        |path: &str, body: serde_json::Value| Request::fspiop("PUT", path, PAYEE).to(PAYER).body(body.to_string());
    let (transfer, quote, failing) = (Transfer::new("1"), new_id(), new_id());
    for request in [transfer.prepare(), request_quote(&quote), request_quote(&failing)] {
        world.hub.must_take(&request).await;
    }
    let answer = party_answer("ALIAS", "a b");
    for (request, expect) in [
        (put("/parties/ALIAS/a%20b", answer.clone()), "/in/ALIAS/of/a%20b?x=1".to_owned()),
        (put("/parties/ALIAS/a%2Fb/s%2Ft", answer), "/sub/s%2Ft/a%2Fb".to_owned()),
        (put("/parties/ALIAS/x/error", crate::support::messages::error("3204", "no")), "/wrong/x".to_owned()),
        (
            Request::fspiop("POST", "/participants/ALIAS/c", PAYER).body(json!({"fspId": PAYER}).to_string()),
            "/who/ALIAS/c".to_owned(),
        ),
        (put(&format!("/quotes/{quote}"), quote_answer()), format!("/q/v2/quotes/{quote}")),
        (
            put(&format!("/quotes/{failing}/error"), crate::support::messages::error("5100", "x")),
            format!("/q/v2/quotes/{failing}/error"),
        ),
        (transfer.commit(), format!("/done/{0}/{0}", transfer.id)),
        (Transfer::new("100000").prepare(), "/failed".to_owned()),
    ] {
        let before = world.payer.received().len();
        world.hub.must_take(&request).await;
        let received = world.payer.wait_for(before + 1).await.pop().unwrap();
        assert_eq!(received.path, expect, "{}", request.name());
    }
}

#[tokio::test]
async fn an_endpoint_that_moves_is_followed_at_once() {
    let world = World::new().await;
    world.pay(&Transfer::new("1")).await;
    let base = format!("http://{}/moved", world.payee.address);
    world.operator().await.endpoints(PAYEE, &base).await;
    world.hub.must_take(&Transfer::new("1").prepare()).await;
    world.payee.wait_for_one("POST", "/moved/transfers").await;
}

#[tokio::test]
async fn without_an_endpoint_a_message_is_given_up_and_its_requester_told() {
    let world = World::new().await;
    let mut operator = world.operator().await;
    operator.post("/participants", json!({"name": "silentfsp", "currency": "USD"})).await;
    let id = new_id();
    world.hub.must_take(&request_quote(&id).to("silentfsp")).await;
    let told = world.payer.wait_for_one("PUT", &format!("/quotes/{id}/error")).await;
    let expect = "Destination FSP Error - No FSPIOP_CALLBACK_URL_QUOTES endpoint found for silentfsp";
    assert_eq!(told.error(), ("3201".to_owned(), expect.to_owned()));
    world.hub.must_take(&Request::fspiop("GET", "/parties/MSISDN/1", PAYER).to("silentfsp")).await;
    let told = world.payer.wait_for_one("PUT", "/parties/MSISDN/1/error").await;
    assert_eq!(told.error().0, "3201");
    // A transfer waits for its expiration, nobody is told before.
    let transfer = Transfer { payee: "silentfsp".to_owned(), ..Transfer::new("1") };
    world.hub.must_take(&transfer.prepare()).await;
    world.hub.quiet().await;
    assert_eq!(world.status(&transfer).await, "RESERVED");
    assert_eq!(world.payer.received().len(), 2);
}

#[tokio::test]
async fn a_policy_forbids_urls_when_they_are_registered_and_when_they_are_called() {
    let settings = |policy| ::hub::Settings { callback_policy: policy, ..test_hub::settings() };
    let world = World::with(settings(hub::CallbackPolicy::NotLinkLocal)).await;
    let before = world.hub.snapshot().await;
    for value in [
        "http://169.254.169.254/latest/meta-data",
        "http://169.254.169.254:80/{{transferId}}",
        "http://[fe80::1]/x",
        "http://[::ffff:169.254.169.254]/",
        "http://0.0.0.0:8080/",
        "http://user:secret@bank.example/",
        "ftp://bank.example/",
        "bank.example/transfers",
        "http://{{transferId}}/",
        "http:///transfers",
        // Other spellings of 169.254.169.254, which resolvers understand.
        "http://2852039166/latest",
        "http://0xa9fea9fe/latest",
        "http://0xA9.0xFE.0xA9.0xFE/latest",
        "http://0251.0376.0251.0376/latest",
        "http://169.254.43518/latest",
        "http://169.254.169.254./latest",
    ] {
        let endpoint = json!({"type": "FSPIOP_CALLBACK_URL_TRANSFER_POST", "value": value});
        let path = format!("/participants/{PAYEE}/endpoints");
        for body in [endpoint.to_string(), json!([endpoint]).to_string()] {
            let response = world.hub.admin(&Request::admin("POST", &path).body(body)).await;
            assert_eq!(response.status, 400, "{value}");
            let (code, description) = response.error();
            assert_eq!(code, "3100", "{value}");
            assert!(description.contains("/requestBody/value"), "{description}");
            assert!(!description.contains("secret"), "{description}");
        }
        let oracle = json!({"oracleIdType": "MSISDN", "endpoint": {"value": value, "endpointType": "URL"}});
        let response = Request::admin("POST", "/oracles").body(oracle.to_string()).send(world.hub.oracle_admin()).await;
        assert_eq!(response.status, 400, "{value}");
        assert!(response.error().1.contains("/requestBody/endpoint/value"), "{response:?}");
    }
    assert_eq!(world.hub.snapshot().await, before);
    world.pay(&Transfer::new("1")).await;

    // The same endpoints under a stricter policy: the hub calls nobody that it does not allow.
    let store = world.hub.stop().await;
    let strict = settings(hub::CallbackPolicy::Hosts(vec!["bank.example".to_owned()]));
    let hub =
        crate::support::TestHub::with(store.clone(), store, strict, std::sync::Arc::new(hub::OpenAuthorizer)).await;
    let known = world.payee.received().len();
    hub.must_take(&Transfer::new("1").prepare()).await;
    hub.quiet().await;
    assert_eq!(world.payee.received().len(), known);
}
