//! Requests, good until a test spoils them.

use std::net::SocketAddr;

use super::{Connection, Response};

/// The trace of requests, unless a test sets another one.
pub(crate) const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// The date of requests.
pub(crate) const DATE: &str = "Sun, 22 Nov 2026 14:00:00 GMT";

/// A request that can be changed before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    method: String,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    /// Sends the body in chunks, without saying how long it is.
    chunked: bool,
}

impl Request {
    /// A request with no headers but those that HTTP needs.
    pub(crate) fn plain(method: &str, path: &str) -> Request {
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            chunked: false,
        };
        request.with("host", "hub.test")
    }

    /// A request of an FSP, with all headers that FSPIOP asks for.
    pub(crate) fn fspiop(method: &str, path: &str, source: &str) -> Request {
        let resource = path.split('/').nth(1).unwrap_or_default();
        let request = Request::plain(method, path)
            .with("content-type", &format!("application/vnd.interoperability.{resource}+json;version=1.1"))
            .with("date", DATE)
            .with("fspiop-source", source)
            .with("traceparent", TRACE);
        match method {
            "PUT" | "PATCH" => request,
            _ => request.with("accept", &format!("application/vnd.interoperability.{resource}+json;version=1.1")),
        }
    }

    /// A request of an operator.
    pub(crate) fn admin(method: &str, path: &str) -> Request {
        Request::plain(method, path).with("content-type", "application/json").with("accept", "application/json")
    }

    /// Names the destination.
    pub(crate) fn to(self, destination: &str) -> Request {
        self.with("fspiop-destination", destination)
    }

    /// Sets a header.
    pub(crate) fn with(self, name: &str, value: &str) -> Request {
        self.with_bytes(name, value.as_bytes())
    }

    /// Sets a header to bytes that need not be text.
    pub(crate) fn with_bytes(mut self, name: &str, value: &[u8]) -> Request {
        self = self.without(name);
        self.headers.push((name.to_owned(), value.to_vec()));
        self
    }

    /// Adds a header beside one of the same name.
    pub(crate) fn and(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        self
    }

    /// Takes a header away.
    pub(crate) fn without(mut self, name: &str) -> Request {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// Sets the body.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Request {
        self.body = body.into();
        self
    }

    /// Sends the body in chunks.
    pub(crate) fn in_chunks(mut self) -> Request {
        self.chunked = true;
        self
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| std::str::from_utf8(value).expect("asked for headers that are text"))
    }

    /// The body.
    pub(crate) fn content(&self) -> &[u8] {
        &self.body
    }

    /// What is asked, for messages of tests.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path.chars().take(120).collect::<String>())
    }

    /// The query.
    pub(crate) fn query(&self) -> Option<&str> {
        self.path.split_once('?').map(|(_, query)| query)
    }

    /// The request as it goes over the wire.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.head();
        if self.chunked {
            for chunk in self.body.chunks(64 * 1024) {
                bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
                bytes.extend(chunk);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n\r\n");
        } else {
            bytes.extend(&self.body);
        }
        bytes
    }

    /// The request without its body.
    pub(crate) fn head(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.path).into_bytes();
        let mut header = |name: &str, value: &[u8]| {
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        };
        self.headers.iter().for_each(|(name, value)| header(name, value));
        let has_length = self.headers.iter().any(|(name, _)| name == "content-length");
        if self.chunked {
            header("transfer-encoding", b"chunked");
        } else if !has_length && (!self.body.is_empty() || self.method == "POST" || self.method == "PUT") {
            header("content-length", self.body.len().to_string().as_bytes());
        }
        bytes.extend(b"\r\n");
        bytes
    }

    /// Sends it on a connection of its own.
    pub(crate) async fn send(&self, address: SocketAddr) -> Response {
        Connection::open(address).await.exchange(&self.to_bytes()).await
    }
}
