//! A stand-in for a hub: passes FSPIOP messages on to the FSP that they are for, without state or checks.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use fspiop::headers::{FSPIOP_DESTINATION, FSPIOP_SOURCE, TRACEPARENT};
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use participant::{Limits, Profile, Script, Settings, Simulator};

use crate::world::{PAYEE, payee, payer, script};

/// A hub that listens.
#[derive(Clone)]
pub(crate) struct Relay(Arc<Inner>);

struct Inner {
    address: SocketAddr,
    simulator: OnceLock<SocketAddr>,
    /// Statuses for the next requests in place of passing them on.
    refusals: Mutex<VecDeque<StatusCode>>,
    /// Whether traces are taken out of the messages.
    forgets_traces: bool,
    client: Client<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>>,
}

impl Relay {
    pub(crate) async fn start(forgets_traces: bool) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let inner = Inner {
            address: listener.local_addr().unwrap(),
            simulator: OnceLock::new(),
            refusals: Mutex::default(),
            forgets_traces,
            client: Client::builder(TokioExecutor::new()).build_http(),
        };
        let relay = Self(Arc::new(inner));
        let app = Router::new().fallback(take).with_state(relay.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        relay
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.0.address)
    }

    pub(crate) fn refuse_next(&self, statuses: impl IntoIterator<Item = StatusCode>) {
        self.0.refusals.lock().unwrap().extend(statuses);
    }

    /// Two FSPs at this hub; the payee's follows the script. Messages are sent only once unless the limits say more.
    pub(crate) async fn simulator(&self, payee_script: Script, limits: Limits) -> Simulator {
        let fsps: Vec<(Profile, Script)> = vec![(payer(), Script::default()), (payee(), payee_script)];
        let control = Some("127.0.0.1:0".parse().unwrap());
        let settings = Settings { control, limits, ..Settings::new(self.url(), fsps) };
        let simulator = Simulator::start(settings).await.unwrap();
        self.0.simulator.set(simulator.address()).unwrap();
        simulator
    }

    async fn pass_on(self, method: Method, path: String, mut headers: http::HeaderMap, body: Bytes) {
        let to = headers.get(FSPIOP_DESTINATION).map_or(PAYEE, |fsp| fsp.to_str().unwrap());
        let url = format!("http://{}/{to}{path}", self.0.simulator.get().unwrap());
        headers.remove(CONTENT_LENGTH);
        headers.remove("host");
        if self.0.forgets_traces {
            headers.remove(TRACEPARENT);
        }
        let mut request = http::Request::new(Full::new(body));
        (*request.method_mut(), *request.uri_mut()) = (method, url.parse().unwrap());
        *request.headers_mut() = headers;
        // A simulator that was stopped at the end of a test is no failure.
        let _ = self.0.client.request(request).await;
    }
}

async fn take(State(relay): State<Relay>, request: Request) -> StatusCode {
    if let Some(refusal) = relay.0.refusals.lock().unwrap().pop_front() {
        return refusal;
    }
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let path = head.uri.path().to_owned();
    let text = String::from_utf8(body.to_vec()).unwrap();
    if text.contains("RESERVED") {
        commit(&relay, path, head.headers, &text);
    } else {
        tokio::spawn(relay.pass_on(head.method.clone(), path, head.headers, body));
    }
    if matches!(head.method, Method::PUT | Method::PATCH) { StatusCode::OK } else { StatusCode::ACCEPTED }
}

/// As a hub does with a reservation: tells both FSPs that the transfer is committed.
fn commit(relay: &Relay, path: String, mut headers: http::HeaderMap, body: &str) {
    let payee = headers.insert(FSPIOP_SOURCE, HeaderValue::from_static("Hub")).unwrap();
    let body = Bytes::from(body.replace("RESERVED", "COMMITTED"));
    tokio::spawn(relay.clone().pass_on(Method::PUT, path.clone(), headers.clone(), body));
    headers.insert(FSPIOP_DESTINATION, payee);
    let body = r#"{"completedTimestamp":"2026-11-22T14:00:00.000Z","transferState":"COMMITTED"}"#;
    tokio::spawn(relay.clone().pass_on(Method::PATCH, path, headers, Bytes::from_static(body.as_bytes())));
}

/// A simulator whose payee follows a script in short form, at a hub that passes everything on.
pub(crate) async fn simulator(payee_script: &str) -> Simulator {
    Relay::start(false).await.simulator(script(payee_script), once()).await
}

/// Limits by which each message is sent once.
pub(crate) fn once() -> Limits {
    Limits { attempts: 1, ..Limits::default() }
}
