//! What the hub takes out of each message: typed fields, read in a single pass over the untouched bytes.

pub(crate) mod participants;
pub(crate) mod parties;
pub(crate) mod quotes;
pub(crate) mod transfers;

pub(crate) mod error_callback;

use std::borrow::Cow;
use std::fmt::Display;

pub use error_callback::ErrorCallback;

use crate::amount::Amount;
use crate::currency::{Currency, Money};
use crate::error::{ErrorCode, FspiopError};

/// A captured text.
type Captured<'a> = Option<Cow<'a, str>>;

/// Gives an optional field its type. The shape has checked the form already, so that errors are not expected.
fn typed<T, E: Display>(
    captured: Captured<'_>,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, FspiopError> {
    captured
        .map(|text| parse(&text))
        .transpose()
        .map_err(|error| FspiopError::new(ErrorCode::ValidationError, error.to_string()))
}

/// Gives a mandatory field its type. The shape has made sure of the field already, so that errors are not expected.
fn mandatory<T, E: Display>(
    captured: Captured<'_>,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, FspiopError> {
    typed(captured, parse)?.ok_or_else(|| ErrorCode::MissingElement.into())
}

/// An amount and its currency, both mandatory.
fn money(currency: Captured<'_>, amount: Captured<'_>) -> Result<Money, FspiopError> {
    Ok(Money { currency: mandatory(currency, Currency::parse)?, amount: mandatory(amount, Amount::parse)? })
}

/// A text as it is.
fn as_is(text: &str) -> Result<Box<str>, FspiopError> {
    Ok(text.into())
}
