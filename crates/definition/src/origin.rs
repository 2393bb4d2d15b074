//! Where a value was written.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use serde::{Serialize, Serializer};

use crate::{
    node::{Node, Value},
    path,
};

/// Where a value was written. Its text is what people read: `hub.yaml:12`, `--set`, `built-in demo`, `default`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// In a file.
    File {
        /// The file, as it was named.
        path: PathBuf,
        /// The line, from 1; 0 is the file as a whole.
        line: u64,
    },
    /// On the command line, as this path.
    Set(String),
    /// In the definition that is built in.
    Demo {
        /// The line, from 1.
        line: u64,
    },
    /// Nowhere: it is the default.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File { path, line: 0 } => write!(f, "{}", path.display()),
            Origin::File { path, line } => write!(f, "{}:{line}", path.display()),
            Origin::Set(_) => f.write_str("--set"),
            Origin::Demo { .. } => f.write_str("built-in demo"),
            Origin::Default => f.write_str("default"),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where each value of a definition was written, by its path (`scheme.currencies[1]`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(BTreeMap<String, Origin>);

impl Origins {
    pub(crate) fn of_tree(root: &Node) -> Origins {
        let mut origins = Origins::default();
        origins.add(root, "");
        origins
    }

    fn add(&mut self, node: &Node, path: &str) {
        self.0.insert(path.to_owned(), node.origin.clone());
        match &node.value {
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.add(item, &path::item(path, index));
                }
            }
            Value::Map(entries) => {
                for (key, child) in entries {
                    self.add(child, &path::key(path, key));
                }
            }
            _ => {}
        }
    }

    /// Paths and origins of the values of a tree that hold no others, in the order of the tree.
    pub(crate) fn leaves(root: &Node) -> Vec<(String, Origin)> {
        fn add(node: &Node, path: String, leaves: &mut Vec<(String, Origin)>) {
            match &node.value {
                Value::List(items) if !items.is_empty() => {
                    items.iter().enumerate().for_each(|(index, item)| add(item, path::item(&path, index), leaves));
                }
                Value::Map(entries) if !entries.is_empty() => {
                    entries.iter().for_each(|(key, child)| add(child, path::key(&path, key), leaves));
                }
                _ => leaves.push((path, node.origin.clone())),
            }
        }
        let mut leaves = Vec::new();
        add(root, String::new(), &mut leaves);
        leaves
    }

    /// Where the value at `path` was written; what was written nowhere has the default.
    pub fn of(&self, path: &str) -> Origin {
        self.0.get(path).cloned().unwrap_or(Origin::Default)
    }
}
