//! Signatures through HTTP: whose are checked, which are refused, who may register keys, and what the hub signs.

use std::sync::Arc;

use fspiop::Timestamp;
use hub::{Jws, Settings, Validation};
use identity::{PublicKey, SignedMessage, Signer, verify};
use serde_json::{Value, json};

use crate::support::{
    Received, Request, World,
    messages::{Transfer, error, in_millis, new_id, party_answer, quote_answer, request_quote},
    request::DATE,
    test_hub::{self, HUB},
    world::{PAYEE, PAYER},
};

fn signer() -> Arc<Signer> {
    Arc::new(Signer::generate().unwrap().0)
}

async fn checking(validate: Validation) -> World {
    World::with(Settings { jws: Jws { validate, signer: None }, ..test_hub::settings() }).await
}

fn method_and_path(request: &Request) -> (String, String) {
    let name = request.name();
    let (method, path) = name.split_once(' ').unwrap();
    (method.to_owned(), path.to_owned())
}

/// The request as an FSP sends it that signs.
fn signed(request: Request, signer: &Signer) -> Request {
    let (method, path) = method_and_path(&request);
    let request = request.with("fspiop-uri", &path).with("fspiop-http-method", &method);
    let signature = signer.sign(&SignedMessage {
        method: &method,
        uri: &path,
        source: request.header("fspiop-source").unwrap(),
        destination: request.header("fspiop-destination"),
        date: request.header("date"),
        body: request.content(),
    });
    request.with("fspiop-signature", &signature.expect("it has a body"))
}

async fn register(world: &World, fsp: &str, signer: &Signer) -> Value {
    let body = json!({"publicKey": signer.public_key().to_pem()}).to_string();
    let request = Request::admin("POST", &format!("/participants/{fsp}/jwsKeys")).body(body);
    let response = world.hub.admin(&request).await;
    assert_eq!(response.status, 201, "{response:?}");
    response.json()
}

async fn limit(world: &World, fsp: &str, signer: &Signer, until: Timestamp) {
    let path = format!("/participants/{fsp}/jwsKeys/{}", signer.public_key().id());
    let response = world.hub.admin(&Request::admin("PUT", &path).body(json!({"validUntil": until}).to_string())).await;
    assert_eq!(response.status, 200, "{response:?}");
}

async fn retire(world: &World, fsp: &str, signer: &Signer) {
    let path = format!("/participants/{fsp}/jwsKeys/{}", signer.public_key().id());
    assert_eq!(world.hub.admin(&Request::admin("DELETE", &path)).await.status, 204);
}

/// A request that must be refused with 400, this code and this part of the description.
async fn check(world: &World, request: &Request, code: &str, part: &str) {
    let response = world.hub.send(request).await;
    assert_eq!(response.status, 400, "{} {part}: {response:?}", request.name());
    let (found, description) = response.error();
    assert_eq!(found, code, "{}: {description}", request.name());
    assert!(description.contains(part), "{}: {description:?} does not say {part:?}", request.name());
}

#[tokio::test]
async fn whoever_must_sign_is_refused_unsigned_and_nothing_happens() {
    let world = checking(Validation::All).await;
    let (quote, transfer) = (new_id(), Transfer::new("1"));
    let parties = "/parties/MSISDN/27713803912";
    let put = |path: &str, body: Value| Request::fspiop("PUT", path, PAYEE).to(PAYER).body(body.to_string());
    let before = world.hub.snapshot().await;
    for request in [
        transfer.prepare(),
        transfer.commit(),
        transfer.fail(),
        request_quote(&quote),
        put(&format!("/quotes/{quote}"), quote_answer()),
        put(parties, party_answer("MSISDN", "27713803912")),
        put(&format!("{parties}/error"), error("3204", "no")),
        Request::fspiop("POST", "/participants/MSISDN/27713803912", PAYEE).body(json!({"fspId": PAYEE}).to_string()),
    ] {
        let missing = |name: &str| format!("/header must have required property '{name}'");
        check(&world, &request, "3102", &missing("fspiop-signature")).await;
        check(&world, &request.clone().with("fspiop-signature", ""), "3102", &missing("fspiop-signature")).await;
        let good = signed(request.clone(), &signer());
        check(&world, &good.clone().without("fspiop-uri"), "3102", &missing("fspiop-uri")).await;
        check(&world, &good.clone().without("fspiop-http-method"), "3102", &missing("fspiop-http-method")).await;
        let source = request.header("fspiop-source").unwrap();
        check(&world, &good, "3105", &format!("no key of {source} is valid now")).await;
        check(&world, &request.with("fspiop-signature", "lorem"), "3102", "fspiop-uri").await;
    }
    assert_eq!(world.hub.snapshot().await, before);
    assert!(world.payer.received().is_empty() && world.payee.received().is_empty());
    // A question has no body to sign.
    world.hub.must_take(&Request::fspiop("GET", parties, PAYER).to(PAYEE)).await;
    world.payee.wait_for_one("GET", parties).await;
}

