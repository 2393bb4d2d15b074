//! Requests that break the specification: the answer names what is wrong, and nothing is changed.

use serde_json::{Value, json};

use crate::support::{
    Connection, Request, Response, World,
    messages::{Transfer, error, new_id, party_answer, quote_answer, quote_request, request_quote, request_to_pay},
    world::{PAYEE, PAYER},
};

/// A good request of each kind.
fn good_requests() -> Vec<Request> {
    let (transfer, quote) = (Transfer::new("1"), new_id());
    let parties = "/parties/MSISDN/27713803912";
    let put = |path: &str, body: Value| Request::fspiop("PUT", path, PAYEE).to(PAYER).body(body.to_string());
    vec![
        transfer.prepare(),
        transfer.commit(),
        transfer.fail(),
        transfer.ask(PAYER),
        request_quote(&quote),
        put(&format!("/quotes/{quote}"), quote_answer()),
        put(&format!("/quotes/{quote}/error"), error("5100", "no")),
        Request::fspiop("GET", &format!("/quotes/{quote}"), PAYER),
        Request::fspiop("GET", parties, PAYER),
        put(parties, party_answer("MSISDN", "27713803912")),
        put(&format!("{parties}/error"), error("3204", "no")),
        put("/participants/MSISDN/27713803912", json!({"fspId": PAYEE})),
        put("/participants/MSISDN/27713803912/error", error("3204", "no")),
        Request::fspiop("GET", "/participants/MSISDN/27713803912", PAYER),
        Request::fspiop("POST", "/participants/MSISDN/27713803912", PAYEE).body(json!({"fspId": PAYEE}).to_string()),
        Request::fspiop("POST", "/transactionRequests", PAYEE).to(PAYER).body(request_to_pay(&quote).to_string()),
        Request::fspiop("GET", &format!("/transactionRequests/{quote}"), PAYEE).to(PAYER),
        put(&format!("/transactionRequests/{quote}"), json!({"transactionRequestState": "RECEIVED"})),
        put(&format!("/transactionRequests/{quote}/error"), error("5100", "no")),
        Request::fspiop("GET", &format!("/authorizations/{quote}"), PAYEE).to(PAYER),
        put(&format!("/authorizations/{quote}"), json!({"responseType": "ENTERED"})),
        put(&format!("/authorizations/{quote}/error"), error("5100", "no")),
        Request::fspiop("GET", &format!("/transactions/{quote}"), PAYER).to(PAYEE),
        put(&format!("/transactions/{quote}"), json!({"transactionState": "COMPLETED"})),
        put(&format!("/transactions/{quote}/error"), error("5100", "no")),
    ]
}

/// Sends requests on one connection, as an FSP would.
struct Checker {
    world: World,
    connection: Connection,
    before: crate::support::test_hub::Snapshot,
}

impl Checker {
    async fn new() -> Checker {
        let world = World::new().await;
        let (connection, before) = (world.hub.connect().await, world.hub.snapshot().await);
        Checker { world, connection, before }
    }

    /// Sends a request that must be refused with this status, code and part of the description.
    async fn check(&mut self, request: &Request, status: u16, code: &str, part: &str) -> Response {
        let response = self.connection.exchange(&request.to_bytes()).await;
        let name = request.name();
        assert_eq!(response.status, status, "{name} {code} {part}: {}", String::from_utf8_lossy(&response.body));
        let (found, description) = response.error();
        assert_eq!((response.status, found.as_str()), (status, code), "{name}: {description}");
        assert!(description.contains(part), "{name}: {description:?} does not say {part:?}");
        assert_eq!(response.header("content-type"), Some("application/json; charset=utf-8"), "{name}");
        assert_eq!(response.header("cache-control"), Some("no-cache"), "{name}");
        response
    }

    /// Nothing was changed, and nobody was told anything.
    async fn finish(self) {
        assert_eq!(self.world.hub.snapshot().await, self.before);
        assert!(self.world.payer.received().is_empty() && self.world.payee.received().is_empty());
    }
}

