//! Compares a tree with the schema and says everything that is wrong, in words of people.
//!
//! It knows the keywords that occur in our own schema and no others; a test keeps it so.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::{
    formats::Format,
    node::{Node, Value},
    path::{self, Step},
    problem::Problem,
    schema::{Schema, additional, properties, types},
    wording::{REFERENCE, found, is_secret, nearest, quoted},
};

/// All that is wrong with the form of a definition.
pub(crate) fn check(schema: &Schema, root: &Node) -> Vec<Problem> {
    let mut walker = Walker { schema, problems: Vec::new() };
    walker.value(schema.root(), root, "");
    walker.problems
}

struct Walker<'s> {
    schema: &'s Schema,
    problems: Vec<Problem>,
}

impl Walker<'_> {
    fn value(&mut self, schema: &Json, node: &Node, path: &str) {
        if node.value == Value::Null && self.schema.allows_null(schema) {
            return;
        }
        let alternatives = self.schema.alternatives(schema);
        let fitting: Vec<&Json> = alternatives.iter().copied().filter(|one| has_type_of(one, &node.value)).collect();
        match (&node.value, fitting.as_slice()) {
            (_, []) => self.wrong_type(&alternatives, node, path),
            (Value::Map(entries), [_, _, ..]) => self.choice(&fitting, node, entries, path),
            (Value::Map(entries), [one]) => self.map(one, node, entries, path),
            (Value::List(items), [one, ..]) => self.list(one, node, items, path),
            (Value::Text(text), several) => self.text(several, &alternatives, node, text, path),
            (Value::Number(text), [one, ..]) => self.number(one, node, text, path),
            (Value::Bool(_) | Value::Null, _) => {}
        }
    }

    fn wrong_type(&mut self, alternatives: &[&Json], node: &Node, path: &str) {
        let message = format!("found {}, expected {}", found(node, path), expected(alternatives));
        let problem = Problem::new(path, &node.origin, message);
        self.problems.push(problem.maybe_hint(type_hint(alternatives, node, path)));
    }

    /// A map of which there are several kinds, each with one key of its own.
    fn choice(&mut self, fitting: &[&Json], node: &Node, entries: &[(String, Node)], path: &str) {
        let keys: Vec<&str> =
            fitting.iter().filter_map(|one| properties(one)).flat_map(|map| map.keys()).map(String::as_str).collect();
        for (key, child) in entries.iter().filter(|(key, _)| !keys.contains(&key.as_str())) {
            self.unknown_key(key, child, &keys, path);
        }
        let known: Vec<_> = entries.iter().filter(|(key, _)| keys.contains(&key.as_str())).collect();
        match known.as_slice() {
            [(key, child)] => {
                let schema = fitting.iter().filter_map(|one| properties(one)).find_map(|map| map.get(key));
                let schema = schema.expect("the key is one of the alternatives'");
                self.value(schema, child, &path::key(path, key));
            }
            [] if !entries.is_empty() => {}
            _ => {
                let message = format!("expected exactly one of the keys: {}", keys.join(", "));
                self.problems.push(Problem::new(path, &node.origin, message));
            }
        }
    }

    fn map(&mut self, schema: &Json, node: &Node, entries: &[(String, Node)], path: &str) {
        for key in schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str) {
            if node.get(key).is_none() {
                let words = properties(schema).and_then(|known| known.get(key)).and_then(description);
                let message = "is missing".to_owned() + &words.map(|words| format!(": {words}")).unwrap_or_default();
                let near = entries.iter().map(|(name, _)| name.as_str()).filter(|name| !self.knows(schema, name));
                let near = nearest(key, near).map(|name| format!("\"{name}\" may be meant to be it"));
                self.problems.push(Problem::new(path::key(path, key), &node.origin, message).maybe_hint(near));
            }
        }
        if entries.is_empty() && schema.get("minProperties").and_then(Json::as_u64).is_some_and(|least| least > 0) {
            self.problems.push(Problem::new(path, &node.origin, "is empty, expected at least one key"));
        }
        let names = schema.get("propertyNames").and_then(|names| names.get("pattern")).and_then(Json::as_str);
        for (key, child) in entries {
            let at = path::key(path, key);
            if let Some(problem) = names.and_then(|pattern| self.form(pattern, key, child, &at)) {
                self.problems.push(problem);
            }
            match properties(schema).and_then(|known| known.get(key)).or_else(|| additional(schema)) {
                Some(schema) => self.value(schema, child, &at),
                None => self.unknown_key(key, child, &self.schema.keys(schema), path),
            }
        }
    }

    fn knows(&self, schema: &Json, key: &str) -> bool {
        self.schema.child(schema, &Step::Key(key.to_owned())).is_some()
    }

    fn unknown_key(&mut self, key: &str, child: &Node, keys: &[&str], path: &str) {
        self.problems.push(unknown_key(key, child, keys, path));
    }

    fn list(&mut self, schema: &Json, node: &Node, items: &[Node], path: &str) {
        if items.is_empty() && schema.get("minItems").and_then(Json::as_u64).is_some_and(|least| least > 0) {
            self.problems.push(Problem::new(path, &node.origin, "is empty, expected at least one item"));
        }
        let Some(schema) = schema.get("items") else { return };
        for (index, item) in items.iter().enumerate() {
            self.value(schema, item, &path::item(path, index));
        }
    }

    fn text(&mut self, fitting: &[&Json], alternatives: &[&Json], node: &Node, text: &str, path: &str) {
        let words: Vec<&str> = fitting.iter().filter_map(|one| word(one)).collect();
        if words.contains(&text) {
            return;
        }
        let free: Vec<&&Json> = fitting.iter().filter(|one| word(one).is_none()).collect();
        let problem = match free.as_slice() {
            [] => {
                let message = format!("found {}, expected {}", found(node, path), expected(alternatives));
                let near = nearest(text, words.iter().copied()).map(|word| format!("did you mean \"{word}\"?"));
                Some(
                    Problem::new(path, &node.origin, message)
                        .maybe_hint(near.or_else(|| boolean_hint(alternatives, text))),
                )
            }
            [one, ..] => self.free_text(one, alternatives, node, text, path).map(|problem| {
                let near = nearest(text, words.iter().copied()).map(|word| format!("did you mean \"{word}\"?"));
                problem.maybe_hint(near)
            }),
        };
        self.problems.extend(problem);
    }

    /// What is wrong with a text that is no fixed word.
    fn free_text(&self, schema: &Json, alternatives: &[&Json], node: &Node, text: &str, path: &str) -> Option<Problem> {
        if let Some(pattern) = schema.get("pattern").and_then(Json::as_str) {
            let mut problem = self.form(pattern, text, node, path)?;
            if alternatives.len() > 1
                && Format::of(pattern).is_some_and(|format| problem.message.ends_with(format.wording))
            {
                problem.message = format!("found {}, expected {}", found(node, path), expected(alternatives));
            }
            return Some(problem);
        }
        let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        let bound = |keyword| schema.get(keyword).and_then(Json::as_u64);
        let fits = length >= bound("minLength").unwrap_or(0) && length <= bound("maxLength").unwrap_or(u64::MAX);
        (!fits).then(|| {
            let message = format!("found a text of {length} characters, expected {}", expected(&[schema]));
            Problem::new(path, &node.origin, message)
        })
    }

    /// What is wrong with a text that is to have a form.
    fn form(&self, pattern: &str, text: &str, node: &Node, path: &str) -> Option<Problem> {
        let format = Format::of(pattern).expect("a test knows every pattern of the schema");
        let reason = format.check(text).err()?;
        let shown = match &node.value {
            Value::Text(value) if value == text => found(node, path),
            _ => quoted(text),
        };
        let message = format!("found {shown}, expected {}", reason.as_deref().unwrap_or(format.wording));
        Some(Problem::new(path, &node.origin, message).maybe_hint((format.hint)(text)))
    }

    fn number(&mut self, schema: &Json, node: &Node, text: &str, path: &str) {
        let bound = |keyword| schema.get(keyword).and_then(Json::as_i64).map(i128::from);
        let least = bound("minimum").unwrap_or(i128::MIN);
        let most = bound("maximum").unwrap_or(i128::MAX);
        if !text.parse::<i128>().is_ok_and(|number| (least..=most).contains(&number)) {
            let message = format!("found {}, expected {}", found(node, path), expected(&[schema]));
            self.problems.push(Problem::new(path, &node.origin, message));
        }
    }
}

