//! Requests to pay, their authorizations and the state of transactions: passed on as they came, or refused to their sender.

use serde_json::{Value, json};

use crate::support::{
    Fsp, Manner, Request, World,
    messages::{error, new_id, request_to_pay},
    world::{PAYEE, PAYER},
};

const ENDPOINTS: [&str; 2] = ["FSPIOP_CALLBACK_URL_TRX_REQ_SERVICE", "FSPIOP_CALLBACK_URL_AUTHORIZATIONS"];
const QUESTION: &str = "authenticationType=OTP&retriesLeft=2&amount=102&currency=USD&more=%C3%A9";

/// A hub whose FSPs take requests to pay.
async fn world() -> World {
    let world = World::new().await;
    let mut operator = world.operator().await;
    for (name, fsp) in [(PAYER, &world.payer), (PAYEE, &world.payee)] {
        for endpoint in ENDPOINTS {
            let value = format!("http://{}", fsp.address);
            operator.post(&format!("/participants/{name}/endpoints"), json!({"type": endpoint, "value": value})).await;
        }
    }
    world
}

fn put(path: &str, source: &str, to: &str, body: &Value) -> Request {
    Request::fspiop("PUT", path, source).to(to).body(body.to_string())
}

#[tokio::test]
async fn they_pass_through_as_they_are() {
    let world = world().await;
    let id = new_id();
    let authorization = json!({
        "transactionRequestId": id, "authenticationType": "U2F", "retriesLeft": "1",
        "amount": {"amount": "1", "currency": "USD"}, "transactionId": new_id(),
        "quote": crate::support::messages::quote_answer(),
    });
    let to_payer = [
        Request::fspiop("POST", "/transactionRequests", PAYEE).to(PAYER).body(request_to_pay(&id).to_string()),
        Request::fspiop("GET", &format!("/transactionRequests/{id}"), PAYEE).to(PAYER),
        Request::fspiop("GET", &format!("/authorizations/{id}?{QUESTION}"), PAYEE).to(PAYER),
        Request::fspiop("POST", "/authorizations", PAYEE).to(PAYER).body(authorization.to_string()),
        put(&format!("/transactions/{id}"), PAYEE, PAYER, &json!({"transactionState": "COMPLETED", "code": "Test1"})),
    ];
    let state = json!({"transactionId": new_id(), "transactionRequestState": "RECEIVED"});
    let info = json!({"authentication": "OTP", "authenticationValue": "234567"});
    let to_payee = [
        put(&format!("/transactionRequests/{id}"), PAYER, PAYEE, &state),
        put(&format!("/transactionRequests/{id}/error"), PAYER, PAYEE, &error("4101", "no")),
        put(
            &format!("/authorizations/{id}"),
            PAYER,
            PAYEE,
            &json!({"authenticationInfo": info, "responseType": "ENTERED"}),
        ),
        put(&format!("/authorizations/{id}/error"), PAYER, PAYEE, &error("4101", "no")),
        Request::fspiop("GET", &format!("/transactions/{id}"), PAYER).to(PAYEE),
        put(&format!("/transactions/{id}/error"), PAYER, PAYEE, &error("3207", "no")),
    ];
    for (requests, fsp) in [(&to_payer[..], &world.payer), (&to_payee[..], &world.payee)] {
        for (count, request) in (1..).zip(requests) {
            let request = request.clone().with("fspiop-signature", "{}").with("fspiop-uri", "/as/it/came");
            world.hub.must_take(&request).await;
            let received = &fsp.wait_for(count).await[count - 1];
            // Names are cut to a hundred characters and some.
            assert!(format!("{} {}", received.method, received.path).starts_with(&request.name()));
            assert_eq!(received.path.split_once('?').map(|(_, query)| query), request.query());
            assert_eq!(received.body, request.content());
            for header in
                ["content-type", "accept", "fspiop-source", "fspiop-destination", "fspiop-signature", "fspiop-uri"]
            {
                assert_eq!(received.header(header), request.header(header), "{}: {header}", request.name());
            }
        }
    }
}

/// The sender of a request hears this error.
async fn check_error(world: &World, sender: &Fsp, request: &Request, path: &str, expect: (&str, &str)) {
    let before = sender.received().len();
    world.hub.must_take(request).await;
    let told = sender.wait_for(before + 1).await.pop().unwrap();
    assert_eq!((told.method.as_str(), told.path.as_str()), ("PUT", path), "{}", request.name());
    let (code, description) = told.error();
    assert_eq!((code.as_str(), description.as_str()), expect, "{}", request.name());
    assert_eq!(told.header("fspiop-source"), Some("Hub"));
}

