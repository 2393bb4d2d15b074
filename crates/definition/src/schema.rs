//! The JSON Schema of `hub.yaml`, made from the types, and how to find one's way in it.

use serde_json::{Map, Value, json};

use crate::{Hub, path::Step};

/// What editors and other tools know the schema by.
const ID: &str = "https://mojaloop.io/schemas/hub.schema.json";

/// The JSON Schema (2020-12) of `hub.yaml`: what it says and what [`load`](crate::load) checks is made from the same
/// types. Checks that need more than one value (references, duplicates, networks) are `load`'s alone.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Hub).to_value();
    if let Some(root) = schema.as_object_mut() {
        root.insert("$id".to_owned(), json!(ID));
        root.insert("title".to_owned(), json!("Mojaloop hub definition (hub.yaml)"));
    }
    schema
}

/// The schema with its parts by name.
pub(crate) struct Schema {
    root: Value,
}

impl Schema {
    pub(crate) fn new() -> Schema {
        Schema { root: schema() }
    }

    pub(crate) fn root(&self) -> &Value {
        &self.root
    }

    /// The schema that a reference names; any other schema is its own.
    pub(crate) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        while let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let pointer = reference.strip_prefix('#').expect("schemars refers within the document");
            schema = self.root.pointer(pointer).expect("schemars defines what it refers to");
        }
        schema
    }

    /// The alternatives of a schema, one level deep and without the null of what may be left out; a schema without
    /// alternatives is the only one.
    pub(crate) fn alternatives<'a>(&'a self, schema: &'a Value) -> Vec<&'a Value> {
        let schema = self.resolve(schema);
        let Some(list) = any_of(schema) else { return vec![schema] };
        let resolved = list.iter().filter(|one| !is_null(one)).flat_map(|one| self.alternatives(one));
        resolved.collect()
    }

    /// Whether nothing may stand for the value.
    pub(crate) fn allows_null(&self, schema: &Value) -> bool {
        let schema = self.resolve(schema);
        types(schema).any(|name| name == "null") || any_of(schema).is_some_and(|list| list.iter().any(is_null))
    }

    /// Whether text may stand for the value.
    pub(crate) fn allows_text(&self, schema: &Value) -> bool {
        self.alternatives(schema).iter().any(|one| types(one).any(|name| name == "string"))
    }

    /// Whether a map of it has exactly one of several keys (a secret is in a file *or* a variable).
    pub(crate) fn is_choice(&self, schema: &Value) -> bool {
        self.alternatives(schema).iter().filter(|one| properties(one).is_some()).count() > 1
    }

    /// The schemas of a key or an item; several if alternatives have it.
    pub(crate) fn child<'a>(&'a self, schema: &'a Value, step: &Step) -> Option<&'a Value> {
        self.alternatives(schema).into_iter().find_map(|one| match step {
            Step::Key(key) => properties(one).and_then(|known| known.get(key)).or_else(|| additional(one)),
            Step::Item(_) => one.get("items"),
        })
    }

    /// The keys that a map may have, in alphabetical order.
    pub(crate) fn keys<'a>(&'a self, schema: &'a Value) -> Vec<&'a str> {
        let alternatives = self.alternatives(schema);
        let maps = alternatives.into_iter().filter_map(properties);
        maps.flat_map(|known| known.keys().map(String::as_str)).collect()
    }
}

/// The names of a schema's types.
pub(crate) fn types(schema: &Value) -> impl Iterator<Item = &str> {
    let (one, several) = match schema.get("type") {
        Some(Value::String(name)) => (Some(name.as_str()), None),
        Some(Value::Array(names)) => (None, Some(names.iter().filter_map(Value::as_str))),
        _ => (None, None),
    };
    one.into_iter().chain(several.into_iter().flatten())
}

/// The keys of a map that are known by name.
pub(crate) fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties").and_then(Value::as_object)
}

/// The schema of keys that are not known by name, where there may be any.
pub(crate) fn additional(schema: &Value) -> Option<&Value> {
    schema.get("additionalProperties").filter(|value| value.is_object())
}

fn any_of(schema: &Value) -> Option<&Vec<Value>> {
    schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array)
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("null")
}
