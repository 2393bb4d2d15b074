//! Messages as they go over the wire: [`Request`], and what they are about: [`Topic`].

use std::sync::LazyLock;

use bytes::Bytes;
use fspiop::headers::{
    FSPIOP_DESTINATION, FSPIOP_HTTP_METHOD, FSPIOP_SIGNATURE, FSPIOP_SOURCE, FSPIOP_URI, TRACEPARENT, TRACESTATE,
};
use fspiop::{ApiVersion, FspId, PartyId, QuoteId, Timestamp, TransferId, content_type};
use http::header::{ACCEPT, CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use identity::{SignedMessage, Signer};

use crate::leg::Phase;

/// A message as it goes over the wire, from an FSP to the hub or from the hub to an FSP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// The path of the FSPIOP resource, for example `/quotes`; what an endpoint's URL has before it is not part of it.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, empty for GET.
    pub body: Bytes,
}

impl Request {
    /// The value of a header, if it is there and readable text.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The message with its sender's signature, made with this key. A message without a body has none.
    #[must_use]
    pub fn signed(&self, signer: &Signer) -> Self {
        let message = SignedMessage {
            method: self.method.as_str(),
            uri: self.header(&FSPIOP_URI).unwrap_or(&self.path),
            source: self.header(&FSPIOP_SOURCE).unwrap_or_default(),
            destination: self.header(&FSPIOP_DESTINATION),
            date: self.header(&DATE),
            body: &self.body,
        };
        let mut signed = self.clone();
        if let Some(signature) = signer.sign(&message) {
            signed.headers.insert(FSPIOP_SIGNATURE, visible(signature));
        }
        signed
    }

    /// The trace that the message belongs to, by its `traceparent`.
    pub fn trace(&self) -> Option<Trace> {
        Trace::parse(self.header(&TRACEPARENT)?)
    }
}

/// The identifier of a trace, the second part of a `traceparent` (W3C Trace Context).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Trace(pub u128);

impl Trace {
    /// Reads the trace out of the value of a `traceparent` header.
    pub fn parse(traceparent: &str) -> Option<Self> {
        let trace = traceparent.split('-').nth(1).filter(|trace| trace.len() == 32)?;
        u128::from_str_radix(trace, 16).ok().map(Self)
    }

    /// The value of a `traceparent` header with this trace and parent; sampled.
    pub fn traceparent(self, parent: u64) -> String {
        format!("00-{:032x}-{parent:016x}-01", self.0)
    }
}

/// What a message is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// The lookup of a party.
    Party(PartyId),
    /// A quote.
    Quote(QuoteId),
    /// A transfer.
    Transfer(TransferId),
}

impl Topic {
    /// The phase that messages about the topic belong to.
    pub const fn phase(&self) -> Phase {
        match self {
            Self::Party(_) => Phase::Lookup,
            Self::Quote(_) => Phase::Agreement,
            Self::Transfer(_) => Phase::Clearing,
        }
    }

    /// The path of the topic: where callbacks about it go, and GET.
    pub(crate) fn path(&self) -> String {
        match self {
            Self::Party(party) => format!("/parties/{}", party.uri_path()),
            Self::Quote(quote) => format!("/quotes/{quote}"),
            Self::Transfer(transfer) => format!("/transfers/{transfer}"),
        }
    }
}

/// What a path says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// `/quotes` or `/transfers`: the topic is in the body.
    Collection(Phase),
    /// One topic, and whether the path ends in `/error`.
    Topic(Topic, bool),
}