#[tokio::test]
async fn headers_are_missing_malformed_or_of_another_version() {
    let mut checker = Checker::new().await;
    for request in good_requests() {
        let is_callback = request.header("accept").is_none();
        let missing = |name: &str| format!("/header must have required property '{name}'");
        for name in ["date", "fspiop-source"] {
            checker.check(&request.clone().without(name), 400, "3102", &missing(name)).await;
        }
        let required = if request.name().starts_with("GET") { "Content-type is required" } else { "'content-type'" };
        checker.check(&request.clone().without("content-type"), 400, "3102", required).await;
        for (name, value) in [
            ("content-type", "application/json"),
            ("content-type", "application/vnd.interoperability.bulkQuotes+json;version=1.0"),
            ("date", "yesterday"),
            ("fspiop-source", "two words"),
            ("fspiop-destination", "a/b"),
        ] {
            let part = format!("Invalid {name} header");
            checker.check(&request.clone().with(name, value), 400, "3101", &part).await;
        }
        let of_9 = request.header("content-type").unwrap().replace("1.1", "9.0");
        let refused = checker.check(&request.clone().with("content-type", &of_9), 406, "3001", "not supported").await;
        check_versions(&refused);
        if !is_callback {
            let required = if request.name().starts_with("GET") { "Accept is required" } else { "'accept'" };
            checker.check(&request.clone().without("accept"), 400, "3102", required).await;
            checker.check(&request.clone().with("accept", "text/html"), 400, "3101", "Invalid accept header").await;
            // Versions go before everything else that is wrong with the headers.
            let spoilt = request.clone().with("accept", &of_9).without("fspiop-source").without("date");
            check_versions(&checker.check(&spoilt, 406, "3001", "unsupported version").await);
        }
        let stranger = request.clone().with("fspiop-source", "nobody");
        if request.name().contains("/participants") {
            // Taken as upstream takes it, and it comes to nothing: there is nobody to tell.
            checker.world.hub.must_take(&stranger).await;
        } else {
            checker.check(&stranger, 400, "3101", "invalid fspiop-source header").await;
        }
        let twice = request.clone().and("fspiop-source", PAYEE);
        checker.check(&twice, 400, "3101", "Invalid fspiop-source header").await;
        let not_text = request.clone().with_bytes("fspiop-source", b"b\xe4nk");
        checker.check(&not_text, 400, "3101", "Invalid fspiop-source header").await;
    }
    checker.finish().await;
}

/// The supported versions, as upstream lists them.
fn check_versions(refused: &Response) {
    let extension = |key: &str, value: &str| json!({"key": key, "value": value});
    let expect = json!({"extension": [extension("1", "0"), extension("1", "1"), extension("2", "0")]});
    assert_eq!(refused.json()["errorInformation"]["extensionList"], expect);
}

#[tokio::test]
async fn uris_and_methods_that_do_not_exist() {
    let mut checker = Checker::new().await;
    let id = new_id();
    let at = |path: &str| path.replace("ID", &id);
    for (method, path, allow) in [
        ("GET", "/transfers", "POST"),
        ("PUT", "/transfers", "POST"),
        ("POST", "/transfers/ID", "GET, PATCH, PUT"),
        ("DELETE", "/transfers/ID", "GET, PATCH, PUT"),
        ("DELETE", "/transactionRequests", "POST"),
        ("POST", "/authorizations/ID", "GET, PUT"),
        ("GET", "/transfers/ID/error", "PUT"),
        ("DELETE", "/quotes", "POST"),
        ("POST", "/quotes/ID", "GET, PUT"),
        ("GET", "/quotes/ID/error", "PUT"),
        ("POST", "/parties/MSISDN/1", "GET, PUT"),
        ("GET", "/parties/MSISDN/1/error", "PUT"),
        ("PATCH", "/participants/MSISDN/1", "GET, POST, PUT, DELETE"),
        ("PATCH", "/participants/MSISDN/1/SUB", "GET, POST, PUT, DELETE"),
        ("GET", "/participants/MSISDN/1/error", "PUT"),
    ] {
        let response = checker.check(&Request::plain(method, &at(path)), 405, "3000", "Method Not Allowed").await;
        assert_eq!(response.header("allow"), Some(allow), "{method} {path}");
    }
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/nonsense"),
        ("POST", "/nonsense/transfers"),
        ("GET", "/transfers/"),
        ("GET", "/transfers/ID/"),
        ("GET", "//transfers/ID"),
        ("GET", "/transfers/ID/nonsense"),
        ("PUT", "/transfers/ID/error/error"),
        ("GET", "/Transfers/ID"),
        ("GET", "/parties"),
        ("GET", "/parties/MSISDN"),
        ("GET", "/parties/MSISDN/1/2/3"),
        ("GET", "/metrics"),
        ("GET", "/participants/limits/"),
    ] {
        checker.check(&Request::plain(method, &at(path)), 404, "3002", "Unknown URI").await;
    }
    for (method, path) in [("POST", "/bulkTransfers"), ("POST", "/fxQuotes")] {
        checker.check(&Request::plain(method, &at(path)), 501, "2002", "Not implemented").await;
    }
    for (path, code, part) in [
        ("/transfers/42", "3100", "/path/ID"),
        ("/transfers/B51EC534-EE48-4575-B6A9-EAD2955B8069", "3100", "/path/ID"),
        ("/quotes/00000000-0000-0000-0000-000000000000", "3100", "/path/ID"),
        ("/parties/SHOE_SIZE/44", "3100", "/path/Type"),
        ("/parties/msisdn/44", "3100", "/path/Type"),
        ("/parties/MSISDN/%FF", "3101", "/path"),
        ("/parties/MSISDN/%2", "3101", "/path"),
        ("/parties/MSISDN/%00", "3100", "/path/ID"),
        ("/parties/IBAN/bad", "3101", "Bad IBAN"),
        ("/participants/IBAN/12", "3101", "Bad IBAN"),
    ] {
        checker.check(&Request::fspiop("GET", path, PAYER), 400, code, part).await;
    }
    let long = format!("/parties/ALIAS/{}", "x".repeat(129));
    checker.check(&Request::fspiop("GET", &long, PAYER), 400, "3100", "/path/ID").await;
    for query in ["currency=ZZZ", "currency=", "x=1&currency=usd"] {
        let path = format!("/participants/MSISDN/1?{query}");
        checker.check(&Request::fspiop("GET", &path, PAYER), 400, "3100", "/query/currency").await;
    }
    checker.finish().await;
}

