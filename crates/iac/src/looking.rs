//! `status` and `verify`.

mod promises;

use std::time::Duration;

use definition::InfrastructureRoot;
use operations::{Check, Failure, FileLock, Progress, Report, Target, Verify};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::{Iac, state::State};

/// How long something on the network may take to answer.
const ANSWER: Duration = Duration::from_secs(3);
/// What every root has to tell, and the fields of it that nobody can do without.
const NEEDED: [(&str, &[&str]); 4] = [
    ("cluster", &["name", "provider"]),
    ("database", &["host", "name", "port", "user"]),
    ("values", &["database", "name", "namespace", "payments_per_second", "replicas"]),
    ("secrets", &["database"]),
];
/// Changes that a failed check names.
const NAMED_CHANGES: usize = 5;
/// Characters of a value in the text of `status`.
const SHOWN_CHARACTERS: usize = 120;

pub(crate) async fn status(iac: &Iac) -> Result<Report, Failure> {
    let root = iac.root_folder();
    let state = iac.state().await?.unwrap_or_default();
    let applied = iac.applied()?;
    let (count, outputs) = (state.resources().len(), state.outputs());
    let body = json!({
        "root": root,
        "folder": iac.settings.folder.path(),
        "resources": count,
        "protected": state.protected(),
        "applied": applied,
        "outputs": outputs,
    });
    let mut text = match (count, outputs.is_empty()) {
        (0, true) => format!("nothing was made in {}", iac.settings.folder.join(&root).display()),
        _ => format!("{count} resources of {root}, {} of them protected", state.protected().len()),
    };
    if let Some(applied) = applied {
        text += &format!("\nlast applied {:.0}: {}", applied.at, applied.changes);
    }
    for (name, value) in outputs {
        text += &format!("\n\n{name}");
        lines(value, 1, &mut text);
    }
    Report::new("Infrastructure", &body, text)
}

/// Certificates would fill the screen; the document has them whole.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A value as indented lines; what is not set is left out.
fn lines(value: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    let Value::Object(fields) = value else {
        *text += &format!("\n{indent}{value}");
        return;
    };
    for (key, value) in fields {
        match value {
            Value::Null => {}
            Value::Object(fields) if fields.is_empty() => {}
            Value::Object(_) => {
                *text += &format!("\n{indent}{key}");
                lines(value, depth + 1, text);
            }
            Value::String(value) => *text += &format!("\n{indent}{key:<20} {}", shortened(value)),
            other => *text += &format!("\n{indent}{key:<20} {other}"),
        }
    }
}

pub(crate) async fn verify(iac: &Iac, progress: &dyn Progress) -> Result<Verify, Failure> {
    let _alone = FileLock::take(iac.folder(), "mojaloop iac verify", iac.settings.timeout, progress).await?;
    let state = iac.state().await?.unwrap_or_default();
    if state.is_empty() {
        let hint = "mojaloop iac up makes it";
        return Ok(Verify::new(vec![Check::failed("state", "nothing was made yet", hint)]));
    }
    let mut checks = vec![Check::passed("state", format!("{} resources", state.resources().len()))];
    checks.push(no_drift(iac, progress).await?);
    checks.extend(outputs(&state));
    match iac.root() {
        InfrastructureRoot::Aws => checks.extend(promises::checks(&state)),
        InfrastructureRoot::OnPremises | InfrastructureRoot::Managed => checks.push(database_answers(&state).await),
    }
    Ok(Verify::new(checks))
}

async fn no_drift(iac: &Iac, progress: &dyn Progress) -> Result<Check, Failure> {
    let plan = iac.look(progress).await?;
    if plan.is_empty() {
        return Ok(Check::passed("no-drift", "everything is as the definition says"));
    }
    let named: Vec<String> = plan
        .changes
        .iter()
        .take(NAMED_CHANGES)
        .map(|change| {
            let field = if change.field.is_empty() { "the whole" } else { &change.field };
            format!("{} ({field})", change.resource)
        })
        .collect();
    let more = plan.changes.len().saturating_sub(NAMED_CHANGES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let message = format!("{}{more} differ from the definition", named.join(", "));
    Ok(Check::failed("no-drift", message, "mojaloop iac plan says how and why; mojaloop iac up puts it right"))
}

fn outputs(state: &State) -> Vec<Check> {
    let outputs = state.outputs();
    let check = |(name, fields): &(&str, &[&str])| {
        let value = outputs.get(name).copied().unwrap_or(&Value::Null);
        let missing: Vec<&str> = fields.iter().copied().filter(|field| value[*field].is_null()).collect();
        let check = format!("output-{name}");
        match missing.as_slice() {
            [] => Check::passed(&check, "complete"),
            missing => {
                Check::failed(&check, format!("{} missing", missing.join(", ")), "mojaloop iac up puts outputs back")
            }
        }
    };
    NEEDED.iter().map(check).collect()
}

async fn database_answers(state: &State) -> Check {
    let outputs = state.outputs();
    let database = outputs.get("database").copied().unwrap_or(&Value::Null);
    let (host, port) = (database["host"].as_str().unwrap_or_default(), database["port"].as_u64().unwrap_or_default());
    let place = format!("{host}:{port}");
    match answers(&place).await {
        Ok(()) => Check::passed("database", format!("{place} answers")),
        Err(why) => Check::failed("database", format!("{place}: {why}"), "is it reachable from this machine?"),
    }
}

/// Whether something takes connections there.
pub(crate) async fn answers(place: &str) -> Result<(), String> {
    match tokio::time::timeout(ANSWER, TcpStream::connect(place)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} s", ANSWER.as_secs())),
    }
}
