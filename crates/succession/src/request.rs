//! Asking the keeper of a service, from another process of the same user, to let the successor take over.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    time::timeout,
};

/// How long the answer may take: that of a stop and two starts.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(90);
/// What is read of an answer: a sentence.
const ANSWER_BYTES: u64 = 4_096;
/// The answer when all is well.
const DONE: &str = "done";

/// Takes requests.
#[derive(Debug)]
pub struct Requests {
    listener: UnixListener,
}

/// A request that wants an answer.
#[derive(Debug)]
pub struct Request {
    stream: UnixStream,
}

/// A name without a file (Linux): containers have read-only file systems.
fn name(process: u32) -> String {
    format!("\0mojaloop-successor-{process}")
}

impl Requests {
    /// Takes requests to this process.
    ///
    /// # Errors
    /// The system has no such sockets.
    pub fn listen() -> io::Result<Requests> {
        UnixListener::bind(name(std::process::id())).map(|listener| Requests { listener })
    }

    /// The next request of a process of the same user.
    pub async fn next(&self) -> io::Result<Request> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            if stream.peer_cred()?.uid() == rustix::process::geteuid().as_raw() {
                return Ok(Request { stream });
            }
        }
    }
}

impl Request {
    /// Says what became of it. Whoever asked may have gone away.
    pub async fn answer(mut self, outcome: Result<(), String>) {
        let text = outcome.err().unwrap_or_else(|| DONE.to_owned());
        let _ = self.stream.write_all(text.as_bytes()).await;
    }
}

/// Asks a process, and waits for its answer.
///
/// # Errors
/// The process does not take requests, or says why there was no replacement.
pub async fn ask(process: u32) -> Result<(), String> {
    let broken = |error: io::Error| format!("process {process} does not answer: {error}");
    let refused = |error| format!("process {process} keeps no service that could be replaced: {error}");
    let mut stream = UnixStream::connect(name(process)).await.map_err(refused)?.take(ANSWER_BYTES);
    let mut answer = String::new();
    match timeout(ANSWER_TIMEOUT, stream.read_to_string(&mut answer)).await {
        Err(_) => Err(format!("process {process} did not answer within {} s", ANSWER_TIMEOUT.as_secs())),
        Ok(Err(error)) => Err(broken(error)),
        Ok(Ok(_)) if answer == DONE => Ok(()),
        Ok(Ok(0)) => Err(format!("process {process} has ended")),
        Ok(Ok(_)) => Err(answer),
    }
}
