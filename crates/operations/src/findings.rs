//! What `doctor` finds.

use serde::{Deserialize, Serialize};

use crate::{Exit, Failure};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// As it should be.
    Ok,
    /// It will work, but not well, or not for long.
    Warning,
    /// It will not work.
    Error,
}

/// Whether all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is.
    Pass,
    /// It is not.
    Fail,
}

/// One thing that was looked at before anything is begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at: a short name that stays the same, like `docker-engine`.
    pub id: String,
    /// How bad it is.
    pub severity: Severity,
    /// What was found.
    pub message: String,
    /// What to do about it; every warning and error has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn ok(id: &str, message: impl Into<String>) -> Finding {
        Finding { id: id.to_owned(), severity: Severity::Ok, message: message.into(), hint: None }
    }

    /// It will work, but not well.
    pub fn warning(id: &str, message: impl Into<String>, hint: impl Into<String>) -> Finding {
        Finding { severity: Severity::Warning, hint: Some(hint.into()), ..Finding::ok(id, message) }
    }

    /// It will not work.
    pub fn error(id: &str, message: impl Into<String>, hint: impl Into<String>) -> Finding {
        Finding { severity: Severity::Error, hint: Some(hint.into()), ..Finding::ok(id, message) }
    }
}

/// Everything that `doctor` looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// In the order in which they were looked at.
    pub findings: Vec<Finding>,
    /// "fail" if one of them is an error.
    pub verdict: Verdict,
}

impl Findings {
    /// With the verdict that follows.
    pub fn new(findings: Vec<Finding>) -> Findings {
        let bad = findings.iter().any(|finding| finding.severity == Severity::Error);
        Findings { findings, verdict: if bad { Verdict::Fail } else { Verdict::Pass } }
    }

    /// The errors.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity == Severity::Error)
    }

    /// Refuses to begin when something that is needed is missing (exit code 4).
    pub fn require(&self) -> Result<(), Failure> {
        let errors: Vec<&Finding> = self.errors().collect();
        let Some((last, others)) = errors.split_last() else { return Ok(()) };
        let mut message = String::new();
        for finding in others {
            let hint = finding.hint.as_deref().map(|hint| format!("\n hint: {hint}")).unwrap_or_default();
            message += &format!("{}: {}{hint}\n", finding.id, finding.message);
        }
        message += &format!("{}: {}", last.id, last.message);
        let failure = Failure::failed(message).exit(Exit::Preflight);
        Err(match &last.hint {
            Some(hint) => failure.hint(hint.clone()),
            None => failure,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_keep_a_command_from_beginning() {
        let warned = Findings::new(vec![Finding::ok("a", "good"), Finding::warning("b", "so so", "do this")]);
        assert_eq!((warned.verdict, warned.require()), (Verdict::Pass, Ok(())));
        let refused =
            Findings::new(vec![Finding::error("a", "bad", "do this"), Finding::error("b", "worse", "and that")]);
        let failure = refused.require().unwrap_err();
        assert_eq!(failure.exit, Exit::Preflight);
        assert_eq!(failure.message, "a: bad\n hint: do this\nb: worse");
        assert_eq!(failure.hint.as_deref(), Some("and that"));
    }
}
