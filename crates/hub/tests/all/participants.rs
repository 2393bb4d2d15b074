//! The resource /participants in full: bulks, deletions, sub-identifiers, answers that come in, and who may do what.

use serde_json::{Value, json};

use crate::support::{
    Fsp, Manner, Received, Request, Response, TestHub, World,
    messages::{new_id, party_answer},
    test_hub,
    world::{PAYEE, PAYER},
};

/// Sends a request of an FSP, and gives the callback that it is told by.
async fn told(world: &World, request: &Request) -> Received {
    let source = request.header("fspiop-source").unwrap().to_owned();
    let fsp = if source == PAYER { &world.payer } else { &world.payee };
    let before = fsp.received().len();
    world.hub.must_take(request).await;
    fsp.wait_for(before + 1).await.pop().unwrap()
}

async fn enter(world: &World, source: &str, party: &str, body: Value) {
    let path = format!("/participants/{party}");
    let callback = told(world, &Request::fspiop("POST", &path, source).body(body.to_string())).await;
    assert_eq!(callback.what(), ("PUT", path.as_str()));
}

fn delete(source: &str, path: &str) -> Request {
    Request::fspiop("DELETE", &format!("/participants/{path}"), source)
}

/// The FSPs that the directory names for a party, with currencies.
async fn directory(hub: &TestHub, party: &str) -> Value {
    let response = operator(hub, "GET", party, "").await;
    assert_eq!(response.status, 200, "{response:?}");
    response.json()["partyList"].clone()
}

async fn operator(hub: &TestHub, method: &str, party: &str, body: &str) -> Response {
    let request = Request::admin(method, &format!("/participants/{party}")).body(body);
    request.send(hub.oracle_admin()).await
}

#[tokio::test]
async fn an_fsp_takes_its_party_out_and_is_told_as_upstream_tells_it() {
    let world = World::new().await;
    for party in ["MSISDN/27713803912", "PERSONAL_ID/1/PASSPORT", "ALIAS/error", "ALIAS/a%2Fb/s%20t"] {
        enter(&world, PAYEE, party, json!({"fspId": PAYEE})).await;
        // It is found, and that is remembered for a while; not after the deletion.
        let ask = Request::fspiop("GET", &format!("/participants/{party}"), PAYER);
        assert_eq!(told(&world, &ask).await.json(), json!({"fspId": PAYEE}));
        let callback = told(&world, &delete(PAYEE, party)).await;
        assert_eq!(callback.what(), ("PUT", format!("/participants/{party}").as_str()));
        assert_eq!((callback.json(), callback.header("fspiop-source")), (json!({"fspId": PAYEE}), Some("Hub")));
        assert_eq!(directory(&world.hub, party).await, json!([]));
        assert_eq!(told(&world, &ask).await.error().0, "3204", "{party}");
    }
}

#[tokio::test]
async fn nobody_takes_out_what_is_not_his() {
    let world = World::new().await;
    enter(&world, PAYEE, "MSISDN/1", json!({"fspId": PAYEE})).await;
    for (request, code) in [
        (delete(PAYER, "MSISDN/1"), "3040"),
        (delete(PAYER, "MSISDN/2"), "3204"),
        (delete(PAYEE, "MSISDN/1/sub"), "3204"),
        // It is there for any currency, not for this one.
        (delete(PAYEE, "MSISDN/1?currency=USD"), "3204"),
    ] {
        let callback = told(&world, &request).await;
        assert_eq!((callback.method.as_str(), callback.error().0.as_str()), ("PUT", code), "{}", request.name());
        assert!(callback.path.ends_with("/error"), "{}", callback.path);
    }
    // A stranger's is taken, as upstream takes it, and comes to nothing.
    world.hub.must_take(&delete("nobody", "MSISDN/1")).await;
    assert_eq!(directory(&world.hub, "MSISDN/1").await, json!([{"fspId": PAYEE}]));
}

#[tokio::test]
async fn a_deletion_may_name_a_currency() {
    let world = World::new().await;
    for currency in ["USD", "KES"] {
        enter(&world, PAYEE, "MSISDN/1", json!({"fspId": PAYEE, "currency": currency})).await;
    }
    told(&world, &delete(PAYEE, "MSISDN/1?currency=KES")).await;
    assert_eq!(directory(&world.hub, "MSISDN/1").await, json!([{"fspId": PAYEE, "currency": "USD"}]));
    let refused = world.hub.send(&delete(PAYEE, "MSISDN/1?currency=ZZZ")).await;
    assert_eq!((refused.status, refused.error().0.as_str()), (400, "3100"));
    told(&world, &delete(PAYEE, "MSISDN/1")).await;
    assert_eq!(directory(&world.hub, "MSISDN/1").await, json!([]));
}

