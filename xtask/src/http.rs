//! HTTP as these tests need it: ask the hub, and catch what the hub sends to a participant.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Longer than the hub holds any request.
const ANSWER: Duration = Duration::from_secs(10);
/// As long as the Testing Toolkit waits for a callback.
const CALLBACK: Duration = Duration::from_secs(15);

/// A client with a small pool.
pub(crate) struct Client {
    pool: hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>,
    patience: Duration,
}

impl Client {
    /// For the hub.
    pub(crate) fn new() -> Self {
        Self::waiting(ANSWER)
    }

    /// For who may take this long to answer.
    pub(crate) fn waiting(patience: Duration) -> Self {
        Self { pool: hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http(), patience }
    }

    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes)> {
        let what = format!("{} {}", request.method(), request.uri());
        let answer = tokio::time::timeout(self.patience, async {
            let response = self.pool.request(request).await?;
            let status = response.status();
            anyhow::Ok((status, response.into_body().collect().await?.to_bytes()))
        });
        let in_time = answer.await;
        in_time
            .with_context(|| format!("{what}: no answer within {} s", self.patience.as_secs()))?
            .with_context(|| what)
    }

    /// GETs a document that must be there.
    pub(crate) async fn get(&self, url: &str) -> Result<Bytes> {
        let (status, body) = self.send(Request::get(url).body(Full::default())?).await?;
        ensure!(status == StatusCode::OK, "GET {url}: {status} {}", String::from_utf8_lossy(&body));
        Ok(body)
    }
}

/// The `Date` header's value, now.
pub(crate) fn date() -> String {
    httpdate::fmt_http_date(SystemTime::now())
}

/// A request that the hub sent to us.
#[derive(Debug)]
pub(crate) struct Callback {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) source: String,
    /// Its `traceparent`; that of an answer is that of the question.
    pub(crate) trace: String,
    pub(crate) body: Bytes,
}

/// How a participant takes a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taking {
    /// It is remembered and answered with 200.
    AtOnce,
    /// The same after a while; it is lost when the caller is gone by then.
    After(Duration),
    /// It is answered with 503 and not remembered.
    Refused,
}

/// Decides how a callback is taken.
type Manner = Arc<dyn Fn(&Callback) -> Taking + Send + Sync>;

/// A participant's callback address on a free port: remembers what comes and answers 200.
pub(crate) struct Catcher {
    pub(crate) url: String,
    callbacks: mpsc::UnboundedReceiver<Callback>,
    listening: JoinHandle<()>,
}

impl Catcher {
    /// On an address that a hub in a container reaches.
    pub(crate) async fn listen_at(address: SocketAddr) -> Result<Self> {
        Self::on(address, |_| Taking::AtOnce).await
    }

    /// A participant that is not always ready.
    pub(crate) async fn listen_with(manner: impl Fn(&Callback) -> Taking + Send + Sync + 'static) -> Result<Self> {
        Self::on(SocketAddr::from(([127, 0, 0, 1], 0)), manner).await
    }

    async fn on(address: SocketAddr, manner: impl Fn(&Callback) -> Taking + Send + Sync + 'static) -> Result<Self> {
        let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        let url = format!("http://{}", listener.local_addr()?);
        let (sender, callbacks) = mpsc::unbounded_channel();
        let listening = tokio::spawn(accept(listener, sender, Arc::new(manner)));
        Ok(Self { url, callbacks, listening })
    }

    /// The next callback, whatever it is about.
    pub(crate) async fn any(&mut self) -> Option<Callback> {
        self.callbacks.recv().await
    }

    /// The next callback on this path, or on its `/error`.
    pub(crate) async fn next(&mut self, path: &str) -> Result<Callback> {
        let error_path = format!("{path}/error");
        let found = tokio::time::timeout(CALLBACK, async {
            while let Some(callback) = self.callbacks.recv().await {
                if callback.path == path || callback.path == error_path {
                    return Some(callback);
                }
            }
            None
        });
        found.await.ok().flatten().with_context(|| format!("no callback on {path} within {} s", CALLBACK.as_secs()))
    }
}

impl Drop for Catcher {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn accept(listener: TcpListener, sender: mpsc::UnboundedSender<Callback>, manner: Manner) {
    while let Ok((stream, _)) = listener.accept().await {
        let (sender, manner) = (sender.clone(), Arc::clone(&manner));
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, sender.clone(), Arc::clone(&manner)));
            // A connection that breaks is the hub's to repeat.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    sender: mpsc::UnboundedSender<Callback>,
    manner: Manner,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        return Ok(with_status(StatusCode::BAD_REQUEST));
    };
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let callback = Callback {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        source: header("fspiop-source"),
        trace: header("traceparent"),
        body: body.to_bytes(),
    };
    match manner(&callback) {
        Taking::AtOnce => {}
        // When the caller has closed the connection, hyper drops this.
        Taking::After(pause) => tokio::time::sleep(pause).await,
        Taking::Refused => return Ok(with_status(StatusCode::SERVICE_UNAVAILABLE)),
    }
    // Nobody waits any more: the test is over.
    let _ = sender.send(callback);
    Ok(Response::default())
}

fn with_status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_refused_callback_is_not_remembered() {
        let manner = |callback: &Callback| match callback.path.as_str() {
            "/first" => Taking::Refused,
            _ => Taking::After(Duration::from_millis(1)),
        };
        let mut catcher = Catcher::listen_with(manner).await.unwrap();
        let client = Client::new();
        for (path, expect) in [("/first", StatusCode::SERVICE_UNAVAILABLE), ("/second", StatusCode::OK)] {
            let request = Request::put(format!("{}{path}", catcher.url)).body(Full::default()).unwrap();
            assert_eq!(client.send(request).await.unwrap().0, expect);
        }
        assert_eq!(catcher.any().await.unwrap().path, "/second");
    }

    #[tokio::test]
    async fn a_callback_is_caught() {
        let mut catcher = Catcher::listen_at(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let client = Client::new();
        for path in ["/transfers/other", "/transfers/one/error"] {
            let request = Request::put(format!("{}{path}", catcher.url))
                .header("FSPIOP-Source", "Hub")
                .body(Full::from("{}"))
                .unwrap();
            assert_eq!(client.send(request).await.unwrap().0, StatusCode::OK);
        }
        let callback = catcher.next("/transfers/one").await.unwrap();
        assert_eq!(
            (callback.method.as_str(), callback.path.as_str(), callback.source.as_str()),
            ("PUT", "/transfers/one/error", "Hub")
        );
    }
}
