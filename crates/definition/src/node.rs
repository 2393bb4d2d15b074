//! A definition as it was written: a tree whose values know where they come from.

use crate::{origin::Origin, path};

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

/// What was written. Numbers keep their text, so that nothing is lost on the way to a message or an amount.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    pub(crate) fn new(value: Value, origin: &Origin) -> Node {
        Node { value, origin: origin.clone() }
    }

    /// The value of a key, if this is a map that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, child)| child),
            _ => None,
        }
    }

    /// The tree for serde.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            // The structure check has refused numbers that JSON cannot hold.
            Value::Number(text) => text.parse().map_or(serde_json::Value::Null, serde_json::Value::Number),
            Value::Text(text) => text.clone().into(),
            Value::List(items) => items.iter().map(Node::to_json).collect(),
            Value::Map(entries) => entries.iter().map(|(key, child)| (key.clone(), child.to_json())).collect(),
        }
    }

    /// The same tree, written elsewhere.
    pub(crate) fn moved(mut self, origin: &Origin) -> Node {
        self.origin = origin.clone();
        match &mut self.value {
            Value::List(items) => *items = std::mem::take(items).into_iter().map(|item| item.moved(origin)).collect(),
            Value::Map(entries) => {
                *entries = std::mem::take(entries).into_iter().map(|(key, child)| (key, child.moved(origin))).collect();
            }
            _ => {}
        }
        self
    }
}

/// A place in a definition, whether something is written there or not: what checks look through.
#[derive(Clone, Debug)]
pub(crate) struct View<'a> {
    node: Option<&'a Node>,
    pub(crate) path: String,
    /// Where the value is, or what it is missing in.
    pub(crate) origin: Origin,
}

impl<'a> View<'a> {
    pub(crate) fn root(node: &'a Node) -> View<'a> {
        View { node: Some(node), path: String::new(), origin: node.origin.clone() }
    }

    pub(crate) fn get(&self, key: &str) -> View<'a> {
        self.child(self.node.and_then(|node| node.get(key)), path::key(&self.path, key))
    }

    fn child(&self, node: Option<&'a Node>, path: String) -> View<'a> {
        let node = node.filter(|node| node.value != Value::Null);
        View { node, path, origin: node.map_or_else(|| self.origin.clone(), |node| node.origin.clone()) }
    }

    pub(crate) fn exists(&self) -> bool {
        self.node.is_some()
    }

    pub(crate) fn text(&self) -> Option<&'a str> {
        match self.node.map(|node| &node.value) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn bool(&self) -> Option<bool> {
        match self.node.map(|node| &node.value) {
            Some(Value::Bool(value)) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn items(&self) -> Vec<View<'a>> {
        let Some(Value::List(items)) = self.node.map(|node| &node.value) else { return Vec::new() };
        items.iter().enumerate().map(|(index, item)| self.child(Some(item), path::item(&self.path, index))).collect()
    }

    pub(crate) fn entries(&self) -> Vec<(&'a str, View<'a>)> {
        let Some(Value::Map(entries)) = self.node.map(|node| &node.value) else { return Vec::new() };
        let view =
            |(key, child): &'a (String, Node)| (key.as_str(), self.child(Some(child), path::key(&self.path, key)));
        entries.iter().map(view).collect()
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self.node.map(|node| &node.value), Some(Value::List(_)))
    }
}
