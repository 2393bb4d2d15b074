//! What an audit found.

use fspiop::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::openapi::words;

/// Findings of one kind of one invariant that a report names; more are only counted, so that it fits a screen and a memory.
pub const MAX_FINDINGS: usize = 100;

/// Whether all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// No violation was found.
    Pass,
    /// One was.
    Fail,
}

/// The result of an audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Audit {
    /// When the audit began, on the clock of who made it; the books are of this moment or of one soon after it.
    #[schemars(with = "words::Moment")]
    pub at: Timestamp,
    /// How many accounts were read.
    pub accounts: u64,
    /// How many transfers were read.
    pub transfers: u64,
    /// How many movements of funds were read.
    pub funds: u64,
    /// How many lines of the journal were read.
    pub entries: u64,
    /// What became of each invariant that a store shows.
    pub invariants: Vec<Invariant>,
    /// "fail" if there is a violation.
    pub verdict: Verdict,
}

/// One thing that must be so at every moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invariant {
    /// `I1` to `I7`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What exactly was looked at.
    pub checks: String,
    /// How many things were looked at.
    pub checked: u64,
    /// How many violations were found.
    pub violation_count: u64,
    /// The violations, at most [`MAX_FINDINGS`].
    pub violations: Vec<Finding>,
    /// How many things a person should know that are no violations.
    pub remark_count: u64,
    /// Those, at most [`MAX_FINDINGS`].
    pub remarks: Vec<Finding>,
}

/// Something that a person should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// What it is about: `transfer ID`, `account NUMBER (OWNER TYPE CURRENCY)`, `currency CODE`.
    pub about: String,
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

impl Audit {
    /// The invariant of this id.
    pub fn invariant(&self, id: &str) -> Option<&Invariant> {
        self.invariants.iter().find(|invariant| invariant.id == id)
    }
}

impl Invariant {
    pub(super) fn new(id: &str, name: &str, checks: &str) -> Invariant {
        Invariant {
            id: id.to_owned(),
            name: name.to_owned(),
            checks: checks.to_owned(),
            checked: 0,
            violation_count: 0,
            violations: Vec::new(),
            remark_count: 0,
            remarks: Vec::new(),
        }
    }

    /// Counts one thing that is looked at; it is a violation unless it `holds`.
    pub(super) fn check(&mut self, holds: bool, finding: impl FnOnce() -> Finding) {
        self.checked += 1;
        self.ensure(holds, finding);
    }

    /// A violation, unless it `holds`, of something that is counted elsewhere.
    pub(super) fn ensure(&mut self, holds: bool, finding: impl FnOnce() -> Finding) {
        if !holds {
            self.violation_count += 1;
            if self.violations.len() < MAX_FINDINGS {
                self.violations.push(finding());
            }
        }
    }

    /// Something that a person should know and that is no violation.
    pub(super) fn remark(&mut self, finding: impl FnOnce() -> Finding) {
        self.remark_count += 1;
        if self.remarks.len() < MAX_FINDINGS {
            self.remarks.push(finding());
        }
    }
}

impl Finding {
    pub(super) fn new(
        about: impl Into<String>,
        found: impl std::fmt::Display,
        expected: impl std::fmt::Display,
    ) -> Finding {
        Finding { about: about.into(), found: found.to_string(), expected: expected.to_string() }
    }
}
