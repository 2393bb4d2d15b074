//! Where the hub sends its messages to all simulated FSPs: [`answer`].

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fspiop::{ErrorCode, FspId, FspiopError, percent_decode};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::fsp::{Reaction, Received};
use crate::leg::{HUB, Leg};
use crate::message::{Request, Topic};
use crate::socket::clock;
use crate::socket::exchange::exchange;
use crate::socket::simulator::Shared;
use crate::socket::watch::{Seen, Watch};

/// Answers a message at once; what the FSP does because of it comes later.
pub(crate) async fn answer(
    shared: Arc<Shared>,
    request: http::Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let received = Instant::now();
    let answer = match read(&shared, request).await {
        Ok((fsp, message)) => take(&shared, &fsp, message, received),
        Err(error) => (status(error.code.http_status()), error.to_body().into()),
    };
    Ok(respond(answer))
}

/// Reads a message and the FSP that it is for: the first segment of the path.
async fn read(shared: &Shared, request: http::Request<Incoming>) -> Result<(FspId, Request), FspiopError> {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let rest = path.strip_prefix('/').unwrap_or(path);
    let (name, _) = rest.split_once('/').unwrap_or((rest, ""));
    let fsp = percent_decode(name).and_then(|name| FspId::parse(&name).ok()).filter(|fsp| shared.has_fsp(fsp));
    let fsp = fsp.ok_or_else(|| {
        let detail = format!("no simulated FSP is called '{name}'; there are {}", shared.names());
        FspiopError::new(ErrorCode::UnknownUri, detail)
    })?;
    let path = path[1 + name.len()..].to_owned();
    let body = Limited::new(body, shared.limits().body_bytes).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            let detail = format!("a body has at most {} bytes", shared.limits().body_bytes);
            FspiopError::new(ErrorCode::TooLargePayload, detail)
        } else {
            FspiopError::new(ErrorCode::MalformedSyntax, format!("the body cannot be read: {error}"))
        }
    })?;
    Ok((fsp, Request { method: head.method, path, headers: head.headers, body: body.to_bytes() }))
}

/// Lets the FSP take the message, and arranges what follows.
fn take(shared: &Arc<Shared>, fsp: &FspId, message: Request, at: Instant) -> (StatusCode, Bytes) {
    let received = shared.with_fsp(fsp, |fsp| fsp.receive(clock::now(), &message));
    let Some(Received { mut status, mut body, topic, mut reactions }) = received else {
        return (StatusCode::NOT_FOUND, Bytes::new());
    };
    let permits = reactions.iter().map(|_| shared.callback_permit()).collect::<Option<Vec<_>>>();
    if permits.is_none() {
        reactions.clear();
        status = StatusCode::SERVICE_UNAVAILABLE;
        body = FspiopError::new(ErrorCode::ServerBusy, "too many callbacks wait to be sent").to_body().into();
    }
    let watch = topic.as_ref().and_then(|topic| shared.watches().find(topic, &message));
    if let (Some(watch), Some(topic)) = (&watch, &topic) {
        watch.tell(Seen::Leg(arrival(watch, topic, fsp, &message, status, at)));
    }
    for (reaction, permit) in reactions.into_iter().zip(permits.unwrap_or_default()) {
        tokio::spawn(send_later(Arc::clone(shared), fsp.clone(), reaction, topic.clone(), watch.clone(), permit));
    }
    if let Some(watch) = watch
        && status.is_success()
        && message.method == Method::PUT
        && watch.payer() == fsp
    {
        watch.tell(Seen::Callback(message, at));
    }
    (status, body)
}

fn arrival(watch: &Watch, topic: &Topic, fsp: &FspId, message: &Request, status: StatusCode, at: Instant) -> Leg {
    if message.method == Method::PATCH && status.is_success() {
        watch.set_awaits_patch(false);
    }
    let (at, duration) = watch.arrive(at);
    Leg {
        phase: topic.phase(),
        from: HUB.to_owned(),
        to: fsp.to_string(),
        method: message.method.to_string(),
        path: message.path.clone(),
        status: Some(status.as_u16()),
        at,
        duration,
    }
}

async fn send_later(
    shared: Arc<Shared>,
    fsp: FspId,
    reaction: Reaction,
    topic: Option<Topic>,
    watch: Option<Arc<Watch>>,
    permit: OwnedSemaphorePermit,
) {
    if reaction.after_ms > 0 {
        tokio::time::sleep(Duration::from_millis(reaction.after_ms)).await;
    }
    let Some(phase) = topic.map(|topic| topic.phase()) else { return };
    if reaction.reserves
        && let Some(watch) = &watch
    {
        watch.set_awaits_patch(true);
    }
    if let Err(error) = exchange(&shared, &fsp, phase, &reaction.to_hub, watch.as_deref()).await {
        tracing::warn!(%fsp, path = reaction.to_hub.path, %error, "a callback was not delivered");
    }
    drop(permit);
}

fn status(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn respond((status, body): (StatusCode, Bytes)) -> Response<Full<Bytes>> {
    let is_empty = body.is_empty();
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    if !is_empty {
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, json);
    }
    response
}
