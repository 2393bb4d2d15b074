//! What an official document has and another one lacks: paths, methods, parameters, fields of bodies.

use std::collections::BTreeSet;

use serde_json::Value;

/// The methods of HTTP that OpenAPI knows.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
/// No schema of the official files is nested deeper; one that refers to itself ends here.
const DEPTH: usize = 12;

/// Each operation of the official document on a path that is wanted, with what `own` lacks of it.
pub(super) fn operations(official: &Value, own: &Value, wanted: fn(&str) -> bool) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for (path, item) in official["paths"].as_object().into_iter().flatten().filter(|(path, _)| wanted(path)) {
        for method in METHODS.into_iter().filter(|method| item[method].is_object()) {
            let lacks = match own["paths"][path][method].as_object() {
                Some(_) => lacks(official, own, path, method),
                None => vec!["it is not there".to_owned()],
            };
            found.push((format!("{method} {path}"), lacks));
        }
    }
    found
}

fn lacks(official: &Value, own: &Value, path: &str, method: &str) -> Vec<String> {
    let asked = parameters(official, path, method);
    let given = parameters(own, path, method);
    let mut lacks: Vec<_> = asked.difference(&given).map(|(name, place)| format!("no {place} {name}")).collect();
    if let Some(schema) = body(official, path, method) {
        match body(own, path, method) {
            Some(own_schema) => {
                let mut fields = BTreeSet::new();
                required_fields(official, schema, "", DEPTH, &mut fields);
                let mut known = BTreeSet::new();
                all_fields(own, own_schema, "", DEPTH, &mut known);
                lacks.extend(fields.difference(&known).map(|field| format!("no field {field}")));
            }
            None => lacks.push("no body".to_owned()),
        }
    }
    lacks
}

/// Names and places of the parameters of a path and of an operation. Names of headers are without case.
fn parameters(document: &Value, path: &str, method: &str) -> BTreeSet<(String, String)> {
    let item = &document["paths"][path];
    let lists = [&item["parameters"], &item[method]["parameters"]];
    let all = lists.into_iter().filter_map(Value::as_array).flatten().map(|parameter| resolve(document, parameter));
    let named = all.map(|parameter| {
        let text = |key: &str| parameter[key].as_str().unwrap_or_default();
        let name = if text("in") == "header" { text("name").to_lowercase() } else { text("name").to_owned() };
        (name, text("in").to_owned())
    });
    named.collect()
}

/// The schema of an operation's body, in the first of its media types.
fn body<'a>(document: &'a Value, path: &str, method: &str) -> Option<&'a Value> {
    let body = resolve(document, &document["paths"][path][method]["requestBody"]);
    body["content"].as_object()?.values().next().map(|media| &media["schema"])
}

/// The fields that must be there, with their paths (`/amount/currency`), as long as what they stand in must be there too.
fn required_fields(document: &Value, schema: &Value, at: &str, depth: usize, found: &mut BTreeSet<String>) {
    let schema = resolve(document, schema);
    if depth == 0 {
        return;
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let path = format!("{at}/{name}");
        required_fields(document, &schema["properties"][name], &path, depth - 1, found);
        found.insert(path);
    }
    if schema["items"].is_object() {
        required_fields(document, &schema["items"], at, depth - 1, found);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        required_fields(document, part, at, depth - 1, found);
    }
}

/// All fields that a schema knows, with their paths.
fn all_fields(document: &Value, schema: &Value, at: &str, depth: usize, found: &mut BTreeSet<String>) {
    let schema = resolve(document, schema);
    if depth == 0 {
        return;
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{at}/{name}");
        all_fields(document, inner, &path, depth - 1, found);
        found.insert(path);
    }
    if schema["items"].is_object() {
        all_fields(document, &schema["items"], at, depth - 1, found);
    }
    for parts in ["allOf", "anyOf", "oneOf"] {
        for part in schema[parts].as_array().into_iter().flatten() {
            all_fields(document, part, at, depth - 1, found);
        }
    }
}

/// What a reference within a document refers to, else the value itself.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let mut value = value;
    for _ in 0..DEPTH {
        match value["$ref"].as_str().and_then(|text| text.strip_prefix('#')).and_then(|path| document.pointer(path)) {
            Some(referred) => value = referred,
            None => return value,
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn official() -> Value {
        json!({
            "paths": {
                "/transfers/{ID}": {
                    "parameters": [{"$ref": "#/components/parameters/ID"}],
                    "put": {
                        "parameters": [{"name": "Date", "in": "header"}],
                        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Put"}}}},
                    },
                },
                "/bulk": {"get": {}},
            },
            "components": {
                "parameters": {"ID": {"name": "ID", "in": "path"}},
                "schemas": {
                    "Put": {
                        "required": ["state", "amount", "list"],
                        "properties": {
                            "amount": {"$ref": "#/components/schemas/Money"}, "note": {"required": ["x"]},
                            "list": {"type": "array", "items": {"$ref": "#/components/schemas/Money"}},
                        },
                    },
                    "Money": {"required": ["currency"], "properties": {"currency": {"type": "string"}}},
                },
            },
        })
    }

    fn own() -> Value {
        let money = json!({"properties": {"currency": {"type": "string"}, "amount": {}}});
        json!({"paths": {"/transfers/{ID}": {"put": {
            "parameters": [{"name": "ID", "in": "path"}, {"name": "date", "in": "header"}],
            "requestBody": {"content": {"a/b": {"schema": {"anyOf": [
                {"properties": {"state": {}, "amount": money, "list": {"type": "array", "items": money}}},
            ]}}}},
        }}}})
    }

    #[track_caller]
    fn check(own: &Value, expect: &[&str]) {
        let found = operations(&official(), own, |path| path != "/bulk");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "put /transfers/{ID}");
        assert_eq!(found[0].1, expect);
    }

    #[test]
    fn what_is_lacking_is_named() {
        check(&own(), &[]);
        check(&json!({}), &["it is not there"]);
        let without = |pointer: &str, key: &str| {
            let mut own = own();
            own.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(key);
            own
        };
        let put = "/paths/~1transfers~1{ID}/put";
        check(&without(put, "parameters"), &["no path ID", "no header date"]);
        check(&without(put, "requestBody"), &["no body"]);
        let fields = format!("{put}/requestBody/content/a~1b/schema/anyOf/0/properties");
        check(&without(&fields, "state"), &["no field /state"]);
        check(&without(&fields, "amount"), &["no field /amount", "no field /amount/currency"]);
        check(&without(&format!("{fields}/list/items/properties"), "currency"), &["no field /list/currency"]);
    }
}
