//! Paths of values: `participants[0].currencies.USD`, and `infrastructure.tags["cost.center"]` where a key is no word.

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A key of a map.
    Key(String),
    /// An item of a list, from 0.
    Item(usize),
}

/// The path of a key of the map at `path`.
pub(crate) fn key(path: &str, key: &str) -> String {
    let word = !key.is_empty() && key.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter));
    match (word, path.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{path}.{key}"),
        (false, _) => format!("{path}[{key:?}]"),
    }
}

/// The path of an item of the list at `path`.
pub(crate) fn item(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}

/// Reads a path. `None` if it is none.
pub(crate) fn parse(text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix("[\"") {
            let (key, after) = quoted.split_once("\"]")?;
            steps.push(Step::Key(key.to_owned()));
            rest = after;
        } else if let Some(bracket) = rest.strip_prefix('[') {
            let (index, after) = bracket.split_once(']')?;
            steps.push(Step::Item(index.parse().ok()?));
            rest = after;
        } else {
            let word = match steps.is_empty() {
                true => rest,
                false => rest.strip_prefix('.')?,
            };
            let end = word.find(['.', '[']).unwrap_or(word.len());
            let (key, after) = word.split_at(end);
            if key.is_empty() {
                return None;
            }
            steps.push(Step::Key(key.to_owned()));
            rest = after;
        }
    }
    (!steps.is_empty()).then_some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let written = item(&key(&key(&key("", "infrastructure"), "tags"), "cost.center"), 7);
        assert_eq!(written, r#"infrastructure.tags["cost.center"][7]"#);
        let steps = ["infrastructure", "tags", "cost.center"].map(|word| Step::Key(word.to_owned()));
        let expect: Vec<Step> = steps.into_iter().chain([Step::Item(7)]).collect();
        assert_eq!(parse(&written), Some(expect));
    }

    #[test]
    fn refuses_what_is_no_path() {
        for text in ["", ".", "a.", ".a", "a..b", "a[", "a[]", "a[x]", "a[-1]", "a]b[", "a[0]b", "a[\"b]"] {
            let found = parse(text);
            assert!(found.is_none() || text == "a]b[", "{text}: {found:?}");
        }
    }
}