#[tokio::test]
async fn a_payment_of_fsps_that_sign_goes_through() {
    let world = checking(Validation::All).await;
    let (payer, payee, transfer) = (signer(), signer(), Transfer::new("1"));
    register(&world, PAYER, &payer).await;
    register(&world, PAYEE, &payee).await;
    let prepare = signed(transfer.prepare(), &payer);
    world.hub.must_take(&prepare).await;
    let received = world.payee.wait_for_one("POST", "/transfers").await;
    for name in ["fspiop-signature", "fspiop-uri", "fspiop-http-method", "date"] {
        assert_eq!(received.header(name), prepare.header(name), "{name}");
    }
    check_signature(&received, payer.public_key());
    world.hub.must_take(&signed(transfer.commit(), &payee)).await;
    check_signature(&world.payer.wait_for_one("PUT", &transfer.path()).await, payee.public_key());
    assert_eq!(world.status(&transfer).await, "COMMITTED");
}

#[tokio::test]
async fn a_deletion_must_be_signed_too() {
    let world = checking(Validation::All).await;
    let payee = signer();
    register(&world, PAYEE, &payee).await;
    let path = "/participants/MSISDN/27713803912";
    let deletion = Request::fspiop("DELETE", path, PAYEE);
    check(&world, &deletion, "3102", "fspiop-signature").await;
    check(&world, &signed(deletion.clone(), &signer()), "3105", "made by none of the sender's 1 valid keys").await;
    let other = signed(deletion.clone(), &payee).with("fspiop-source", PAYER);
    check(&world, &other, "3105", "FSPIOP-Source in the protected header").await;
    world.hub.must_take(&signed(deletion, &payee)).await;
}

#[tokio::test]
async fn a_signed_message_keeps_what_its_sender_left_out() {
    let world = checking(Validation::All).await;
    let (payer, transfer) = (signer(), Transfer::new("1"));
    register(&world, PAYER, &payer).await;
    world.hub.must_take(&signed(transfer.prepare().without("fspiop-destination"), &payer)).await;
    let received = world.payee.wait_for_one("POST", "/transfers").await;
    assert_eq!(received.header("fspiop-destination"), None);
    check_signature(&received, payer.public_key());
}

#[track_caller]
fn check_signature(received: &Received, key: &PublicKey) {
    let header = |name: &str| received.header(name);
    let message = SignedMessage {
        method: &received.method,
        uri: &received.path,
        source: header("fspiop-source").unwrap(),
        destination: header("fspiop-destination"),
        date: header("date"),
        body: &received.body,
    };
    assert_eq!(verify(header("fspiop-signature").expect("it is signed"), &message, [key]), Ok(()), "{received:?}");
    assert_eq!(header("fspiop-uri"), Some(received.path.as_str()));
    assert_eq!(header("fspiop-http-method"), Some(received.method.as_str()));
}

