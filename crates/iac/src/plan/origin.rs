//! Where a wanted value comes from: followed through the code's references to a variable, and from there into the
//! definition.

use std::collections::BTreeSet;

use definition::Origins;
use serde_json::Value;

use super::{
    document::{Document, ResourceChange},
    values::{Difference, Step},
};
use crate::variables;

/// Where the values of a rendered variable file were written.
pub(crate) struct Definition<'a> {
    pub(crate) origins: &'a Origins,
    /// The variables that were rendered.
    pub(crate) rendered: Value,
    /// The folder of the root.
    pub(crate) root: &'a str,
}

pub(super) struct Provenance<'a> {
    document: &'a Document,
    definition: &'a Definition<'a>,
}

impl<'a> Provenance<'a> {
    pub(super) fn new(document: &'a Document, definition: &'a Definition<'a>) -> Provenance<'a> {
        Provenance { document, definition }
    }

    /// The folder of the code that has a resource.
    pub(super) fn code(&self, resource: &ResourceChange) -> String {
        let chain = self.chain(resource);
        let source = chain.last().and_then(|call| call["source"].as_str());
        match source {
            Some(source) => format!("terraform/{}", source.trim_start_matches("../")),
            None => self.definition.root.to_owned(),
        }
    }

    /// Where the wanted value of a field comes from.
    pub(super) fn field(&self, resource: &ResourceChange, difference: &Difference) -> String {
        let mut names = self.variables(resource, &difference.steps);
        if names.len() > 1 {
            // The hub's name is a part of most names; what else there is says more.
            names.remove("name");
        }
        if names.is_empty() {
            return self.code(resource);
        }
        let places: Vec<String> = names.iter().map(|name| self.variable(name)).collect();
        places.join(", ")
    }

    fn variable(&self, name: &str) -> String {
        let Some(used) = self.document.variables.get(name).map(|variable| &variable.value) else {
            return format!("the variable {name}");
        };
        let rendered = &self.definition.rendered[name];
        let default = &self.document.configuration["root_module"]["variables"][name]["default"];
        if used != if rendered.is_null() { default } else { rendered } && !is_filled_in(rendered, used) {
            return format!("the variable {name}, set by a file or variable of yours");
        }
        match variables::path(name) {
            Some(path) => format!("{path} ({})", self.definition.origins.of(path)),
            None if name == "environment" => "--environment".to_owned(),
            None if rendered.is_null() => format!("the default of the variable {name}"),
            None => format!("the variable {name}, which this tool sets"),
        }
    }

    /// The module calls from the root down to a resource.
    fn chain(&self, resource: &ResourceChange) -> Vec<&'a Value> {
        let mut module = &self.document.configuration["root_module"];
        let mut chain = Vec::new();
        for name in module_names(&resource.module_address) {
            let call = &module["module_calls"][name];
            module = &call["module"];
            chain.push(call);
        }
        chain
    }

    /// The variables of the root that a field refers to.
    fn variables(&self, resource: &ResourceChange, steps: &[Step]) -> BTreeSet<String> {
        let chain = self.chain(resource);
        let module = chain.last().map_or(&self.document.configuration["root_module"], |call| &call["module"]);
        let described = module["resources"].as_array().and_then(|resources| {
            resources.iter().find(|one| one["type"] == *resource.kind && one["name"] == *resource.name)
        });
        let Some(described) = described else { return BTreeSet::new() };
        let mut names = variables_in(expression(&described["expressions"], steps));
        for call in chain.iter().rev() {
            names = names.iter().flat_map(|name| variables_in(&call["expressions"][name.as_str()])).collect();
        }
        names
    }
}

/// Terraform adds the optional fields of an object that was given without them.
fn is_filled_in(rendered: &Value, used: &Value) -> bool {
    match (rendered, used) {
        (Value::Object(given), Value::Object(all)) => {
            given.iter().all(|(key, value)| all.get(key).is_some_and(|used| used == value || is_filled_in(value, used)))
        }
        (Value::Array(given), Value::Array(all)) => {
            given.len() == all.len()
                && given.iter().zip(all).all(|(one, other)| one == other || is_filled_in(one, other))
        }
        _ => rendered == used,
    }
}

/// `module.a.module.b["x"]` names the modules a and b.
fn module_names(address: &str) -> Vec<&str> {
    let words: Vec<&str> = address.split('.').collect();
    let calls = words.chunks(2).filter_map(|pair| match pair {
        ["module", name] => Some(name.split('[').next().unwrap_or(name)),
        _ => None,
    });
    calls.collect()
}

/// The expression of a field, or of the smallest part around it that has one.
fn expression<'a>(expressions: &'a Value, steps: &[Step]) -> &'a Value {
    let mut found = expressions;
    for (index, step) in steps.iter().enumerate() {
        let inner = match step {
            Step::Key(key) => &found[key.as_str()],
            Step::Index(index) => &found[*index],
        };
        match inner {
            // An attribute that the code does not name has no expression; its neighbours' say nothing about it.
            Value::Null if index == 0 => return &Value::Null,
            Value::Null => return found,
            inner => found = inner,
        }
    }
    found
}

fn variables_in(expression: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect(expression, &mut names);
    names
}

fn collect(expression: &Value, names: &mut BTreeSet<String>) {
    match expression {
        Value::Object(fields) => {
            for (key, value) in fields {
                match (key.as_str(), value) {
                    ("references", Value::Array(references)) => {
                        let variables = references.iter().filter_map(|one| one.as_str()?.strip_prefix("var."));
                        names.extend(variables.filter_map(|path| Some(path.split(['.', '[']).next()?.to_owned())));
                    }
                    (_, value) => collect(value, names),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        _ => {}
    }
}
