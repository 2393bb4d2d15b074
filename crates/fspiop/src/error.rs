//! Errors as the protocol has them: [`ErrorCode`], [`FspiopError`].

use std::fmt;

use crate::text::cut;
use crate::write::{ErrorBody, to_body};

macro_rules! error_codes {
    ($($variant:ident $text:literal $status:literal $description:literal)+) => {
        /// The error codes of FSPIOP (1.1, section 7.6), with the descriptions that Mojaloop uses.
        ///
        /// Codes in `/error` callbacks may be others, see [`ErrorCallback`](crate::ErrorCallback).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorCode {
            $(#[doc = concat!("`", $text, "`: ", $description, ".")] $variant,)+
        }

        impl ErrorCode {
            /// All codes, in ascending order.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The four digits on the wire.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The name of the code in logs and metrics.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)+ }
            }

            /// The standard description, with which every description starts.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => $description,)+ }
            }

            /// The HTTP status with which the error is answered when the request is refused at once.
            pub const fn http_status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }
        }
    };
}

error_codes! {
    CommunicationError "1000" 503 "Communication error"
    DestinationCommunicationError "1001" 503 "Destination communication error"
    ServerError "2000" 500 "Generic server error"
    InternalServerError "2001" 500 "Internal server error"
    NotImplemented "2002" 501 "Not implemented"
    ServiceCurrentlyUnavailable "2003" 503 "Service currently unavailable"
    ServerTimedOut "2004" 500 "Server timed out"
    ServerBusy "2005" 503 "Server busy"
    ClientError "3000" 400 "Generic client error"
    MethodNotAllowed "3000" 405 "Generic client error - Method Not Allowed"
    UnacceptableVersion "3001" 406 "Unacceptable version requested"
    UnknownUri "3002" 404 "Unknown URI"
    AddPartyInformationError "3003" 400 "Add Party information error"
    DeletePartyInformationError "3040" 400 "Delete Party information error"
    ValidationError "3100" 400 "Generic validation error"
    MalformedSyntax "3101" 400 "Malformed syntax"
    MissingElement "3102" 400 "Missing mandatory element"
    TooManyElements "3103" 400 "Too many elements"
    TooLargePayload "3104" 400 "Too large payload"
    InvalidSignature "3105" 400 "Invalid signature"
    ModifiedRequest "3106" 400 "Modified request"
    MissingMandatoryExtension "3107" 400 "Missing mandatory extension parameter"
    IdNotFound "3200" 400 "Generic ID not found"
    DestinationFspError "3201" 400 "Destination FSP Error"
    PayerFspIdNotFound "3202" 400 "Payer FSP ID not found"
    PayeeFspIdNotFound "3203" 400 "Payee FSP ID not found"
    PartyNotFound "3204" 400 "Party not found"
    QuoteIdNotFound "3205" 400 "Quote ID not found"
    TransactionRequestIdNotFound "3206" 400 "Transaction request ID not found"
    TransactionIdNotFound "3207" 400 "Transaction ID not found"
    TransferIdNotFound "3208" 400 "Transfer ID not found"
    BulkQuoteIdNotFound "3209" 400 "Bulk quote ID not found"
    BulkTransferIdNotFound "3210" 400 "Bulk transfer ID not found"
    ExpiredError "3300" 400 "Generic expired error"
    TransactionRequestExpired "3301" 400 "Transaction request expired"
    QuoteExpired "3302" 400 "Quote expired"
    TransferExpired "3303" 400 "Transfer expired"
    PayerError "4000" 400 "Generic Payer error"
    PayerFspInsufficientLiquidity "4001" 400 "Payer FSP insufficient liquidity"
    PayerRejection "4100" 400 "Generic Payer rejection"
    PayerRejectedTransactionRequest "4101" 400 "Payer rejected transaction request"
    PayerFspUnsupportedTransactionType "4102" 400 "Payer FSP unsupported transaction type"
    PayerUnsupportedCurrency "4103" 400 "Payer unsupported currency"
    PayerLimitError "4200" 400 "Payer limit error"
    PayerPermissionError "4300" 400 "Payer permission error"
    PayerBlockedError "4400" 400 "Generic Payer blocked error"
    PayeeError "5000" 400 "Generic Payee error"
    PayeeFspInsufficientLiquidity "5001" 400 "Payee FSP insufficient liquidity"
    PayeeRejection "5100" 400 "Generic Payee rejection"
    PayeeRejectedQuote "5101" 400 "Payee rejected quote"
    PayeeFspUnsupportedTransactionType "5102" 400 "Payee FSP unsupported transaction type"
    PayeeFspRejectedQuote "5103" 400 "Payee FSP rejected quote"
    PayeeRejectedTransaction "5104" 400 "Payee rejected transaction"
    PayeeFspRejectedTransaction "5105" 400 "Payee FSP rejected transaction"
    PayeeUnsupportedCurrency "5106" 400 "Payee unsupported currency"
    PayeeIdentifierNotValid "5107" 400 "Payee identifier no-longer valid"
    PayeeLimitError "5200" 400 "Payee limit error"
    PayeePermissionError "5300" 400 "Payee permission error"
    PayeeBlockedError "5400" 400 "Generic Payee blocked error"
}

