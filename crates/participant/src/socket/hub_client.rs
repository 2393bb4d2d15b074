//! Sends messages to the hub: [`HubClient`].

use std::time::Duration;

use bytes::Bytes;
use fspiop::Resource;
use http::header::CONTENT_LENGTH;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::Semaphore;

use crate::message::Request;

/// How long an unused connection to the hub is kept: shorter than servers keep theirs.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// A connection on a local network is made within milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The hub answers with nothing or with a short error.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Where the hub takes FSPIOP: base URLs like `http://127.0.0.1:3000`, for a hub whose phases are services of their own
/// one for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubUrls {
    /// For `/participants` and `/parties`.
    pub lookup: String,
    /// For `/quotes` and what leads to them.
    pub agreement: String,
    /// For `/transfers`.
    pub clearing: String,
}

impl<T: Into<String>> From<T> for HubUrls {
    /// The same one for all phases.
    fn from(url: T) -> HubUrls {
        let url = url.into();
        HubUrls { lookup: url.clone(), agreement: url.clone(), clearing: url }
    }
}

/// A pool of connections to the hub.
#[derive(Debug)]
pub(crate) struct HubClient {
    client: Client<HttpConnector, Full<Bytes>>,
    bases: Bases,
    in_flight: Semaphore,
    timeout: Duration,
}

/// Where the hub is: `http://host:port`, and possibly a path before those of FSPIOP.
#[derive(Clone, Debug)]
struct BaseUrl {
    authority: Authority,
    path: String,
}

/// The base URL of the hub is not one.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the hub's URL must be http://HOST:PORT, not '{0}'")]
pub struct HubUrlError(String);

/// Why a message got no HTTP answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    #[error("the hub at {hub} cannot be reached: {reason}")]
    Unreachable { hub: String, reason: String },
    #[error("the hub at {hub} gave no HTTP answer within {timeout_ms} ms")]
    TimedOut { hub: String, timeout_ms: u128 },
}

/// An HTTP answer of the hub.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

impl HubClient {
    /// A client for the hub at `urls`, with at most `in_flight` messages (and so connections) at once.
    pub(crate) fn new(urls: &HubUrls, in_flight: usize, timeout: Duration) -> Result<Self, HubUrlError> {
        let bases = Bases::parse(urls)?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(in_flight)
            .build(connector);
        Ok(Self { client, bases, in_flight: Semaphore::new(in_flight), timeout })
    }

    /// Sends a message and reads the answer.
    pub(crate) async fn send(&self, request: &Request) -> Result<Answer, SendError> {
        let base = self.bases.of(&request.path);
        let sent = tokio::time::timeout(self.timeout, self.send_unhurried(base, request));
        sent.await.unwrap_or_else(|_| {
            Err(SendError::TimedOut { hub: base.to_string(), timeout_ms: self.timeout.as_millis() })
        })
    }

    async fn send_unhurried(&self, base: &BaseUrl, request: &Request) -> Result<Answer, SendError> {
        let unreachable =
            |error: &dyn std::error::Error| SendError::Unreachable { hub: base.to_string(), reason: innermost(error) };
        let _permit = self.in_flight.acquire().await.map_err(|error| unreachable(&error))?;
        let mut sent = http::Request::new(Full::new(request.body.clone()));
        *sent.method_mut() = request.method.clone();
        *sent.uri_mut() = base.uri(&request.path).map_err(|error| unreachable(&error))?;
        *sent.headers_mut() = request.headers.clone();
        sent.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(request.body.len()));
        let response = self.client.request(sent).await.map_err(|error| unreachable(&error))?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
        let body = body.map_err(|error| unreachable(&*error))?.to_bytes();
        Ok(Answer { status, body })
    }
}

/// The base URL of each phase.
#[derive(Debug)]
struct Bases {
    lookup: BaseUrl,
    agreement: BaseUrl,
    clearing: BaseUrl,
}

impl Bases {
    fn parse(urls: &HubUrls) -> Result<Self, HubUrlError> {
        let parse = |url: &str| BaseUrl::parse(url).ok_or_else(|| HubUrlError(url.to_owned()));
        let HubUrls { lookup, agreement, clearing } = urls;
        Ok(Self { lookup: parse(lookup)?, agreement: parse(agreement)?, clearing: parse(clearing)? })
    }

    /// Where a message goes, by its path.
    fn of(&self, path: &str) -> &BaseUrl {
        match path.split('/').nth(1).and_then(Resource::from_path) {
            Some(Resource::Participants | Resource::Parties) => &self.lookup,
            Some(Resource::Transfers) => &self.clearing,
            _ => &self.agreement,
        }
    }
}

impl BaseUrl {
    fn parse(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let is_base = uri.scheme() == Some(&Scheme::HTTP) && uri.query().is_none();
        let authority = uri.authority().filter(|_| is_base)?.clone();
        Some(Self { authority, path: uri.path().trim_end_matches('/').to_owned() })
    }

    fn uri(&self, path: &str) -> Result<Uri, http::Error> {
        let path = if self.path.is_empty() {
            PathAndQuery::try_from(path)?
        } else {
            PathAndQuery::try_from(format!("{}{path}", self.path))?
        };
        Uri::builder().scheme(Scheme::HTTP).authority(self.authority.clone()).path_and_query(path).build()
    }
}

impl std::fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)
    }
}

/// The text of the error at the bottom, which says what happened; those above it say where.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_may_have_services_of_their_own() {
        let urls = HubUrls {
            lookup: "http://lookup:4002".into(),
            agreement: "http://agreement:3002".into(),
            clearing: "http://clearing:3000".into(),
        };
        let bases = Bases::parse(&urls).unwrap();
        for (path, expect) in [
            ("/parties/MSISDN/1", "http://lookup:4002"),
            ("/participants/MSISDN/1", "http://lookup:4002"),
            ("/quotes", "http://agreement:3002"),
            ("/transfers/1/error", "http://clearing:3000"),
        ] {
            assert_eq!(bases.of(path).to_string(), expect, "{path}");
        }
        assert!(Bases::parse(&HubUrls { clearing: "clearing".into(), ..urls }).is_err());
    }

    #[test]
    fn base_urls() {
        for (url, path, expect) in [
            ("http://127.0.0.1:3000", "/quotes", "http://127.0.0.1:3000/quotes"),
            ("http://hub:3000/", "/parties/MSISDN/1", "http://hub:3000/parties/MSISDN/1"),
            ("http://hub/fspiop/", "/quotes", "http://hub/fspiop/quotes"),
        ] {
            assert_eq!(BaseUrl::parse(url).unwrap().uri(path).unwrap().to_string(), expect);
        }
        for bad in ["", "hub", "hub:3000", "/x", "https://hub", "ftp://hub", "http://", "http://hub?x"] {
            assert!(BaseUrl::parse(bad).is_none(), "{bad}");
        }
    }
}
