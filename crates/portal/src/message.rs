//! Messages as they were captured.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// What the hub is called as one end of a message.
pub const HUB: &str = "hub";

/// A message between an FSP and the hub, with how it ended. Signatures and credentials are not among its headers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// In which order they ended, on their node, beginning with 1: who has seen one asks for those after it.
    pub number: u64,
    /// When it began. No two of a node have the same moment, so this is the order in which they began.
    pub time: Moment,
    /// Who sent it: an FSP, or [`HUB`].
    pub from: String,
    /// To whom: an FSP, or [`HUB`].
    pub to: String,
    /// The phase of a payment that it belongs to, if it is part of one.
    pub phase: Option<Phase>,
    /// HTTP method.
    pub method: String,
    /// The path with what follows it, without what an FSP's endpoint puts before it.
    pub path: String,
    /// The HTTP status of its answer; none if there was no answer.
    pub status: Option<u16>,
    /// From its beginning until it was answered, or given up, in milliseconds.
    pub duration_ms: f64,
    /// Why it was not taken.
    pub error: Option<String>,
    /// What it is about.
    #[serde(flatten)]
    pub about: About,
    /// Headers by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body, or its beginning if it is very long.
    pub body: String,
    /// How many bytes the whole body has.
    pub body_bytes: usize,
}

/// The ids that a message names in its path, its body and its ILP packet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Of the transfer.
    pub transfer_id: Option<String>,
    /// Of the quote.
    pub quote_id: Option<String>,
    /// Of the transaction.
    pub transaction_id: Option<String>,
    /// The party that is looked up or paid, like `MSISDN/27713803912`.
    pub party: Option<String>,
    /// Of the trace that the message says it belongs to (W3C Trace Context).
    pub trace_id: Option<String>,
}

impl Message {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Whether it was not taken, or says that something went wrong.
    pub fn is_bad(&self) -> bool {
        self.status.is_none_or(|status| status >= 400) || self.is_error()
    }

    /// Whether it is the callback of an error.
    pub fn is_error(&self) -> bool {
        self.method == "PUT" && self.path_only().ends_with("/error")
    }

    /// Whether it is a request of this kind, like `POST /quotes`.
    pub(crate) fn is(&self, method: &str, resource: &str) -> bool {
        self.method == method && self.path_only().trim_start_matches('/').split('/').next() == Some(resource)
    }

    fn path_only(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }
}

/// Messages of a node, as its operations port gives them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Messages {
    /// In the order in which they began.
    pub messages: Vec<Message>,
    /// The highest number among them, or what was asked for if there are none: where to go on.
    pub last: u64,
}

/// A phase of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Who is paid: `/parties`.
    Lookup,
    /// On which terms: `/quotes`.
    Agreement,
    /// The transfer: `/transfers`.
    Clearing,
}

impl Phase {
    /// The phase that a path belongs to.
    pub fn of(path: &str) -> Option<Phase> {
        match path.split(['/', '?']).nth(1) {
            Some("parties") => Some(Phase::Lookup),
            Some("quotes") => Some(Phase::Agreement),
            Some("transfers") => Some(Phase::Clearing),
            _ => None,
        }
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Phase::Lookup => "lookup",
            Phase::Agreement => "agreement",
            Phase::Clearing => "clearing",
        }
    }
}

/// A moment, exact to the microsecond; RFC 3339 in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(jiff::Timestamp);

impl Moment {
    /// So many microseconds after the beginning of 1970; moments beyond the year 9999 are the last of it.
    pub fn from_micros(micros: i64) -> Moment {
        Moment(jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::MAX))
    }

    /// Microseconds since the beginning of 1970.
    pub fn as_micros(self) -> i64 {
        self.0.as_microsecond()
    }

    /// The time of the day (UTC), to the millisecond.
    pub fn clock(self) -> String {
        self.0.strftime("%H:%M:%S%.3f").to_string()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.6}", self.0)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
        String::deserialize(deserializer)?.parse().map(Moment).map_err(D::Error::custom)
    }
}