#[tokio::test]
async fn a_deletion_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::on(test_hub::sqlite(folder.path())).await;
    for party in ["MSISDN/1", "MSISDN/2"] {
        enter(&world, PAYEE, party, json!({"fspId": PAYEE})).await;
    }
    told(&world, &delete(PAYEE, "MSISDN/1")).await;
    let World { hub, payer: _payer, payee: _payee } = world;
    crate::support::restart::close(hub).await;
    let hub = TestHub::start(test_hub::sqlite(folder.path())).await;
    assert_eq!(directory(&hub, "MSISDN/1").await, json!([]));
    assert_eq!(directory(&hub, "MSISDN/2").await, json!([{"fspId": PAYEE}]));
}

/// POST /participants.
fn bulk(source: &str, id: &str, parties: &Value) -> Request {
    let body = json!({"requestId": id, "partyList": parties, "currency": "USD"});
    Request::fspiop("POST", "/participants", source).body(body.to_string())
}

fn named(kind: &str, identifier: &str) -> Value {
    json!({"partyIdType": kind, "partyIdentifier": identifier})
}

#[tokio::test]
async fn a_bulk_is_entered_and_each_party_answered() {
    let world = World::new().await;
    let id = new_id();
    let sub =
        json!({"partyIdType": "PERSONAL_ID", "partyIdentifier": "1", "partySubIdOrType": "PASSPORT", "fspId": PAYEE});
    let others = json!({"partyIdType": "MSISDN", "partyIdentifier": "2", "fspId": PAYER});
    let list = json!([named("MSISDN", "1"), sub, others, named("IBAN", "no iban"), named("ALIAS", "a/b c")]);
    let callback = told(&world, &bulk(PAYEE, &id, &list)).await;
    assert_eq!(callback.what(), ("PUT", format!("/participants/{id}").as_str()));
    let body = callback.json();
    assert_eq!(body["currency"], "USD");
    let results: Vec<_> = body["partyList"].as_array().unwrap().iter().collect();
    assert!(results.iter().zip(list.as_array().unwrap()).all(|(result, asked)| result["partyId"] == *asked));
    let codes: Vec<_> = results.iter().map(|result| result["errorInformation"]["errorCode"].as_str()).collect();
    assert_eq!(codes, [None, None, Some("3204"), Some("3101"), None]);
    for party in ["MSISDN/1", "PERSONAL_ID/1/PASSPORT", "ALIAS/a%2Fb%20c"] {
        assert_eq!(directory(&world.hub, party).await, json!([{"fspId": PAYEE, "currency": "USD"}]), "{party}");
    }
    assert_eq!(directory(&world.hub, "MSISDN/2").await, json!([]));

    // Another FSP's bulk gets what nobody serves, and no more.
    let list = json!([named("MSISDN", "1"), named("MSISDN", "9"), named("ALIAS", "a/b c")]);
    let body = told(&world, &bulk(PAYER, &new_id(), &list)).await.json();
    let code = |place: usize| body["partyList"][place]["errorInformation"]["errorCode"].as_str();
    assert_eq!([code(0), code(1), code(2)], [Some("3003"), None, Some("3003")]);
    assert_eq!(directory(&world.hub, "MSISDN/9").await, json!([{"fspId": PAYER, "currency": "USD"}]));
    assert_eq!(directory(&world.hub, "MSISDN/1").await, json!([{"fspId": PAYEE, "currency": "USD"}]));
}

#[tokio::test]
async fn bulks_that_break_the_specification_are_refused_at_once() {
    let world = World::new().await;
    let good = json!([named("MSISDN", "1")]);
    let before = world.hub.snapshot().await;
    for (request, code) in [
        (bulk(PAYEE, "42", &good), "3100"),
        (bulk(PAYEE, &new_id(), &json!([])), "3100"),
        (bulk(PAYEE, &new_id(), &json!([{"partyIdType": "MSISDN"}])), "3102"),
        (bulk(PAYEE, &new_id(), &json!([named("SHOE_SIZE", "44")])), "3100"),
        (bulk(PAYEE, &new_id(), &json!("MSISDN/1")), "3101"),
        (Request::fspiop("POST", "/participants", PAYEE).body("{"), "3101"),
        (Request::fspiop("POST", "/participants", PAYEE).body(json!({"partyList": good}).to_string()), "3102"),
    ] {
        let response = world.hub.send(&request).await;
        assert_eq!((response.status, response.error().0.as_str()), (400, code), "{response:?}");
    }
    world.hub.must_take(&bulk("nobody", &new_id(), &good)).await;
    assert_eq!(world.hub.snapshot().await, before);
    let wrong = world.hub.send(&Request::fspiop("GET", "/participants", PAYEE)).await;
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("POST")));
}