impl Target {
    /// Reads a path; `None` if it belongs to no phase of a payment.
    ///
    /// `/error` at the end is meant as such only in PUT: a party may have the sub-identifier `error`.
    pub(crate) fn parse(method: &Method, path: &str) -> Option<Self> {
        let path = path.split('?').next().unwrap_or_default().strip_prefix('/')?;
        let (resource, rest) = path.split_once('/').unwrap_or((path, ""));
        let (rest, is_error) = match rest.strip_suffix("/error") {
            Some(rest) if *method == Method::PUT => (rest, true),
            _ => (rest, false),
        };
        let topic = match (resource, rest) {
            ("quotes", "") => return Some(Self::Collection(Phase::Agreement)),
            ("transfers", "") => return Some(Self::Collection(Phase::Clearing)),
            ("parties", party) => Topic::Party(PartyId::parse(party).ok()?),
            ("quotes", quote) => Topic::Quote(QuoteId::parse(quote).ok()?),
            ("transfers", transfer) => Topic::Transfer(TransferId::parse(transfer).ok()?),
            _ => return None,
        };
        Some(Self::Topic(topic, is_error))
    }
}

/// The headers that all messages of an FSP have in common (FSPIOP 1.1, section 3.2.1).
pub(crate) struct Envelope<'a> {
    pub(crate) phase: Phase,
    pub(crate) version: ApiVersion,
    pub(crate) source: &'a FspId,
    /// Unknown to the sender of a lookup.
    pub(crate) destination: Option<HeaderValue>,
    pub(crate) now: Timestamp,
}

impl Envelope<'_> {
    /// A message with these headers; GET and POST also say which version they accept.
    pub(crate) fn seal(self, method: Method, path: String, body: Vec<u8>) -> Request {
        let media_type = media_type(self.phase, self.version);
        let mut headers = HeaderMap::with_capacity(12);
        if matches!(method, Method::GET | Method::POST) {
            headers.insert(ACCEPT, media_type.clone());
        }
        headers.insert(CONTENT_TYPE, media_type);
        headers.insert(DATE, visible(self.now.http_date()));
        headers.insert(FSPIOP_SOURCE, visible(self.source.to_string()));
        if let Some(destination) = self.destination {
            headers.insert(FSPIOP_DESTINATION, destination);
        }
        headers.insert(FSPIOP_URI, visible(path.clone()));
        headers.insert(FSPIOP_HTTP_METHOD, visible(method.to_string()));
        Request { method, path, headers, body: body.into() }
    }
}

/// Passes the trace of a message on to the one that answers it.
pub(crate) fn pass_trace_on(from: &Request, to: &mut Request) {
    for name in [TRACEPARENT, TRACESTATE] {
        if let Some(value) = from.headers.get(&name) {
            to.headers.insert(name, value.clone());
        }
    }
}

/// A header value of text that has only visible ASCII characters and spaces.
pub(crate) fn visible(text: String) -> HeaderValue {
    HeaderValue::from_maybe_shared(Bytes::from(text))
        .expect("names, dates, methods and encoded paths are visible ASCII")
}

