//! FSPs and oracles that the tests play: they write down what they get, and answer as they are told to.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tls::{Renewable, ServerConfig};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket},
    sync::Notify,
    task::AbortHandle,
};
use tokio_rustls::TlsAcceptor;

use super::stream::Stream;

/// How a request is answered.
#[derive(Clone, Debug)]
pub(crate) enum Manner {
    /// With this status.
    Answer(u16),
    /// With this status and body.
    Say(u16, String),
    /// Never; the connection stays open.
    Hang,
    /// The connection is broken off.
    Reset,
    /// With a status, and then a body that comes byte by byte and does not end.
    Drip,
    /// Byte by byte from the first one on, so that not even the status comes.
    DripStatus,
    /// With 200 and a body of this many bytes.
    Long(usize),
}

/// A request that an FSP got.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    /// The value of a header; the name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Code and description of an error callback.
    pub(crate) fn error(&self) -> (String, String) {
        let error = &self.json()["errorInformation"];
        let text = |name: &str| error[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned();
        (text("errorCode"), text("errorDescription"))
    }

    /// Method and path.
    pub(crate) fn what(&self) -> (&str, &str) {
        (&self.method, &self.path)
    }
}

#[derive(Default)]
struct Diary {
    received: Vec<Received>,
    /// For the next requests; then `usual`.
    next: VecDeque<Manner>,
    usual: Option<Manner>,
    /// For requests whose path has this in it.
    by_path: Vec<(String, Manner)>,
    /// Connections that were ready for requests, and whether their clients showed a certificate.
    connections: Vec<bool>,
}

struct Shared {
    diary: Mutex<Diary>,
    changed: Notify,
}

/// An FSP that listens.
pub(crate) struct Fsp {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    task: AbortHandle,
}

/// An FSP whose port refuses connections until it wakes; the port is its own all the time.
pub(crate) struct SleepingFsp {
    pub(crate) address: SocketAddr,
    socket: TcpSocket,
}

impl SleepingFsp {
    /// Takes a port.
    pub(crate) fn new() -> SleepingFsp {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
        SleepingFsp { address: socket.local_addr().expect("it is bound"), socket }
    }

    /// Begins to listen.
    pub(crate) fn wake(self, name: &str) -> Fsp {
        Fsp::serve(name, self.socket.listen(1024).expect("a bound socket can listen"), None)
    }
}

impl Fsp {
    /// Starts to listen on a free port.
    pub(crate) fn start(name: &str) -> Fsp {
        SleepingFsp::new().wake(name)
    }

    /// Starts to listen with TLS on a free port.
    pub(crate) fn start_tls(name: &str, tls: Arc<Renewable<ServerConfig>>) -> Fsp {
        let listener = SleepingFsp::new().socket.listen(1024).expect("a bound socket can listen");
        Fsp::serve(name, listener, Some(tls))
    }

    fn serve(name: &str, listener: TcpListener, tls: Option<Arc<Renewable<ServerConfig>>>) -> Fsp {
        let address = listener.local_addr().expect("it listens");
        let shared = Arc::new(Shared { diary: Mutex::default(), changed: Notify::new() });
        let task = tokio::spawn(accept(listener, tls, shared.clone())).abort_handle();
        Fsp { name: name.to_owned(), address, shared, task }
    }

    /// How all further requests are answered.
    pub(crate) fn usually(&self, manner: Manner) {
        self.diary().usual = Some(manner);
    }

    /// How requests are answered whose path has this in it.
    pub(crate) fn on(&self, path: &str, manner: Manner) {
        self.diary().by_path.push((path.to_owned(), manner));
    }

    /// How the next requests are answered, one after the other.
    pub(crate) fn next(&self, manners: impl IntoIterator<Item = Manner>) {
        self.diary().next.extend(manners);
    }

    /// For each connection so far that was ready for requests, whether its client showed a certificate.
    pub(crate) fn connections(&self) -> Vec<bool> {
        self.diary().connections.clone()
    }

    /// All requests so far, in the order of their arrival.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.diary().received.clone()
    }

    /// Waits until this many requests have come, and gives them all.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Received> {
        self.wait_until(&format!("{count} requests"), |received| received.len() >= count).await;
        self.received()
    }

    /// The first request with this method and path, as soon as it has come.
    pub(crate) async fn wait_for_one(&self, method: &str, path: &str) -> Received {
        let what = format!("{method} {path}");
        let is_it = |request: &&Received| request.what() == (method, path);
        self.wait_until(&what, |received| received.iter().any(|request| is_it(&request))).await;
        let received = self.received();
        received.iter().find(is_it).expect("it has come").clone()
    }

    async fn wait_until(&self, what: &str, condition: impl Fn(&[Received]) -> bool) {
        let wanted = async {
            loop {
                let changed = self.shared.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if condition(&self.diary().received) {
                    return;
                }
                changed.await;
            }
        };
        if tokio::time::timeout(super::DEADLINE, wanted).await.is_err() {
            let came: Vec<_> = self.received().iter().map(|request| format!("{:?}", request.what())).collect();
            panic!("{}: no {what} within {:?}; it got {came:?}", self.name, super::DEADLINE);
        }
    }

    fn diary(&self) -> MutexGuard<'_, Diary> {
        self.shared.diary()
    }
}

