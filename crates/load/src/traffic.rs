//! What goes over the wire: [`Traffic`] sends the messages of all FSPs, and takes those of the hub.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
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
    book::{Book, Counted, Ending, Payment},
    connections::Connections,
    skew::Pair,
    stationery::{Fsp, Message, Stationery, traced},
};

/// The hub sends bodies of some kilobytes here.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// Everything that the tasks of a run share.
pub(crate) struct Traffic {
    book: Mutex<Book>,
    stationery: Stationery,
    hubs: Vec<Connections>,
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
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Traffic {
    /// Traffic to these hubs, at least one, in turn.
    pub(crate) fn new(book: Book, stationery: Stationery, hubs: Vec<Connections>, runtime: Handle) -> Traffic {
        let (turn, sending) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Traffic { book: Mutex::new(book), stationery, hubs, turn, sending, runtime }
    }

    /// What is known of the payments. Nobody waits for anything while holding it.
    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The FSPs and their messages.
    pub(crate) fn stationery(&self) -> &Stationery {
        &self.stationery
    }

    /// Messages that wait for the hub's answer.
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
        let (head, body) = request.into_parts();
        let status = match Limited::new(body, MAX_BODY_BYTES).collect().await {
            Ok(body) => {
                let path = head.uri.path().to_owned();
                self.take(&Received { method: head.method, path, headers: head.headers, body: body.to_bytes() })
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
        let traffic = Arc::clone(self);
        self.runtime.spawn(async move {
            let message = traffic.stationery.answer(id, phase, pair);
            traffic.send(id, phase, message, Counted::FulfilAccepted).await;
        });
        StatusCode::ACCEPTED
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
            let message = traffic.stationery.request(id, phase, pair);
            traffic.send(id, phase, message, Counted::PrepareAccepted).await;
        });
    }

    /// Sends a message, and notes what the hub says to it. `accepted` is what is counted in clearing.
    async fn send(&self, id: TransferId, phase: Phase, message: Message, accepted: Counted) {
        let method = message.method().clone();
        self.sending.fetch_add(1, Ordering::Relaxed);
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let answer = self.hubs[turn % self.hubs.len()].send(message).await;
        let resource = phase.resource().path();
        match answer {
            Ok(status) if status.is_success() => {
                if phase == Phase::Clearing {
                    self.book().count(id, accepted);
                }
            }
            Ok(status) => {
                let problem = format!("{method} /{resource} was answered {}", status.as_u16());
                self.book().fail(id, Ending::Refused, &problem, Instant::now());
            }
            Err(reason) => {
                let problem = format!("{method} /{resource} got no answer: {reason}");
                self.book().fail(id, Ending::Failed, &problem, Instant::now());
            }
        }
        self.sending.fetch_sub(1, Ordering::Relaxed);
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
