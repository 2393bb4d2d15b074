//! One small HTTP client for the tools.

use std::{fmt::Display, time::Duration};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::{Serialize, de::DeserializeOwned};

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Speaks JSON with the hub's APIs.
#[derive(Clone)]
pub(crate) struct HttpClient(Client<HttpConnector, Full<Bytes>>);

impl HttpClient {
    pub(crate) fn new() -> HttpClient {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        HttpClient(Client::builder(TokioExecutor::new()).build(connector))
    }

    /// Reads a resource; `None` if it does not exist.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        to: impl Display + Copy,
        path: &str,
    ) -> Result<Option<T>, String> {
        let (status, body) = self.send(to, request(Method::GET, to, path, Bytes::new())?).await?;
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => serde_json::from_slice(&body).map(Some).map_err(|error| error.to_string()),
            status => Err(refusal(status, &body)),
        }
    }

    /// Posts a JSON body.
    pub(crate) async fn post(&self, to: impl Display + Copy, path: &str, body: &impl Serialize) -> Result<(), String> {
        let body = serde_json::to_vec(body).map_err(|error| error.to_string())?;
        self.post_request(to, request(Method::POST, to, path, body.into())?).await
    }

    /// Sends a request that must succeed.
    pub(crate) async fn post_request(
        &self,
        to: impl Display + Copy,
        request: Request<Full<Bytes>>,
    ) -> Result<(), String> {
        let (status, body) = self.send(to, request).await?;
        if status.is_success() { Ok(()) } else { Err(refusal(status, &body)) }
    }

    async fn send(
        &self,
        to: impl Display + Copy,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Bytes), String> {
        let exchange = async {
            let response = self.0.request(request).await.map_err(|error| error.to_string())?;
            let status = response.status();
            let body = response.into_body().collect().await.map_err(|error| error.to_string())?;
            Ok((status, body.to_bytes()))
        };
        match tokio::time::timeout(TIMEOUT, exchange).await {
            Ok(result) => result,
            Err(_) => Err(format!("{to} did not answer within {} s", TIMEOUT.as_secs())),
        }
    }
}

fn request(method: Method, to: impl Display + Copy, path: &str, body: Bytes) -> Result<Request<Full<Bytes>>, String> {
    Request::builder()
        .method(method)
        .uri(format!("http://{to}{path}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(body))
        .map_err(|error| error.to_string())
}

fn refusal(status: StatusCode, body: &[u8]) -> String {
    format!("{status} {}", String::from_utf8_lossy(&body[..body.len().min(500)]))
}
