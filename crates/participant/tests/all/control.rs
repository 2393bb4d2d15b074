//! The control API and its client, and what the FSPs' port refuses.

use axum::body::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use participant::control::{self, ClientError};
use participant::{Ending, Limits, Script, Simulator};

use crate::relay::{Relay, once, simulator};
use crate::world::{BOB, fsp, transfer};

fn control_url(simulator: &Simulator) -> String {
    format!("http://{}", simulator.control_address().unwrap())
}

async fn ask(url: String, method: Method, body: impl Into<Bytes>) -> (StatusCode, String) {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::builder().method(method).uri(url).body(Full::new(body.into())).unwrap();
    let response = client.request(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn the_client_makes_payments() {
    let simulator = simulator("").await;
    let mut legs = Vec::new();
    let url = control_url(&simulator);
    let result = control::Client::new().transfer(&url, &transfer(BOB), |leg| legs.push(leg.clone())).await.unwrap();
    assert_eq!((result.state, result.legs.len(), legs.len()), (Ending::Committed, 12, 12));
    legs.sort_by_key(|leg| leg.at);
    assert_eq!(legs, result.legs);
}

#[tokio::test]
async fn the_client_says_what_is_wrong() {
    let simulator = simulator("").await;
    let client = control::Client::new();
    let mut request = transfer(BOB);
    request.from = fsp("nobody");
    let error = client.transfer(&control_url(&simulator), &request, |_| {}).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no simulated FSP is called 'nobody'; there are payeefsp, payerfsp (GET /fsps lists the simulated FSPs)"
    );
    let error = client.transfer("localhost", &request, |_| {}).await.unwrap_err();
    assert_eq!(error, ClientError::BadUrl("localhost".into()));
    let other = Relay::start(false).await;
    other.refuse_next([StatusCode::IM_A_TEAPOT]);
    let error = client.transfer(&other.url(), &request, |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("is not that of a simulator: HTTP status 418"), "{error}");
    let url = control_url(&simulator);
    simulator.stop().await;
    let error = client.transfer(&url, &request, |_| {}).await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn payments_are_streamed_as_lines() {
    let simulator = simulator("").await;
    let body =
        format!(r#"{{"from":"payerfsp","to":"{BOB}","amount":"10","currency":"USD","note":"x","timeoutMs":9000}}"#);
    let (status, lines) = ask(control_url(&simulator) + "/transfers", Method::POST, body).await;
    assert_eq!(status, StatusCode::OK);
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 13);
    assert_eq!(lines[0]["leg"]["phase"], "lookup");
    let result = &lines[12]["result"];
    assert_eq!(result["state"], "COMMITTED");
    assert_eq!(result["legs"].as_array().unwrap().len(), 12);
    assert!(result["totalMs"].as_f64().unwrap() > 0.0 && result["transferId"].is_string());
}

#[tokio::test]
async fn scripts_are_read_and_set() {
    let simulator = simulator("reject").await;
    let url = control_url(&simulator) + "/fsps/payeefsp/script";
    let (status, body) = ask(url.clone(), Method::GET, "").await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, r#"{"behaviour":{"reject":true}}"#));
    let set = r#"{"behaviour":{"error":"5104"}}"#;
    assert_eq!(ask(url.clone(), Method::PUT, set).await, (StatusCode::OK, set.into()));
    let result = simulator.pay(transfer(BOB)).unwrap().result().await.unwrap();
    assert_eq!(result.error.unwrap().code.as_deref(), Some("5104"));
    for (bad, expect) in [
        ("", "EOF while parsing"),
        (r#"{"behaviour":{"silence":true}}"#, "unknown field `silence`"),
        (r#"{"behaviour":{"copies":99}}"#, "copies must be at most 16, not 99"),
    ] {
        let (status, body) = ask(url.clone(), Method::PUT, bad).await;
        assert!(status == StatusCode::BAD_REQUEST && body.contains(expect) && body.contains(r#""hint":"#), "{body}");
    }
    assert_eq!(ask(url, Method::GET, "").await.1, set, "a bad script changes nothing");
}

#[tokio::test]
async fn fsps_are_listed() {
    let simulator = simulator("").await;
    let (status, body) = ask(control_url(&simulator) + "/fsps", Method::GET, "").await;
    assert_eq!(status, StatusCode::OK);
    let found: serde_json::Value = serde_json::from_str(&body).unwrap();
    let expect = serde_json::json!({
        "name": "payerfsp",
        "currencies": ["USD"],
        "parties": [{"id": "MSISDN/111", "name": "Alice Alpaca"}],
        "endpoint": simulator.endpoint(&fsp("payerfsp")),
        "script": {"behaviour": {}},
    });
    assert_eq!(found[1], expect);
    let (status, body) = ask(control_url(&simulator) + "/fsps/payerfsp/notices", Method::GET, "").await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "[]"));
}

#[tokio::test]
async fn other_requests_are_refused_with_a_hint() {
    let simulator = simulator("").await;
    let check = async |method, path: &str, body: String, status: u16, expect: &str| {
        let (found, body) = ask(control_url(&simulator) + path, method, body).await;
        assert_eq!(found, status, "{path}: {body}");
        assert!(body.contains(expect), "{path}: {body}");
    };
    check(Method::GET, "/live", String::new(), 200, "OK").await;
    check(Method::GET, "/other", String::new(), 404, "hint").await;
    check(Method::DELETE, "/fsps", String::new(), 405, "hint").await;
    check(Method::GET, "/fsps/nobody/script", String::new(), 404, "there are payeefsp, payerfsp").await;
    check(Method::GET, "/fsps/nobody/notices", String::new(), 404, "GET /fsps").await;
    check(Method::POST, "/transfers", "{}".into(), 400, "missing field `from`").await;
    check(Method::POST, "/transfers", "x".repeat(300_000), 413, "").await;
}

#[tokio::test]
async fn what_the_fsps_refuse() {
    let relay = Relay::start(false).await;
    let simulator = relay.simulator(Script::default(), Limits { body_bytes: 10, ..once() }).await;
    let check = async |method, path: &str, body: &'static str, status: u16, expect: &str| {
        let (found, body) = ask(format!("http://{}{path}", simulator.address()), method, body).await;
        assert_eq!(found, status, "{path}: {body}");
        assert!(body.contains(expect), "{path}: {body}");
    };
    check(Method::GET, "/", "", 404, "no simulated FSP is called ''; there are payeefsp, payerfsp").await;
    check(Method::GET, "/nobody/parties/MSISDN/1", "", 404, "3002").await;
    check(Method::GET, "/payeefsp", "", 404, "3002").await;
    check(Method::GET, "/payeefsp/parties/MSISDN/1", "", 400, "3102").await;
    check(Method::POST, "/payeefsp/quotes", "0123456789a", 400, "3104").await;
}
