//! Connections that come in: how many, and how long each may take its time.
//!
//! | a peer | is cut off after |
//! |---|---|
//! | that has not ended its TLS handshake | [`HANDSHAKE_TIMEOUT`] |
//! | that has sent part of a request's head | [`HEAD_TIMEOUT`] |
//! | that sends nothing between two requests, or none at all | [`IDLE_TIMEOUT`] |
//! | that does not take its answer | [`WRITE_TIMEOUT`] |
//!
//! Bodies have a time of their own, see `edge::service`. Connections beyond the bound wait in the system's queue of the
//! listener until others end: they are not refused, since a peer that is refused comes back at once.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, body::Body};
use http::{HeaderValue, Request, header};
use hyper::{
    body::Incoming,
    rt::{Read, ReadBufCursor, Write},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tls::{Renewable, ServerConfig};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Notify, OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{Sleep, sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tower_service::Service as _;

use crate::phase::Phase;

/// Connections of FSPs to one node, all its FSPIOP ports together. Each holds one request at a time; at 1,000 payments a
/// second this is enough for a second's requests to be held while the database fails over, and with [`HEAD_BYTES`] it
/// bounds what slow peers can make the hub keep to 1 GiB.
pub(crate) const FSP_CONNECTIONS: usize = 8_192;
/// Connections of operators to each of the admin APIs: people, their pages and their scripts.
pub(crate) const ADMIN_CONNECTIONS: usize = 256;
/// Connections to metrics and health: few machines ask, and they must find room when nobody else does.
pub(crate) const OPERATIONS_CONNECTIONS: usize = 64;
/// Connections to the pages: a few people, whose browsers open six each.
pub(crate) const PAGES_CONNECTIONS: usize = 64;
/// How long a TLS handshake may take: three messages each way, over the slowest network.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request's head may take from its first byte on.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection is kept between two requests: longer than the 60 s after which most clients and gateways drop it
/// themselves, so that none of them sends a request into a connection that is just being closed here.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
/// How long a peer may leave an answer where it is. Answers fit into the system's buffers, but for long lists of the admin
/// APIs.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection without any request is kept when the hub drains: whoever connects has a request at hand.
const FIRST_REQUEST_TIMEOUT: Duration = Duration::from_millis(500);
/// What is read of a request's head at the most; twice what the hub takes, so that it can say what is too much.
const HEAD_BYTES: usize = 128 * 1024;
/// Pause before the next connection is accepted when the system has no room for one.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// Serves a listener, with TLS if there is some, until the hub drains, and then the requests that are under way to their end.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<Arc<Renewable<ServerConfig>>>,
    router: Router,
    room: Arc<Semaphore>,
    mut phases: watch::Receiver<Phase>,
) {
    let mut connections = JoinSet::new();
    while let Some((stream, place)) = next(&listener, &room, &mut phases).await {
        // Answers are small and must not wait for each other.
        let _ = stream.set_nodelay(true);
        let (router, mut phases) = (router.clone(), phases.clone());
        match &tls {
            None => connections.spawn(converse(stream, router, place, phases)),
            Some(tls) => {
                let acceptor = TlsAcceptor::from(tls.current());
                connections.spawn(async move {
                    if let Some(stream) = handshake(&acceptor, stream, &mut phases).await {
                        converse(stream, router, place, phases).await;
                    }
                })
            }
        };
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// The next connection, as soon as there is room for one; `None` when the hub is to stop.
async fn next(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
    phases: &mut watch::Receiver<Phase>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let accept = async {
        let place = room.clone().acquire_owned().await.expect("nobody closes the semaphore");
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return (stream, place),
                Err(error) => {
                    tracing::warn!(%error, "a connection can't be accepted");
                    sleep(ACCEPT_AGAIN_AFTER).await;
                }
            }
        }
    };
    tokio::select! {
        accepted = accept => Some(accepted),
        () = Phase::Draining.begins(phases) => None,
    }
}

/// Agrees with a peer on TLS; `None` if nothing comes of it.
async fn handshake(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    phases: &mut watch::Receiver<Phase>,
) -> Option<TlsStream<TcpStream>> {
    let peer = stream.peer_addr().ok()?;
    let shaken = tokio::select! {
        shaken = timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)) => shaken,
        () = Phase::Draining.begins(phases) => return None,
    };
    match shaken {
        Ok(Ok(stream)) => return Some(stream),
        // The peer has shown something that is not good enough, or does not like what it was shown.
        Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
            tracing::info!(%peer, %error, "a TLS handshake failed");
        }
        Ok(Err(error)) => tracing::debug!(%peer, %error, "a TLS handshake broke"),
        Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
    }
    None
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    router: Router,
    _place: OwnedSemaphorePermit,
    mut phases: watch::Receiver<Phase>,
) {
    let (answering, asked, leaving) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()), phases.clone());
    let service = service_fn(|request: Request<Incoming>| {
        let (mut router, answering, leaving) = (router.clone(), answering.clone(), leaving.clone());
        answering.store(true, Ordering::Relaxed);
        asked.notify_one();
        async move {
            let mut response = router.call(request.map(Body::new)).await;
            answering.store(false, Ordering::Relaxed);
            if let (Ok(response), true) = (&mut response, Phase::Leaving.has_begun(&leaving)) {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            response
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(IDLE_TIMEOUT).max_buf_size(HEAD_BYTES);
    let mut connection = std::pin::pin!(builder.serve_connection(Watched::new(stream, answering.clone()), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = told_to_end(&mut phases, &asked) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

/// Until the hub drains; a connection that was only just accepted is given time for its first request, which is on its way.
async fn told_to_end(phases: &mut watch::Receiver<Phase>, asked: &Notify) {
    Phase::Draining.begins(phases).await;
    let _ = timeout(FIRST_REQUEST_TIMEOUT, asked.notified()).await;
}

/// A stream that fails when its peer takes too long.
struct Watched<S> {
    stream: TokioIo<S>,
    /// A request's head was read, and it is not answered yet.
    answering: Arc<AtomicBool>,
    head: Option<Pin<Box<Sleep>>>,
    write: Option<Pin<Box<Sleep>>>,
}

impl<S> Watched<S> {
    fn new(stream: S, answering: Arc<AtomicBool>) -> Watched<S> {
        Watched { stream: TokioIo::new(stream), answering, head: None, write: None }
    }

    /// What became of a write; one that waits too long fails.
    fn watch_write<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write = None;
            return written;
        }
        let write = self.write.get_or_insert_with(|| Box::pin(sleep(WRITE_TIMEOUT)));
        write.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> Read for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if self.answering.load(Ordering::Relaxed) {
            self.head = None;
            return read;
        }
        match read {
            // What came is the head's first part, or another one: the time runs from the first one on.
            Poll::Ready(Ok(())) => {
                self.head.get_or_insert_with(|| Box::pin(sleep(HEAD_TIMEOUT)));
                read
            }
            Poll::Pending => match &mut self.head {
                Some(head) => head.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into())),
                None => Poll::Pending,
            },
            Poll::Ready(Err(_)) => read,
        }
    }
}

impl<S: AsyncWrite + Unpin> Write for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch_write(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.watch_write(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = Pin::new(&mut self.stream).poll_shutdown(context);
        self.watch_write(context, ended)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.watch_write(context, written)
    }
}

#[cfg(test)]
mod tests {
    use tls::{Authority, Identity, PemFile, ServerFiles};

    use super::*;

    #[tokio::test]
    async fn a_handshake_takes_a_place() {
        let folder = tempfile::tempdir().unwrap();
        let issued = Authority::new().unwrap().issue(&["127.0.0.1"]).unwrap();
        let (certificate, key) = issued.write(folder.path(), "hub").unwrap();
        let (certificate, key) = (PemFile::new("certificate", certificate), PemFile::new("key", key));
        let files = ServerFiles { identity: Identity { certificate, key }, client_authorities: None };
        let (listener, room) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), Arc::new(Semaphore::new(2)));
        let address = listener.local_addr().unwrap();
        let (phase, phases) = watch::channel(Phase::Serving);
        let served = tokio::spawn(serve(listener, Some(files.open().unwrap()), Router::new(), room.clone(), phases));
        // One place is kept for the next connection, the other one is that of the handshake.
        let silent = TcpStream::connect(address).await.unwrap();
        let until = async |places: usize| {
            while room.available_permits() != places {
                tokio::task::yield_now().await;
            }
        };
        until(0).await;
        drop(silent);
        until(1).await;
        phase.send(Phase::Draining).unwrap();
        served.await.unwrap();
    }
}