impl Drop for Fsp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn diary(&self) -> MutexGuard<'_, Diary> {
        self.diary.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a request down and says how it is to be answered.
    fn note(&self, request: Received) -> Manner {
        let mut diary = self.diary();
        let by_path =
            diary.by_path.iter().find(|(path, _)| request.path.contains(path)).map(|(_, manner)| manner.clone());
        diary.received.push(request);
        let manner = by_path.or_else(|| diary.next.pop_front()).or_else(|| diary.usual.clone());
        drop(diary);
        self.changed.notify_waiters();
        manner.unwrap_or(Manner::Answer(202))
    }
}

async fn accept(listener: TcpListener, tls: Option<Arc<Renewable<ServerConfig>>>, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (shared, acceptor) = (shared.clone(), tls.as_ref().map(|tls| TlsAcceptor::from(tls.current())));
        connections.spawn(async move {
            stream.set_nodelay(true).ok()?;
            let Some(acceptor) = acceptor else {
                shared.diary().connections.push(false);
                return converse(stream, &shared).await;
            };
            // A peer that hangs up ends the conversation.
            let stream = acceptor.accept(stream).await.ok()?;
            shared.diary().connections.push(stream.get_ref().1.peer_certificates().is_some());
            converse(stream, &shared).await
        });
    }
}

async fn converse(mut stream: impl Stream, shared: &Shared) -> Option<()> {
    let mut buffer = Vec::new();
    loop {
        let request = read_request(&mut stream, &mut buffer).await?;
        let answer = match shared.note(request) {
            Manner::Answer(status) => answer(status, ""),
            Manner::Say(status, body) => answer(status, &body),
            Manner::Long(length) => answer(200, &"x".repeat(length)),
            Manner::Hang => return std::future::pending().await,
            Manner::Reset => {
                // Without lingering, closing sends a reset.
                socket_without_linger(&stream);
                return None;
            }
            Manner::Drip => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await.ok()?;
                return drip(&mut stream, b"x").await;
            }
            Manner::DripStatus => return drip(&mut stream, b"HTTP/1.1 200 OK\r\nx-drip: a").await,
        };
        stream.write_all(&answer).await.ok()?;
    }
}

#[allow(deprecated, reason = "lingering blocks only if it is asked to wait, and here it is asked not to")]
fn socket_without_linger(stream: &impl Stream) {
    let _ = stream.tcp().set_linger(Some(Duration::ZERO));
}

/// Sends these bytes one by one, the last one again and again.
async fn drip(stream: &mut impl Stream, bytes: &[u8]) -> Option<()> {
    let last = bytes.last().expect("there is something to send");
    for byte in bytes.iter().chain(std::iter::repeat(last)) {
        stream.write_all(&[*byte]).await.ok()?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}

fn answer(status: u16, body: &str) -> Vec<u8> {
    let kind = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
    format!("HTTP/1.1 {status} Whatever\r\n{kind}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

async fn read_request(stream: &mut impl Stream, buffer: &mut Vec<u8>) -> Option<Received> {
    let head = loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break take(buffer, end + 4);
        }
        fill(stream, buffer).await?;
    };
    let head = String::from_utf8(head).expect("the hub sends headers of text");
    let mut lines = head.split("\r\n").filter(|line| !line.is_empty());
    let (method, rest) = lines.next()?.split_once(' ')?;
    let path = rest.strip_suffix(" HTTP/1.1").expect("the hub speaks HTTP/1.1").to_owned();
    let header = |line: &str| {
        let (name, value) = line.split_once(':').expect("a header has a colon");
        (name.to_ascii_lowercase(), value.strip_prefix(' ').unwrap_or(value).to_owned())
    };
    let headers: Vec<_> = lines.map(header).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").map_or("0", |(_, value)| value.as_str());
    let length: usize = length.parse().expect("a length is a number");
    while buffer.len() < length {
        fill(stream, buffer).await?;
    }
    let body = take(buffer, length);
    Some(Received { method: method.to_owned(), path, headers, body })
}

fn take(buffer: &mut Vec<u8>, length: usize) -> Vec<u8> {
    let rest = buffer.split_off(length);
    std::mem::replace(buffer, rest)
}

async fn fill(stream: &mut impl Stream, buffer: &mut Vec<u8>) -> Option<()> {
    match stream.read_buf(buffer).await {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(()),
    }
}
