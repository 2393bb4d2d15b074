//! What the hub takes out of each message: typed fields, read in a single pass over the untouched bytes.

pub(crate) mod authorizations;
pub(crate) mod participants;
pub(crate) mod parties;
pub(crate) mod quotes;
pub(crate) mod transaction_requests;
pub(crate) mod transactions;
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

#[cfg(test)]
pub(crate) mod testing {
    //! Bodies that are good until a test spoils them.

    use serde_json::Value;

    use crate::error::FspiopError;

    /// A body with its reader.
    pub(crate) struct Body {
        pub(crate) good: Value,
        pub(crate) read: fn(&[u8]) -> Result<(), FspiopError>,
    }

    impl Body {
        #[track_caller]
        fn check(&self, body: &Value, expect: &str) {
            let found = (self.read)(body.to_string().as_bytes());
            let found = found.map_or_else(|error| error.to_string(), |()| "ok".to_owned());
            let (code, detail) = expect.split_once(' ').unwrap_or((expect, ""));
            let detail = if detail.is_empty() { String::new() } else { format!("/requestBody{detail}") };
            assert!(found.starts_with(code) && found.contains(&detail), "{body}: found {found}, expected {expect}");
        }
    }

    /// The good body is read; without one of the `mandatory` fields it is not; and with the value at a path replaced (or added)
    /// the answer begins with the code and says what is expected.
    #[track_caller]
    pub(crate) fn check_bodies(body: &Body, mandatory: &[&str], cases: &[(&str, Value, &str)]) {
        body.check(&body.good, "ok");
        let fields = body.good.as_object().expect("bodies are objects");
        for name in fields.keys() {
            let mut spoilt = body.good.clone();
            spoilt.as_object_mut().expect("an object").remove(name);
            let expect = if mandatory.contains(&name.as_str()) {
                format!("3102  must have required property '{name}'")
            } else {
                "ok".to_owned()
            };
            body.check(&spoilt, &expect);
        }
        for (path, value, expect) in cases {
            let mut spoilt = body.good.clone();
            let (parent, name) = path.rsplit_once('/').expect("a path");
            spoilt.pointer_mut(parent).expect("the parent is there")[name] = value.clone();
            body.check(&spoilt, expect);
        }
    }
}
