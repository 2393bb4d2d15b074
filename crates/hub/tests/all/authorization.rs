//! The seam for authorisation, on the operators' side: who is denied reaches nothing, and nothing of the request is read.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use http::HeaderMap;
use hub::{Authorizer, Denied, Operation};
use serde_json::json;

use crate::support::{
    Connection, Request, Response, TestHub, test_hub,
    world::{PAYEE, PAYER},
};

/// Denies what has no token, and writes down what it was asked.
#[derive(Default)]
struct Guard {
    open: AtomicBool,
    asked: Mutex<Vec<String>>,
}

impl Authorizer for Guard {
    fn authorize(&self, operation: Operation<'_>, headers: &HeaderMap) -> Result<(), Denied> {
        let Operation { api, method, path } = operation;
        self.asked.lock().unwrap().push(format!("{api} {method} {path}"));
        match headers.get("authorization").and_then(|value| value.to_str().ok()) {
            _ if self.open.load(Ordering::SeqCst) => Ok(()),
            Some("Bearer operator") => Ok(()),
            Some(_) => Err(Denied::Forbidden),
            None => Err(Denied::Unauthenticated),
        }
    }
}

async fn guarded() -> (TestHub, Arc<Guard>) {
    let (store, guard) = (test_hub::memory(), Arc::new(Guard::default()));
    let hub = TestHub::with(store.clone(), store, test_hub::settings(), guard.clone()).await;
    guard.open.store(true, Ordering::SeqCst);
    // A participant whose name looks like a path that everybody may ask.
    for name in [PAYER, PAYEE, "health"] {
        let body = json!({"name": name}).to_string();
        assert_eq!(hub.admin(&Request::admin("POST", "/participants").body(body)).await.status, 201);
    }
    guard.open.store(false, Ordering::SeqCst);
    (hub, guard)
}

#[track_caller]
fn check_denied(name: &str, response: &Response, status: u16) {
    assert_eq!(response.status, status, "{name}: {response:?}");
    assert_eq!(response.header("content-type"), Some("application/json; charset=utf-8"));
    let (code, description) = response.error();
    assert_eq!((code.as_str(), description.as_str()), ("3000", "Generic client error - not allowed"), "{name}");
}

/// Something of every resource.
const LEDGER: [&str; 21] = [
    "GET /audit",
    "GET /audit/progress",
    "GET /trace/00000000-ee48-4575-b6a9-ead2955b8069",
    "GET /participants",
    "POST /participants",
    "GET /participants/limits",
    "GET /participants/payerfsp",
    "PUT /participants/payerfsp",
    "PUT /participants/health",
    "GET /participants/health",
    "GET /participants/payerfsp/accounts",
    "POST /participants/Hub/accounts",
    "POST /participants/payerfsp/accounts/1",
    "POST /participants/payerfsp/endpoints",
    "PUT /participants/payerfsp/limits",
    "GET /settlementModels",
    "PUT /settlementModels/health",
    "GET /enums",
    "DELETE /enums",
    "GET /nonsense",
    "GET /nonsense/health",
];

#[tokio::test]
async fn nobody_who_is_denied_gets_anywhere() {
    let (hub, guard) = guarded().await;
    let before = hub.snapshot().await;
    let oracles = ["GET /oracles", "POST /oracles", "PUT /oracles/1", "DELETE /oracles/health"];
    let settlement = ["GET /v2/settlements", "GET /v3/health"];
    for (api, address, operations) in [
        ("ledger", hub.ledger_admin(), &LEDGER[..]),
        ("oracles", hub.oracle_admin(), &oracles[..]),
        ("settlement", hub.settlement(), &settlement[..]),
    ] {
        for what in operations {
            let (method, path) = what.split_once(' ').unwrap();
            let request = Request::admin(method, path).body(r#"{"isActive":false,"name":"newfsp"}"#);
            check_denied(what, &request.send(address).await, 401);
            check_denied(what, &request.clone().with("authorization", "Bearer thief").send(address).await, 403);
            let asked = guard.asked.lock().unwrap().last().cloned();
            assert_eq!(asked.as_deref(), Some(format!("{api} {what}").as_str()));
        }
    }
    assert_eq!(hub.snapshot().await, before);
    let allowed = Request::admin("GET", "/participants").with("authorization", "Bearer operator");
    assert_eq!(hub.admin(&allowed).await.status, 200);
}

#[tokio::test]
async fn whoever_is_denied_is_answered_before_the_body_has_come() {
    let (hub, _) = guarded().await;
    let request = Request::admin("POST", "/participants").with("content-length", "1000");
    let mut connection = Connection::open(hub.ledger_admin()).await;
    connection.write(&request.head()).await;
    check_denied("a body that does not come", &connection.read().await.unwrap(), 401);
}

#[tokio::test]
async fn health_and_fspiop_are_not_the_guards_business() {
    let (hub, guard) = guarded().await;
    let before = guard.asked.lock().unwrap().len();
    for (address, path) in [
        (hub.ledger_admin(), "/health"),
        (hub.oracle_admin(), "/health"),
        (hub.settlement(), "/v2/health"),
        (hub.operations(), "/ready"),
    ] {
        assert_eq!(Request::plain("GET", path).send(address).await.status, 200, "{path}");
    }
    assert_eq!(hub.send(&Request::fspiop("GET", "/parties/MSISDN/1", PAYER)).await.status, 202);
    assert_eq!(guard.asked.lock().unwrap().len(), before);
}
