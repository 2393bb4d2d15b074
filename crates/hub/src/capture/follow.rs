//! Messages of other nodes of the hub: the node with the pages keeps them, too, so that pages and tools see all of the hub.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use portal::{Messages, Moment};
use tokio::time::{sleep, timeout};

use super::Capture;

/// How long to wait before a node is asked again that had nothing new, or did not answer.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// What a node may answer: 4 MB of messages, which JSON may double.
const ANSWER_BYTES: usize = 16 << 20;

/// What was seen of a node.
struct Followed {
    url: String,
    client: Client<HttpConnector, Empty<Bytes>>,
    /// The number of the last message, which a node that starts anew gives again.
    last: u64,
    newest: Option<Moment>,
}

/// Keeps what a node captures, until this future is dropped. `url` is that of its operations port.
pub(crate) async fn follow(capture: Arc<Capture>, url: String) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let mut followed = Followed { url, client, last: 0, newest: None };
    loop {
        match followed.ask().await {
            Some(found) if !found.messages.is_empty() => followed.take(&capture, found),
            Some(_) => sleep(PAUSE).await,
            None => {
                followed.last = 0;
                sleep(PAUSE).await;
            }
        }
    }
}

impl Followed {
    async fn ask(&self) -> Option<Messages> {
        let url = format!("{}/messages?after={}", self.url.trim_end_matches('/'), self.last).parse().ok()?;
        let answer = timeout(PATIENCE, async {
            let response = self.client.get(url).await.ok()?;
            Limited::new(response.into_body(), ANSWER_BYTES).collect().await.ok()
        });
        serde_json::from_slice(&answer.await.ok()??.to_bytes()).ok()
    }

    /// What began before the newest of before was seen already: a node that did not answer is asked for everything again.
    fn take(&mut self, capture: &Capture, mut found: Messages) {
        let again = self.last == 0;
        self.last = found.last;
        let seen = self.newest;
        self.newest = found.messages.iter().map(|message| message.time).max().max(seen);
        found.messages.retain(|message| !again || seen.is_none_or(|seen| message.time > seen));
        found.messages.sort_by_key(|message| message.number);
        let mut ring = capture.ring();
        found.messages.into_iter().for_each(|message| ring.push(message));
    }
}
