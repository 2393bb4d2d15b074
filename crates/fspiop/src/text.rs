//! Small helpers for text that came from outside.

use std::fmt;

/// How many characters of a refused value an error message quotes at most.
///
/// A refused value may be megabytes long; forty characters are enough to recognise it.
const EXCERPT_CHARACTERS: usize = 40;

/// The beginning of a refused value, for an error message: bounded, and without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt(Box<str>);

impl Excerpt {
    /// Takes the beginning of `value`.
    pub fn of(value: &str) -> Self {
        let mut text: String =
            value.chars().take(EXCERPT_CHARACTERS).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        if text.len() < value.len() && value.chars().nth(EXCERPT_CHARACTERS).is_some() {
            text.push('…');
        }
        Self(text.into())
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0)
    }
}

/// Cuts `text` to at most `characters` characters, on a character boundary.
pub(crate) fn cut(text: &str, characters: usize) -> &str {
    match text.char_indices().nth(characters) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// Implements `Serialize` as the `Display` text and `Deserialize` through `parse(&str)`.
macro_rules! serde_as_text {
    ($type:ty, $expecting:literal) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $type;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        <$type>::parse(text).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Visitor)
            }
        }
    };
}
pub(crate) use serde_as_text;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_counts_characters_not_bytes() {
        for (text, characters, expect) in [("abc", 2, "ab"), ("žluť", 3, "žlu"), ("ab", 9, "ab")] {
            assert_eq!(cut(text, characters), expect);
        }
    }

    #[test]
    fn excerpts_are_bounded_and_printable() {
        assert_eq!(Excerpt::of("12.5").to_string(), "'12.5'");
        assert_eq!(Excerpt::of("a\nb").to_string(), "'a\u{fffd}b'");
        assert_eq!(Excerpt::of(&"x".repeat(5_000_000)).to_string().chars().count(), 43);
    }
}
