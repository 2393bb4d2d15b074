//! What `verify` proves.

use serde::{Deserialize, Serialize};

use crate::Verdict;

/// One thing that was tried on what runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was tried: a short name that stays the same, like `payment`.
    pub name: String,
    /// Whether it is as it should be.
    pub passed: bool,
    /// What was seen.
    pub message: String,
    /// What to do about it, if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Check {
    /// It is as it should be.
    pub fn passed(name: &str, message: impl Into<String>) -> Check {
        Check { name: name.to_owned(), passed: true, message: message.into(), hint: None }
    }

    /// It is not.
    pub fn failed(name: &str, message: impl Into<String>, hint: impl Into<String>) -> Check {
        Check { name: name.to_owned(), passed: false, message: message.into(), hint: Some(hint.into()) }
    }
}

/// Everything that `verify` tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verify {
    /// In the order in which they were tried.
    pub checks: Vec<Check>,
    /// "fail" if one failed, or if nothing was tried.
    pub verdict: Verdict,
}

impl Verify {
    /// With the verdict that follows.
    pub fn new(checks: Vec<Check>) -> Verify {
        let good = !checks.is_empty() && checks.iter().all(|check| check.passed);
        Verify { checks, verdict: if good { Verdict::Pass } else { Verdict::Fail } }
    }
}
