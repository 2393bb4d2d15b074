//! Messages between FSPs and the hub, kept in memory for a while to be looked at: what was sent, who answered what, and how
//! long it took. Off unless it is asked for, since messages hold personal data.
//!
//! What comes in and what goes out makes a [`Draft`] when it begins, which ends with its answer. Signatures and credentials are
//! never kept.

mod about;
mod follow;
mod ring;

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use axum::extract::Request;
use bytes::Bytes;
use fspiop::headers::FSPIOP_SOURCE;
use http::StatusCode;
use portal::{HUB, Message, Messages, Moment, Phase};
use store::Clock;
use tokio::time::Instant;

pub(crate) use self::follow::follow;
use self::ring::Ring;

/// Bytes that are kept of a body. Quotes and transfers have 2 to 4 KB; a body that is cut can't be read as JSON any more, and
/// nobody reads a longer one.
const BODY_BYTES: usize = 64 * 1024;
/// Parts of names of headers that are credentials, or signatures: nobody who looks at messages needs them.
const SECRETS: [&str; 7] = ["signature", "authorization", "cookie", "token", "api-key", "secret", "password"];

/// Keeps messages.
pub(crate) struct Capture {
    clock: Arc<dyn Clock>,
    /// The moment of the last message that began, in microseconds.
    last_began: AtomicI64,
    ring: Mutex<Ring>,
}

/// A message that has not ended.
pub(crate) struct Draft {
    capture: Arc<Capture>,
    started: Instant,
    time: Moment,
    from: String,
    to: String,
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    /// What it says; empty until it was read.
    pub(crate) body: Bytes,
}

/// Which messages somebody wants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Only those with a higher number.
    pub(crate) after: u64,
    /// Only those of the payment with this id.
    pub(crate) payment: Option<String>,
    /// So many at the most.
    pub(crate) limit: Option<usize>,
}

