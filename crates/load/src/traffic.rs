//! What goes over the wire: [`Traffic`] sends the messages of all FSPs, and takes those of the hub.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use fspiop::{ErrorCallback, TransferFulfil, TransferId, TransferState, headers::TRACEPARENT};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Incoming;
use participant::Phase;
use serde::Deserialize;
use tokio::runtime::Handle;

use crate::{
    book::{Book, Ending, Payment},
    connections::{Answer, Connections},
    counts::Counted,
    skew::Pair,
    stationery::{Fsp, Message, Stationery, traced},
};

/// The hub sends bodies of some kilobytes here.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// A payee's answer that the hub is too busy to take over is sent again after so long: the hub asks for a second.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Where messages go: for each phase one or several addresses, which they take in turn.
pub(crate) struct Routes {
    pub(crate) lookup: Vec<Arc<Connections>>,
    pub(crate) agreement: Vec<Arc<Connections>>,
    pub(crate) clearing: Vec<Arc<Connections>>,
}

/// Everything that the tasks of a run share.
pub(crate) struct Traffic {
    book: Mutex<Book>,
    stationery: Stationery,
    routes: Routes,
    turn: AtomicUsize,
    sending: AtomicUsize,
    runtime: Handle,
}

/// The part of a request's body that names the payment; the load made the body itself, with the same name in all phases.
#[derive(Deserialize)]
struct Named {
    #[serde(alias = "quoteId", alias = "transferId")]
    id: TransferId,
}

