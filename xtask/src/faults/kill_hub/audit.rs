//! What `mojaloop audit` says of the store after all the kills: it must have looked, and found nothing.

use std::process::Stdio;

use anyhow::{Context, Result};
use serde::Deserialize;
use tokio::process::Command;

use super::Findings;
use crate::hub_process::Launch;

/// All that a store shows; what else an audit looks at must have something to look at, too.
const REQUIRED: [&str; 6] = ["I1", "I2", "I3", "I4", "I5", "I7"];

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

/// Audits the store, also while the hub runs: what is wrong, and how much was looked at.
pub(super) async fn findings(launch: &Launch) -> Result<(Findings, String)> {
    let mut command = Command::new(&launch.binary);
    command.args(["audit", "-o", "json", "--store"]).arg(launch.store_name());
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.context("mojaloop audit")?;
    let complaint = || format!("mojaloop audit said: {}", String::from_utf8_lossy(&output.stderr));
    let audit: Audit = serde_json::from_slice(&output.stdout).with_context(complaint)?;
    Ok((wrong(&audit), looked_at(&audit)))
}

fn looked_at(audit: &Audit) -> String {
    let checked: Vec<_> = audit.invariants.iter().map(|of| format!("{} {}", of.id, of.checked)).collect();
    checked.join(", ")
}

fn wrong(audit: &Audit) -> Findings {
    let violated = audit.invariants.iter().filter(|invariant| invariant.violation_count > 0);
    let mut findings: Findings =
        violated.map(|invariant| format!("{} is violated {} times", invariant.id, invariant.violation_count)).collect();
    let idle = audit.invariants.iter().filter(|invariant| invariant.checked == 0).map(|invariant| &*invariant.id);
    let missing = REQUIRED.into_iter().filter(|id| !audit.invariants.iter().any(|invariant| invariant.id == *id));
    findings.extend(missing.chain(idle).map(|id| format!("{id} was not checked on anything")));
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
        let good = ["I1", "I2", "I3", "I4", "I5", "I7", "I8"].map(|id| (id, 1, 0));
        assert_eq!(wrong(&audit(&good)), [] as [String; 0]);
        assert_eq!(wrong(&audit(&good[1..])), ["I1 was not checked on anything"]);
        let mut bad = good;
        (bad[1].2, bad[2].1, bad[6].1) = (3, 0, 0);
        let expect = ["I2 is violated 3 times", "I3 was not checked on anything", "I8 was not checked on anything"];
        assert_eq!(wrong(&audit(&bad)), expect);
        assert_eq!(looked_at(&audit(&bad[..3])), "I1 1, I2 1, I3 0");
    }
}
