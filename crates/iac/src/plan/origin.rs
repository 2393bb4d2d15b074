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

/// Where a value comes from.
pub(super) enum Place {
    /// This line of the definition.
    Definition(String),
    /// A variable that a file or an environment variable of the user sets.
    Own(String),
    /// The default of a variable.
    Default { variable: String, root: String },
    /// A variable that only this tool sets.
    Tool(String),
    /// The code in this folder.
    Code(String),
}

impl Place {
    /// How somebody makes it say what was found instead.
    pub(super) fn adopt(&self) -> String {
        match self {
            Place::Definition(place) => format!("change {place}"),
            Place::Own(variable) => format!("change {variable} where you set it"),
            Place::Default { variable, root } => format!("set {variable} in a file of yours {root}/*.auto.tfvars"),
            Place::Tool(variable) => format!("there is no way: {variable} is set by this tool"),
            Place::Code(folder) => format!("write it into a file of yours {folder}/*_override.tf"),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Definition(place) => formatter.write_str(place),
            Place::Own(variable) => write!(formatter, "the variable {variable}, set by a file or variable of yours"),
            Place::Default { variable, .. } => write!(formatter, "the default of the variable {variable}"),
            Place::Tool(variable) => write!(formatter, "the variable {variable}, which this tool sets"),
            Place::Code(folder) => formatter.write_str(folder),
        }
    }
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

    /// Where the wanted value of a field comes from; at least one place.
    pub(super) fn of(&self, resource: &ResourceChange, difference: &Difference) -> Vec<Place> {
        let mut names = self.variables(resource, &difference.steps);
        if names.len() > 1 {
            // The hub's name is a part of most names; what else there is says more.
            names.remove("name");
        }
        if names.is_empty() {
            return vec![Place::Code(self.code(resource))];
        }
        names.into_iter().map(|name| self.variable(name)).collect()
    }

    fn variable(&self, name: String) -> Place {
        let used = self.document.variables.get(&name).map_or(&Value::Null, |variable| &variable.value);
        let rendered = &self.definition.rendered[name.as_str()];
        let default = &self.document.configuration["root_module"]["variables"][name.as_str()]["default"];
        let said = if rendered.is_null() { default } else { rendered };
        if used != said && !is_filled_in(said, used) {
            return Place::Own(name);
        }
        match variables::path(&name) {
            Some(path) => Place::Definition(format!("{path} ({})", self.definition.origins.of(path))),
            None if name == "environment" => Place::Definition("--environment".to_owned()),
            None if rendered.is_null() => Place::Default { variable: name, root: self.definition.root.to_owned() },
            None => Place::Tool(name),
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