/// A message of the hub.
struct Received {
    arrived: Instant,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Traffic {
    /// Traffic on these routes.
    pub(crate) fn new(book: Book, stationery: Stationery, routes: Routes, runtime: Handle) -> Traffic {
        let (turn, sending) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Traffic { book: Mutex::new(book), stationery, routes, turn, sending, runtime }
    }

    /// What is known of the payments. Nobody waits for anything while holding it.
    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The FSPs and their messages.
    pub(crate) fn stationery(&self) -> &Stationery {
        &self.stationery
    }

    /// Messages whose answers by the hub have not come or are not noted yet.
    pub(crate) fn sending(&self) -> usize {
        self.sending.load(Ordering::Relaxed)
    }

    /// Begins a payment.
    pub(crate) fn begin(self: &Arc<Self>, id: TransferId, phase: Phase, payment: Payment) {
        let pair = payment.pair;
        self.book().begin(id, payment, Instant::now());
        self.request(id, phase, pair);
    }

    /// Answers the hub at once; what FSPs do because of a message comes later.
    pub(crate) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Empty<Bytes>>, Infallible> {
        let arrived = Instant::now();
        let (head, body) = request.into_parts();
        let status = match Limited::new(body, MAX_BODY_BYTES).collect().await {
            Ok(body) => {
                let path = head.uri.path().to_owned();
                let body = body.to_bytes();
                self.take(&Received { arrived, method: head.method, path, headers: head.headers, body })
            }
            Err(_) => StatusCode::BAD_REQUEST,
        };
        let mut response = Response::new(Empty::new());
        *response.status_mut() = status;
        Ok(response)
    }

    fn take(self: &Arc<Self>, received: &Received) -> StatusCode {
        let mut segments = received.path.split('/').skip(1);
        let (fsp, resource) = (segments.next().unwrap_or_default(), segments.next().unwrap_or_default());
        let phase = match resource {
            "parties" => Phase::Lookup,
            "quotes" => Phase::Agreement,
            "transfers" => Phase::Clearing,
            // The hub's answer to a registration.
            "participants" if received.method == Method::PUT => return StatusCode::OK,
            _ => return self.unexpected(received),
        };
        match received.method {
            Method::GET | Method::POST => self.asked(received, fsp, phase),
            Method::PUT => self.called_back(received, fsp, phase, segments.next()),
            // Tells a payee of a final state; the payees here have not asked for it.
            Method::PATCH => StatusCode::OK,
            _ => self.unexpected(received),
        }
    }

    /// A payee is asked.
    fn asked(self: &Arc<Self>, received: &Received, fsp: &str, phase: Phase) -> StatusCode {
        let id = match phase {
            Phase::Lookup => trace_of(received),
            _ => serde_json::from_slice(&received.body).ok().map(|named: Named| named.id),
        };
        let mut book = self.book();
        let known = id.and_then(|id| Some((id, book.payment(id)?.pair)));
        let Some((id, pair)) = known.filter(|(_, pair)| is(&self.stationery.payees, pair.payee, fsp)) else {
            drop(book);
            return self.unexpected(received);
        };
        if phase == Phase::Clearing {
            book.count(id, Counted::PrepareDelivered);
        }
        drop(book);
        let (traffic, arrived) = (Arc::clone(self), received.arrived);
        self.runtime.spawn(async move {
            traffic.sending.fetch_add(1, Ordering::Relaxed);
            traffic.respond(id, phase, pair, arrived).await;
            traffic.sending.fetch_sub(1, Ordering::Relaxed);
        });
        StatusCode::ACCEPTED
    }

    /// Sends a payee's answer; again, while the hub is too busy to take it over: a payee that has been asked must say what
    /// it does.
    async fn respond(&self, id: TransferId, phase: Phase, pair: Pair, arrived: Instant) {
        let mut message = self.stationery.answer(id, phase, pair);
        self.book().fsps_took(id, phase, arrived.elapsed());
        loop {
            let method = message.method().clone();
            let answer = self.exchange(phase, message).await;
            let is_busy = answer.as_ref().is_ok_and(|answer| answer.status == StatusCode::SERVICE_UNAVAILABLE);
            if !is_busy || !self.book().is_under_way(id) {
                return self.note(id, phase, &method, answer, Counted::FulfilAccepted);
            }
            self.note_refusal(id, phase, &method, &answer);
            tokio::time::sleep(AGAIN_AFTER).await;
            message = self.stationery.answer(id, phase, pair);
        }
    }

    /// A payer is called back.
    fn called_back(
        self: &Arc<Self>,
        received: &Received,
        fsp: &str,
        phase: Phase,
        identifier: Option<&str>,
    ) -> StatusCode {
        let now = Instant::now();
        let id = match phase {
            Phase::Lookup => trace_of(received),
            _ => identifier.and_then(|text| TransferId::parse(text).ok()),
        };
        let problem = problem_of(received, phase);
        let mut book = self.book();
        let known = id.and_then(|id| Some((id, book.payment(id)?.pair)));
        let Some((id, pair)) = known.filter(|(_, pair)| is(&self.stationery.payers, pair.payer, fsp)) else {
            drop(book);
            return self.unexpected(received);
        };
        if phase == Phase::Clearing {
            book.notified(id);
        }
        if let Some(problem) = problem {
            book.fail(id, Ending::Failed, &problem, now);
            return StatusCode::OK;
        }
        let next = book.called_back(id, phase, now);
        drop(book);
        if let Some(next) = next {
            self.request(id, next, pair);
        }
        StatusCode::OK
    }

    /// Sends the payer's request that begins a phase.
    fn request(self: &Arc<Self>, id: TransferId, phase: Phase, pair: Pair) {
        let traffic = Arc::clone(self);
        self.runtime.spawn(async move {
            let begun = Instant::now();
            let message = traffic.stationery.request(id, phase, pair);
            traffic.book().fsps_took(id, phase, begun.elapsed());
            let method = message.method().clone();
            traffic.sending.fetch_add(1, Ordering::Relaxed);
            let answer = traffic.exchange(phase, message).await;
            traffic.note(id, phase, &method, answer, Counted::PrepareAccepted);
            traffic.sending.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// Sends a message, and waits for what the hub says to it.
    async fn exchange(&self, phase: Phase, message: Message) -> Result<Answer, String> {
        let hubs = match phase {
            Phase::Lookup => &self.routes.lookup,
            Phase::Agreement => &self.routes.agreement,
            Phase::Clearing => &self.routes.clearing,
        };
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        hubs[turn % hubs.len()].send(message).await
    }

    /// Notes what the hub said. `accepted` is what is counted in clearing.
    fn note(&self, id: TransferId, phase: Phase, method: &Method, answer: Result<Answer, String>, accepted: Counted) {
        let resource = phase.resource().path();
        match &answer {
            Ok(Answer { status, .. }) if status.is_success() => {
                if phase == Phase::Clearing {
                    self.book().count(id, accepted);
                }
            }
            Ok(Answer { status, code }) => {
                let code = code.as_deref().map(|code| format!(", {code}")).unwrap_or_default();
                let problem = format!("{method} /{resource} was answered {}{code}", status.as_u16());
                self.note_refusal(id, phase, method, &answer);
                self.book().fail(id, Ending::Refused, &problem, Instant::now());
            }
            Err(reason) => {
                let problem = format!("{method} /{resource} got no answer: {reason}");
                self.book().fail(id, Ending::Failed, &problem, Instant::now());
            }
        }
    }

    fn note_refusal(&self, id: TransferId, phase: Phase, method: &Method, answer: &Result<Answer, String>) {
        if let Ok(Answer { status, code }) = answer {
            let message = format!("{method} /{}", phase.resource().path());
            self.book().refuse(id, &message, status.as_u16(), code.as_deref());
        }
    }

    fn unexpected(&self, received: &Received) -> StatusCode {
        let resource = received.path.split('/').nth(2).unwrap_or_default();
        let resource: String = resource.chars().take(20).collect();
        self.book().note(&format!("{} /{resource} came for no payment of this run", received.method));
        StatusCode::NOT_FOUND
    }
}

fn is(fsps: &[Fsp], number: u32, name: &str) -> bool {
    usize::try_from(number).ok().and_then(|number| fsps.get(number)).is_some_and(|fsp| fsp.name.as_str() == name)
}

fn trace_of(received: &Received) -> Option<TransferId> {
    traced(received.headers.get(TRACEPARENT)?.to_str().ok()?)
}

/// What is wrong with a callback, if it is not the good end of its phase.
fn problem_of(received: &Received, phase: Phase) -> Option<String> {
    if received.path.ends_with("/error") {
        let code = ErrorCallback::read(&received.body).map_or_else(|_| "no code".into(), |error| error.code);
        return Some(format!("{phase} ended with error {code}"));
    }
    if phase != Phase::Clearing {
        return None;
    }
    match TransferFulfil::read(&received.body) {
        Ok(fulfil) if fulfil.state == TransferState::Committed => None,
        Ok(fulfil) => Some(format!("clearing ended with the state {}", fulfil.state)),
        Err(_) => Some("clearing ended with a callback that can't be read".to_owned()),
    }
}
