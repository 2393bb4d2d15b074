//! What no single value can say: references, duplicates, and what belongs together.
//!
//! The checks look at the tree as it was written, not at the types, so that they can be told in one report with values
//! whose form is wrong.

mod infrastructure;
mod participants;
mod places;
mod scheme;

use std::collections::BTreeMap;

use crate::{node::View, problem::Problem};

/// All that is wrong with what a definition means.
pub(crate) fn check(root: &View<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    scheme::check(root, &mut problems);
    participants::check(root, &mut problems);
    places::check(root, &mut problems);
    infrastructure::check(root, &mut problems);
    problems
}

/// A problem of a place.
fn problem(view: &View<'_>, message: impl Into<String>) -> Problem {
    Problem::new(view.path.clone(), &view.origin, message)
}

/// Reports each value that stands twice, with where it stands first. Values are compared by what `identity` makes of them.
fn unique<'a>(
    values: impl Iterator<Item = View<'a>>,
    identity: impl Fn(&str) -> String,
    what: &str,
    problems: &mut Vec<Problem>,
) {
    let mut first: BTreeMap<String, View<'a>> = BTreeMap::new();
    for value in values {
        let Some(text) = value.text() else { continue };
        match first.get(&identity(text)) {
            Some(before) => {
                let message = format!("{what} {text:?} is there already: {} ({})", before.path, before.origin);
                problems.push(problem(&value, message));
            }
            None => {
                first.insert(identity(text), value);
            }
        }
    }
}
