//! The one HTTP client of the tools.

use std::{error::Error, time::Duration};

use bytes::Bytes;
use http::{Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::{Serialize, de::DeserializeOwned};

/// How long one request may take, connecting included.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes of an answer. The longest are lists of all participants of a scheme: some hundred bytes for each.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// How much of a refusal is shown to people.
const SHOWN_BYTES: usize = 500;

/// Speaks JSON with the APIs of a hub. Cloning shares the connections.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: Client<HttpConnector, Full<Bytes>>,
    timeout: Duration,
}

/// Why a request did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// Not a URL that can be called.
    #[error("found {0:?}, expected a URL like http://HOST:PORT/PATH")]
    Url(String),
    /// Nobody answers there.
    #[error("nobody answers there: {0}")]
    Unreachable(String),
    /// No answer in time.
    #[error("no answer within {0} s")]
    TimedOut(u64),
    /// An answer that is no success.
    #[error("the answer was {status}{body}")]
    Refused {
        /// Its status.
        status: StatusCode,
        /// The beginning of what it said, after a blank; empty if it said nothing.
        body: String,
    },
    /// A success that does not say what it should.
    #[error("the answer can't be read: {0}")]
    Answer(String),
}

impl Default for HttpClient {
    fn default() -> HttpClient {
        HttpClient::new()
    }
}

impl HttpClient {
    /// A client without connections, whose requests may take 15 s.
    pub fn new() -> HttpClient {
        HttpClient::with_timeout(TIMEOUT)
    }

    /// A client whose requests may take this long.
    pub fn with_timeout(timeout: Duration) -> HttpClient {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        HttpClient { client: Client::builder(TokioExecutor::new()).build(connector), timeout }
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, HttpError> {
        let body = self.send(request(Method::GET, url, Bytes::new())?).await?;
        serde_json::from_slice(&body).map_err(|error| HttpError::Answer(error.to_string()))
    }

    /// Sends a JSON body.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn send_json(&self, method: Method, url: &str, body: &(impl Serialize + Sync)) -> Result<(), HttpError> {
        let body = serde_json::to_vec(body).map_err(|error| HttpError::Answer(error.to_string()))?;
        self.send(request(method, url, body.into())?).await.map(drop)
    }

    /// Whether a URL answers with success.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn check(&self, url: &str) -> Result<(), HttpError> {
        self.send(request(Method::GET, url, Bytes::new())?).await.map(drop)
    }

    /// Sends a request that must succeed, and gives the body of the answer.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Bytes, HttpError> {
        let exchange = async {
            let response =
                self.client.request(request).await.map_err(|error| HttpError::Unreachable(innermost(&error)))?;
            let status = response.status();
            let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
            Ok((status, body.map_err(|error| HttpError::Answer(innermost(&*error)))?.to_bytes()))
        };
        let timed_out = |_| HttpError::TimedOut(self.timeout.as_secs());
        let (status, body) = tokio::time::timeout(self.timeout, exchange).await.map_err(timed_out)??;
        if status.is_success() { Ok(body) } else { Err(refused(status, &body)) }
    }
}

/// A request with a JSON body.
fn request(method: Method, url: &str, body: Bytes) -> Result<Request<Full<Bytes>>, HttpError> {
    let wrong = || HttpError::Url(url.to_owned());
    let uri: Uri = url.parse().map_err(|_| wrong())?;
    if uri.scheme_str() != Some("http") || uri.host().is_none_or(str::is_empty) {
        return Err(wrong());
    }
    let builder = Request::builder().method(method).uri(uri).header(header::CONTENT_TYPE, "application/json");
    // The oracles' admin API asks for it.
    let builder = builder.header(header::ACCEPT, "application/json");
    builder.body(Full::new(body)).map_err(|_| wrong())
}

fn refused(status: StatusCode, body: &[u8]) -> HttpError {
    let shown = String::from_utf8_lossy(&body[..body.len().min(SHOWN_BYTES)]);
    let shown = shown.trim();
    let body = if shown.is_empty() { String::new() } else { format!(" {shown}") };
    HttpError::Refused { status, body }
}

/// The text of the error at the bottom, which says what happened; those above it say where.
fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_no_url_is_said() {
        for url in ["", "hub", "hub:3000", "https://hub", "http://", "http:// x"] {
            assert_eq!(HttpClient::new().check(url).await, Err(HttpError::Url(url.to_owned())), "{url}");
        }
    }

    #[tokio::test]
    async fn a_host_name_that_nobody_has_is_unreachable() {
        let answer = HttpClient::new().check("http://hub.invalid:3000/").await;
        assert!(matches!(answer, Err(HttpError::Unreachable(_))), "{answer:?}");
    }
}