#[tokio::test]
async fn senders_hear_why_a_message_does_not_arrive() {
    let world = world().await;
    let id = new_id();
    let ask = |resource: &str, to: &str| Request::fspiop("GET", &format!("/{resource}/{id}"), PAYEE).to(to);
    let stranger = "Destination FSP Error - Unsupported participant 'nobody'";
    for resource in ["transactionRequests", "authorizations", "transactions"] {
        let path = format!("/{resource}/{id}/error");
        check_error(&world, &world.payee, &ask(resource, "nobody"), &path, ("3201", stranger)).await;
        world.payer.next([Manner::Answer(404)]);
        let refused = ("3000", "Generic client error - payerfsp did not take the request");
        check_error(&world, &world.payee, &ask(resource, PAYER), &path, refused).await;
    }
    let request =
        Request::fspiop("POST", "/transactionRequests", PAYEE).to("nobody").body(request_to_pay(&id).to_string());
    check_error(&world, &world.payee, &request, &format!("/transactionRequests/{id}/error"), ("3201", stranger)).await;
    let without = request.clone().without("fspiop-destination");
    let missing = "Missing mandatory element - /header must have required property 'fspiop-destination'";
    check_error(&world, &world.payee, &without, &format!("/transactionRequests/{id}/error"), ("3102", missing)).await;
    let mut operator = world.operator().await;
    operator.put(&format!("/participants/{PAYER}"), json!({"isActive": false})).await;
    let inactive = "Destination FSP Error - Unsupported participant 'payerfsp'";
    check_error(
        &world,
        &world.payee,
        &ask("transactions", PAYER),
        &format!("/transactions/{id}/error"),
        ("3201", inactive),
    )
    .await;
    // Nobody waits for an answer to an error.
    let before = world.payee.received().len();
    world.hub.must_take(&put(&format!("/authorizations/{id}/error"), PAYEE, "nobody", &error("5100", "no"))).await;
    world.hub.quiet().await;
    assert_eq!(world.payee.received().len(), before);
}

#[tokio::test]
async fn without_an_endpoint_nothing_is_passed_on() {
    let world = World::new().await;
    let id = new_id();
    let request = Request::fspiop("GET", &format!("/quotes/{id}"), PAYEE);
    world.hub.must_take(&request).await;
    world.payee.wait_for(1).await;
    world.hub.must_take(&Request::fspiop("GET", &format!("/transactionRequests/{id}"), PAYEE).to(PAYER)).await;
    world.hub.quiet().await;
    // There is no endpoint to tell the sender either; nothing hangs and nothing is sent.
    assert_eq!((world.payer.received().len(), world.payee.received().len()), (0, 1));
}

#[tokio::test]
async fn what_breaks_the_specification_is_refused_at_once() {
    let world = world().await;
    let id = new_id();
    let post = |body: &Value| Request::fspiop("POST", "/transactionRequests", PAYEE).to(PAYER).body(body.to_string());
    let spoilt = |field: &str, value: Value| {
        let mut body = request_to_pay(&id);
        body[field] = value;
        post(&body)
    };
    let question = |query: &str| Request::fspiop("GET", &format!("/authorizations/{id}?{query}"), PAYEE).to(PAYER);
    for (request, code, part) in [
        (spoilt("transactionRequestId", json!("42")), "3100", "/requestBody/transactionRequestId must match pattern"),
        (
            spoilt("amount", json!({"amount": "1"})),
            "3102",
            "/requestBody/amount must have required property 'currency'",
        ),
        (spoilt("payer", json!("x")), "3101", "/requestBody/payer must be object"),
        (post(&json!({})), "3102", "/requestBody must have required property 'transactionRequestId'"),
        (put(&format!("/transactionRequests/{id}"), PAYER, PAYEE, &json!({})), "3102", "'transactionRequestState'"),
        (put(&format!("/authorizations/{id}"), PAYER, PAYEE, &json!({"responseType": "NO"})), "3100", "responseType"),
        (
            put(&format!("/transactions/{id}"), PAYER, PAYEE, &json!({"transactionState": "NO"})),
            "3100",
            "transactionState",
        ),
        (put(&format!("/transactions/{id}/error"), PAYER, PAYEE, &json!({})), "3102", "'errorInformation'"),
        (question("authenticationType=OTP"), "3102", "/query must have required property 'retriesLeft'"),
        (question(&QUESTION.replace("OTP", "PIN")), "3100", "/query/authenticationType must be equal"),
    ] {
        let response = world.hub.send(&request).await;
        let (found, description) = response.error();
        assert_eq!((response.status, found.as_str()), (400, code), "{}: {description}", request.name());
        assert!(description.contains(part), "{}: {description}", request.name());
    }
    world.hub.quiet().await;
    assert_eq!((world.payer.received().len(), world.payee.received().len()), (0, 0));
}
