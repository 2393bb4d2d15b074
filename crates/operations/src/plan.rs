//! What would change, and how risky each change is.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The worst that a change can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Nothing is interrupted.
    None,
    /// Something is restarted; requests may wait.
    Restart,
    /// Data may be lost or become unreachable.
    Data,
    /// It can't be taken back.
    Irreversible,
}

impl Risk {
    /// The word in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Risk::None => "none",
            Risk::Restart => "restart",
            Risk::Data => "data",
            Risk::Irreversible => "irreversible",
        }
    }
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What it is about, like `participant/payerfsp` or `StatefulSet/demo-mojaloop-hub`.
    pub resource: String,
    /// Which of its fields; empty for the whole.
    pub field: String,
    /// What is there; `null` if nothing is.
    pub before: Value,
    /// What is wanted; `null` if it is to go.
    pub after: Value,
    /// The worst that the change can do.
    pub risk: Risk,
    /// Where the wanted value comes from: a line of the definition, a default, or the tool itself.
    pub origin: String,
}

/// What would change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// In the order in which they would be made; empty when nothing is to be done.
    pub changes: Vec<Change>,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The highest risk among the changes.
    pub fn risk(&self) -> Risk {
        self.changes.iter().map(|change| change.risk).max().unwrap_or(Risk::None)
    }

    /// This plan, and then another.
    #[must_use]
    pub fn and(mut self, other: Plan) -> Plan {
        self.changes.extend(other.changes);
        self
    }
}

impl FromIterator<Change> for Plan {
    fn from_iter<I: IntoIterator<Item = Change>>(changes: I) -> Plan {
        Plan { changes: changes.into_iter().collect() }
    }
}
