//! In which fields two objects differ.

use serde_json::{Map, Value};

/// A step on the way to a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A key of a map.
    Key(String),
    /// The item of a list that has this name.
    Named(String),
}

/// One field in which two objects differ.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Difference {
    /// Where it is.
    pub(crate) path: Vec<Part>,
    /// What is there; `null` if nothing is.
    pub(crate) before: Value,
    /// What is wanted; `null` if it is to go.
    pub(crate) after: Value,
}

impl Difference {
    /// The path, for people: `spec.template.spec.containers[hub].image`.
    pub(crate) fn field(&self) -> String {
        text(&self.path)
    }
}

/// A path, for people.
pub(crate) fn text(path: &[Part]) -> String {
    let mut text = String::new();
    for part in path {
        match part {
            Part::Named(name) => text += &format!("[{name}]"),
            Part::Key(key) if key.contains(['.', '/']) => text += &format!("[{key:?}]"),
            Part::Key(key) if text.is_empty() => text += key,
            Part::Key(key) => text += &format!(".{key}"),
        }
    }
    text
}

/// What only the API server writes, and what says nothing about what is wanted.
const NOT_WANTED: [&str; 6] =
    ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"];

/// An object without what only the API server writes.
pub(crate) fn wanted_part(mut object: Value) -> Value {
    if let Some(object) = object.as_object_mut() {
        object.remove("status");
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        NOT_WANTED.iter().for_each(|key| drop(metadata.remove(*key)));
    }
    object
}

/// The fields in which two objects differ, in the order of their paths. Lists whose items have names are compared name by
/// name, other lists as wholes.
pub(crate) fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(before, after, &mut Vec::new(), &mut found);
    found
}

fn compare(before: &Value, after: &Value, path: &mut Vec<Part>, found: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    let maps = match (before, after) {
        (Value::Object(before), Value::Object(after)) => Some((before.clone(), after.clone(), false)),
        (Value::Array(_), Value::Array(_)) => named(before).zip(named(after)).map(|(one, other)| (one, other, true)),
        // A document inside a text, such as a ConfigMap's, is compared as what it is.
        (Value::String(_), Value::String(_)) => inner(before).zip(inner(after)).map(|(one, other)| (one, other, false)),
        _ => None,
    };
    let Some((before_map, after_map, are_named)) = maps else {
        found.push(Difference { path: path.clone(), before: before.clone(), after: after.clone() });
        return;
    };
    let mut keys: Vec<&String> = before_map.keys().chain(after_map.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let (one, other) = (before_map.get(key).unwrap_or(&Value::Null), after_map.get(key).unwrap_or(&Value::Null));
        path.push(if are_named { Part::Named(key.clone()) } else { Part::Key(key.clone()) });
        compare(one, other, path, found);
        path.pop();
    }
}

/// The items of a list by their names; `None` if they have none.
fn named(list: &Value) -> Option<Map<String, Value>> {
    let items = list.as_array()?;
    let map: Option<Map<String, Value>> =
        items.iter().map(|item| Some((name(item)?.to_owned(), item.clone()))).collect();
    map.filter(|map| map.len() == items.len())
}

/// The name of an item; templates of volume claims have theirs where objects have it.
pub(crate) fn name(item: &Value) -> Option<&str> {
    item.get("name").or_else(|| item.pointer("/metadata/name"))?.as_str()
}

fn inner(text: &Value) -> Option<Map<String, Value>> {
    serde_json::from_str(text.as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(before: &Value, after: &Value) -> Vec<(String, Value, Value)> {
        let found = differences(before, after);
        found.into_iter().map(|one| (one.field(), one.before.clone(), one.after)).collect()
    }

    #[test]
    fn fields_are_named_as_people_name_them() {
        let pod = |memory: &str| {
            let hub = json!({"name": "hub", "resources": {"limits": {"memory": memory}}});
            json!({"spec": {"containers": [hub, {"name": "other"}]}, "metadata": {"labels": {"a/b": "c"}}})
        };
        let expect = ("spec.containers[hub].resources.limits.memory".to_owned(), json!("1Gi"), json!("2Gi"));
        assert_eq!(told(&pod("1Gi"), &pod("2Gi")), [expect]);
        assert_eq!(told(&pod("1Gi"), &pod("1Gi")), []);
        let before = json!({"metadata": {"labels": {"a/b": "c"}}});
        let after = json!({"metadata": {"labels": {}}});
        assert_eq!(told(&before, &after), [(r#"metadata.labels["a/b"]"#.to_owned(), json!("c"), Value::Null)]);
    }

    #[test]
    fn lists_without_names_are_wholes_and_added_items_are_told_once() {
        assert_eq!(told(&json!({"a": [1, 2]}), &json!({"a": [1]})), [("a".to_owned(), json!([1, 2]), json!([1]))]);
        let (before, after) = (json!({"env": [{"name": "A"}]}), json!({"env": [{"name": "A"}, {"name": "B"}]}));
        assert_eq!(told(&before, &after), [("env[B]".to_owned(), Value::Null, json!({"name": "B"}))]);
    }

    #[test]
    fn documents_in_texts_are_compared_as_documents() {
        let config = |cap: &str| json!({"data": {"scheme.json": json!({"participants": [{"name": "a", "cap": cap}]}).to_string()}});
        let expect = (r#"data["scheme.json"].participants[a].cap"#.to_owned(), json!("1"), json!("2"));
        assert_eq!(told(&config("1"), &config("2")), [expect]);
    }

    #[test]
    fn what_the_api_server_writes_is_left_out() {
        let live = json!({"metadata": {"name": "a", "uid": "1", "managedFields": []}, "status": {}, "spec": {}});
        assert_eq!(wanted_part(live), json!({"metadata": {"name": "a"}, "spec": {}}));
    }
}
