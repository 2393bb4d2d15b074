//! What `mojaloop audit` says of the store after all the kills: it must have looked, and found nothing.

use std::process::Stdio;

use anyhow::{Context, Result};
use serde::Deserialize;
use tokio::process::Command;

use super::Findings;
use crate::hub_process::Launch;

/// Invariants of which this load leaves something to look at: conservation, one ending, idempotency, condition and time.
const REQUIRED: [&str; 4] = ["I1", "I3", "I5", "I7"];

#[derive(Deserialize)]
struct Audit {
    invariants: Vec<Invariant>,
}

#[derive(Deserialize)]
struct Invariant {
    id: String,
    checked: u64,
    violation_count: u64,
}

/// Audits the store; the hub may run.
pub(super) async fn findings(launch: &Launch) -> Result<Findings> {
    let mut command = Command::new(&launch.binary);
    command.args(["audit", "-o", "json", "--store"]).arg(format!("sqlite:{}", launch.store().display()));
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.context("mojaloop audit")?;
    let complaint = || format!("mojaloop audit said: {}", String::from_utf8_lossy(&output.stderr));
    let audit: Audit = serde_json::from_slice(&output.stdout).with_context(complaint)?;
    Ok(wrong(&audit))
}

fn wrong(audit: &Audit) -> Findings {
    let violated = audit.invariants.iter().filter(|invariant| invariant.violation_count > 0);
    let mut findings: Findings =
        violated.map(|invariant| format!("{} is violated {} times", invariant.id, invariant.violation_count)).collect();
    for id in REQUIRED {
        if !audit.invariants.iter().any(|invariant| invariant.id == id && invariant.checked > 0) {
            findings.push(format!("{id} was not checked on anything"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audit(of: &[(&str, u64, u64)]) -> Audit {
        let invariant = |&(id, checked, violation_count): &(&str, u64, u64)| Invariant {
            id: id.to_owned(),
            checked,
            violation_count,
        };
        Audit { invariants: of.iter().map(invariant).collect() }
    }

    #[test]
    fn an_audit_must_look_and_find_nothing() {
        let good = [("I1", 1, 0), ("I3", 1, 0), ("I5", 1, 0), ("I7", 1, 0), ("I2", 0, 0)];
        assert_eq!(wrong(&audit(&good)), [] as [String; 0]);
        assert_eq!(wrong(&audit(&good[1..])), ["I1 was not checked on anything"]);
        let mut bad = good;
        (bad[1].1, bad[4].2) = (0, 3);
        assert_eq!(wrong(&audit(&bad)), ["I2 is violated 3 times", "I3 was not checked on anything"]);
    }
}
