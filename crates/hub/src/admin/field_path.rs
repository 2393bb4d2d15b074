//! Which field of a JSON text an error is about.

/// The path of the value at this place, such as `/requestBody/limit/value`; `line` and `column` count from 1 and in bytes,
/// as `serde_json` has them. The text must be JSON.
pub(super) fn field_at(text: &str, line: usize, column: usize) -> String {
    let lines_before = text.split_inclusive('\n').take(line.saturating_sub(1));
    let end = lines_before.map(str::len).sum::<usize>() + column;
    let mut open = Vec::new();
    let mut rest = text.bytes().enumerate().take(end);
    while let Some((start, byte)) = rest.next() {
        match (byte, open.last_mut()) {
            (b'{', _) => open.push(Step::Field { name: "", expected: true }),
            (b'[', _) => open.push(Step::Item(0)),
            (b'}' | b']', _) => drop(open.pop()),
            (b',', Some(Step::Item(index))) => *index += 1,
            (b',', Some(Step::Field { expected, .. })) => *expected = true,
            (b'"', innermost) => {
                let length = string_length(&text[start + 1..]);
                if let Some(Step::Field { name, expected: expected @ true }) = innermost {
                    (*name, *expected) = (&text[start + 1..start + 1 + length], false);
                }
                rest.nth(length);
            }
            _ => {}
        }
    }
    open.iter().fold("/requestBody".to_owned(), |path, step| match step {
        Step::Field { name: "", .. } => path,
        Step::Field { name, .. } => format!("{path}/{name}"),
        Step::Item(index) => format!("{path}/{index}"),
    })
}

/// A container that is open at some place, and what stands there in it.
enum Step<'a> {
    /// An object, its last key, and whether a key comes next.
    Field { name: &'a str, expected: bool },
    /// An array, and the number of the item.
    Item(usize),
}

/// Bytes of a string whose opening quote has been read, up to its closing one.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let ends = |byte: u8| {
        let is_end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        is_end
    };
    text.bytes().position(ends).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::field_at;

    /// `|` marks the place.
    #[track_caller]
    fn check(marked: &str, expect: &str) {
        let at = marked.find('|').unwrap();
        let before = &marked[..at];
        let line = before.matches('\n').count() + 1;
        let column = before.len() - before.rfind('\n').map_or(0, |newline| newline + 1);
        assert_eq!(field_at(&marked.replacen('|', "", 1), line, column), expect, "{marked}");
    }

    #[test]
    fn paths_lead_to_the_place() {
        check("|5", "/requestBody");
        check("{}|", "/requestBody");
        check(r#"{"a":5|}"#, "/requestBody/a");
        check(r#"{"a":5}|"#, "/requestBody");
        check(r#"{"a"|:5}"#, "/requestBody/a");
        check(r#"{"a":"x","b":"y|"}"#, "/requestBody/b");
        check(r#"{"a":{"b":[1,{"c":tru|e}]}}"#, "/requestBody/a/b/1/c");
        check(r#"{"a":{"b":1}|}"#, "/requestBody/a");
        check(r#"{"a":[1,2],"b":3|}"#, "/requestBody/b");
        check(r#"[{"a":1},{"a":2|}]"#, "/requestBody/1/a");
        check("{\n \"é\" : {\n  \"b\" : 5| } }", "/requestBody/é/b");
        check(r#"{"a":"} , ] \" \\","b":5|}"#, "/requestBody/b");
        check(r#"{"a\"b":5|}"#, r#"/requestBody/a\"b"#);
    }

    #[test]
    fn any_place_of_any_text_has_a_path() {
        for text in ["", "\"", "{\"a", "{\"a\":\"\\", "]}", "{\"é\":\"é\"}"] {
            for column in 0..12 {
                assert!(field_at(text, 1, column).starts_with("/requestBody"));
                assert!(field_at(text, 7, column).starts_with("/requestBody"));
            }
        }
    }
}
