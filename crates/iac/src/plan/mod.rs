//! From Terraform's plan to changes that a person can judge.

mod document;
mod drift;
mod origin;
mod risk;
mod values;

use operations::{Change, Plan, Risk};
use serde_json::{Value, json};

pub(crate) use self::{document::Document, origin::Definition};
use self::{
    document::ResourceChange,
    drift::Drift,
    origin::{Place, Provenance},
    risk::Action,
    values::Difference,
};

/// All changes of a plan, field by field where something stays and is changed.
pub(crate) fn changes(document: &Document, definition: &Definition<'_>) -> Plan {
    let provenance = Provenance::new(document, definition);
    let drift = Drift::of(document);
    let mut changes = Vec::new();
    for resource in document.managed_changes() {
        match Action::of(&resource.change.actions) {
            Some(Action::Create) => changes.push(created(resource, &provenance, &drift)),
            Some(Action::Delete) => changes.push(deleted(resource)),
            Some(Action::Replace) if resource.is_unfinished() => changes.push(finished(resource)),
            Some(action) => changes.extend(changed(resource, action, &provenance, &drift)),
            None => {}
        }
    }
    changes.extend(outputs(document));
    Plan { changes }
}

fn created(resource: &ResourceChange, provenance: &Provenance<'_>, drift: &Drift) -> Change {
    let code = provenance.code(resource);
    let origin = match drift.deleted(&resource.address) {
        true => format!("deleted outside of this tool; `up` makes it again, as {code} says"),
        false => code,
    };
    let risk = Risk::None;
    Change {
        resource: resource.address.clone(),
        field: String::new(),
        before: Value::Null,
        after: values::shown_after(&resource.change),
        risk,
        origin,
    }
}

/// An apply that was interrupted leaves things of which nobody knows whether they are complete. Nothing has used them, so
/// that making them anew loses nothing.
fn finished(resource: &ResourceChange) -> Change {
    Change {
        resource: resource.address.clone(),
        field: String::new(),
        before: json!("unfinished"),
        after: json!("a new one"),
        risk: Risk::Restart,
        origin: "its making was interrupted or failed; it is made anew".to_owned(),
    }
}

fn deleted(resource: &ResourceChange) -> Change {
    Change {
        resource: resource.address.clone(),
        field: String::new(),
        before: values::shown_before(&resource.change),
        after: Value::Null,
        risk: risk::of_removal(&resource.kind),
        origin: "no longer in the code, or not with these settings".to_owned(),
    }
}

fn changed(resource: &ResourceChange, action: Action, provenance: &Provenance<'_>, drift: &Drift) -> Vec<Change> {
    let mut differences = values::differences(&resource.change);
    if differences.iter().any(|difference| difference.attribute() == "tags") {
        // The provider's copy of the tags with its own added: the same change once more.
        differences.retain(|difference| difference.attribute() != "tags_all");
    }
    if action == Action::Replace {
        // A new resource has new identifiers and defaults: they say nothing about why it is new.
        differences.retain(|difference| !difference.is_left_open());
    }
    if differences.is_empty() {
        let (before, after) = (json!("this one"), json!("a new one"));
        differences.push(Difference { steps: Vec::new(), before, after });
    }
    let change = |difference: Difference| {
        let risk = match action {
            Action::Replace => risk::of_removal(&resource.kind),
            _ => risk::of_update(&resource.kind, &difference),
        };
        let origin = origin(resource, action, &difference, provenance, drift);
        let field = difference.path();
        Change {
            resource: resource.address.clone(),
            field,
            before: difference.before,
            after: difference.after,
            risk,
            origin,
        }
    };
    differences.into_iter().map(change).collect()
}

fn origin(
    resource: &ResourceChange,
    action: Action,
    difference: &Difference,
    provenance: &Provenance<'_>,
    drift: &Drift,
) -> String {
    let places = provenance.of(resource, difference);
    let replaced = action == Action::Replace;
    if drift.changed(&resource.address, difference.attribute()) {
        let how = if replaced { "replaces it" } else { "reverts it" };
        let adopt: Vec<String> = places.iter().map(Place::adopt).collect();
        return format!("changed outside of this tool; `up` {how}; to adopt it, {}", adopt.join(", or "));
    }
    let places: Vec<String> = places.iter().map(Place::to_string).collect();
    let note = if replaced { "; the resource is replaced by a new one" } else { "" };
    format!("{}{note}", places.join(", "))
}

/// What other tools read of the state.
fn outputs(document: &Document) -> Vec<Change> {
    let mut changes = Vec::new();
    for (name, change) in &document.output_changes {
        if Action::of(&change.actions).is_none() {
            continue;
        }
        changes.push(Change {
            resource: format!("output.{name}"),
            field: String::new(),
            before: values::shown_before(change),
            after: values::shown_after(change),
            risk: Risk::None,
            origin: "follows from the resources".to_owned(),
        });
    }
    changes
}

#[cfg(test)]
mod tests;
