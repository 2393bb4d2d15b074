//! Bodies for reading.

use serde::de::IgnoredAny;

/// JSON in lines, indented by two blanks; every name, text and number as it was written, and in its place. What is no JSON is
/// returned as it is.
pub fn pretty(text: &str) -> String {
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return text.to_owned();
    }
    let mut out = Lines::default();
    let (mut in_text, mut escaped, mut opened) = (false, false, false);
    for letter in text.chars() {
        if in_text {
            out.text.push(letter);
            in_text = escaped || letter != '"';
            escaped = !escaped && letter == '\\';
            continue;
        }
        if letter.is_ascii_whitespace() {
            continue;
        }
        let closes = matches!(letter, '}' | ']');
        if closes {
            out.depth -= 1;
        }
        // What is empty stays together.
        if opened != closes {
            out.begin_line();
        }
        out.text.push(letter);
        opened = matches!(letter, '{' | '[');
        match letter {
            '{' | '[' => out.depth += 1,
            ',' => out.begin_line(),
            ':' => out.text.push(' '),
            _ => in_text = letter == '"',
        }
    }
    out.text
}

#[derive(Default)]
struct Lines {
    text: String,
    depth: usize,
}

impl Lines {
    fn begin_line(&mut self) {
        self.text.push('\n');
        self.text.push_str(&"  ".repeat(self.depth));
    }
}

#[cfg(test)]
mod tests {
    use super::pretty;

    #[test]
    fn json_in_lines_keeps_what_it_says() {
        for (text, expect) in [
            ("", ""),
            ("no JSON {", "no JSON {"),
            ("{}", "{}"),
            ("[ ]", "[]"),
            (r#"{"b":1.50,"a":"x, {y}: \"z\\"}"#, "{\n  \"b\": 1.50,\n  \"a\": \"x, {y}: \\\"z\\\\\"\n}"),
            (
                r#"{"a":[1,{"b":{}}],"c":null}"#,
                "{\n  \"a\": [\n    1,\n    {\n      \"b\": {}\n    }\n  ],\n  \"c\": null\n}",
            ),
        ] {
            assert_eq!(pretty(text), expect, "{text}");
        }
    }
}