/// The protocol's limit for descriptions (data type ErrorDescription, FSPIOP 1.1).
const MAX_DESCRIPTION_CHARACTERS: usize = 128;
/// The protocol's limit for keys of extensions.
const MAX_KEY_CHARACTERS: usize = 32;
/// The protocol's limit for values of extensions.
const MAX_VALUE_CHARACTERS: usize = 128;
/// The protocol's limit for extensions in a list.
const MAX_EXTENSIONS: usize = 16;

impl ErrorCode {
    /// The code with these four digits, `None` if FSPIOP has no such code. `3000` is [`ErrorCode::ClientError`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.text() == text)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// An error as the protocol says it, in a refusal or in an `/error` callback (data type ErrorInformation,
/// FSPIOP 1.1).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code} {description}")]
pub struct FspiopError {
    /// The code.
    pub code: ErrorCode,
    /// The whole description; on the wire it is cut to 128 characters.
    pub description: String,
    /// Keys and values that say more; on the wire at most 16, keys of at most 32 and values of at most 128 characters.
    pub extensions: Vec<(String, String)>,
}

impl FspiopError {
    /// An error whose description is the standard one, followed by ` - ` and `detail` unless that is empty.
    pub fn new(code: ErrorCode, detail: impl AsRef<str>) -> Self {
        let description = match detail.as_ref() {
            "" => code.description().to_owned(),
            detail => format!("{} - {detail}", code.description()),
        };
        Self { code, description, extensions: Vec::new() }
    }

    /// An error with only the standard description.
    pub fn plain(code: ErrorCode) -> Self {
        Self::new(code, "")
    }

    /// The error with one more extension.
    #[must_use]
    pub fn with_extension(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.extensions.push((key.into(), value.into()));
        self
    }

    /// The description as it goes on the wire: at most 128 characters.
    pub fn wire_description(&self) -> &str {
        cut(&self.description, MAX_DESCRIPTION_CHARACTERS)
    }

    /// The body that says the error, in a refusal as in an `/error` callback.
    pub fn to_body(&self) -> Vec<u8> {
        let extensions = self
            .extensions
            .iter()
            .take(MAX_EXTENSIONS)
            .map(|(key, value)| (cut(key, MAX_KEY_CHARACTERS), cut(value, MAX_VALUE_CHARACTERS)));
        to_body(&ErrorBody::new(self.code.text(), self.wire_description(), extensions))
    }
}

impl From<ErrorCode> for FspiopError {
    fn from(code: ErrorCode) -> Self {
        Self::plain(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_four_digits_in_order_and_parse_back() {
        for code in ErrorCode::ALL {
            assert!(code.text().len() == 4 && code.text().bytes().all(|byte| byte.is_ascii_digit()));
            assert_eq!(ErrorCode::parse(code.text()).map(ErrorCode::text), Some(code.text()));
        }
        assert!(ErrorCode::ALL.is_sorted_by_key(|code| code.text()));
        assert_eq!(ErrorCode::parse("3000"), Some(ErrorCode::ClientError));
        assert_eq!(ErrorCode::parse("9999"), None);
    }

    #[test]
    fn bodies() {
        let check = |error: FspiopError, expect: &str| {
            assert_eq!(String::from_utf8(error.to_body()).unwrap(), expect);
        };
        check(
            ErrorCode::ModifiedRequest.into(),
            r#"{"errorInformation":{"errorCode":"3106","errorDescription":"Modified request"}}"#,
        );
        check(
            FspiopError::new(ErrorCode::MissingElement, "/header must have required property 'date'"),
            r#"{"errorInformation":{"errorCode":"3102","errorDescription":"Missing mandatory element - /header must have required property 'date'"}}"#,
        );
        check(
            FspiopError::plain(ErrorCode::UnacceptableVersion).with_extension("1", "0").with_extension("2", "0"),
            r#"{"errorInformation":{"errorCode":"3001","errorDescription":"Unacceptable version requested","extensionList":{"extension":[{"key":"1","value":"0"},{"key":"2","value":"0"}]}}}"#,
        );
    }

    #[test]
    fn long_texts_are_cut_on_the_wire_only() {
        let mut error = FspiopError::new(ErrorCode::ValidationError, "é".repeat(300));
        for _ in 0..20 {
            error = error.with_extension("k".repeat(40), "ž".repeat(200));
        }
        assert_eq!(error.wire_description().chars().count(), 128);
        assert!(error.description.chars().count() > 300);
        let body: serde_json::Value = serde_json::from_slice(&error.to_body()).unwrap();
        let extensions = &body["errorInformation"]["extensionList"]["extension"];
        assert_eq!(extensions.as_array().unwrap().len(), 16);
        assert_eq!(extensions[0]["key"].as_str().unwrap().chars().count(), 32);
        assert_eq!(extensions[0]["value"].as_str().unwrap().chars().count(), 128);
    }
}
