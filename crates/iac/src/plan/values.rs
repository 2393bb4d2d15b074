//! Values before and after, without what is secret.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::document::ValueChange;

const SENSITIVE: &str = "(sensitive)";
const UNKNOWN: &str = "(known after apply)";

/// One field that differs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference {
    /// From the resource to the field.
    pub(super) steps: Vec<Step>,
    pub(super) before: Value,
    pub(super) after: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

impl Difference {
    /// The resource's attribute in which the field is; empty for the whole.
    pub(super) fn attribute(&self) -> &str {
        match self.steps.first() {
            Some(Step::Key(key)) => key,
            _ => "",
        }
    }

    /// Whether the code says no value: only the apply tells it, or there is none.
    pub(super) fn is_left_open(&self) -> bool {
        self.after == UNKNOWN || self.after.is_null()
    }

    /// The field as people write it: `vpc_config[0].endpoint_public_access`.
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.steps {
            match step {
                Step::Key(key) if path.is_empty() => path.push_str(key),
                Step::Key(key) => path.extend([".", key]),
                Step::Index(index) => path += &format!("[{index}]"),
            }
        }
        path
    }
}

/// The whole value that is there.
pub(super) fn shown_before(change: &ValueChange) -> Value {
    shown(&change.before, &Value::Null, &change.before_sensitive)
}

/// The whole value that is wanted.
pub(super) fn shown_after(change: &ValueChange) -> Value {
    shown(&change.after, &change.after_unknown, &change.after_sensitive)
}

/// A value without what is empty, so that a new resource is as long as what its code says.
fn shown(value: &Value, unknown: &Value, sensitive: &Value) -> Value {
    if sensitive == &Value::Bool(true) {
        return SENSITIVE.into();
    }
    if unknown == &Value::Bool(true) {
        return UNKNOWN.into();
    }
    match value {
        Value::Object(fields) => {
            let keys = fields.keys().chain(keys(unknown)).collect::<BTreeSet<_>>();
            let field = |key: &String| {
                let shown = shown(&value[key.as_str()], &unknown[key.as_str()], &sensitive[key.as_str()]);
                (!is_empty(&shown)).then(|| (key.clone(), shown))
            };
            Value::Object(keys.into_iter().filter_map(field).collect())
        }
        Value::Array(items) => {
            let item = |(index, item): (usize, &Value)| shown(item, &unknown[index], &sensitive[index]);
            Value::Array(items.iter().enumerate().map(item).collect())
        }
        other => other.clone(),
    }
}

/// Providers write "none" in any of three ways, and not always in the same.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn is_same(before: &Value, after: &Value) -> bool {
    before == after || is_empty(before) && is_empty(after)
}

fn keys(value: &Value) -> impl Iterator<Item = &String> {
    value.as_object().into_iter().flat_map(Map::keys)
}

/// Every field that differs.
pub(super) fn differences(change: &ValueChange) -> Vec<Difference> {
    let mut found = Vec::new();
    let pair = Pair {
        before: &change.before,
        after: &change.after,
        unknown: &change.after_unknown,
        before_sensitive: &change.before_sensitive,
        after_sensitive: &change.after_sensitive,
    };
    pair.compare(&mut Vec::new(), &mut found);
    found
}

/// The same place in all five documents. Where one has nothing, indexing gives null, which means "no" in three of them.
#[derive(Clone, Copy)]
struct Pair<'a> {
    before: &'a Value,
    after: &'a Value,
    unknown: &'a Value,
    before_sensitive: &'a Value,
    after_sensitive: &'a Value,
}

impl<'a> Pair<'a> {
    fn compare(self, steps: &mut Vec<Step>, found: &mut Vec<Difference>) {
        let unknown = self.unknown == &Value::Bool(true);
        let (secret_before, secret_after) =
            (self.before_sensitive == &Value::Bool(true), self.after_sensitive == &Value::Bool(true));
        if !unknown && !secret_before && !secret_after {
            match (self.before, self.after) {
                (Value::Object(before), Value::Object(after)) => {
                    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).chain(keys(self.unknown)).collect();
                    for key in keys {
                        self.inner(Step::Key(key.clone()), |value| &value[key.as_str()], steps, found);
                    }
                    return;
                }
                (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
                    for index in 0..before.len() {
                        self.inner(Step::Index(index), |value| &value[index], steps, found);
                    }
                    return;
                }
                _ => {}
            }
        }
        if !unknown && is_same(self.before, self.after) {
            return;
        }
        let before = if secret_before || secret_after { SENSITIVE.into() } else { self.before.clone() };
        let after = match (unknown, secret_before || secret_after) {
            (_, true) => SENSITIVE.into(),
            (true, false) => UNKNOWN.into(),
            (false, false) => self.after.clone(),
        };
        found.push(Difference { steps: steps.clone(), before, after });
    }

    fn inner(
        self,
        step: Step,
        at: impl Fn(&'a Value) -> &'a Value,
        steps: &mut Vec<Step>,
        found: &mut Vec<Difference>,
    ) {
        let inner = Pair {
            before: at(self.before),
            after: at(self.after),
            unknown: at(self.unknown),
            before_sensitive: at(self.before_sensitive),
            after_sensitive: at(self.after_sensitive),
        };
        steps.push(step);
        inner.compare(steps, found);
        steps.pop();
    }
}