/// Registers an oracle for telephone numbers.
async fn with_oracle() -> (World, Fsp) {
    let (world, oracle) = (World::new().await, Fsp::start("oracle"));
    let url = format!("http://{}", oracle.address);
    let body = json!({"oracleIdType": "MSISDN", "isDefault": true, "endpoint": {"value": url, "endpointType": "URL"}});
    let created = Request::admin("POST", "/oracles").body(body.to_string()).send(world.hub.oracle_admin()).await;
    assert_eq!(created.status, 201, "{created:?}");
    (world, oracle)
}

fn serves(fsp: &str) -> Manner {
    Manner::Say(200, json!({"partyList": [{"fspId": fsp}]}).to_string())
}

#[tokio::test]
async fn a_deletion_goes_to_the_oracle_if_it_names_the_sender() {
    let (world, oracle) = with_oracle().await;
    oracle.next([serves(PAYEE), Manner::Answer(204)]);
    let callback = told(&world, &delete(PAYEE, "MSISDN/1/sub?currency=USD")).await;
    assert_eq!((callback.what(), callback.json()), (("PUT", "/participants/MSISDN/1/sub"), json!({"fspId": PAYEE})));
    let asked: Vec<_> = oracle.received().into_iter().map(|request| (request.method, request.path)).collect();
    let path = "/participants/MSISDN/1/sub?currency=USD".to_owned();
    assert_eq!(asked, [("GET".to_owned(), path.clone()), ("DELETE".to_owned(), path)]);

    let before = oracle.received().len();
    for (manners, code) in [
        (vec![serves(PAYER)], "3040"),
        (vec![Manner::Answer(404)], "3204"),
        (vec![serves(PAYEE), Manner::Answer(404)], "3040"),
        (vec![serves(PAYEE), Manner::Reset], "3040"),
        (vec![Manner::Answer(500), Manner::Answer(500)], "1001"),
    ] {
        oracle.next(manners.clone());
        let callback = told(&world, &delete(PAYEE, "MSISDN/1")).await;
        assert_eq!(callback.error().0, code, "{manners:?}");
    }
    let deletions = oracle.received()[before..].iter().filter(|request| request.method == "DELETE").count();
    assert_eq!(deletions, 2, "what is not the sender's is not deleted, and nothing is deleted twice");
}

#[tokio::test]
async fn a_bulk_is_parted_between_oracle_and_directory() {
    let (world, oracle) = with_oracle().await;
    let result = |identifier: &str| json!({"partyId": named("MSISDN", identifier)});
    let refused = json!({
        "partyId": named("MSISDN", "2"),
        "errorInformation": {"errorCode": "3100", "errorDescription": "secrets of the oracle"},
    });
    oracle.next([Manner::Say(201, json!({"partyList": [refused, result("1")]}).to_string())]);
    let id = new_id();
    let list = json!([named("MSISDN", "1"), named("EMAIL", "a@b.org"), named("MSISDN", "2"), named("MSISDN", "3")]);
    let callback = told(&world, &bulk(PAYEE, &id, &list)).await;
    assert_eq!(callback.path, format!("/participants/{id}"));
    let body = callback.json();
    let codes: Vec<_> = (0..4).map(|place| body["partyList"][place]["errorInformation"]["errorCode"].clone()).collect();
    assert_eq!(
        codes,
        [Value::Null, Value::Null, json!("3100"), json!("3003")],
        "what it does not name it did not take"
    );
    assert!(!callback.json().to_string().contains("secrets"));
    let sent = oracle.received().pop().unwrap();
    assert_eq!(sent.what(), ("POST", "/participants"));
    assert_eq!(sent.json()["requestId"], json!(id));
    assert_eq!(sent.json()["partyList"].as_array().unwrap().len(), 3);
    assert_eq!(sent.json()["partyList"][0]["fspId"], PAYEE);
    assert_eq!(directory(&world.hub, "EMAIL/a@b.org").await, json!([{"fspId": PAYEE, "currency": "USD"}]));
    assert_eq!(directory(&world.hub, "MSISDN/1").await, json!([]), "the oracle keeps it");

    for manner in [Manner::Answer(500), Manner::Reset, Manner::Say(200, "garbage".to_owned())] {
        oracle.next([manner.clone()]);
        let callback = told(&world, &bulk(PAYEE, &new_id(), &list)).await;
        let code = |place: usize| callback.json()["partyList"][place]["errorInformation"]["errorCode"].clone();
        assert_eq!((code(0), code(1)), (json!("3003"), Value::Null), "{manner:?}");
    }
}

