//! One attempt to send a message over HTTP.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use switch::Message;
use tls::{ClientConfig, Renewable};
use tokio::time::{Instant, timeout_at};

use super::{Attempted, connector::Connector};
use crate::CallbackPolicy;

/// How long a connection is kept without traffic; below the 60 s after which many gateways drop it without a word.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);
/// Idle connections that are kept for one host and port. Behind one there may be a gateway of several FSPs, each of which may have
/// 64 requests under way when a batch is committed: those of eight. With fewer, each batch makes connections and the next pause
/// drops them, which costs more than all else, with TLS most.
const IDLE_PER_HOST: usize = 512;
/// What an FSP may answer to a callback is read so far and thrown away, so that the connection can be used again.
const ANSWER_BYTES: usize = 64 * 1024;
/// What an oracle may answer.
const ORACLE_ANSWER_BYTES: usize = 1024 * 1024;

/// Sends messages; keeps connections open, a pool for each FSP.
#[derive(Clone)]
pub struct CallbackClient {
    client: Client<Connector, Full<Bytes>>,
    answer_timeout: Duration,
}

impl CallbackClient {
    /// A client without connections yet, which gives FSPs this long to answer, and connects to nothing but what the policy
    /// allows, whatever names resolve to. It follows no redirects.
    pub fn new(answer_timeout: Duration, policy: CallbackPolicy, tls: Arc<Renewable<ClientConfig>>) -> CallbackClient {
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .pool_timer(TokioTimer::new())
            .build(Connector::new(policy, tls));
        CallbackClient { client, answer_timeout }
    }

    /// Sends a message to a URL and says what was answered, and how that ended.
    pub async fn send(&self, url: &str, message: &Arc<Message>) -> (Option<StatusCode>, Attempted) {
        let Some(request) = to_request(url, message) else {
            return (None, Attempted::Refused(format!("{url:?} is no URL, or a header can't be sent")));
        };
        let deadline = Instant::now() + self.answer_timeout;
        let response = match timeout_at(deadline, self.client.request(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return (None, Attempted::Failed(with_causes(&error))),
            Err(_) => {
                return (None, Attempted::Failed(format!("no answer within {} ms", self.answer_timeout.as_millis())));
            }
        };
        let status = response.status();
        // The status says what there is to say; what comes after it is read only to use the connection again.
        let _ = timeout_at(deadline, Limited::new(response.into_body(), ANSWER_BYTES).collect()).await;
        (Some(status), judge(status))
    }

    /// Asks an oracle; the whole exchange must end within `timeout`.
    pub async fn ask(&self, request: Request<Full<Bytes>>, timeout: Duration) -> Result<(StatusCode, Bytes), String> {
        match tokio::time::timeout(timeout, self.exchange(request)).await {
            Ok(result) => result,
            Err(_) => Err(format!("no answer within {} ms", timeout.as_millis())),
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), String> {
        let response = self.client.request(request).await.map_err(|error| with_causes(&error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ORACLE_ANSWER_BYTES)
            .collect()
            .await
            .map_err(|error| error.to_string())?;
        Ok((status, body.to_bytes()))
    }
}

fn to_request(url: &str, message: &Message) -> Option<Request<Full<Bytes>>> {
    let mut request = Request::builder().method(message.method.as_str()).uri(url);
    let headers = request.headers_mut()?;
    for (name, value) in message.headers.iter() {
        headers.append(name.clone(), HeaderValue::from_str(value).ok()?);
    }
    request.body(Full::new(message.body.clone())).ok()
}

/// A refusal that will not change is hardly worth another attempt; everything else is.
fn judge(status: StatusCode) -> Attempted {
    match status {
        status if status.is_success() => Attempted::Taken,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Attempted::Failed(format!("answered {status}")),
        status if status.is_server_error() => Attempted::Failed(format!("answered {status}")),
        status => Attempted::Declined(format!("answered {status}")),
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