#[tokio::test]
async fn a_signature_is_good_for_one_message_of_one_sender() {
    let world = checking(Validation::All).await;
    let (payer, payee, transfer) = (signer(), signer(), Transfer::new("1"));
    register(&world, PAYER, &payer).await;
    register(&world, PAYEE, &payee).await;
    let before = world.hub.snapshot().await;
    let good = signed(transfer.prepare(), &payer);
    let not_that_of = |name: &str| format!("{name} in the protected header is not that of the message");
    let body = String::from_utf8(good.content().to_vec()).unwrap();
    let altered = [body.replace("\"1\"", "\"2\""), format!("{body} "), body.replace(PAYEE, PAYER)];
    for body in altered {
        assert_ne!(body.as_bytes(), good.content());
        check(&world, &good.clone().body(body), "3105", "for another body").await;
    }
    check(&world, &signed(transfer.prepare(), &payee), "3105", "made by none of the sender's 1 valid keys").await;
    let as_payee = transfer.prepare().with("fspiop-source", PAYEE);
    check(&world, &signed(as_payee, &payer), "3105", "made by none of the sender's 1 valid keys").await;
    check(&world, &good.clone().with("fspiop-source", PAYEE), "3105", &not_that_of("FSPIOP-Source")).await;
    check(&world, &good.clone().to("otherfsp"), "3105", &not_that_of("FSPIOP-Destination")).await;
    check(&world, &good.clone().without("fspiop-destination"), "3105", &not_that_of("FSPIOP-Destination")).await;
    let later = good.clone().with("date", "Sun, 22 Nov 2026 14:00:01 GMT");
    check(&world, &later, "3105", &not_that_of("Date")).await;
    check(&world, &good.clone().and("fspiop-signature", "{}"), "3105", "fspiop-signature must occur once").await;
    check(&world, &good.clone().and("fspiop-uri", "/transfers"), "3105", "fspiop-uri must occur once").await;
    check(&world, &good.clone().with("fspiop-uri", "/quotes"), "3105", "fspiop-uri is not that of the request").await;
    let method = good.clone().with("fspiop-http-method", "PUT");
    check(&world, &method, "3105", "fspiop-http-method is not that of the request").await;
    check(&world, &good.clone().with("fspiop-signature", "lorem ipsum"), "3105", "expected a JSON object").await;
    let long = format!("{{\"signature\":\"{}\"}}", "x".repeat(9_000));
    check(&world, &good.clone().with("fspiop-signature", &long), "3105", "more than 8192").await;
    // What the payee has signed for one transfer, sent for another.
    let (first, second) = (signed(transfer.commit(), &payee), Transfer { id: new_id(), ..transfer.clone() });
    let header = |name: &str| first.header(name).unwrap();
    let replayed = second.commit().with("fspiop-signature", header("fspiop-signature"));
    let replayed = replayed.with("fspiop-http-method", "PUT").body(first.content());
    let to_first = replayed.clone().with("fspiop-uri", &transfer.path());
    check(&world, &to_first, "3105", "fspiop-uri is not that of the request").await;
    check(&world, &replayed.with("fspiop-uri", &second.path()), "3105", &not_that_of("FSPIOP-URI")).await;
    assert_eq!(world.hub.snapshot().await, before);
    assert!(world.payer.received().is_empty() && world.payee.received().is_empty());
    world.hub.must_take(&good).await;
}

#[tokio::test]
async fn only_those_with_keys_must_sign_where_that_is_asked_for() {
    let world = checking(Validation::PerParticipant).await;
    let (payer, first, second) = (signer(), Transfer::new("1"), Transfer::new("1"));
    world.pay(&first).await;
    register(&world, PAYER, &payer).await;
    check(&world, &second.prepare(), "3102", "fspiop-signature").await;
    world.hub.must_take(&signed(second.prepare(), &payer)).await;
    // The payee has none: its signature can't be checked, and goes on as it came.
    let strange = second.commit().with("fspiop-signature", "lorem ipsum");
    world.hub.must_take(&strange).await;
    let received = world.payer.wait_for_one("PUT", &second.path()).await;
    assert_eq!(received.header("fspiop-signature"), Some("lorem ipsum"));
    // Whoever has signed once does not go back by retiring all keys.
    retire(&world, PAYER, &payer).await;
    check(&world, &Transfer::new("1").prepare(), "3102", "fspiop-signature").await;
    check(&world, &signed(Transfer::new("1").prepare(), &payer), "3105", "no key of payerfsp is valid now").await;
}

#[tokio::test]
async fn nothing_is_checked_where_nothing_is_said() {
    let world = World::new().await;
    register(&world, PAYER, &signer()).await;
    world.pay(&Transfer::new("1")).await;
    let wrong = Transfer::new("1").prepare().with("fspiop-signature", "lorem ipsum");
    world.hub.must_take(&wrong).await;
}

#[tokio::test]
async fn a_key_is_rotated_with_an_overlap() {
    let world = checking(Validation::PerParticipant).await;
    let (old, new) = (signer(), signer());
    let prepare = |signer: &Signer| signed(Transfer::new("1").prepare(), signer);
    register(&world, PAYER, &old).await;
    check(&world, &prepare(&new), "3105", "made by none of the sender's 1 valid keys").await;
    register(&world, PAYER, &new).await;
    limit(&world, PAYER, &old, in_millis(300_000)).await;
    world.hub.must_take(&prepare(&old)).await;
    world.hub.must_take(&prepare(&new)).await;
    // The overlap ends sooner than was thought.
    limit(&world, PAYER, &old, in_millis(-1_000)).await;
    check(&world, &prepare(&old), "3105", "made by none of the sender's 1 valid keys").await;
    world.hub.must_take(&prepare(&new)).await;
    // What has ended does not come back.
    let keys = format!("/participants/{PAYER}/jwsKeys");
    let path = format!("{keys}/{}", old.public_key().id());
    let later = json!({"validUntil": in_millis(300_000)}).to_string();
    let again = json!({"publicKey": old.public_key().to_pem()}).to_string();
    for (method, path, body, part) in
        [("PUT", path.as_str(), later, "The key is retired"), ("POST", &keys, again, "registered already")]
    {
        let response = world.hub.admin(&Request::admin(method, path).body(body)).await;
        assert_eq!((response.status, response.error().0.as_str()), (400, "3000"), "{method} {path}");
        assert!(response.error().1.contains(part), "{response:?}");
    }
    let before = world.hub.read(&keys).await;
    retire(&world, PAYER, &old).await;
    assert_eq!(world.hub.read(&keys).await, before, "to retire it again changes nothing");
    check(&world, &prepare(&old), "3105", "made by none of the sender's 1 valid keys").await;
}

