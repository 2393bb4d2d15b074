//! The FSPIOP listener.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Request as HttpRequest, State},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::{Bytes, BytesMut};
use fspiop::{ErrorCode, FspiopError, Resource, headers::MAX_HEADER_BYTES};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

use super::{Refusal, Request, interpret, moment};
use crate::{
    Hub,
    capture::Draft,
    health,
    load_shedding::{Phase, Queue},
    openapi,
    roles::Role,
};

/// Bytes of a header's line beside its name and value: a colon, a blank, and the end of the line.
const HEADER_LINE_BYTES: usize = 4;

/// How long a body may take: one of 5 MiB over 5 Mbit/s. Clients give up at 10 s, too.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// FSPIOP, and the health of the service that upstream runs at the same port.
pub fn router(hub: Arc<Hub>) -> Router {
    Router::new()
        .route("/health", get(health::detailed))
        .route(openapi::PATH, openapi::serve(&openapi::openapi(openapi::ApiName::Fspiop)))
        .fallback(answer)
        .method_not_allowed_fallback(async || Refusal::method_not_allowed("GET, HEAD"))
        .with_state(hub)
}

async fn answer(State(hub): State<Arc<Hub>>, request: HttpRequest) -> Response {
    let started = Instant::now();
    let resource = resource(request.uri().path());
    let (method, label) = (method_label(request.method()), resource.map_or("other", Resource::path));
    let is_callback = matches!(*request.method(), Method::PUT | Method::PATCH);
    let content_type = content_type_of_answer(&request, resource);
    let mut draft = hub.capture.as_ref().map(|capture| capture.received(&request));
    let (response, error) = match take(&hub, request, resource, draft.as_deref_mut()).await {
        Ok(()) => (accepted(if is_callback { StatusCode::OK } else { StatusCode::ACCEPTED }, content_type), None),
        Err(refusal) => {
            tracing::debug!(method, resource = label, error = %refusal.error, "refused");
            let error = draft.is_some().then(|| refusal.error.to_string());
            (refusal.into_response(), error)
        }
    };
    if let Some(draft) = draft {
        draft.end(Some(response.status()), error);
    }
    hub.metrics.request("fspiop", method, label, response.status().as_u16(), started.elapsed());
    response
}

async fn take(
    hub: &Arc<Hub>,
    request: HttpRequest,
    resource: Option<Resource>,
    draft: Option<&mut Draft>,
) -> Result<(), Refusal> {
    if let Some(resource) = resource {
        check_role(hub, resource, request.uri().path())?;
        check_load(hub, resource, request.method())?;
    }
    let (parts, body) = request.into_parts();
    check_header_size(&parts.headers)?;
    let (body, _room) = read_body(hub, body).await?;
    if let Some(draft) = draft {
        draft.body = body.clone();
    }
    let weight = body.len();
    let configuration = hub.current.get();
    let now = hub.clock.now();
    let mut request = interpret(&parts, body.clone(), &configuration, new_trace)?;
    hub.signatures.check(&parts, &body, &configuration, now)?;
    moment::settle(&mut request, now, hub.on_us_transfers)?;
    // The headers lie in the connection's buffer. Given back before the wait for the batch, it is used again; else the connection
    // asks for a new one of 8 KiB with each request.
    drop(parts);
    match request {
        Request::Command(command) => {
            let since = Instant::now();
            let decided = hub.committer.commit(*command, weight).await;
            let now = Instant::now();
            hub.load_shedding.waited(Queue::Batch, now.saturating_duration_since(since), now);
            decided?;
            Ok(())
        }
        Request::Question(question) => Ok(hub.lookup.take(*question, weight).await?),
    }
}

/// What other nodes are for is not there, as at upstream's services; whoever is asked says who it is.
fn check_role(hub: &Hub, resource: Resource, path: &str) -> Result<(), FspiopError> {
    let role = Role::of(resource);
    match hub.roles.has(role) {
        true => Ok(()),
        false => {
            Err(FspiopError::new(ErrorCode::UnknownUri, format!("{path}: this node does {}, not {role}", hub.roles)))
        }
    }
}

