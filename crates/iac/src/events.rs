//! What `terraform apply -json` says, line by line.

use operations::Progress;
use serde::Deserialize;

/// Problems that are told in full; more of them say the same thing again.
const TOLD_PROBLEMS: usize = 5;

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    hook: Option<Hook>,
    #[serde(default)]
    changes: Option<Totals>,
    #[serde(default)]
    diagnostic: Option<Diagnostic>,
}

#[derive(Deserialize)]
struct Hook {
    resource: Resource,
    #[serde(default)]
    action: String,
    #[serde(default)]
    elapsed_seconds: u64,
}

#[derive(Deserialize)]
struct Resource {
    addr: String,
}

/// How many resources were made, changed and deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, Deserialize)]
pub(crate) struct Totals {
    #[serde(default)]
    pub(crate) add: u64,
    #[serde(default)]
    pub(crate) change: u64,
    #[serde(default)]
    pub(crate) remove: u64,
}

impl std::fmt::Display for Totals {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} made, {} changed, {} deleted", self.add, self.change, self.remove)
    }
}

/// Something that Terraform complains of.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Diagnostic {
    severity: String,
    summary: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    address: Option<String>,
}

/// Hears the events of one run.
pub(crate) struct Listener<'a> {
    progress: &'a dyn Progress,
    begun: u64,
    ended: u64,
    /// What was done in all, once it is said.
    pub(crate) totals: Option<Totals>,
    problems: Vec<Diagnostic>,
}

impl<'a> Listener<'a> {
    pub(crate) fn new(progress: &'a dyn Progress) -> Listener<'a> {
        Listener { progress, begun: 0, ended: 0, totals: None, problems: Vec::new() }
    }

    /// One line. What is no event, like a message of a wrapper around Terraform, says nothing.
    pub(crate) fn hear(&mut self, line: &str) {
        let Ok(event) = serde_json::from_str::<Event>(line) else { return };
        // Data that are only read are neither work nor a change.
        if event.hook.as_ref().is_some_and(|hook| hook.action == "read") {
            return;
        }
        match (event.kind.as_str(), event.hook) {
            ("apply_start", Some(hook)) => {
                self.begun += 1;
                self.progress.waits(&format!("{} {}", doing(&hook.action), hook.resource.addr));
            }
            ("apply_progress", Some(hook)) => {
                let Hook { resource, action, elapsed_seconds } = hook;
                let under_way = self.begun.saturating_sub(self.ended);
                let address = resource.addr;
                self.progress.waits(&format!(
                    "{} done, {under_way} under way; {} {address} since {elapsed_seconds} s",
                    self.ended,
                    doing(&action)
                ));
            }
            ("apply_complete", Some(hook)) => {
                self.ended += 1;
                let Hook { resource, action, elapsed_seconds } = hook;
                self.progress.note(&format!("{} {} ({elapsed_seconds} s)", done(&action), resource.addr));
            }
            ("apply_errored", Some(hook)) => {
                self.ended += 1;
                self.progress.note(&format!("failed: {} {}", doing(&hook.action), hook.resource.addr));
            }
            ("change_summary", _) => self.totals = event.changes.or(self.totals),
            ("diagnostic", _) => self.problems.extend(event.diagnostic.filter(|found| found.severity == "error")),
            _ => {}
        }
    }

    /// How many resources are done.
    pub(crate) fn done(&self) -> u64 {
        self.ended
    }

    /// What was complained of, for people; empty if nothing was.
    pub(crate) fn complaint(&self) -> String {
        let told = self.problems.iter().take(TOLD_PROBLEMS).map(Diagnostic::to_string);
        let more = self.problems.len().saturating_sub(TOLD_PROBLEMS);
        let more = (more > 0).then(|| format!("and {more} more"));
        told.chain(more).collect::<Vec<_>>().join("\n")
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(address) = &self.address {
            write!(formatter, "{address}: ")?;
        }
        formatter.write_str(&self.summary)?;
        // The summary of a provider's error is often the beginning of its detail.
        match self.detail.trim() {
            "" => Ok(()),
            detail => write!(formatter, "\n{detail}"),
        }
    }
}

fn doing(action: &str) -> &str {
    match action {
        "create" => "making",
        "update" => "changing",
        "delete" => "deleting",
        "replace" => "replacing",
        other => other,
    }
}

fn done(action: &str) -> &str {
    match action {
        "create" => "made",
        "update" => "changed",
        "delete" => "deleted",
        "replace" => "replaced",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use operations::{Done, Silent};

    use super::*;

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Progress for Heard {
        fn begins(&self, _: &str) {}
        fn waits(&self, what: &str) {
            self.0.lock().unwrap().push(format!("… {what}"));
        }
        fn ended(&self, _: &str, _: &Done, _: std::time::Duration) {}
        fn note(&self, text: &str) {
            self.0.lock().unwrap().push(text.to_owned());
        }
    }

    #[test]
    fn a_run_is_told_as_it_happens() {
        let heard = Heard::default();
        let mut listener = Listener::new(&heard);
        for line in [
            r#"{"type":"version","terraform":"1.11.4"}"#,
            "not an event",
            r#"{"type":"apply_start","hook":{"resource":{"addr":"data.aws_region.current"},"action":"read"}}"#,
            r#"{"type":"apply_complete","hook":{"resource":{"addr":"data.aws_region.current"},"action":"read"}}"#,
            r#"{"type":"apply_start","hook":{"resource":{"addr":"aws_vpc.this"},"action":"create"}}"#,
            r#"{"type":"apply_progress","hook":{"resource":{"addr":"aws_vpc.this"},"action":"create","elapsed_seconds":10}}"#,
            r#"{"type":"apply_complete","hook":{"resource":{"addr":"aws_vpc.this"},"action":"create","elapsed_seconds":12}}"#,
            r#"{"type":"change_summary","changes":{"add":1,"change":0,"import":0,"remove":0,"operation":"apply"}}"#,
        ] {
            listener.hear(line);
        }
        let expected = [
            "… making aws_vpc.this",
            "… 0 done, 1 under way; making aws_vpc.this since 10 s",
            "made aws_vpc.this (12 s)",
        ];
        assert_eq!(*heard.0.lock().unwrap(), expected);
        assert_eq!((listener.done(), listener.totals), (1, Some(Totals { add: 1, change: 0, remove: 0 })));
        assert_eq!(listener.complaint(), "");
    }

    #[test]
    fn the_first_problems_are_told_and_the_others_counted() {
        let mut listener = Listener::new(&Silent);
        let warning = r#"{"type":"diagnostic","diagnostic":{"severity":"warning","summary":"old","detail":""}}"#;
        let error = r#"{"type":"diagnostic","diagnostic":{"severity":"error","summary":"no room","detail":"limit 5","address":"aws_eip.nat[0]"}}"#;
        listener.hear(warning);
        for _ in 0..7 {
            listener.hear(error);
        }
        let complaint = listener.complaint();
        assert!(complaint.starts_with("aws_eip.nat[0]: no room\nlimit 5\n"), "{complaint}");
        assert!(complaint.ends_with("\nand 2 more") && !complaint.contains("old"), "{complaint}");
    }
}
