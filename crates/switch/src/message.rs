//! Messages that the hub sends to FSPs.

use std::sync::Arc;

use bytes::Bytes;
use fspiop::{FspId, PartyId, QuoteId, Timestamp, TransferId};
use http::HeaderName;

use crate::EndpointType;

/// Number of a durable message, rising in the order of decision; 0 for a message that lives in memory only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub i64);

impl MessageId {
    /// A message that no store knows: answers to questions, which their sender asks again if they are lost.
    pub const TRANSIENT: MessageId = MessageId(0);

    /// Whether a store holds the message until it is delivered.
    pub const fn is_durable(self) -> bool {
        self.0 != MessageId::TRANSIENT.0
    }
}

/// HTTP methods of FSPIOP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// A question.
    Get,
    /// A request.
    Post,
    /// A callback.
    Put,
    /// A notification.
    Patch,
    /// A request to forget.
    Delete,
}

impl Method {
    /// The method's name in HTTP.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }

    /// The method of this name, if FSPIOP has it.
    pub fn parse(name: &str) -> Option<Method> {
        let all = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];
        all.into_iter().find(|method| method.as_str() == name)
    }
}

/// What a message is about. Messages about the same subject reach an FSP in the order in which they were decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A transfer.
    Transfer(TransferId),
    /// A quote.
    Quote(QuoteId),
    /// A party, as the path names it (`MSISDN/27713803912`).
    Party(Box<str>),
    /// Anything else, by its path.
    Other(Box<str>),
}

impl From<&PartyId> for Subject {
    fn from(party: &PartyId) -> Subject {
        Subject::Party(party.to_string().into())
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Subject::Transfer(id) => write!(formatter, "transfer {id}"),
            Subject::Quote(id) => write!(formatter, "quote {id}"),
            Subject::Party(path) => write!(formatter, "party {path}"),
            Subject::Other(path) => write!(formatter, "path {path}"),
        }
    }
}

impl Subject {
    /// Reads back what [`Display`](std::fmt::Display) wrote.
    pub fn parse(text: &str) -> Option<Subject> {
        let (kind, value) = text.split_once(' ')?;
        Some(match kind {
            "transfer" => Subject::Transfer(value.parse().ok()?),
            "quote" => Subject::Quote(value.parse().ok()?),
            "party" => Subject::Party(value.into()),
            "path" => Subject::Other(value.into()),
            _ => return None,
        })
    }
}

/// The HTTP headers that travel with a message, in the order in which they are sent. Copies share them until one is changed:
/// most messages go out with the headers that they came with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Arc<Vec<(HeaderName, Box<str>)>>);

impl Headers {
    /// No headers.
    pub fn new() -> Headers {
        Headers::default()
    }

    /// The value of a header.
    pub fn get(&self, name: &HeaderName) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref())
    }

    /// Sets a header, in the place of an earlier value if there is one.
    pub fn set(&mut self, name: HeaderName, value: impl Into<Box<str>>) {
        let headers = Arc::make_mut(&mut self.0);
        match headers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value.into(),
            None => headers.push((name, value.into())),
        }
    }

    /// Sets a header unless it has a value.
    pub fn set_if_absent(&mut self, name: HeaderName, value: impl FnOnce() -> Box<str>) {
        if self.get(&name).is_none() {
            Arc::make_mut(&mut self.0).push((name, value()));
        }
    }

    /// All headers.
    pub fn iter(&self) -> impl Iterator<Item = (&HeaderName, &str)> {
        self.0.iter().map(|(name, value)| (name, value.as_ref()))
    }

    /// One `name: value` a line, for a store.
    pub fn to_text(&self) -> String {
        let mut text =
            String::with_capacity(self.iter().map(|(name, value)| name.as_str().len() + value.len() + 3).sum());
        for (name, value) in self.iter() {
            text.push_str(name.as_str());
            text.push_str(": ");
            text.push_str(value);
            text.push('\n');
        }
        text
    }

    /// Reads back what [`Headers::to_text`] wrote; `None` for anything else.
    pub fn from_text(text: &str) -> Option<Headers> {
        let pair = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, Box::<str>::from(value)))
        };
        text.lines().map(pair).collect::<Option<Vec<_>>>().map(|headers| Headers(Arc::new(headers)))
    }
}

/// A message to one FSP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number, if a store holds it.
    pub id: MessageId,
    /// To whom.
    pub recipient: FspId,
    /// Which of the recipient's registered endpoints takes it.
    pub endpoint: EndpointType,
    /// HTTP method.
    pub method: Method,
    /// The FSPIOP path (`/transfers/{id}`); the recipient's endpoint may put something before it.
    pub path: Box<str>,
    /// HTTP headers, content length and host apart.
    pub headers: Headers,
    /// The body, byte for byte as its originator wrote it.
    pub body: Bytes,
    /// What it is about.
    pub subject: Subject,
    /// When it was decided.
    pub created_at: Timestamp,
    /// After this moment it is not tried any more.
    pub give_up_at: Timestamp,
}