/// A new payment is refused before anything is read of it while the hub can't keep up.
fn check_load(hub: &Hub, resource: Resource, method: &Method) -> Result<(), FspiopError> {
    let phase = Phase::begun_by(method, resource.path());
    match phase.is_some_and(|phase| hub.load_shedding.refuses(phase, Instant::now())) {
        true => Err(FspiopError::plain(ErrorCode::ServiceCurrentlyUnavailable)),
        false => Ok(()),
    }
}

/// Headers travel on with a message and are stored with it, so they are bounded as its body is.
fn check_header_size(headers: &HeaderMap) -> Result<(), FspiopError> {
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + HEADER_LINE_BYTES).sum();
    if size > MAX_HEADER_BYTES {
        return Err(FspiopError::new(
            ErrorCode::TooLargePayload,
            format!("/header must be at most {MAX_HEADER_BYTES} bytes"),
        ));
    }
    Ok(())
}

/// Reads a body within its bounds: its own size, the room that all bodies have together, its time. A length that is
/// announced too large is refused before a byte is read. The room is given back when the permit is dropped.
pub(crate) async fn read_body(hub: &Hub, body: Body) -> Result<(Bytes, OwnedSemaphorePermit), FspiopError> {
    let limit = hub.intake.body_bytes;
    let too_large =
        || FspiopError::new(ErrorCode::TooLargePayload, format!("/requestBody must be at most {limit} bytes"));
    if http_body::Body::size_hint(&body).lower() > limit as u64 {
        return Err(too_large());
    }
    let (mut body, deadline) = (Limited::new(body, limit), Instant::now() + BODY_TIMEOUT);
    let (mut read, mut room) = (BytesMut::new(), reserve(hub, 0)?);
    let broken = |detail: &str| FspiopError::new(ErrorCode::MalformedSyntax, format!("/requestBody {detail}"));
    loop {
        let Ok(frame) = tokio::time::timeout_at(deadline, body.frame()).await else {
            return Err(broken(&format!("did not come within {} s", BODY_TIMEOUT.as_secs())));
        };
        match frame {
            None => return Ok((read.freeze(), room)),
            Some(Ok(frame)) => {
                let data = frame.into_data().unwrap_or_default();
                // Room is taken for what has come, not for what was announced: an announcement costs its sender nothing.
                room.merge(reserve(hub, data.len())?);
                read.extend_from_slice(&data);
            }
            Some(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large()),
            Some(Err(_)) => return Err(broken("ended before its announced length")),
        }
    }
}

fn reserve(hub: &Hub, bytes: usize) -> Result<OwnedSemaphorePermit, FspiopError> {
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    let full = |_| FspiopError::new(ErrorCode::ServerBusy, "too many requests are being read");
    hub.bodies.clone().try_acquire_many_owned(bytes).map_err(full)
}

/// What comes with a party's data is answered in the media type that it came in, as upstream answers it (the collection
/// `tests_by_folder/parties`); other empty answers name none.
fn content_type_of_answer(request: &HttpRequest, resource: Option<Resource>) -> Option<HeaderValue> {
    let is_party = *request.method() == Method::PUT && resource == Some(Resource::Parties);
    is_party.then(|| request.headers().get(header::CONTENT_TYPE).cloned()).flatten()
}

fn accepted(status: StatusCode, content_type: Option<HeaderValue>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    if let Some(content_type) = content_type {
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// A `traceparent` for a message that has none (W3C Trace Context, version 00, sampled).
fn new_trace() -> Box<str> {
    let (trace, span) = (uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
    format!("00-{}-{}-01", trace.simple(), &span.simple().to_string()[..16]).into()
}

fn method_label(method: &Method) -> &'static str {
    switch::Method::parse(method.as_str()).map_or("other", switch::Method::as_str)
}

fn resource(path: &str) -> Option<Resource> {
    Resource::from_path(path.split('/').nth(1).unwrap_or_default())
}
