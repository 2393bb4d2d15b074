//! Which files a definition is put together from, and how.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::{
    node::{Node, Value},
    origin::Origin,
    path::Step,
    problem::{Problem, Problems},
    read,
    schema::Schema,
};

/// The definition that is built in.
pub(crate) const DEMO: &str = include_str!("demo.yaml");

/// Reads the files, the later ones over the earlier, then the overlays of the environment; without files the demo.
pub(crate) fn read(files: &[PathBuf], environment: Option<&str>, schema: &Schema) -> Result<Node, Problems> {
    if files.is_empty() {
        return demo(environment);
    }
    let overlays = match environment {
        Some(name) => overlays(files, name)?,
        None => Vec::new(),
    };
    let mut problems = Vec::new();
    let mut merged: Option<Node> = None;
    for file in files.iter().chain(&overlays) {
        match read::file(file) {
            Ok(layer) => {
                merged = Some(match merged {
                    Some(base) => merge(schema, Some(schema.root()), base, layer),
                    None => layer,
                });
            }
            Err(found) => problems.extend(found),
        }
    }
    match merged {
        Some(merged) if problems.is_empty() => Ok(merged),
        _ => Err(Problems(problems)),
    }
}

fn demo(environment: Option<&str>) -> Result<Node, Problems> {
    if let Some(name) = environment {
        let message = format!("the built-in demo has no environment {name:?}");
        let problem = Problem::new("", &Origin::Demo { line: 0 }, message);
        return Err(problem.hint("mojaloop definition init --out hub.yaml writes a definition to begin with").into());
    }
    read::text(DEMO, &|line| Origin::Demo { line }).map_err(Problems)
}

/// The overlays of an environment that are there: `hub.NAME.yaml` beside `hub.yaml`. They come after all files, so that
/// what an environment says wins.
fn overlays(files: &[PathBuf], name: &str) -> Result<Vec<PathBuf>, Problems> {
    let whole = Origin::File { path: files[0].clone(), line: 0 };
    if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter)) {
        let message = format!("{name:?} is no name of an environment, expected letters, digits, '-' or '_'");
        return Err(Problem::new("", &whole, message).into());
    }
    let sought: Vec<PathBuf> = files.iter().map(|file| overlay(file, name)).collect();
    let found: Vec<PathBuf> = sought.iter().filter(|path| path.exists()).cloned().collect();
    if found.is_empty() {
        let names: Vec<String> = sought.iter().map(|path| path.display().to_string()).collect();
        let message = format!("there is no environment {name:?}: looked for {}", names.join(", "));
        return Err(Problem::new("", &whole, message)
            .hint("an overlay holds only what differs in the environment")
            .into());
    }
    Ok(found)
}

/// The overlay of a file in an environment.
pub(crate) fn overlay(file: &Path, name: &str) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let extension = file.extension().map_or_else(|| "yaml".into(), |extension| extension.to_string_lossy());
    file.with_file_name(format!("{stem}.{name}.{extension}"))
}

/// One layer over another: maps are merged, anything else is replaced, lists as a whole. A map that is a choice (a secret
/// in a file *or* a variable) is replaced too: merged it would be both.
pub(crate) fn merge(schema: &Schema, at: Option<&Json>, base: Node, over: Node) -> Node {
    let choice = at.is_some_and(|at| schema.is_choice(at));
    match (base.value, over.value) {
        (Value::Map(mut entries), Value::Map(changes)) if !choice => {
            for (key, change) in changes {
                let child = at.and_then(|at| schema.child(at, &Step::Key(key.clone())));
                match entries.iter_mut().find(|(name, _)| *name == key) {
                    Some((_, value)) => {
                        let before = std::mem::replace(value, Node::new(Value::Null, &Origin::Default));
                        *value = merge(schema, child, before, change);
                    }
                    None => entries.push((key, change)),
                }
            }
            Node { value: Value::Map(entries), origin: base.origin }
        }
        (_, value) => Node { value, origin: over.origin },
    }
}
