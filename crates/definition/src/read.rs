//! Reads YAML into a tree that knows its lines.

use std::{collections::BTreeMap, fmt, fs::File, io::Read, path::Path};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Spanned, options::DuplicateKeyPolicy};

use crate::{
    node::{Node, Value},
    origin::Origin,
    path,
    problem::Problem,
};

/// The largest file that is read: a definition of thousands of participants is smaller.
const MAX_BYTES: usize = 1024 * 1024;
/// How deep maps and lists may stand in each other: the format needs less than ten.
const MAX_DEPTH: usize = 32;
/// Values that a file may have, with those that aliases repeat: an alias must not make a small file endless.
const MAX_NODES: usize = 200_000;
/// Aliases that a file may have; people use a few.
const MAX_ALIASES: usize = 1_000;

/// Reads a file that is there.
pub(crate) fn file(path: &Path) -> Result<Node, Vec<Problem>> {
    let whole = Origin::File { path: path.to_owned(), line: 0 };
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX) + 1;
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    if let Err(error) = read {
        let problem = Problem::new("", &whole, format!("cannot be read: {error}"));
        return Err(vec![match error.kind() {
            std::io::ErrorKind::NotFound => problem.hint("mojaloop definition init --out hub.yaml writes a first one"),
            _ => problem,
        }]);
    }
    let text = String::from_utf8(bytes).map_err(|_| vec![Problem::new("", &whole, "is not text in UTF-8")])?;
    self::text(&text, &|line| Origin::File { path: path.to_owned(), line })
}

/// Reads text; `origin` makes a line's origin. A text without any value is an empty map.
pub(crate) fn text(text: &str, origin: &dyn Fn(u64) -> Origin) -> Result<Node, Vec<Problem>> {
    if text.len() > MAX_BYTES {
        let message = format!("is larger than {} KiB, the most that a definition may have", MAX_BYTES / 1024);
        return Err(vec![Problem::new("", &origin(0), message)]);
    }
    let raw: Spanned<Raw> = serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
        let line = error.location().map_or(0, |location| location.line());
        vec![unreadable(text, line, &error, origin)]
    })?;
    let mut reader = Reader { text, origin, problems: Vec::new() };
    let first = raw.referenced.line();
    let mut root = reader.node(raw, first, "");
    if root.value == Value::Null {
        root.value = Value::Map(Vec::new());
    }
    match reader.problems.is_empty() {
        true => Ok(root),
        false => Err(reader.problems),
    }
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_aliases: MAX_ALIASES,
            max_documents: 1,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        // `no` and `on` are words: Norway's letters and a participant's name are not to become booleans.
        strict_booleans: true,
        with_snippet: false,
    }
}

/// The problem of a text that is no YAML, in words of people where the parser's are not.
fn unreadable(text: &str, line: u64, error: &serde_saphyr::Error, origin: &dyn Fn(u64) -> Origin) -> Problem {
    let source = usize::try_from(line).ok().and_then(|line| text.lines().nth(line.checked_sub(1)?)).unwrap_or("");
    let said = error.render();
    let problem = |message: &str| Problem::new("", &origin(line), message);
    if source.bytes().take_while(u8::is_ascii_whitespace).any(|byte| byte == b'\t') {
        return problem("is indented with a tab, which YAML does not allow").hint("indent with spaces");
    }
    if text.lines().skip(1).any(|line| line == "---" || line.starts_with("--- ")) && said.contains("document") {
        return problem("holds several YAML documents, expected one")
            .hint("keep one document in a file and name several files with -f");
    }
    if said.contains("udget") || said.contains("limit") {
        let message = format!(
            "is more than a definition may be: nested at most {MAX_DEPTH} deep, {MAX_NODES} values, {MAX_ALIASES} aliases"
        );
        return problem(&message);
    }
    let reason = said.lines().next().unwrap_or("it cannot be read");
    let reason = reason.strip_prefix("error: ").unwrap_or(reason);
    problem(&format!("is not YAML: {reason}"))
}

/// A value as the parser gives it.
enum Raw {
    Null,
    Bool(bool),
    /// Its text is taken from the source.
    Number,
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}

struct Reader<'a> {
    text: &'a str,
    origin: &'a dyn Fn(u64) -> Origin,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    /// The node of what begins in `line`: for the value of a key, that of the key.
    fn node(&mut self, raw: Spanned<Raw>, line: u64, path: &str) -> Node {
        let origin = (self.origin)(line);
        let defined = raw.defined;
        let value = match raw.value {
            Raw::Null => Value::Null,
            Raw::Bool(value) => Value::Bool(value),
            Raw::Number => Value::Number(self.source(defined.span()).trim_matches(['"', '\'', ' ']).to_owned()),
            Raw::Text(text) => Value::Text(text),
            Raw::List(items) => {
                let item = |(index, item): (usize, Spanned<Raw>)| {
                    let line = item.referenced.line();
                    self.node(item, line, &path::item(path, index))
                };
                Value::List(items.into_iter().enumerate().map(item).collect())
            }
            Raw::Map(entries) => Value::Map(self.entries(entries, path)),
        };
        Node { value, origin }
    }

    fn entries(&mut self, entries: Vec<(Spanned<String>, Spanned<Raw>)>, path: &str) -> Vec<(String, Node)> {
        let mut map = Vec::new();
        let mut lines = BTreeMap::new();
        for (key, value) in entries {
            let line = key.referenced.line();
            let child = path::key(path, &key.value);
            if let Some(first) = lines.insert(key.value.clone(), line) {
                let message = format!("is written twice; before that in line {first}");
                self.problems.push(Problem::new(child, &(self.origin)(line), message).hint("keep one of them"));
                continue;
            }
            let node = self.node(value, line, &child);
            map.push((key.value, node));
        }
        map
    }

    fn source(&self, span: serde_saphyr::Span) -> &str {
        let start = span.byte_offset().and_then(|at| usize::try_from(at).ok()).unwrap_or(0);
        let length = span.byte_len().and_then(|at| usize::try_from(at).ok()).unwrap_or(0);
        self.text.get(start..start + length).unwrap_or("")
    }
}
