//! PEM (RFC 7468), as far as keys need it.

use base64::{Engine, prelude::BASE64_STANDARD};
use fspiop::Excerpt;

/// Characters of a line of base64.
const LINE: usize = 64;

/// Why a text is not PEM.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// No line begins a block.
    #[error("found no line -----BEGIN …-----")]
    NoBegin,
    /// The block does not end.
    #[error("found the beginning of the block {0}, but not its end")]
    NoEnd(Excerpt),
    /// What is in between is not base64.
    #[error("found something that is not base64 in the block {0}")]
    NotBase64(Excerpt),
    /// There is more than one block.
    #[error("found more than one block; expected one key")]
    Several,
}

/// A block of PEM.
pub(crate) struct Block {
    pub(crate) label: String,
    pub(crate) der: Vec<u8>,
}

/// Reads a text that has one block. What stands before it is a comment, as openssl writes some.
pub(crate) fn read(text: &str) -> Result<Block, PemError> {
    let mut lines = text.lines().map(str::trim);
    let label = lines.find_map(begin).ok_or(PemError::NoBegin)?;
    let end = format!("-----END {label}-----");
    let mut content = String::new();
    let mut ended = false;
    for line in lines.by_ref() {
        if line == end {
            ended = true;
            break;
        }
        content.push_str(line);
    }
    if !ended {
        return Err(PemError::NoEnd(Excerpt::of(label)));
    }
    if lines.any(|line| begin(line).is_some()) {
        return Err(PemError::Several);
    }
    let der = BASE64_STANDARD.decode(content).map_err(|_| PemError::NotBase64(Excerpt::of(label)))?;
    Ok(Block { label: label.to_owned(), der })
}

fn begin(line: &str) -> Option<&str> {
    line.strip_prefix("-----BEGIN ")?.strip_suffix("-----")
}

/// Writes a block.
pub(crate) fn write(label: &str, der: &[u8]) -> String {
    let content = BASE64_STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = content.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Result<(&str, usize), &str>) {
        let found = read(text).map(|block| (block.label, block.der.len())).map_err(|error| error.to_string());
        let found = found.as_ref().map(|(label, length)| (label.as_str(), *length)).map_err(String::as_str);
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn blocks_are_read() {
        check("-----BEGIN X-----\nAAAA\n-----END X-----\n", Ok(("X", 3)));
        check("a comment\r\n-----BEGIN X Y-----\r\nAA\r\nAA\r\n-----END X Y-----", Ok(("X Y", 3)));
        check(&write("KEY", &[7; 100]), Ok(("KEY", 100)));
        check("", Err("found no line -----BEGIN …-----"));
        check("AAAA", Err("found no line -----BEGIN …-----"));
        check("-----BEGIN X-----\nAAAA", Err("found the beginning of the block 'X', but not its end"));
        check("-----BEGIN X-----\nAAAA\n-----END Y-----", Err("found the beginning of the block 'X', but not its end"));
        let junk = "found something that is not base64 in the block 'X'";
        check("-----BEGIN X-----\nA*AA\n-----END X-----", Err(junk));
        check(&[write("X", b"a"), write("X", b"b")].concat(), Err("found more than one block; expected one key"));
    }
}
