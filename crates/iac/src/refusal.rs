//! Why Terraform did not do what it was asked, for people.

use operations::{Exit, Failure};

/// Lines of its complaint that are told: the last ones say what it is.
const TOLD_LINES: usize = 30;

/// What to do about a run that ended badly. `what` is what was tried, `said` what Terraform complained of.
pub(crate) fn failure(what: &str, said: &str, chdir: &str) -> Failure {
    if let Some(lock) = Lock::of(said) {
        return lock.failure(what, chdir);
    }
    let failure = Failure::failed(format!("{what} failed:\n{}", last_lines(said)));
    let failure = match HINTS.iter().find(|(sign, _)| said.contains(sign)) {
        Some((_, hint)) => failure.hint(hint.replace("{chdir}", chdir)),
        None => failure,
    };
    match MISSING.iter().any(|sign| said.contains(sign)) {
        true => failure.exit(Exit::Preflight),
        false => failure,
    }
}

/// Signs that something is missing without which nothing was begun.
const MISSING: [&str; 4] = [
    "Could not retrieve the list of available versions",
    "Failed to query available provider packages",
    "No valid credential sources found",
    "Unsupported Terraform Core version",
];

/// What Terraform or a provider says, and what helps.
const HINTS: [(&str, &str); 8] = [
    (
        "Backend configuration changed",
        "the state is to move: `terraform -chdir={chdir} init -migrate-state` asks and moves it",
    ),
    (
        "Backend initialization required",
        "the state is to move: `terraform -chdir={chdir} init -migrate-state` asks and moves it",
    ),
    ("Unsupported Terraform Core version", "install a newer terraform: mojaloop iac doctor says which"),
    (
        "Failed to query available provider packages",
        "the providers could not be fetched: is the registry, or the mirror in your CLI configuration, reachable?",
    ),
    (
        "Could not retrieve the list of available versions",
        "the providers could not be fetched: is the registry, or the mirror in your CLI configuration, reachable?",
    ),
    (
        "No valid credential sources found",
        "give credentials for AWS: AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    ),
    ("ExpiredToken", "the credentials for AWS have expired: get new ones, for example by `aws sso login`"),
    (
        "LimitExceeded",
        "a quota of the account is used up: AWS raises it in Service Quotas; mojaloop iac doctor lists those that matter",
    ),
];

/// Who holds the state.
#[derive(Debug, Default, PartialEq, Eq)]
struct Lock {
    id: String,
    operation: String,
    who: String,
    created: String,
}

impl Lock {
    /// Found in a complaint, which may be framed by lines.
    fn of(said: &str) -> Option<Lock> {
        if !said.contains("Error acquiring the state lock") {
            return None;
        }
        let field = |name: &str| {
            let value = said.lines().find_map(|line| {
                let line = line.trim_start_matches(['│', '|', ' ']);
                line.strip_prefix(name)?.strip_prefix(':').map(|value| value.trim().to_owned())
            });
            value.unwrap_or_default()
        };
        Some(Lock { id: field("ID"), operation: field("Operation"), who: field("Who"), created: field("Created") })
    }

    fn failure(&self, what: &str, chdir: &str) -> Failure {
        let Lock { id, operation, who, created } = self;
        if id.is_empty() {
            return Failure::failed(format!("{what}: somebody else works on this state"))
                .hint("let them end, then run this again");
        }
        let operation = operation.trim_start_matches("OperationType");
        Failure::failed(format!("{what}: {who} works on this state ({operation}), since {created}")).hint(format!(
            "let that end, then run this again; only if that process is dead: `terraform -chdir={chdir} force-unlock {id}`"
        ))
    }
}

fn last_lines(said: &str) -> String {
    let lines: Vec<&str> = said.trim().lines().collect();
    lines[lines.len().saturating_sub(TOLD_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKED: &str = "\
╷
│ Error: Error acquiring the state lock
│
│ Error message: operation error S3: PutObject, https response error StatusCode: 412
│ Lock Info:
│   ID:        4bfc2c41-3b1e-1a9e-6a0c-0d54ae1e2d2f
│   Path:      hub-state/hub.tfstate
│   Operation: OperationTypeApply
│   Who:       anna@laptop
│   Version:   1.11.4
│   Created:   2026-11-22 17:00:00.1 +0000 UTC
│   Info:
╵";

    #[test]
    fn who_holds_the_state_is_said_and_nothing_is_forced() {
        let failure = failure("plan", LOCKED, "/srv/hub/terraform/aws");
        assert_eq!(
            failure.message,
            "plan: anna@laptop works on this state (Apply), since 2026-11-22 17:00:00.1 +0000 UTC"
        );
        let hint = failure.hint.unwrap();
        assert!(hint.contains("only if that process is dead"), "{hint}");
        let command = "terraform -chdir=/srv/hub/terraform/aws force-unlock 4bfc2c41-3b1e-1a9e-6a0c-0d54ae1e2d2f";
        assert!(hint.contains(command), "{hint}");
    }

    #[test]
    fn known_complaints_have_a_hint() {
        let moved = failure("init", "Error: Backend configuration changed", "/x");
        assert!(moved.hint.unwrap().contains("terraform -chdir=/x init -migrate-state"));
        let missing = failure("plan", "Error: No valid credential sources found", "/x");
        assert_eq!((missing.exit, missing.hint.unwrap().contains("AWS_PROFILE")), (Exit::Preflight, true));
        let other = failure("apply", "Error: something else", "/x");
        assert_eq!((other.message.as_str(), other.hint), ("apply failed:\nError: something else", None));
    }
}
