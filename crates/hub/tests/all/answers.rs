//! How requests are answered at once, down to the reason phrase.

use serde_json::{Value, json};

use crate::support::{
    Request, Response, World,
    messages::{Transfer, error, new_id, party_answer, quote_answer, quote_request, request_quote},
    world::{PAYEE, PAYER},
};

/// What is said about a party is answered in its own media type.
const PARTIES: &str = "application/vnd.interoperability.parties+json;version=1.1";

#[track_caller]
fn check(response: &Response, status: u16, reason: &str) {
    check_with(response, status, reason, None);
}

#[track_caller]
fn check_with(response: &Response, status: u16, reason: &str, content_type: Option<&str>) {
    assert_eq!((response.status, response.reason.as_str()), (status, reason), "{response:?}");
    assert!(response.body.is_empty(), "{response:?}");
    assert_eq!(response.header("cache-control"), Some("no-cache"));
    assert_eq!(response.header("content-length"), Some("0"));
    assert_eq!(response.header("content-type"), content_type, "{response:?}");
}

#[tokio::test]
async fn requests_are_accepted_and_callbacks_are_ok() {
    let world = World::new().await;
    let (transfer, quote) = (Transfer::new("1"), new_id());
    let parties = "/parties/MSISDN/27713803912";
    let mut connection = world.hub.connect().await;
    for request in [
        Request::fspiop("POST", "/participants/MSISDN/27713803912", PAYEE).body(json!({"fspId": PAYEE}).to_string()),
        Request::fspiop("GET", "/participants/MSISDN/27713803912", PAYER),
        Request::fspiop("GET", parties, PAYER),
        request_quote(&quote),
        Request::fspiop("GET", &format!("/quotes/{quote}"), PAYER),
        transfer.prepare(),
        transfer.ask(PAYER),
        transfer.ask("payeefsp"),
    ] {
        check(&connection.exchange(&request.to_bytes()).await, 202, "Accepted");
    }
    let put = |path: &str| Request::fspiop("PUT", path, PAYEE).to(PAYER);
    for request in [
        put(parties).body(party_answer("MSISDN", "27713803912").to_string()),
        put(&format!("{parties}/error")).body(error("3204", "no").to_string()),
        put("/participants/MSISDN/1").body(json!({"fspId": PAYEE}).to_string()),
        put("/participants/MSISDN/1/error").body(error("3204", "no").to_string()),
        put(&format!("/quotes/{quote}")).body(quote_answer().to_string()),
        put(&format!("/quotes/{quote}/error")).body(error("5100", "no").to_string()),
        transfer.commit(),
        transfer.fail(),
    ] {
        let content_type = request.name().contains(parties).then_some(PARTIES);
        check_with(&connection.exchange(&request.to_bytes()).await, 200, "OK", content_type);
    }
}

#[tokio::test]
async fn requests_that_come_to_an_error_callback_are_accepted_all_the_same() {
    let world = World::new().await;
    let nobody = Transfer { payee: "nobody".to_owned(), ..Transfer::new("1") };
    for (request, path, code) in [
        (Transfer::new("10001").prepare(), "/transfers/", "4001"),
        (nobody.prepare(), "/transfers/", "3200"),
        (Transfer::short_lived("1", -1).prepare(), "/transfers/", "3100"),
        (Transfer::new("1").prepare().with("fspiop-source", PAYEE), "/transfers/", "3100"),
        (request_quote(&new_id()).to("nobody"), "/quotes/", "3201"),
        (quote_with("/amount/currency", json!("KES")), "/quotes/", "3201"),
        (quote_with("/payer/supportedCurrencies", json!(["USD", "KES"])), "/quotes/", "3202"),
        (Request::fspiop("GET", "/parties/MSISDN/404", PAYER), "/parties/MSISDN/404", "3204"),
        (Request::fspiop("GET", "/participants/MSISDN/404", PAYER), "/participants/MSISDN/404", "3204"),
        (Request::fspiop("GET", "/parties/MSISDN/1", PAYER).to("nobody"), "/parties/MSISDN/1", "3204"),
        (Request::fspiop("GET", &format!("/transfers/{}", new_id()), PAYER), "/transfers/", "3208"),
        (Request::fspiop("GET", &format!("/quotes/{}", new_id()), PAYER), "/quotes/", "3205"),
    ] {
        let fsp = if request.header("fspiop-source") == Some(PAYER) { &world.payer } else { &world.payee };
        let before = fsp.received().len();
        check(&world.hub.send(&request).await, 202, "Accepted");
        let told = fsp.wait_for(before + 1).await.pop().unwrap();
        assert_eq!(told.method, "PUT");
        assert!(told.path.starts_with(path) && told.path.ends_with("/error"), "{}: {}", request.name(), told.path);
        assert_eq!(told.error().0, code, "{}", request.name());
        assert_eq!(told.header("fspiop-source"), Some("Hub"));
    }
    assert_eq!(world.position(PAYER).await, "0");
}

