//! A small HTTP/1.1 client that sends what it is given and shows the answer as it came, the reason phrase included.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{stream::Stream, within};

/// An answer, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The value of a header; the name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("bodies of the hub are UTF-8")
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Code and description of an error.
    pub(crate) fn error(&self) -> (String, String) {
        let error = &self.json()["errorInformation"];
        let text = |name: &str| error[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned();
        (text("errorCode"), text("errorDescription"))
    }
}

/// A connection that is kept open.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    /// What was read and not used yet.
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects; a machine that is busy may need another try.
    pub(crate) async fn open(address: SocketAddr) -> Connection {
        let stream = super::eventually("a connection", async || TcpStream::connect(address).await.ok()).await;
        stream.set_nodelay(true).expect("a TCP stream has this option");
        Connection::over(stream)
    }

    /// A connection that was made otherwise.
    pub(crate) fn over(stream: impl Stream + 'static) -> Connection {
        Connection { stream: Box::new(stream), buffer: Vec::new() }
    }

    /// Sends bytes as they are. A peer that has hung up is found out when its answer is read.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        let _ = within("the peer takes bytes", self.stream.write_all(bytes)).await;
    }

    /// Says that nothing more comes.
    pub(crate) async fn finish(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    /// Reads one answer; `None` if the peer hangs up before one is complete.
    pub(crate) async fn read(&mut self) -> Option<Response> {
        within("an answer", self.read_response()).await
    }

    /// Waits for `100 Continue`: the hub has read the head of a request that asked for it, and wants the body.
    pub(crate) async fn wait_for_continue(&mut self) {
        let head = within("100 Continue", self.read_head()).await;
        assert_eq!(head.map(|(status, ..)| status), Some(100));
    }

    /// Sends one request and reads its answer.
    pub(crate) async fn exchange(&mut self, bytes: &[u8]) -> Response {
        self.write(bytes).await;
        self.read().await.expect("the hub answers")
    }

    async fn read_response(&mut self) -> Option<Response> {
        let (status, reason, headers) = self.read_head().await?;
        let header = |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        let body = match (header("content-length"), header("transfer-encoding")) {
            (Some(length), _) => self.take(length.parse().ok()?).await?,
            (None, Some(_)) => self.read_chunks().await?,
            (None, None) => Vec::new(),
        };
        Some(Response { status, reason, headers, body })
    }

    async fn read_head(&mut self) -> Option<(u16, String, Vec<(String, String)>)> {
        let status_line = self.line().await?;
        let mut parts = status_line.splitn(3, ' ');
        assert_eq!(parts.next(), Some("HTTP/1.1"), "{status_line}");
        let status = parts.next()?.parse().ok()?;
        let reason = parts.next().unwrap_or_default().to_owned();
        let mut headers = Vec::new();
        loop {
            let line = self.line().await?;
            match line.split_once(':') {
                Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.trim().to_owned())),
                None => return Some((status, reason, headers)),
            }
        }
    }

    async fn read_chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let length = usize::from_str_radix(self.line().await?.trim(), 16).ok()?;
            body.extend(self.take(length).await?);
            self.line().await?;
            if length == 0 {
                return Some(body);
            }
        }
    }

    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.take(end + 2).await?;
                return String::from_utf8(line[..end].to_vec()).ok();
            }
            self.fill().await?;
        }
    }

    async fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.buffer.len() < length {
            self.fill().await?;
        }
        let rest = self.buffer.split_off(length);
        Some(std::mem::replace(&mut self.buffer, rest))
    }

    async fn fill(&mut self) -> Option<()> {
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(()),
        }
    }
}