impl Capture {
    /// Keeps nothing yet.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Arc<Capture> {
        Arc::new(Capture { clock, last_began: AtomicI64::new(i64::MIN), ring: Mutex::default() })
    }

    /// A request of an FSP begins. Its body is added when it was read.
    pub(crate) fn received(self: &Arc<Capture>, request: &Request) -> Box<Draft> {
        let headers = headers(request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        let from = headers.get(FSPIOP_SOURCE.as_str()).cloned().unwrap_or_default();
        let path = request.uri().path_and_query().map_or(request.uri().path(), |whole| whole.as_str());
        self.draft((from, HUB.to_owned()), request.method().as_str(), path, headers)
    }

    /// A message of the hub begins.
    pub(crate) fn sending(self: &Arc<Capture>, message: &switch::Message) -> Box<Draft> {
        let headers = headers(message.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        let ends = (HUB.to_owned(), message.recipient.to_string());
        let mut draft = self.draft(ends, message.method.as_str(), &message.path, headers);
        draft.body = message.body.clone();
        draft
    }

    fn draft(
        self: &Arc<Capture>,
        (from, to): (String, String),
        method: &str,
        path: &str,
        headers: BTreeMap<String, String>,
    ) -> Box<Draft> {
        let (capture, started, time) = (self.clone(), Instant::now(), self.begin());
        let (method, path) = (method.to_owned(), path.to_owned());
        Box::new(Draft { capture, started, time, from, to, method, path, headers, body: Bytes::new() })
    }

    /// A moment that no other message has: those that begin within a millisecond follow each other by a microsecond.
    fn begin(&self) -> Moment {
        let now = self.clock.now().as_millis().saturating_mul(1_000);
        let next = |last: i64| now.max(last.saturating_add(1));
        let update = self.last_began.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        Moment::from_micros(next(update.unwrap_or_else(|last| last)))
    }

    /// All messages that are kept.
    pub(crate) fn all(&self) -> Vec<Arc<Message>> {
        self.ring().all()
    }

    /// Those that somebody wants, in the order in which they began.
    pub(crate) fn find(&self, wanted: &Wanted) -> Messages {
        let of_payment = match &wanted.payment {
            Some(id) => {
                let payment = portal::payments(&self.all()).into_iter().find(|payment| payment.is_called(id));
                let mut messages = payment.map(|payment| payment.messages).unwrap_or_default();
                messages.sort_by_key(|message| message.number);
                messages
            }
            None => self.all(),
        };
        ring::page(&of_payment, wanted.after, wanted.limit)
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl portal::Source for Capture {
    fn messages(&self) -> Pin<Box<dyn Future<Output = Vec<Arc<Message>>> + Send + '_>> {
        Box::pin(async { self.all() })
    }
}

impl Draft {
    /// It was answered with a status, or not at all; `error` says why it was not taken.
    pub(crate) fn end(self, status: Option<StatusCode>, error: Option<String>) {
        let Draft { capture, started, time, from, to, method, path, headers, body } = self;
        let about = about::of(&path, &headers, &body);
        let phase = Phase::of(&path);
        let (duration_ms, status) = (milliseconds(started), status.map(|status| status.as_u16()));
        let (body_bytes, body) = (body.len(), beginning(&body));
        let number = 0;
        let message = Message {
            number,
            time,
            from,
            to,
            phase,
            method,
            path,
            status,
            duration_ms,
            error,
            about,
            headers,
            body,
            body_bytes,
        };
        capture.ring().push(message);
    }
}

/// Headers without what is secret. Values of the same name are one, as HTTP allows.
fn headers<'a>(all: impl Iterator<Item = (&'a str, &'a [u8])>) -> BTreeMap<String, String> {
    let mut kept = BTreeMap::<String, String>::new();
    for (name, value) in all {
        let name = name.to_ascii_lowercase();
        if SECRETS.iter().any(|secret| name.contains(secret)) {
            continue;
        }
        let value = String::from_utf8_lossy(value);
        kept.entry(name).and_modify(|known| *known = format!("{known}, {value}")).or_insert_with(|| value.into_owned());
    }
    kept
}

/// The beginning of a body, without a letter that is cut in two.
fn beginning(body: &[u8]) -> String {
    if body.len() <= BODY_BYTES {
        return String::from_utf8_lossy(body).into_owned();
    }
    let cut = (BODY_BYTES - 3..=BODY_BYTES).rev().find(|end| body[*end] & 0xC0 != 0x80).unwrap_or(BODY_BYTES);
    String::from_utf8_lossy(&body[..cut]).into_owned()
}

/// How long it took, with three decimals.
fn milliseconds(started: Instant) -> f64 {
    (started.elapsed().as_secs_f64() * 1_000_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frozen() -> Arc<Capture> {
        Capture::new(Arc::new(|| fspiop::Timestamp::from_millis(5)))
    }

    fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request {
        let mut builder = http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(axum::body::Body::empty()).unwrap()
    }

    #[test]
    fn nothing_secret_is_kept() {
        let secret = [
            "fspiop-signature",
            "Authorization",
            "proxy-authorization",
            "cookie",
            "x-auth-token",
            "x-api-key",
            "client-secret",
        ];
        let mut all: Vec<(&str, &[u8])> = secret.iter().map(|name| (*name, &b"hush"[..])).collect();
        all.extend([("Accept", &b"a"[..]), ("accept", b"b"), ("date", b"now")]);
        let kept = headers(all.into_iter());
        let expect = [("accept", "a, b"), ("date", "now")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(kept, BTreeMap::from(expect));
    }

    #[test]
    fn those_that_began_first_come_first_and_numbers_say_which_are_new() {
        let capture = frozen();
        let first = capture.received(&request("GET", "/parties/MSISDN/1?x=2", &[("fspiop-source", "a")]));
        let second = capture.received(&request("GET", "/parties/MSISDN/2", &[("fspiop-source", "b")]));
        second.end(Some(StatusCode::ACCEPTED), None);
        let seen = capture.find(&Wanted::default());
        assert_eq!((seen.last, seen.messages[0].from.as_str()), (1, "b"));
        first.end(Some(StatusCode::BAD_REQUEST), Some("wrong".to_owned()));
        let all = capture.find(&Wanted::default()).messages;
        assert_eq!(all.iter().map(|message| message.from.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(all.iter().map(|message| message.time.as_micros()).collect::<Vec<_>>(), [5_000, 5_001]);
        let new = capture.find(&Wanted { after: 1, ..Wanted::default() });
        assert_eq!((new.last, new.messages.len(), new.messages[0].path.as_str()), (2, 1, "/parties/MSISDN/1?x=2"));
        assert_eq!((new.messages[0].status, new.messages[0].error.as_deref()), (Some(400), Some("wrong")));
        assert_eq!(capture.find(&Wanted { after: 2, ..Wanted::default() }), Messages { messages: Vec::new(), last: 2 });
    }

    #[test]
    fn long_bodies_are_cut_between_letters() {
        for (body, kept) in
            [("x".repeat(BODY_BYTES + 1), BODY_BYTES), (format!("x{}", "ü".repeat(BODY_BYTES)), BODY_BYTES - 1)]
        {
            assert_eq!(beginning(body.as_bytes()).len(), kept);
        }
        assert_eq!(beginning("ü".as_bytes()), "ü");
    }
}
