//! Whether two messages say the same.

use ledger::ContentHash;
use sha2::{Digest, Sha256};

/// SHA-256 of a JSON text without its insignificant white space, so that a resend which was printed differently is still
/// the same message. Works on the bytes alone; text that is not JSON hashes to something, too.
pub fn content_hash(json: &[u8]) -> ContentHash {
    let mut hasher = Sha256::new();
    // What is to be hashed next begins at `start`; everything before `index` was looked at.
    let (mut start, mut index) = (0, 0);
    while let Some(found) = json[index..].iter().position(|byte| matches!(byte, b'"' | b' ' | b'\n' | b'\r' | b'\t')) {
        index += found;
        if json[index] == b'"' {
            index = end_of_string(json, index + 1);
        } else {
            hasher.update(&json[start..index]);
            index += 1;
            start = index;
        }
    }
    hasher.update(&json[start..]);
    ContentHash(hasher.finalize().into())
}

/// The index behind the quotation mark that ends a string, or the end of the text. Strings are most of a body, so they are
/// passed over quickly.
fn end_of_string(json: &[u8], mut index: usize) -> usize {
    while let Some(found) = json[index..].iter().position(|byte| matches!(byte, b'"' | b'\\')) {
        index += found;
        if json[index] == b'"' {
            return index + 1;
        }
        // What is escaped does not end the string.
        index = (index + 2).min(json.len());
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(left: &str, right: &str, equal: bool) {
        assert_eq!(content_hash(left.as_bytes()) == content_hash(right.as_bytes()), equal, "{left} and {right}");
    }

    #[test]
    fn white_space_counts_only_inside_strings() {
        check(r#"{"a":1}"#, "{ \"a\" :\n 1 }\r\n", true);
        check(r#"{"a":"x y"}"#, r#"{"a":"xy"}"#, false);
        check(r#"{"a":"\" x"}"#, r#"{"a":"\"x"}"#, false);
        check(r#"{"a":"\\", "b":1}"#, r#"{"a":"\\","b":1}"#, true);
        check(r#"{"a":1}"#, r#"{"a":2}"#, false);
    }

    #[test]
    fn text_that_is_not_json_has_a_hash_too() {
        for (text, hashed) in [
            ("", ""),
            (" \" ", "\" "),
            ("\" \\", "\" \\"),
            ("\" \\\"  \\", "\" \\\"  \\"),
            ("a \\\" b\" c", "a\\\" b\"c"),
            ("\"a\"\" \" ", "\"a\"\" \""),
        ] {
            let expect: [u8; 32] = Sha256::digest(hashed).into();
            assert_eq!(content_hash(text.as_bytes()).0, expect, "{text:?}");
        }
    }
}