/// The problem of a key that is not known at a path.
pub(crate) fn unknown_key(key: &str, child: &Node, keys: &[&str], path: &str) -> Problem {
    let expect = match keys {
        [] => "there are no keys here".to_owned(),
        _ => format!("expected one of: {}", keys.join(", ")),
    };
    let problem = Problem::new(path::key(path, key), &child.origin, format!("is not known here; {expect}"));
    if key.to_lowercase().contains("password") && keys.contains(&"passwordFrom") {
        return problem.hint(format!("a secret is never written here; say where it is: passwordFrom: {REFERENCE}"));
    }
    problem.maybe_hint(nearest(key, keys.iter().copied()).map(|name| format!("did you mean \"{name}\"?")))
}

fn has_type_of(schema: &Json, value: &Value) -> bool {
    let name = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::Text(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    };
    types(schema).any(|known| known == name)
}

/// The only text that a schema allows.
fn word(schema: &Json) -> Option<&str> {
    schema.get("const").and_then(Json::as_str)
}

fn description(schema: &Json) -> Option<String> {
    let text = schema.get("description").and_then(Json::as_str)?;
    Some(text.trim_end_matches('.').replace('\n', " "))
}

/// What is allowed, for people.
fn expected(alternatives: &[&Json]) -> String {
    let words: Vec<&str> = alternatives.iter().filter_map(|one| word(one)).collect();
    let mut parts = match words.as_slice() {
        [] => Vec::new(),
        [word] => vec![format!("\"{word}\"")],
        _ => vec![format!("one of: {}", words.join(", "))],
    };
    let mut maps = BTreeSet::new();
    for one in alternatives.iter().filter(|one| word(one).is_none()) {
        match properties(one) {
            Some(known) => maps.extend(known.keys().map(String::as_str)),
            None => parts.push(expected_value(one)),
        }
    }
    if !maps.is_empty() {
        let keys = maps.into_iter().collect::<Vec<_>>().join(", ");
        let several = alternatives.iter().filter(|one| properties(one).is_some()).count() > 1;
        parts.push(format!("a map with {}: {keys}", if several { "one of the keys" } else { "keys of" }));
    }
    parts.join(", or ")
}

