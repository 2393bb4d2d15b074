//! How a request is refused at once.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use fspiop::{ErrorCode, FspiopError};
use http::{HeaderValue, StatusCode, header};

/// A request that breaks the specification, or that can't be taken now. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub error: FspiopError,
    /// For a wrong method: the methods that the URI has.
    pub allow: Option<&'static str>,
}

impl From<FspiopError> for Refusal {
    fn from(error: FspiopError) -> Refusal {
        Refusal { error, allow: None }
    }
}

impl Refusal {
    /// No resource has this URI.
    pub fn unknown_uri(path: &str) -> Refusal {
        FspiopError::new(ErrorCode::UnknownUri, path).into()
    }

    /// The resource does not have this method.
    pub fn method_not_allowed(allow: &'static str) -> Refusal {
        Refusal { error: FspiopError::plain(ErrorCode::MethodNotAllowed), allow: Some(allow) }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.error.to_body()));
        *response.status_mut() =
            StatusCode::from_u16(self.error.code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        if matches!(self.error.code, ErrorCode::ServiceCurrentlyUnavailable | ErrorCode::ServerBusy) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
