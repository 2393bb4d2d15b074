//! Tables that say which shape a body must have: [`Shape`].
//!
//! The tables hold what the official API files say of types, mandatory fields, patterns, lists and lengths. The files
//! of 1.0, 1.1 and 2.0 differ only in that later ones have more fields and are more lenient; the tables follow 2.0.

use std::fmt;

/// The shape of a value.
#[derive(Debug)]
pub(crate) enum Shape {
    /// An object with these fields; it may have others.
    Object(&'static [Field]),
    /// An array of `min` to `max` items.
    Array { item: &'static Shape, min: usize, max: usize },
    /// A text.
    Text(Text),
    /// A text, or an integer that is one when it is written down: upstream takes numbers for some texts.
    TextOrInteger(Text),
    /// A text, or an object with these fields; it may have others.
    TextOrObject(Text, &'static [Field]),
    /// Any value.
    Any,
}

/// A field of an object.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) shape: &'static Shape,
    pub(crate) required: bool,
}

/// What a text must be.
pub(crate) struct Text {
    /// The least number of characters.
    pub(crate) min: usize,
    /// The greatest number of characters.
    pub(crate) max: usize,
    /// What else is asked of it.
    pub(crate) rule: Rule,
}

/// What is asked of a text beside its length.
#[derive(Clone, Copy)]
pub(crate) enum Rule {
    /// Nothing.
    Free,
    /// It must match a pattern: `matches` decides, `pattern` is for messages.
    Pattern { matches: fn(&str) -> bool, pattern: &'static str },
    /// It must be one of a list.
    Listed(fn(&str) -> bool),
}

/// The greatest number of fields that an object's table may have: the reader marks those it saw in 64 bits.
pub(crate) const MAX_FIELDS: usize = 64;

/// A mandatory field.
pub(crate) const fn required(name: &'static str, shape: &'static Shape) -> Field {
    Field { name, shape, required: true }
}

/// A field that may be left out.
pub(crate) const fn optional(name: &'static str, shape: &'static Shape) -> Field {
    Field { name, shape, required: false }
}

/// An object with these fields.
pub(crate) const fn object(fields: &'static [Field]) -> Shape {
    assert!(fields.len() <= MAX_FIELDS);
    Shape::Object(fields)
}

/// An array of `min` to `max` items.
pub(crate) const fn array(item: &'static Shape, min: usize, max: usize) -> Shape {
    Shape::Array { item, min, max }
}

/// A text of `min` to `max` characters.
pub(crate) const fn text(min: usize, max: usize) -> Shape {
    Shape::Text(Text { min, max, rule: Rule::Free })
}

/// A text that matches a pattern, which bounds its length too.
pub(crate) const fn pattern(pattern: &'static str, matches: fn(&str) -> bool) -> Shape {
    bounded_pattern(0, usize::MAX, pattern, matches)
}

/// A text of `min` to `max` characters that matches a pattern.
pub(crate) const fn bounded_pattern(min: usize, max: usize, pattern: &'static str, matches: fn(&str) -> bool) -> Shape {
    Shape::Text(Text { min, max, rule: Rule::Pattern { matches, pattern } })
}

/// The rules of a text that matches a pattern, which bounds its length too.
pub(crate) const fn pattern_text(pattern: &'static str, matches: fn(&str) -> bool) -> Text {
    Text { min: 0, max: usize::MAX, rule: Rule::Pattern { matches, pattern } }
}

/// A text of a list.
pub(crate) const fn listed(matches: fn(&str) -> bool) -> Shape {
    Shape::Text(Text { min: 0, max: usize::MAX, rule: Rule::Listed(matches) })
}

impl Shape {
    /// The name of the JSON type, for messages.
    pub(crate) const fn type_name(&self) -> &'static str {
        match self {
            Self::Object(_) => "object",
            Self::Array { .. } => "array",
            Self::Text(_) | Self::TextOrInteger(_) => "string",
            Self::TextOrObject(..) => "string or object",
            Self::Any => "any",
        }
    }
}

impl Text {
    /// What is wrong with a text; `None` if nothing is.
    pub(crate) fn violation(&self, text: &str) -> Option<String> {
        // The number of bytes bounds that of characters, so that counting is needed near the limits only.
        let characters = || text.chars().count();
        if text.len() < self.min.saturating_mul(4) && characters() < self.min {
            return Some(format!("must NOT have fewer than {} characters", self.min));
        }
        if text.len() > self.max && characters() > self.max {
            return Some(format!("must NOT have more than {} characters", self.max));
        }
        match self.rule {
            Rule::Pattern { matches, pattern } if !matches(text) => Some(format!("must match pattern \"{pattern}\"")),
            Rule::Listed(matches) if !matches(text) => Some("must be equal to one of the allowed values".to_owned()),
            _ => None,
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..={} {:?}", self.min, self.max, self.rule)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Free => f.write_str("free"),
            Self::Pattern { pattern, .. } => f.write_str(pattern),
            Self::Listed(_) => f.write_str("listed"),
        }
    }
}

/// Where the fields stand that a reader captures: a tree beside the shape.
#[derive(Debug)]
pub(crate) struct Capture {
    pub(crate) name: &'static str,
    pub(crate) take: Take,
}

/// What a reader does with a field that it captures.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Take {
    /// Puts the text of the field into this slot.
    Slot(usize),
    /// Captures fields inside the object.
    Inside(&'static [Capture]),
}

/// Captures the text of the field.
pub(crate) const fn slot(name: &'static str, slot: usize) -> Capture {
    Capture { name, take: Take::Slot(slot) }
}

/// Captures fields inside the field, an object.
pub(crate) const fn inside(name: &'static str, captures: &'static [Capture]) -> Capture {
    Capture { name, take: Take::Inside(captures) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_characters() {
        let shape = Text { min: 2, max: 3, rule: Rule::Free };
        for (text, good) in
            [("a", false), ("é", false), ("ab", true), ("éé", true), ("ééé", true), ("éééé", false), ("", false)]
        {
            assert_eq!(shape.violation(text).is_none(), good, "{text}");
        }
    }
}