fn expected_value(schema: &Json) -> String {
    let bound = |keyword| schema.get(keyword).and_then(Json::as_i64);
    if let Some(format) = schema.get("pattern").and_then(Json::as_str).and_then(Format::of) {
        return format.wording.to_owned();
    }
    match types(schema).find(|name| *name != "null").unwrap_or("") {
        "boolean" => "true or false".to_owned(),
        "integer" => match (bound("minimum"), bound("maximum")) {
            (Some(least), Some(most)) => format!("a whole number from {least} to {most}"),
            (Some(least), None) => format!("a whole number, at least {least}"),
            _ => "a whole number".to_owned(),
        },
        "string" => match (bound("minLength"), bound("maxLength")) {
            (Some(least), Some(most)) => format!("a text of {least} to {most} characters"),
            (Some(least), None) if least > 0 => "a text that is not empty".to_owned(),
            _ => "a text".to_owned(),
        },
        "array" => {
            match schema.get("items").and_then(|items| items.get("pattern")).and_then(Json::as_str).and_then(Format::of)
            {
                Some(format) => format!("a list, each item {}", format.wording),
                None => "a list".to_owned(),
            }
        }
        _ => "a map".to_owned(),
    }
}

/// What to do about a value of the wrong type. A value that may be a secret is not repeated.
fn type_hint(alternatives: &[&Json], node: &Node, path: &str) -> Option<String> {
    match &node.value {
        Value::Text(_) | Value::Number(_) if is_secret(path) => {
            let is_reference = alternatives.iter().filter(|one| properties(one).is_some()).count() > 1;
            is_reference.then(|| format!("a secret is never written here; say where it is: {REFERENCE}"))
        }
        Value::Number(text) => quotes_hint(alternatives, text),
        Value::Bool(value) => quotes_hint(alternatives, &value.to_string()),
        Value::Text(text) if text.parse::<i128>().is_ok() => {
            let number_is_fine = alternatives.iter().any(|one| types(one).any(|name| name == "integer"));
            number_is_fine.then(|| format!("write it without quotes: {text}"))
        }
        Value::Text(text) => boolean_hint(alternatives, text).or_else(|| list_hint(alternatives)),
        _ => None,
    }
}