/// Media types are the same in every message, so they are made once.
fn media_type(phase: Phase, version: ApiVersion) -> HeaderValue {
    static MEDIA_TYPES: LazyLock<Vec<(Phase, ApiVersion, HeaderValue)>> = LazyLock::new(|| {
        let phases = [Phase::Lookup, Phase::Agreement, Phase::Clearing];
        phases
            .into_iter()
            .flat_map(|phase| ApiVersion::SUPPORTED.map(|version| (phase, version)))
            .map(|(phase, version)| (phase, version, visible(content_type(phase.resource(), version))))
            .collect()
    });
    let known = MEDIA_TYPES.iter().find(|(p, v, _)| (*p, *v) == (phase, version));
    match known {
        Some((_, _, value)) => value.clone(),
        None => visible(content_type(phase.resource(), version)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "b51ec534-ee48-4575-b6a9-ead2955b8069";

    fn check(method: Method, path: &str, expect: Option<(&str, bool)>) {
        let found = Target::parse(&method, path);
        let found = found.map(|target| match target {
            Target::Collection(phase) => (phase.to_string(), false),
            Target::Topic(topic, is_error) => (topic.path(), is_error),
        });
        assert_eq!(found.as_ref().map(|(text, is_error)| (text.as_str(), *is_error)), expect, "{method} {path}");
    }

    #[test]
    fn paths() {
        let transfer = format!("/transfers/{ID}");
        check(Method::POST, "/quotes", Some(("agreement", false)));
        check(Method::POST, "/transfers", Some(("clearing", false)));
        check(Method::PUT, &transfer, Some((&transfer, false)));
        check(Method::PATCH, &transfer, Some((&transfer, false)));
        check(Method::PUT, &format!("{transfer}/error"), Some((&transfer, true)));
        check(Method::GET, &format!("{transfer}?x=1"), Some((&transfer, false)));
        check(Method::GET, "/parties/MSISDN/1", Some(("/parties/MSISDN/1", false)));
        check(Method::GET, "/parties/PERSONAL_ID/1/error", Some(("/parties/PERSONAL_ID/1/error", false)));
        check(Method::PUT, "/parties/PERSONAL_ID/1/error", Some(("/parties/PERSONAL_ID/1", true)));
        check(Method::PUT, "/parties/ALIAS/a%20b/SUB/error", Some(("/parties/ALIAS/a%20b/SUB", true)));
        for other in ["", "/", "quotes", "/quotes/1", "/bulkTransfers", "/parties", "/parties/MSISDN", "/transfers/x/y"]
        {
            check(Method::PUT, other, None);
        }
    }

    #[test]
    fn traces() {
        let trace = Trace(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c);
        let value = trace.traceparent(7);
        assert_eq!(value, "00-0af7651916cd43dd8448eb211c80319c-0000000000000007-01");
        assert_eq!(Trace::parse(&value), Some(trace));
        assert_eq!(Trace::parse("00-12-1-01"), None);
        assert_eq!(Trace::parse(""), None);
    }

    #[test]
    fn what_is_signed_can_be_checked_and_questions_are_not_signed() {
        let (signer, _) = Signer::generate().unwrap();
        let source = FspId::parse("payerfsp").unwrap();
        let seal = |method: Method, body: &[u8]| {
            let (destination, now) = (Some(HeaderValue::from_static("payeefsp")), Timestamp::from_millis(0));
            let envelope =
                Envelope { phase: Phase::Clearing, version: ApiVersion::V2_0, source: &source, destination, now };
            envelope.seal(method, "/transfers".into(), body.to_vec()).signed(&signer)
        };
        assert_eq!(seal(Method::GET, b"").header(&FSPIOP_SIGNATURE), None);
        let message = SignedMessage {
            method: "POST",
            uri: "/transfers",
            source: "payerfsp",
            destination: Some("payeefsp"),
            date: Some("Thu, 01 Jan 1970 00:00:00 GMT"),
            body: b"{}",
        };
        let signed = seal(Method::POST, b"{}");
        let header = signed.header(&FSPIOP_SIGNATURE).unwrap();
        assert_eq!(identity::verify(header, &message, [signer.public_key()]), Ok(()));
    }

    #[test]
    fn what_is_sealed_passes_the_checks_of_the_protocol() {
        let source = FspId::parse("payerfsp").unwrap();
        for (method, phase) in
            [(Method::GET, Phase::Lookup), (Method::POST, Phase::Agreement), (Method::PUT, Phase::Clearing)]
        {
            let envelope = Envelope {
                phase,
                version: ApiVersion::V2_0,
                source: &source,
                destination: Some(HeaderValue::from_static("payeefsp")),
                now: Timestamp::from_millis(0),
            };
            let request = envelope.seal(method, "/x".into(), Vec::new());
            let read = fspiop::check_request(&request.method, phase.resource(), &request.headers).unwrap();
            assert_eq!(read.source, source);
            assert_eq!(read.version, ApiVersion::V2_0);
            assert_eq!(read.accept.is_some(), request.method != Method::PUT);
            assert_eq!(request.header(&FSPIOP_URI), Some("/x"));
        }
    }
}