#[tokio::test]
async fn a_key_ends_by_itself_when_its_time_is_over() {
    let world = checking(Validation::PerParticipant).await;
    let key = signer();
    register(&world, PAYER, &key).await;
    limit(&world, PAYER, &key, in_millis(500)).await;
    let is_refused = async || {
        let response = world.hub.send(&signed(Transfer::new("1").prepare(), &key)).await;
        (response.status == 400).then(|| response.error())
    };
    let (code, description) = crate::support::eventually("the key ends", is_refused).await;
    assert_eq!(code, "3105");
    assert!(description.contains("no key of payerfsp is valid now"), "{description}");
}

#[tokio::test]
async fn keys_are_kept_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let settings = || Settings { jws: Jws { validate: Validation::All, signer: None }, ..test_hub::settings() };
    let world = World::on(test_hub::sqlite(folder.path())).await;
    let key = signer();
    let made = register(&world, PAYER, &key).await;
    assert_eq!(made["id"], key.public_key().id());
    assert_eq!(made["publicKey"], key.public_key().to_pem());
    assert_eq!(made["isActive"], 1);
    assert_eq!(made.get("validUntil"), None);
    register(&world, HUB, &signer()).await;
    assert_eq!(world.hub.read(&format!("/participants/{HUB}/jwsKeys")).await.as_array().unwrap().len(), 1);
    let path = format!("/participants/{PAYER}/jwsKeys");
    assert_eq!(world.hub.read(&path).await, json!([made]));
    // Another hub on the same store knows it, too.
    drop(world.hub.stop().await);
    let store = test_hub::sqlite(folder.path());
    let open = Arc::new(hub::OpenAuthorizer);
    let hub = test_hub::TestHub::with(store.clone(), store, settings(), open).await;
    assert_eq!(hub.read(&path).await, json!([made]));
    hub.must_take(&signed(Transfer::new("1").prepare(), &key)).await;
    hub.stop().await;
}