#[tokio::test]
async fn the_uri_goes_before_the_headers_and_these_before_the_body_and_that_before_the_source() {
    let mut checker = Checker::new().await;
    let bad = || Request::plain("POST", "/transfers").body("{");
    checker.check(&Request::plain("POST", "/nonsense").body("{"), 404, "3002", "").await;
    checker.check(&bad(), 400, "3102", "accept").await;
    // The form of an id is a field's: headers and versions go before it.
    let bad_id = Request::fspiop("GET", "/transfers/42", PAYER);
    let version = bad_id.clone().with("accept", "application/vnd.interoperability.transfers+json;version=9.0");
    checker.check(&version, 406, "3001", "Unacceptable version").await;
    checker.check(&bad_id.clone().without("date"), 400, "3102", "date").await;
    checker.check(&bad_id, 400, "3100", "/path/ID").await;
    let with_headers = Request::fspiop("POST", "/transfers", "nobody");
    checker.check(&with_headers.clone().body("{"), 400, "3101", "Invalid JSON").await;
    checker.check(&with_headers.clone().body("{}"), 400, "3102", "'transferId'").await;
    let good = Transfer::new("1").body().to_string();
    checker.check(&with_headers.body(good), 400, "3101", "invalid fspiop-source").await;
    checker.finish().await;
}

/// A prepare in which one thing was replaced by another.
fn spoilt(from: &str, to: &str) -> Vec<u8> {
    let body = Transfer::new("1").body().to_string();
    assert!(body.contains(from), "{body} has no {from}");
    body.replace(from, to).into_bytes()
}

