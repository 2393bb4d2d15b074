//! `PUT …/error`: [`ErrorCallback`].

use crate::error::FspiopError;
use crate::json::read;
use crate::resources::{as_is, mandatory};
use crate::schema::{Capture, Shape, inside, object, required, slot};
use crate::shapes::ERROR_INFORMATION;

/// The body of `PUT …/error`: why the sender gave up (ErrorInformationObject).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorCallback {
    /// Four digits, which need not be an [`ErrorCode`](crate::ErrorCode): schemes and FSPs have codes of their own.
    pub code: Box<str>,
    /// 1 to 128 characters.
    pub description: Box<str>,
}

pub(crate) static SHAPE: Shape = object(&[required("errorInformation", &ERROR_INFORMATION)]);
static CAPTURES: &[Capture] = &[inside("errorInformation", &[slot("errorCode", 0), slot("errorDescription", 1)])];

impl ErrorCallback {
    /// Checks the body and takes out the fields.
    ///
    /// # Errors
    /// 3101 for bad JSON and wrong types, 3102 for missing and 3100 for wrong fields.
    pub fn read(body: &[u8]) -> Result<Self, FspiopError> {
        let [code, description] = read::<2>(body, &SHAPE, CAPTURES)?;
        Ok(Self { code: mandatory(code, as_is)?, description: mandatory(description, as_is)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_any_code() {
        let body = br#"{"errorInformation":{"errorCode":"5999","errorDescription":"Own reason","extensionList":{"extension":[{"key":"k","value":"v"}]}}}"#;
        let callback = ErrorCallback::read(body).unwrap();
        assert_eq!((&*callback.code, &*callback.description), ("5999", "Own reason"));
        // Upstream takes numbers, and its own tests send one.
        let number = br#"{"errorInformation":{"errorCode":5100,"errorDescription":"Own reason"}}"#;
        assert_eq!(&*ErrorCallback::read(number).unwrap().code, "5100");
    }

    #[test]
    fn refuses() {
        for (body, expect) in [
            ("{}", "3102 Missing mandatory element - /requestBody must have required property 'errorInformation'"),
            (
                r#"{"errorInformation":{"errorDescription":"x"}}"#,
                "3102 Missing mandatory element - /requestBody/errorInformation must have required property 'errorCode'",
            ),
            (
                r#"{"errorInformation":{"errorCode":"99","errorDescription":"x"}}"#,
                r#"3100 Generic validation error - /requestBody/errorInformation/errorCode must match pattern "^[1-9]\d{3}$""#,
            ),
            (
                r#"{"errorInformation":{"errorCode":50000,"errorDescription":"x"}}"#,
                r#"3100 Generic validation error - /requestBody/errorInformation/errorCode must match pattern "^[1-9]\d{3}$""#,
            ),
            (
                r#"{"errorInformation":{"errorCode":5000.5,"errorDescription":"x"}}"#,
                "3101 Malformed syntax - /requestBody/errorInformation/errorCode must be string",
            ),
        ] {
            assert_eq!(ErrorCallback::read(body.as_bytes()).unwrap_err().to_string(), expect);
        }
    }
}
