//! Whether two messages say the same.

use ledger::ContentHash;
use sha2::{Digest, Sha256};

/// SHA-256 of a JSON text without its insignificant white space, so that a resend which was printed differently is still
/// the same message. Works on the bytes alone; text that is not JSON hashes to something, too.
pub fn content_hash(json: &[u8]) -> ContentHash {
    let mut hasher = Sha256::new();
    let (mut start, mut in_string, mut escaped) = (0, false, false);
    for (index, byte) in json.iter().enumerate() {
        if in_string {
            in_string = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
        } else if *byte == b'"' {
            in_string = true;
        } else if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
            hasher.update(&json[start..index]);
            start = index + 1;
        }
    }
    hasher.update(&json[start..]);
    ContentHash(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::content_hash;

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
}
