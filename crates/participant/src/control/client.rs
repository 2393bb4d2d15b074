//! The control API's client: [`Client`].

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;

use crate::control::MAX_LINE_BYTES;
use crate::socket::innermost;
use crate::transfer::{Event, PaymentResult, TransferRequest};

/// How much longer than the payment's own timeout to wait for its result.
const MARGIN: Duration = Duration::from_secs(10);
/// A connection on the same machine or network is made within milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Asks a running simulator to make payments.
#[derive(Clone, Debug)]
pub struct Client {
    http: HttpClient<HttpConnector, Full<Bytes>>,
}

/// Why there is no result of a payment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The URL is not one.
    #[error("the simulators' control API must be http://HOST:PORT, not '{0}'")]
    BadUrl(String),
    /// Nobody is there.
    #[error("the simulators' control API at {url} cannot be reached: {reason}")]
    Unreachable {
        /// Where it should be.
        url: String,
        /// Why it cannot be reached.
        reason: String,
    },
    /// The simulator refuses the payment.
    #[error("{error} ({hint})")]
    Refused {
        /// What is wrong with it.
        error: String,
        /// What to do.
        hint: String,
    },
    /// What answers is no simulator, or it was stopped during the payment.
    #[error("the answer of {url} is not that of a simulator: {reason}")]
    BadAnswer {
        /// Who answered.
        url: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// The payment should have ended long ago.
    #[error("{url} gave no result within {timeout_ms} ms")]
    TimedOut {
        /// Who should have answered.
        url: String,
        /// How long was waited.
        timeout_ms: u128,
    },
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    hint: String,
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl Client {
    /// A client without connections.
    pub fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        Self { http: HttpClient::builder(TokioExecutor::new()).build(connector) }
    }

    /// Makes a payment by the simulator whose control API is at `url` (for example `http://127.0.0.1:9101`), and calls
    /// `on_leg` for each leg as it happens.
    ///
    /// # Errors
    /// [`ClientError`] if the payment could not be begun or its result is not known. A payment that fails is no error.
    pub async fn transfer(
        &self,
        url: &str,
        request: &TransferRequest,
        on_leg: impl FnMut(&crate::Leg),
    ) -> Result<PaymentResult, ClientError> {
        let timeout = request.timeout() + MARGIN;
        let result = tokio::time::timeout(timeout, self.transfer_unhurried(url, request, on_leg)).await;
        let timed_out = || ClientError::TimedOut { url: url.to_owned(), timeout_ms: timeout.as_millis() };
        result.unwrap_or_else(|_| Err(timed_out()))
    }

    async fn transfer_unhurried(
        &self,
        url: &str,
        request: &TransferRequest,
        mut on_leg: impl FnMut(&crate::Leg),
    ) -> Result<PaymentResult, ClientError> {
        let body = serde_json::to_vec(request).expect("requests have text keys and no failing parts");
        let sent = Request::builder()
            .method(Method::POST)
            .uri(format!("{}/transfers", url.trim_end_matches('/')))
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .ok()
            .filter(|sent| sent.uri().scheme_str() == Some("http"))
            .ok_or_else(|| ClientError::BadUrl(url.to_owned()))?;
        let response = self.http.request(sent).await.map_err(|error| {
            let reason = innermost(&error);
            ClientError::Unreachable { url: url.to_owned(), reason }
        })?;
        let status = response.status();
        let mut lines = Lines { url, body: response.into_body(), buffer: Vec::new() };
        if status != StatusCode::OK {
            return Err(lines.refusal(status).await);
        }
        loop {
            match lines.next().await? {
                Event::Leg(leg) => on_leg(&leg),
                Event::Result(result) => return Ok(result),
            }
        }
    }
}

/// The lines of a stream.
struct Lines<'a> {
    url: &'a str,
    body: Incoming,
    buffer: Vec<u8>,
}

impl Lines<'_> {
    async fn next(&mut self) -> Result<Event, ClientError> {
        loop {
            if let Some(end) = self.buffer.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return serde_json::from_slice(&line).map_err(|error| self.bad_answer(error));
            }
            if !self.read_more().await? {
                return Err(self.bad_answer("it ended before the payment did"));
            }
        }
    }

    async fn refusal(&mut self, status: StatusCode) -> ClientError {
        loop {
            match self.read_more().await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return error,
            }
        }
        match serde_json::from_slice(&self.buffer) {
            Ok(Refusal { error, hint }) => ClientError::Refused { error, hint },
            Err(_) => self.bad_answer(format!("HTTP status {status}")),
        }
    }

    /// Reads the next part of the body; false at its end.
    async fn read_more(&mut self) -> Result<bool, ClientError> {
        let Some(frame) = self.body.frame().await else { return Ok(false) };
        let frame = frame.map_err(|error| self.bad_answer(error))?;
        if let Some(data) = frame.data_ref() {
            if self.buffer.len() + data.len() > MAX_LINE_BYTES {
                return Err(self.bad_answer(format!("a line is longer than {MAX_LINE_BYTES} bytes")));
            }
            self.buffer.extend_from_slice(data);
        }
        Ok(true)
    }

    fn bad_answer(&self, reason: impl ToString) -> ClientError {
        ClientError::BadAnswer { url: self.url.to_owned(), reason: reason.to_string() }
    }
}
