//! Words of messages: what was found, what is near, and what must never be said.

use crate::node::{Node, Value};

/// Letters of a value that a message shows.
const MAX_SHOWN: usize = 40;
/// Similarity (Jaro-Winkler, 0 to 1) from which a name is taken for a mistyped one.
const NEAR: f64 = 0.82;
/// What one slip of a finger counts as at least.
const SLIP: f64 = 0.85;

/// What was found, for people: shortened, and never a secret.
pub(crate) fn found(node: &Node, path: &str) -> String {
    match &node.value {
        Value::Null => "nothing".to_owned(),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a map".to_owned(),
        _ if is_secret(path) => "a text that is not shown (it may be a secret)".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(text) => format!("the number {}", short(text)),
        Value::Text(text) => quoted(text),
    }
}

/// How a secret is referred to, for hints.
pub(crate) const REFERENCE: &str = "{file: FILE}, {env: NAME} or {secret: NAME/KEY}";

/// A text in quotes, shortened and without the passwords of URLs.
pub(crate) fn quoted(text: &str) -> String {
    format!("{:?}", short(&without_password(text)))
}

/// A URL without its password, wherever it stands. A text that is only similar to a URL is masked as well: it may be one
/// that was mistyped.
fn without_password(text: &str) -> String {
    let text = match text.to_lowercase().find("password=") {
        Some(at) => format!("{}password=***", text.get(..at).unwrap_or("")),
        None => text.to_owned(),
    };
    let Some(last) = text.rfind('@') else { return text };
    let start = text.find("//").filter(|start| *start < last).map_or(0, |start| start + 2);
    match text[start..last].find(':') {
        Some(colon) => format!("{}:***{}", &text[..start + colon], &text[last..]),
        None => text,
    }
}

/// Whether a URL holds a password, even one with letters that belong in no URL.
pub(crate) fn holds_password(url: &str) -> bool {
    without_password(url) != url
}

fn short(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Whether a value at this path may be a secret, so that no message repeats it.
pub(crate) fn is_secret(path: &str) -> bool {
    let path = path.to_lowercase();
    ["password", "secret", "token", "key"].iter().any(|word| path.contains(word))
}

/// The name that is nearest to a mistyped one, if any is near.
pub(crate) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let scored = names.map(|name| (similarity(&lower, &name.to_lowercase()), name));
    let mut best: Option<(f64, &str)> = None;
    for (score, name) in scored.filter(|(score, _)| *score >= NEAR) {
        if best.is_none_or(|(highest, _)| score > highest) {
            best = Some((score, name));
        }
    }
    best.map(|(_, name)| name)
}

/// Jaro-Winkler, which thinks little of two letters that changed places in a short word: one slip of a finger is near.
fn similarity(word: &str, name: &str) -> f64 {
    let slip = word.chars().count() >= 3 && strsim::damerau_levenshtein(word, name) == 1;
    strsim::jaro_winkler(word, name).max(if slip { SLIP } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::Origin;

    #[test]
    fn nearest_names() {
        for (word, expect) in [
            ("sqlit", Some("sqlite")),
            ("SQLite", Some("sqlite")),
            ("postgresql", Some("postgres")),
            ("mysql", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, ["sqlite", "postgres"].into_iter()), expect, "{word}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let text = |text: &str| Node::new(Value::Text(text.to_owned()), &Origin::Default);
        assert!(!found(&text("hunter2"), "store.passwordFrom").contains("hunter2"));
        assert!(!found(&text("hunter2"), "participants[0].endpoint.jwsKeyFrom").contains("hunter2"));
        assert_eq!(found(&text("postgres://hub:hunter2@db/hub"), "store.url"), "\"postgres://hub:***@db/hub\"");
        assert_eq!(found(&text("USDD"), "scheme.currencies[1]"), "\"USDD\"");
        let number = Node::new(Value::Number("12345678".to_owned()), &Origin::Default);
        assert!(!found(&number, "store.passwordFrom.file").contains("1234"));
    }

    #[test]
    fn passwords_in_urls() {
        for (text, expect) in [
            ("postgres://hub:hunter2@db:5432/hub", "postgres://hub:***@db:5432/hub"),
            ("postgres://hub:hun/ter2@db", "postgres://hub:***@db"),
            ("postgres://hub:hun@ter2@db", "postgres://hub:***@db"),
            ("postgres:/hub:hunter2@db", "postgres:***@db"),
            ("postgres//hub:hunter2@db", "postgres//hub:***@db"),
            ("postgres://db/hub?PASSWORD=hunter2&a=b", "postgres://db/hub?password=***"),
            ("postgres://hub@db:5432/hub", "postgres://hub@db:5432/hub"),
            ("EMAIL/a@example.com", "EMAIL/a@example.com"),
        ] {
            assert_eq!(without_password(text), expect);
            assert_eq!(holds_password(text), text != expect);
        }
    }

    #[test]
    fn long_texts_are_shortened() {
        let long = "ä".repeat(1000);
        assert!(quoted(&long).chars().count() < 50);
    }
}