/// A request for a quote with another value in one place.
fn quote_with(place: &str, value: Value) -> Request {
    let (mut body, (parent, name)) = (quote_request(&new_id()), place.rsplit_once('/').unwrap());
    body.pointer_mut(parent).unwrap()[name] = value;
    Request::fspiop("POST", "/quotes", PAYER).to(PAYEE).body(body.to_string())
}

/// Nobody has accounts in the currency of the quote, but the payer says that it converts.
#[tokio::test]
async fn a_payer_that_lists_its_currencies_may_ask_for_others() {
    let world = World::new().await;
    let mut body = quote_request(&new_id());
    body["amount"]["currency"] = json!("KES");
    body["payer"]["supportedCurrencies"] = json!(["USD"]);
    world.hub.must_take(&Request::fspiop("POST", "/quotes", PAYER).to(PAYEE).body(body.to_string())).await;
    assert_eq!(world.payee.wait_for_one("POST", "/quotes").await.json(), body);
}

#[tokio::test]
async fn answers_to_things_that_are_not_there_are_errors_to_their_sender() {
    let world = World::new().await;
    let transfer = Transfer::new("1");
    let quote = format!("/quotes/{}", new_id());
    for (request, path, code) in [
        (transfer.commit(), transfer.error_path(), "2001"),
        (transfer.reserve(), transfer.error_path(), "2001"),
        (transfer.reject(), transfer.error_path(), "2001"),
        (transfer.fail(), transfer.error_path(), "2001"),
        (
            Request::fspiop("PUT", &quote, PAYEE).to(PAYER).body(quote_answer().to_string()),
            format!("{quote}/error"),
            "3205",
        ),
        (
            Request::fspiop("PUT", "/parties/MSISDN/1", PAYEE)
                .to("nobody")
                .body(party_answer("MSISDN", "1").to_string()),
            "/parties/MSISDN/1/error".to_owned(),
            "3201",
        ),
        (
            Request::fspiop("PUT", "/parties/MSISDN/2", PAYEE).body(party_answer("MSISDN", "2").to_string()),
            "/parties/MSISDN/2/error".to_owned(),
            "3201",
        ),
        (
            Request::fspiop("PUT", "/parties/MSISDN/2/error", PAYEE).body(error("3204", "gone").to_string()),
            "/parties/MSISDN/2/error".to_owned(),
            "3201",
        ),
    ] {
        let before = world.payee.received().len();
        let content_type = path.starts_with("/parties/").then_some(PARTIES);
        check_with(&world.hub.send(&request).await, 200, "OK", content_type);
        let told = world.payee.wait_for(before + 1).await.pop().unwrap();
        assert_eq!((told.path.as_str(), told.error().0.as_str()), (path.as_str(), code), "{}", request.name());
    }
    assert!(world.payer.received().is_empty());
}

#[tokio::test]
async fn requests_on_one_connection_are_answered_in_their_order() {
    let world = World::new().await;
    let mut connection = world.hub.connect().await;
    let requests = [Transfer::new("1").prepare(), Request::plain("GET", "/nonsense"), Transfer::new("1").prepare()];
    let together: Vec<u8> = requests.iter().flat_map(Request::to_bytes).collect();
    connection.write(&together).await;
    for status in [202, 404, 202] {
        assert_eq!(connection.read().await.unwrap().status, status);
    }
    world.payee.wait_for(2).await;
}
