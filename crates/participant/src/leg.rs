//! What crossed the wire: [`Leg`], [`Phase`].

use std::time::Duration;

use fspiop::Resource;
use serde::{Deserialize, Serialize};

/// How the hub is called in [`Leg::from`] and [`Leg::to`].
pub const HUB: &str = "hub";

/// The phases of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Who the payee is and which FSP has the account: `/parties`.
    Lookup,
    /// The terms: `/quotes`.
    Agreement,
    /// The transfer of money: `/transfers`.
    Clearing,
}

impl Phase {
    /// The name in code, metrics, JSON and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lookup => "lookup",
            Self::Agreement => "agreement",
            Self::Clearing => "clearing",
        }
    }

    /// The resource whose messages make up the phase.
    pub const fn resource(self) -> Resource {
        match self {
            Self::Lookup => Resource::Parties,
            Self::Agreement => Resource::Quotes,
            Self::Clearing => Resource::Transfers,
        }
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One FSPIOP message between an FSP and the hub. Its JSON has the names of the payment result of the command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// The phase that the message belongs to.
    pub phase: Phase,
    /// Who sent it: the name of an FSP, or [`HUB`].
    pub from: String,
    /// Who received it: the name of an FSP, or [`HUB`].
    pub to: String,
    /// The HTTP method.
    pub method: String,
    /// The path, without the prefix by which a simulator tells its FSPs apart.
    pub path: String,
    /// The HTTP status of the answer; `None` if no answer came.
    pub status: Option<u16>,
    /// When the message was sent (if an FSP sent it) or received (if the hub sent it), since the start of the payment.
    /// In JSON milliseconds with three decimals.
    #[serde(rename = "at_ms", with = "milliseconds")]
    pub at: Duration,
    /// For messages of an FSP: from sending the message to its HTTP answer. For messages of the hub: from the previous
    /// leg of the payment to the receipt of the message, that is what the hub needed. In JSON milliseconds with three
    /// decimals.
    #[serde(rename = "duration_ms", with = "milliseconds")]
    pub duration: Duration,
}

/// Durations in JSON: milliseconds with up to three decimals.
pub(crate) mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
        let micros = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
        to.serialize_f64(f64::from(micros) / 1000.0)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let millis = f64::deserialize(from)?;
        Duration::try_from_secs_f64(millis / 1000.0).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json() {
        let leg = Leg {
            phase: Phase::Lookup,
            from: "payerfsp".into(),
            to: HUB.into(),
            method: "GET".into(),
            path: "/parties/MSISDN/1".into(),
            status: Some(202),
            at: Duration::ZERO,
            duration: Duration::from_micros(1_234),
        };
        let json = serde_json::to_string(&leg).unwrap();
        let expect = r#"{"phase":"lookup","from":"payerfsp","to":"hub","method":"GET","path":"/parties/MSISDN/1","status":202,"at_ms":0.0,"duration_ms":1.234}"#;
        assert_eq!(json, expect);
        assert_eq!(serde_json::from_str::<Leg>(&json).unwrap(), leg);
    }
}
