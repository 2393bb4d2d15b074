//! What an FSP was told: [`Notice`].

use fspiop::{ErrorCallback, Timestamp, TransferFulfil, TransferPatch, TransferState};
use http::Method;
use serde::{Serialize, Serializer};

use crate::message::{Request, Topic};

/// A message that an FSP was sent and that asks for no answer: a callback (PUT) or a notification (PATCH).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// When it came.
    pub at: Timestamp,
    /// Who says to have sent it, by its `fspiop-source`.
    pub source: String,
    /// PUT or PATCH.
    #[serde(serialize_with = "method")]
    pub method: Method,
    /// What it is about.
    #[serde(serialize_with = "path")]
    pub topic: Topic,
    /// What it says.
    #[serde(flatten)]
    pub kind: NoticeKind,
}

/// What a [`Notice`] says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum NoticeKind {
    /// The answer to a lookup or a request for a quote.
    Answer,
    /// The state of a transfer.
    State {
        /// The state.
        state: TransferState,
    },
    /// Something failed.
    Error {
        /// The four digits.
        code: Box<str>,
    },
    /// The body cannot be read.
    Unreadable,
}

impl Notice {
    pub(crate) fn new(now: Timestamp, source: &str, topic: Topic, is_error: bool, request: &Request) -> Self {
        let kind = NoticeKind::read(&topic, is_error, request);
        Self { at: now, source: source.to_owned(), method: request.method.clone(), topic, kind }
    }
}

impl NoticeKind {
    fn read(topic: &Topic, is_error: bool, request: &Request) -> Self {
        if is_error {
            let read = ErrorCallback::read(&request.body).ok();
            return read.map_or(Self::Unreadable, |error| Self::Error { code: error.code });
        }
        let state = match topic {
            Topic::Party(_) | Topic::Quote(_) => return Self::Answer,
            Topic::Transfer(_) if request.method == Method::PATCH => {
                TransferPatch::read(&request.body).map(|patch| patch.state)
            }
            Topic::Transfer(_) => TransferFulfil::read(&request.body).map(|fulfil| fulfil.state),
        };
        state.map_or(Self::Unreadable, |state| Self::State { state })
    }
}

fn method<S: Serializer>(method: &Method, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(method.as_str())
}

fn path<S: Serializer>(topic: &Topic, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&topic.path())
}