/// A number or a boolean that would be right as text.
fn quotes_hint(alternatives: &[&Json], text: &str) -> Option<String> {
    let quotes = || Some(format!("write it in quotes: \"{text}\""));
    let texts: Vec<&&Json> = alternatives.iter().filter(|one| types(one).any(|name| name == "string")).collect();
    let words: Vec<&str> = texts.iter().filter_map(|one| word(one)).collect();
    if words.contains(&text) {
        return quotes();
    }
    let free = texts.iter().find(|one| word(one).is_none())?;
    match free.get("pattern").and_then(Json::as_str).and_then(Format::of) {
        Some(format) if format.check(text).is_ok() => quotes(),
        Some(format) => (format.hint)(text),
        None => quotes(),
    }
}

fn list_hint(alternatives: &[&Json]) -> Option<String> {
    let list_is_fine = alternatives.iter().any(|one| types(one).any(|name| name == "array"));
    list_is_fine.then(|| "a list stands in brackets: [A, B], or has a line beginning with '-' for each item".to_owned())
}

/// `yes` and `on` are text in YAML 1.2.
fn boolean_hint(alternatives: &[&Json], text: &str) -> Option<String> {
    let boolean_is_fine = alternatives.iter().any(|one| types(one).any(|name| name == "boolean"));
    let value = match text.to_lowercase().as_str() {
        "yes" | "on" | "y" | "true" => "true",
        "no" | "off" | "n" | "false" => "false",
        _ => return None,
    };
    boolean_is_fine.then(|| format!("write {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keywords that this walker heeds, and those that say nothing about what is allowed.
    const KNOWN: &[&str] = &[
        "$ref",
        "type",
        "const",
        "anyOf",
        "oneOf",
        "pattern",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "items",
        "minItems",
        "properties",
        "required",
        "additionalProperties",
        "propertyNames",
        "minProperties",
    ];
    const NOTES: &[&str] = &["$defs", "$id", "$schema", "title", "description", "default", "format"];

    fn keywords(schema: &Json, path: &str) {
        let Json::Object(map) = schema else { return assert!(schema.is_boolean(), "{path}") };
        for (keyword, value) in map {
            assert!(KNOWN.contains(&keyword.as_str()) || NOTES.contains(&keyword.as_str()), "{path}: {keyword}");
            let at = format!("{path}/{keyword}");
            match keyword.as_str() {
                "properties" | "$defs" => value.as_object().unwrap().values().for_each(|one| keywords(one, &at)),
                "anyOf" | "oneOf" => value.as_array().unwrap().iter().for_each(|one| keywords(one, &at)),
                "items" | "additionalProperties" | "propertyNames" => keywords(value, &at),
                _ => {}
            }
        }
    }

    #[test]
    fn knows_every_keyword_of_the_schema() {
        keywords(&crate::schema(), "#");
    }

    #[test]
    fn lists_and_maps_have_no_bound_that_is_not_heeded() {
        // Only "not empty" is checked of lists and maps.
        let text = crate::schema().to_string();
        assert!(!text.contains("\"minItems\":2") && !text.contains("\"minProperties\":2"));
    }
}