#[tokio::test]
async fn answers_that_come_in_are_passed_on_or_their_sender_told() {
    let world = World::new().await;
    let id = new_id();
    let results = json!({"partyList": [{"partyId": named("MSISDN", "1")}]}).to_string();
    let error = json!({"errorInformation": {"errorCode": "5100", "errorDescription": "x"}}).to_string();
    let put = |path: &str, body: &str| Request::fspiop("PUT", path, PAYEE).body(body);
    for (path, body) in [
        (format!("/participants/{id}"), results.as_str()),
        (format!("/participants/{id}/error"), error.as_str()),
        ("/participants/MSISDN/1/error".to_owned(), error.as_str()),
    ] {
        world.hub.must_take(&put(&path, body).to(PAYER)).await;
        let passed = world.payer.wait_for_one("PUT", &path).await;
        assert_eq!(passed.body, body.as_bytes());
        // Nobody, and nobody known: upstream's 3201.
        let callback = told(&world, &put(&path, body)).await;
        assert_eq!(callback.error().0, "3201", "{path}");
        assert_eq!(told(&world, &put(&path, body).to("nobody")).await.error().0, "3201", "{path}");
    }
    for (path, body, code) in [
        ("/participants/MSISDN/1/error", "{}", "3102"),
        (format!("/participants/{id}").as_str(), "{}", "3102"),
        ("/participants/27713803912", results.as_str(), "3100"),
    ] {
        let response = world.hub.send(&put(path, body).to(PAYER)).await;
        assert_eq!((response.status, response.error().0.as_str()), (400, code), "{path}");
    }
}