#[tokio::test]
async fn bodies_of_transfers_that_break_the_rules() {
    let mut checker = Checker::new().await;
    let one = r#""amount":"1""#;
    let with_amount = |text: &str| spoilt(one, &format!(r#""amount":"{text}""#));
    let pattern = "/requestBody/amount/amount must match pattern";
    let deep = |levels: usize| spoilt(one, &format!(r#"{one},"x":{}{}"#, "[".repeat(levels), "]".repeat(levels)));
    let not_utf_8 = {
        let mut body = spoilt("AYIBgQ", "AYIB?Q");
        let at = body.iter().position(|byte| *byte == b'?').unwrap();
        body[at] = 0xff;
        body
    };
    let prepare = Transfer::new("1").prepare();
    for (body, code, part) in [
        (b"".to_vec(), "3101", "Invalid JSON"),
        (b"not json".to_vec(), "3101", "Invalid JSON"),
        (b"[]".to_vec(), "3101", "/requestBody must be object"),
        (b"{}".to_vec(), "3102", "/requestBody must have required property 'transferId'"),
        (spoilt("}", "} x"), "3101", "Invalid JSON"),
        (spoilt(one, r#""amount":"1","amount":"1""#), "3101", "/requestBody/amount has the key 'amount' twice"),
        (spoilt("payerFsp", "payeeFsp"), "3101", "/requestBody has the key 'payeeFsp' twice"),
        (not_utf_8, "3101", "not UTF-8"),
        (deep(200), "3101", "recursion limit"),
        (deep(100_000), "3101", "recursion limit"),
        (with_amount("1e9"), "3100", pattern),
        (with_amount("01"), "3100", pattern),
        (with_amount("0.0000"), "3100", pattern),
        (with_amount("2.00"), "3100", pattern),
        (with_amount("1.23456"), "3100", pattern),
        (with_amount("-1"), "3100", pattern),
        (with_amount("+1"), "3100", pattern),
        (with_amount(""), "3100", pattern),
        (with_amount("1,000"), "3100", pattern),
        (with_amount("12345678901234567890123"), "3100", pattern),
        (with_amount("1234567890123456789"), "3100", pattern),
        (spoilt(one, r#""amount":1"#), "3101", "/requestBody/amount/amount must be string"),
        (spoilt("\"USD\"", "\"ZZZ\""), "3100", "/requestBody/amount/currency must be equal to one of the allowed"),
        (spoilt("\"USD\"", "null"), "3101", "/requestBody/amount/currency must be string"),
        (spoilt("\"AYIBgQ\"", "\"A B\""), "3100", "/requestBody/ilpPacket"),
        (spoilt("\"payeefsp\"", "\"two words\""), "3100", "/requestBody/payeeFsp"),
        (spoilt("\"condition\":\"", "\"condition\":\"x"), "3100", "/requestBody/condition must match pattern"),
        (spoilt("\"expiration\":\"2", "\"expiration\":\"x"), "3100", "/requestBody/expiration must match pattern"),
        (spoilt("-ee48-4575-", "-ee48-0575-"), "3100", "/requestBody/transferId must match pattern"),
    ] {
        checker.check(&prepare.clone().body(body), 400, code, part).await;
    }
    for field in ["transferId", "payerFsp", "payeeFsp", "amount", "ilpPacket", "condition", "expiration"] {
        let mut body = Transfer::new("1").body();
        body.as_object_mut().unwrap().remove(field);
        let part = format!("/requestBody must have required property '{field}'");
        checker.check(&prepare.clone().body(body.to_string()), 400, "3102", &part).await;
    }
    checker.finish().await;
}

#[tokio::test]
async fn bodies_of_other_messages_that_break_the_rules() {
    let mut checker = Checker::new().await;
    let id = new_id();
    let put = |path: &str| Request::fspiop("PUT", path, PAYEE).to(PAYER);
    let (transfer, quote) = (format!("/transfers/{id}"), format!("/quotes/{id}"));
    let without = |mut body: Value, field: &str| {
        body.as_object_mut().unwrap().remove(field);
        body.to_string()
    };
    let parties = "/parties/MSISDN/27713803912";
    let register = Request::fspiop("POST", "/participants/MSISDN/27713803912", PAYEE);
    let post_quote = Request::fspiop("POST", "/quotes", PAYER);
    for (request, body, code, part) in [
        (put(&transfer), "{}".to_owned(), "3102", "'transferState'"),
        (put(&transfer), r#"{"transferState":"DONE"}"#.to_owned(), "3100", "/requestBody/transferState"),
        (put(&transfer), r#"{"transferState":"RECEIVED"}"#.to_owned(), "3100", "/requestBody/transferState must be"),
        (put(&transfer), r#"{"transferState":"COMMITTED","fulfilment":"x"}"#.to_owned(), "3100", "/fulfilment"),
        (put(&format!("{transfer}/error")), "{}".to_owned(), "3102", "'errorInformation'"),
        (put(&format!("{transfer}/error")), error("99", "no").to_string(), "3100", "/errorInformation/errorCode"),
        (put(&format!("{transfer}/error")), error("5100", "").to_string(), "3100", "/errorDescription"),
        (post_quote.clone(), without(quote_request(&id), "payer"), "3102", "'payer'"),
        (post_quote.clone(), without(quote_request(&id), "transactionType"), "3102", "'transactionType'"),
        (
            post_quote.clone(),
            quote_request(&id).to_string().replace("MSISDN", "PHONE"),
            "3100",
            "/partyIdInfo/partyIdType",
        ),
        (post_quote.clone(), quote_request(&id).to_string().replace("12.34", "12.340"), "3100", "/amount/amount"),
        (
            post_quote,
            quote_request(&id).to_string().replace(r#""fspId":"payeefsp","#, ""),
            "3102",
            "fspiop-destination",
        ),
        (put(&quote), without(quote_answer(), "condition"), "3102", "'condition'"),
        (put(&format!("{quote}/error")), "{".to_owned(), "3101", "Invalid JSON"),
        (put(parties), "{}".to_owned(), "3102", "'party'"),
        (put(parties), party_answer("PHONE", "1").to_string(), "3100", "/party/partyIdInfo/partyIdType"),
        (put(&format!("{parties}/error")), error("12345", "no").to_string(), "3100", "/errorCode"),
        (register.clone(), "{}".to_owned(), "3102", "'fspId'"),
        (register.clone(), r#"{"fspId":"payeefsp","currency":"ZZZ"}"#.to_owned(), "3100", "/requestBody/currency"),
        (register, r#"{"fspId":5}"#.to_owned(), "3101", "/requestBody/fspId must be string"),
    ] {
        checker.check(&request.body(body), 400, code, part).await;
    }
    checker.finish().await;
}

/// The largest body, in bytes.
const LIMIT: usize = 5_242_880;

/// A prepare that is padded to this many bytes with a field that nobody knows.
fn padded(length: usize) -> Vec<u8> {
    let body = Transfer::new("1").body().to_string();
    let frame = body.len() + r#","x":"""#.len();
    format!(r#"{},"x":"{}"}}"#, &body[..body.len() - 1], "x".repeat(length - frame)).into_bytes()
}

#[tokio::test]
async fn bodies_that_are_too_large() {
    let mut checker = Checker::new().await;
    let prepare = Transfer::new("1").prepare();
    let part = "/requestBody must be at most 5242880 bytes";
    // Announced: refused before a byte of it has come.
    let announced = prepare.clone().with("content-length", &(LIMIT + 1).to_string()).body("");
    checker.check(&announced, 400, "3104", part).await;
    for body in [padded(LIMIT + 1), vec![b'['; LIMIT + 1]] {
        checker.connection = checker.world.hub.connect().await;
        checker.check(&prepare.clone().in_chunks().body(body), 400, "3104", part).await;
    }
    // The size goes before everything else.
    checker.connection = checker.world.hub.connect().await;
    let nonsense = Request::plain("POST", "/nonsense").with("content-length", "99999999999");
    checker.check(&nonsense, 400, "3104", part).await;
    checker.finish().await;
}

#[tokio::test]
async fn headers_that_are_too_large() {
    let mut checker = Checker::new().await;
    let prepare = Transfer::new("1").prepare();
    let part = "/header must be at most 65536 bytes";
    let signed = |length: usize| prepare.clone().with("fspiop-signature", &"x".repeat(length));
    checker.check(&signed(65_536), 400, "3104", part).await;
    let many =
        (0..90).fold(prepare.clone(), |request, number| request.with(&format!("x-{number}"), &"y".repeat(1_000)));
    checker.check(&many, 400, "3104", part).await;
    checker.finish().await;
    let world = World::new().await;
    world.hub.must_take(&signed(60_000)).await;
    assert_eq!(world.payee.wait_for(1).await[0].header("fspiop-signature").map(str::len), Some(60_000));
}

#[tokio::test]
async fn a_body_of_the_largest_size_is_taken() {
    let world = World::new().await;
    for chunked in [false, true] {
        let request = Transfer::new("1").prepare().body(padded(LIMIT));
        let request = if chunked { request.in_chunks() } else { request };
        world.hub.must_take(&request).await;
    }
    let received = world.payee.wait_for(2).await;
    assert!(received.iter().all(|prepare| prepare.body.len() == LIMIT));
}

#[tokio::test]
async fn a_body_that_ends_early() {
    let mut checker = Checker::new().await;
    let request = Transfer::new("1").prepare();
    let bytes = request.to_bytes();
    // Said to be longer than it is, and then nothing more comes.
    for cut in [1, 10, request.content().len()] {
        let mut connection = checker.world.hub.connect().await;
        connection.write(&bytes[..bytes.len() - cut]).await;
        connection.finish().await;
        if let Some(response) = connection.read().await {
            assert_eq!((response.status, response.error().0.as_str()), (400, "3101"));
        }
    }
    let mut connection = checker.world.hub.connect().await;
    connection.write(&request.clone().in_chunks().to_bytes()[..bytes.len() - 10]).await;
    drop(connection);
    // The hub still answers others.
    checker.check(&Request::plain("GET", "/nonsense"), 404, "3002", "").await;
    checker.finish().await;
}

#[tokio::test]
async fn what_is_no_http_at_all() {
    let mut checker = Checker::new().await;
    for bytes in [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"GET\r\n\r\n", b"\0\0\0\0\r\n\r\n"] {
        let mut connection = checker.world.hub.connect().await;
        connection.write(bytes).await;
        connection.finish().await;
        if let Some(response) = connection.read().await {
            assert_eq!(response.status, 400, "{bytes:?}");
        }
    }
    checker.check(&Request::plain("GET", "/nonsense"), 404, "3002", "").await;
    checker.finish().await;
}
