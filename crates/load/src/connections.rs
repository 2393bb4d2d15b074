//! Connections to one address of the hub: [`Connections`].

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use fspiop::ErrorCallback;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use tls::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::Semaphore,
};

use crate::{fsp_tls::FspTls, stationery::Message};

/// Connections to one address, and so requests that wait for an answer there at once. Others wait for one of them, and their
/// payments' time runs on. At 10 ms an answer these are 25,000 requests a second.
pub(crate) const CONNECTIONS: usize = 256;
/// The same for a hub that is to be overloaded: it must be given more than it can take, or the queue would be here and it
/// would never have to refuse. Some thousand requests a second are held for seconds before that. A hub takes 8,192.
pub(crate) const CONNECTIONS_OF_OVERLOAD: usize = 6_144;
/// The hub answers with nothing or with a short error.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// What the hub said to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// FSPIOP's error code, of a refusal that has one.
    pub(crate) code: Option<Box<str>>,
}

/// Connections that are kept open and used again, the last one first.
pub(crate) struct Connections {
    authority: String,
    /// TLS, and the name that the hub's certificate must have.
    tls: Option<(FspTls, ServerName<'static>)>,
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
    room: Semaphore,
}

impl Connections {
    /// At most `count` connections to `http://HOST:PORT`, or with TLS to `https://HOST:PORT`; `None` if it is no such URL.
    pub(crate) fn to(url: &str, count: usize, tls: Option<&FspTls>) -> Option<Connections> {
        let uri: Uri = url.parse().ok()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let authority = uri
            .authority()
            .filter(|authority| uri.scheme_str() == Some(scheme) && uri.path() == "/" && authority.port().is_some())?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let tls = match tls {
            Some(tls) => Some((tls.clone(), ServerName::try_from(host).ok()?)),
            None => None,
        };
        Some(Connections {
            authority: authority.to_string(),
            tls,
            idle: Mutex::new(Vec::new()),
            room: Semaphore::new(count),
        })
    }

    /// Sends a message; says what was answered, or what went wrong.
    pub(crate) async fn send(&self, mut message: Message) -> Result<Answer, String> {
        let _permit = self.room.acquire().await.map_err(in_words)?;
        while let Some(mut connection) = self.take_idle() {
            match connection.try_send_request(message).await {
                Ok(response) => return self.end(connection, response).await,
                // The hub has closed the connection before the message was sent.
                Err(mut error) => match error.take_message() {
                    Some(unsent) => message = unsent,
                    None => return Err(in_words(error.into_error())),
                },
            }
        }
        let mut connection = self.connect().await?;
        let response = connection.send_request(message).await.map_err(in_words)?;
        self.end(connection, response).await
    }

    /// Whether a hub is there that lets the FSPs in.
    pub(crate) async fn check(&self) -> Result<(), String> {
        let request = Request::get("/health").header("host", &self.authority).body(Full::default());
        match self.send(request.map_err(in_words)?).await?.status {
            StatusCode::OK => Ok(()),
            status => Err(format!("GET /health was answered {status}: what answers there is no hub")),
        }
    }

    fn take_idle(&self) -> Option<SendRequest<Full<Bytes>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, String> {
        let stream = TcpStream::connect(&self.authority).await.map_err(|error| format!("no connection: {error}"))?;
        stream.set_nodelay(true).map_err(in_words)?;
        match &self.tls {
            None => drive(stream).await,
            Some((tls, name)) => match tls.connector().connect(name.clone(), stream).await {
                Ok(stream) => drive(stream).await,
                Err(error) => Err(format!("no TLS: {error}")),
            },
        }
    }

    async fn end(
        &self,
        mut connection: SendRequest<Full<Bytes>>,
        response: Response<Incoming>,
    ) -> Result<Answer, String> {
        let status = response.status();
        let read = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
        if read.is_ok() && connection.ready().await.is_ok() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        let refusal = read.ok().filter(|_| !status.is_success());
        let error = refusal.and_then(|body| ErrorCallback::read(&body.to_bytes()).ok());
        Ok(Answer { status, code: error.map(|error| error.code) })
    }
}

/// Makes a connection ready for requests.
async fn drive(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<SendRequest<Full<Bytes>>, String> {
    let (connection, driver) = handshake(TokioIo::new(stream)).await.map_err(in_words)?;
    tokio::spawn(async move {
        if let Err(error) = driver.await {
            tracing::debug!(%error, "a connection to the hub ended");
        }
    });
    Ok(connection)
}

fn in_words(error: impl std::error::Error) -> String {
    format!("a broken connection: {error}")
}

#[cfg(test)]
mod tests {
    use super::{CONNECTIONS, Connections};

    #[test]
    fn urls_are_addresses() {
        for (url, expect) in [
            ("http://127.0.0.1:3000", Some("127.0.0.1:3000")),
            ("http://hub:3000/", Some("hub:3000")),
            ("http://hub", None),
            ("http://hub:3000/fspiop", None),
            ("https://hub:3000", None),
            ("hub:3000", None),
            ("", None),
        ] {
            let found = Connections::to(url, CONNECTIONS, None).map(|found| found.authority);
            assert_eq!(found.as_deref(), expect, "{url}");
        }
    }
}