/// What the TTK's `participants.json` sends, which says no destination, an empty sub-identifier and a number as a code.
#[tokio::test]
async fn requests_of_upstreams_tests_are_taken() {
    let world = World::new().await;
    let error = r#"{"errorInformation":{"errorCode":5100,"errorDescription":"x"}}"#;
    for (method, path, body, status) in [
        ("POST", "/participants/MSISDN/1/", r#"{"fspId":"string","currency":"AED"}"#, 202),
        ("GET", "/participants/MSISDN/1/", "", 202),
        ("PUT", "/participants/MSISDN/1/", r#"{"fspId":"string"}"#, 200),
        ("PUT", "/participants/MSISDN/1/error", error, 200),
        ("PUT", "/participants/MSISDN/1//error", error, 200),
        ("DELETE", "/participants/MSISDN/1/", "", 202),
    ] {
        let response = world.hub.send(&Request::fspiop(method, path, PAYER).body(body)).await;
        assert_eq!(response.status, status, "{method} {path}: {response:?}");
    }
    world.payer.wait_for(6).await;
    assert_eq!(directory(&world.hub, "MSISDN/1").await, json!([]));
    // A PUT to nobody is a registration in other words.
    let update = Request::fspiop("PUT", "/participants/MSISDN/1", PAYER).body(json!({"fspId": PAYER}).to_string());
    told(&world, &update).await;
    assert_eq!(directory(&world.hub, "MSISDN/1").await, json!([{"fspId": PAYER}]));
}

#[tokio::test]
async fn a_party_called_error_is_asked_for_and_answered() {
    let world = World::new().await;
    enter(&world, PAYEE, "ALIAS/error", json!({"fspId": PAYEE})).await;
    world.hub.must_take(&Request::fspiop("GET", "/parties/ALIAS/error", PAYER)).await;
    world.payee.wait_for_one("GET", "/parties/ALIAS/error").await;
    let answer = party_answer("ALIAS", "error").to_string();
    world.hub.must_take(&Request::fspiop("PUT", "/parties/ALIAS/error", PAYEE).to(PAYER).body(answer)).await;
    world.payer.wait_for_one("PUT", "/parties/ALIAS/error").await;
    let error = json!({"errorInformation": {"errorCode": "3204", "errorDescription": "x"}}).to_string();
    world.hub.must_take(&Request::fspiop("PUT", "/parties/ALIAS/error/error", PAYEE).to(PAYER).body(error)).await;
    world.payer.wait_for_one("PUT", "/parties/ALIAS/error/error").await;
}

#[tokio::test]
async fn operators_enter_and_take_out_parties_of_anybody() {
    let world = World::new().await;
    let asked = Request::fspiop("GET", "/participants/MSISDN/1/sub", PAYER);
    assert_eq!(told(&world, &asked).await.error().0, "3204");
    for (fsp, currency) in [(PAYEE, Some("USD")), (PAYER, Some("KES")), (PAYEE, None)] {
        let body = match currency {
            Some(currency) => json!({"fspId": fsp, "currency": currency}),
            None => json!({"fspId": fsp}),
        };
        let response = operator(&world.hub, "POST", "MSISDN/1/sub", &body.to_string()).await;
        assert_eq!(response.status, 201, "{response:?}");
    }
    // What was just found not to be there is there now.
    assert_eq!(told(&world, &asked).await.json(), json!({"fspId": PAYEE}));
    assert_eq!(operator(&world.hub, "DELETE", "MSISDN/1/sub?currency=KES", "").await.status, 204);
    let left = json!([{"fspId": PAYEE, "currency": "USD"}, {"fspId": PAYEE}]);
    assert_eq!(directory(&world.hub, "MSISDN/1/sub").await, left);
    assert_eq!(operator(&world.hub, "DELETE", "MSISDN/1/sub", "").await.status, 204);
    assert_eq!(directory(&world.hub, "MSISDN/1/sub").await, json!([]));
    assert_eq!(told(&world, &asked).await.error().0, "3204");
    for (method, party, body, status) in [
        ("POST", "MSISDN/1", r#"{"fspId":"nobody"}"#, 400),
        ("POST", "SHOE_SIZE/1", r#"{"fspId":"payeefsp"}"#, 400),
        ("POST", "MSISDN/1", r#"{"fspId":"payeefsp","currency":"ZZZ"}"#, 400),
        ("POST", "MSISDN/1", "{}", 400),
        ("DELETE", "MSISDN/1?currency=ZZZ", "", 400),
        ("DELETE", "MSISDN/404", "", 204),
    ] {
        let response = operator(&world.hub, method, party, body).await;
        assert_eq!(response.status, status, "{method} {party} {body}: {response:?}");
    }
}

#[tokio::test]
async fn nobody_speaks_for_the_hub() {
    let world = World::new().await;
    let before = world.hub.snapshot().await;
    for (method, path, body) in [
        ("POST", "/participants/MSISDN/1", json!({"fspId": PAYEE}).to_string()),
        ("GET", "/participants/MSISDN/1", String::new()),
        ("DELETE", "/participants/MSISDN/1", String::new()),
        ("PUT", "/parties/MSISDN/1", party_answer("MSISDN", "1").to_string()),
        ("GET", "/parties/MSISDN/1", String::new()),
        ("GET", "/transfers/b51ec534-ee48-4575-b6a9-ead2955b8069", String::new()),
    ] {
        let response = world.hub.send(&Request::fspiop(method, path, test_hub::HUB).to(PAYER).body(body)).await;
        assert_eq!((response.status, response.error().0.as_str()), (400, "3101"), "{method} {path}");
        assert!(response.error().1.contains("fspiop-source"), "{response:?}");
    }
    // Nor is it asked: it serves no party.
    world.hub.must_take(&Request::fspiop("GET", "/parties/MSISDN/1", PAYER).to(test_hub::HUB)).await;
    assert_eq!(world.payer.wait_for(1).await[0].error().0, "3201");
    assert_eq!(world.hub.snapshot().await, before);
}

#[tokio::test]
async fn an_fsp_that_is_switched_off_is_not_asked() {
    let world = World::new().await;
    enter(&world, PAYEE, "MSISDN/1", json!({"fspId": PAYEE})).await;
    world.operator().await.put(&format!("/participants/{PAYEE}"), json!({"isActive": false})).await;
    let before = world.payee.received().len();
    let ask = Request::fspiop("GET", "/parties/MSISDN/1", PAYER);
    for request in [ask.clone(), ask.to(PAYEE)] {
        let (code, description) = told(&world, &request).await.error();
        assert_eq!(
            (code.as_str(), description.as_str()),
            ("3201", "Destination FSP Error - Unsupported participant 'payeefsp'")
        );
    }
    assert_eq!(world.payee.received().len(), before);
}
