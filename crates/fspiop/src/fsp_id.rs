//! Names of participants: [`FspId`].

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::text::{Excerpt, serde_as_text};

/// The name of an FSP or of the hub in headers, bodies and paths (data type FspId, FSPIOP 1.1).
///
/// 1 to 32 characters: visible ASCII without `/`, so that a name is safe in headers and paths. The protocol itself
/// sets only the length. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FspId(Arc<str>);

/// The text is no name of a participant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 1 to 32 visible ASCII characters without '/': {0}")]
pub struct FspIdError(Excerpt);

/// The protocol's limit.
const MAX_CHARACTERS: usize = 32;

impl FspId {
    /// What [`FspId::parse`] accepts, as a pattern for messages.
    pub(crate) const PATTERN: &'static str = "^[!-.0-~]{1,32}$";

    /// Reads a name.
    ///
    /// # Errors
    /// [`FspIdError`] if it is empty, longer than 32 characters, or has a character that is not allowed.
    pub fn parse(text: &str) -> Result<Self, FspIdError> {
        if !Self::is_valid(text) {
            return Err(FspIdError(Excerpt::of(text)));
        }
        Ok(Self(text.into()))
    }

    /// Whether [`FspId::parse`] accepts the text.
    pub(crate) fn is_valid(text: &str) -> bool {
        (1..=MAX_CHARACTERS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/')
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FspId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FspId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FspId({})", self.0)
    }
}

impl Borrow<str> for FspId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for FspId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for FspId {
    type Err = FspIdError;

    fn from_str(text: &str) -> Result<Self, FspIdError> {
        Self::parse(text)
    }
}

serde_as_text!(FspId, "the name of a participant");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["payerfsp", "Hub", "a", "greenbank-42_x.y", &"x".repeat(32)] {
            assert_eq!(FspId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", " ", "two words", "a/b", "tab\t", "new\nline", "bänk", &"x".repeat(33), "\u{7f}"] {
            assert!(FspId::parse(bad).is_err(), "{bad:?}");
        }
    }
}
