//! Single settings from the command line: `path=value`.

use serde_json::Value as Json;

use crate::{
    node::{Node, Value},
    origin::Origin,
    path::{self, Step},
    problem::Problem,
    read,
    schema::Schema,
    structure::unknown_key,
};

/// Sets one value. What is wrong with the path or the text of the value is a problem; whether the value fits, the
/// structure check says later.
pub(crate) fn apply(schema: &Schema, root: &mut Node, setting: &str) -> Result<(), Problem> {
    let name = setting.split('=').next().unwrap_or("").trim();
    let origin = Origin::Set(name.to_owned());
    let Some((path, text)) = setting.split_once('=') else {
        let message = "has no value, expected PATH=VALUE";
        return Err(Problem::new(name, &origin, message).hint(format!("--set {name}=VALUE")));
    };
    let steps = path::parse(path.trim()).ok_or_else(|| {
        let problem = Problem::new("", &origin, format!("{path:?} is no path"));
        problem.hint("for example scheme.currencies[0] or store.kind")
    })?;
    let target = target(schema, &steps, &origin)?;
    let value = value(schema, target, text, name, &origin)?;
    put(schema, root, schema.root(), &steps, value, "")
}

/// The schema of what a path leads to.
fn target<'s>(schema: &'s Schema, steps: &[Step], origin: &Origin) -> Result<&'s Json, Problem> {
    let mut at = schema.root();
    let mut so_far = String::new();
    for step in steps {
        let Some(child) = schema.child(at, step) else {
            let nothing = Node::new(Value::Null, origin);
            return Err(match step {
                Step::Key(key) => unknown_key(key, &nothing, &schema.keys(at), &so_far),
                Step::Item(_) => Problem::new(so_far, origin, "is no list"),
            });
        };
        so_far = match step {
            Step::Key(key) => path::key(&so_far, key),
            Step::Item(index) => path::item(&so_far, *index),
        };
        at = child;
    }
    Ok(at)
}

/// The value that a text means: where text is allowed it is taken as it stands, unless it is written as a list, a map or in
/// quotes.
fn value(schema: &Schema, at: &Json, text: &str, path: &str, origin: &Origin) -> Result<Node, Problem> {
    let trimmed = text.trim();
    let structured = trimmed.starts_with(['[', '{', '"', '\'']);
    if schema.allows_null(at) && matches!(trimmed, "null" | "~" | "") {
        return Ok(Node::new(Value::Null, origin));
    }
    if schema.allows_text(at) && !structured {
        return Ok(Node::new(Value::Text(trimmed.to_owned()), origin));
    }
    let mut read = read::text(text, &|_| origin.clone()).map_err(|mut problems| {
        let mut problem = problems.swap_remove(0);
        path.clone_into(&mut problem.path);
        problem
    })?;
    // An empty text is an empty map to a reader of files; here it is nothing.
    if trimmed.is_empty() {
        read.value = Value::Null;
    }
    Ok(read.moved(origin))
}

fn put(schema: &Schema, node: &mut Node, at: &Json, steps: &[Step], value: Node, so_far: &str) -> Result<(), Problem> {
    let Some((step, rest)) = steps.split_first() else {
        *node = value;
        return Ok(());
    };
    let child = schema.child(at, step).expect("the path was followed in the schema before");
    let origin = value.origin.clone();
    match step {
        Step::Key(key) => {
            if !matches!(node.value, Value::Map(_)) {
                *node = Node::new(Value::Map(Vec::new()), &origin);
            }
            let Value::Map(entries) = &mut node.value else { unreachable!("it was just made a map") };
            // Of a choice only the key that is set stays.
            entries.retain(|(name, _)| name == key || !schema.is_choice(at));
            if !entries.iter().any(|(name, _)| name == key) {
                entries.push((key.clone(), Node::new(Value::Null, &origin)));
            }
            let entry = entries.iter_mut().find(|(name, _)| name == key).expect("it was just added");
            put(schema, &mut entry.1, child, rest, value, &path::key(so_far, key))
        }
        Step::Item(index) => {
            if !matches!(node.value, Value::List(_)) {
                *node = Node::new(Value::List(Vec::new()), &origin);
            }
            let Value::List(items) = &mut node.value else { unreachable!("it was just made a list") };
            if *index > items.len() {
                let message = format!("is not there; the list that is written has {} items", items.len());
                let problem = Problem::new(path::item(so_far, *index), &origin, message);
                return Err(problem.hint(format!("write {} to add one", path::item(so_far, items.len()))));
            }
            if *index == items.len() {
                items.push(Node::new(Value::Null, &origin));
            }
            put(schema, &mut items[*index], child, rest, value, &path::item(so_far, *index))
        }
    }
}