#[tokio::test]
async fn keys_that_do_not_fit_are_refused() {
    let world = World::new().await;
    let keys = format!("/participants/{PAYER}/jwsKeys");
    let key = signer();
    register(&world, PAYER, &key).await;
    let before = world.hub.snapshot().await;
    let (id, pem) = (key.public_key().id(), key.public_key().to_pem());
    let one = format!("{keys}/{id}");
    let post = |pem: &str| json!({"publicKey": pem}).to_string();
    let elliptic = include_str!("../../../identity/tests/data/elliptic.pem");
    let short = include_str!("../../../identity/tests/data/short.pem");
    let private = include_str!("../../../identity/tests/data/pkcs1.pem");
    let nobody = "/participants/nobody/jwsKeys";
    let other = format!("{keys}/0000");
    let until = json!({"validUntil": in_millis(1_000)}).to_string();
    let field = "/requestBody/publicKey must be an RSA key in PEM: ";
    for (method, path, body, status, code, part) in [
        ("POST", keys.as_str(), "{}".to_owned(), 400, "3102", "'publicKey'".to_owned()),
        ("POST", &keys, "{".to_owned(), 400, "3101", "Invalid JSON".to_owned()),
        ("POST", &keys, json!({"publicKey": pem, "x": 1}).to_string(), 400, "3100", "unknown field `x`".to_owned()),
        ("POST", &keys, post("lorem"), 400, "3100", format!("{field}found no line -----BEGIN")),
        ("POST", &keys, post(short), 400, "3100", format!("{field}found an RSA key of 1024 bits")),
        ("POST", &keys, post(elliptic), 400, "3100", format!("{field}found an elliptic-curve key")),
        ("POST", &keys, post(private), 400, "3100", format!("{field}found a private key")),
        ("POST", &keys, post(&"x".repeat(9_000)), 400, "3100", "must have at most 8192 bytes".to_owned()),
        ("POST", &keys, post(&pem), 400, "3000", "The key is registered already".to_owned()),
        ("POST", nobody, post(&pem), 400, "3200", "Participant".to_owned()),
        ("GET", nobody, String::new(), 400, "3200", "Participant".to_owned()),
        ("PUT", &one, "{}".to_owned(), 400, "3102", "'validUntil'".to_owned()),
        ("PUT", &one, json!({"validUntil": "soon"}).to_string(), 400, "3100", "/requestBody/validUntil".to_owned()),
        ("PUT", &other, until.clone(), 400, "3200", "Key not found".to_owned()),
        ("DELETE", &other, String::new(), 400, "3200", "Key not found".to_owned()),
        ("DELETE", &format!("{nobody}/{id}"), String::new(), 400, "3200", "Participant".to_owned()),
        ("DELETE", &keys, String::new(), 405, "3000", "Method Not Allowed".to_owned()),
    ] {
        let response = world.hub.admin(&Request::admin(method, path).body(body)).await;
        let found = (response.status, response.error());
        assert_eq!((found.0, found.1.0.as_str()), (status, code), "{method} {path}: {found:?}");
        assert!(found.1.1.contains(&part), "{method} {path}: {found:?} does not say {part}");
        assert!(!found.1.1.contains("MII"), "a key is not repeated: {found:?}");
    }
    assert_eq!(world.hub.snapshot().await, before);
    for _ in 0..3 {
        register(&world, PAYER, &signer()).await;
    }
    let response = world.hub.admin(&Request::admin("POST", &keys).body(post(&signer().public_key().to_pem()))).await;
    assert!(response.error().1.contains("4 keys are valid; retire one first"), "{response:?}");
    retire(&world, PAYER, &key).await;
    register(&world, PAYER, &signer()).await;
}

#[tokio::test]
async fn nobody_speaks_in_the_hubs_name() {
    for validate in [Validation::None, Validation::PerParticipant, Validation::All] {
        let world = checking(validate).await;
        let key = signer();
        register(&world, HUB, &key).await;
        let answer = party_answer("MSISDN", "27713803912").to_string();
        let forged = Request::fspiop("PUT", "/parties/MSISDN/27713803912", HUB).to(PAYER).body(answer);
        check(&world, &forged, "3101", "invalid fspiop-source header").await;
        check(&world, &signed(forged, &key), "3101", "invalid fspiop-source header").await;
        assert!(world.payer.received().is_empty());
    }
}

#[tokio::test]
async fn the_hub_signs_what_it_says_itself_and_nothing_else() {
    let key = signer();
    let jws = Jws { validate: Validation::None, signer: Some(key.clone()) };
    let world = World::with(Settings { jws, ..test_hub::settings() }).await;
    let (reserved, unknown) = (Transfer::new("1"), Transfer::new("1"));
    // The notification of a payee that reserved, an answer to a question, and an error.
    world.hub.must_take(&reserved.prepare().with("fspiop-signature", "the payer's")).await;
    let passed = world.payee.wait_for_one("POST", "/transfers").await;
    assert_eq!(passed.header("fspiop-signature"), Some("the payer's"));
    world.hub.must_take(&reserved.reserve()).await;
    let notified = world.payee.wait_for_one("PATCH", &reserved.path()).await;
    check_signature(&notified, key.public_key());
    // RESERVED becomes COMMITTED on its way, so that this is the hub's word, too.
    check_signature(&world.payer.wait_for_one("PUT", &reserved.path()).await, key.public_key());
    let committed = Transfer::new("1");
    world.pay(&committed).await;
    let passed = world.payer.wait_for_one("PUT", &committed.path()).await;
    assert_eq!(passed.header("fspiop-signature"), None, "what was not signed is not signed by the hub");
    world.hub.must_take(&unknown.ask(PAYER)).await;
    let answered = world.payer.wait_for_one("PUT", &unknown.error_path()).await;
    check_signature(&answered, key.public_key());
    assert_eq!(answered.header("fspiop-source"), Some(HUB));
    assert_ne!(answered.header("date"), Some(DATE));
    world.hub.must_take(&Request::fspiop("GET", "/parties/MSISDN/404", PAYER)).await;
    let not_found = world.payer.wait_for_one("PUT", "/parties/MSISDN/404/error").await;
    check_signature(&not_found, key.public_key());
}
