//! Headers of requests: their names, and [`check_request`].

use http::header::{ACCEPT, CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderName, Method};

use crate::content_type::{Accept, parse_content_type};
use crate::date_time::parse_http_date_header;
use crate::error::{ErrorCode, FspiopError};
use crate::fsp_id::FspId;
use crate::version::{ApiVersion, Resource};

/// Names the sender of a message.
pub const FSPIOP_SOURCE: HeaderName = HeaderName::from_static("fspiop-source");
/// Names the receiver of a message, when the sender knows it.
pub const FSPIOP_DESTINATION: HeaderName = HeaderName::from_static("fspiop-destination");
/// Describes the encryption of fields.
pub const FSPIOP_ENCRYPTION: HeaderName = HeaderName::from_static("fspiop-encryption");
/// Carries the sender's signature.
pub const FSPIOP_SIGNATURE: HeaderName = HeaderName::from_static("fspiop-signature");
/// Repeats the path for the signature.
pub const FSPIOP_URI: HeaderName = HeaderName::from_static("fspiop-uri");
/// Repeats the method for the signature.
pub const FSPIOP_HTTP_METHOD: HeaderName = HeaderName::from_static("fspiop-http-method");
/// Names the trace and the parent span (W3C Trace Context).
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Carries vendors' parts of the trace (W3C Trace Context).
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The largest body of a request, in bytes: 5 MiB, as Mojaloop's services have it. Larger ones are refused with 3104.
pub const MAX_BODY_BYTES: usize = 5_242_880;
/// The largest header section of a request, in bytes, as Mojaloop's services have it.
pub const MAX_HEADER_BYTES: usize = 65_536;

/// What the checked headers of a request say (FSPIOP 1.1, section 3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestHeaders {
    /// Who says to have sent the request.
    pub source: FspId,
    /// Whom it is for; the sender of a lookup may not know, and senders leave it out elsewhere too.
    pub destination: Option<FspId>,
    /// The version of the message, from Content-Type.
    pub version: ApiVersion,
    /// The versions that the sender accepts in callbacks; `None` for PUT and PATCH, which have no Accept.
    pub accept: Option<Accept>,
}

impl RequestHeaders {
    /// The destination, for requests that cannot do without.
    ///
    /// # Errors
    /// 3102 if it is missing.
    pub fn require_destination(&self) -> Result<&FspId, FspiopError> {
        self.destination.as_ref().ok_or_else(|| missing(&FSPIOP_DESTINATION))
    }
}

/// Checks the headers of a request to `resource`.
///
/// Versions come first (Accept, then Content-Type), then the headers one by one: Accept (not for PUT and PATCH),
/// Content-Type, Date, FSPIOP-Source, FSPIOP-Destination.
///
/// # Errors
/// 3001 for versions that are not supported, 3102 for a missing header, 3101 for a malformed one.
pub fn check_request(method: &Method, resource: Resource, headers: &HeaderMap) -> Result<RequestHeaders, FspiopError> {
    let accept = read_accept(method, resource, headers);
    let version = read_content_type(method, resource, headers);
    let accept = unless_unacceptable(accept)?;
    let version = unless_unacceptable(version)?;
    let (accept, version) = (accept?, version?);
    let date = single(headers, &DATE)?.ok_or_else(|| missing(&DATE))?;
    parse_http_date_header(date).map_err(|_| malformed(&DATE))?;
    Ok(RequestHeaders {
        source: read_fsp_id(headers, &FSPIOP_SOURCE)?.ok_or_else(|| missing(&FSPIOP_SOURCE))?,
        destination: read_fsp_id(headers, &FSPIOP_DESTINATION)?,
        version,
        accept,
    })
}

/// Lets errors about versions go first: fails at once with those, else hands the result on for later.
fn unless_unacceptable<T>(result: Result<T, FspiopError>) -> Result<Result<T, FspiopError>, FspiopError> {
    match result {
        Err(error) if error.code == ErrorCode::UnacceptableVersion => Err(error),
        other => Ok(other),
    }
}

fn read_accept(method: &Method, resource: Resource, headers: &HeaderMap) -> Result<Option<Accept>, FspiopError> {
    if matches!(*method, Method::PUT | Method::PATCH) {
        return Ok(None);
    }
    let mut values = headers.get_all(ACCEPT).iter();
    let first = values.next().ok_or_else(|| match *method {
        Method::GET => FspiopError::new(ErrorCode::MissingElement, "Accept is required"),
        _ => missing(&ACCEPT),
    })?;
    let mut list = first.to_str().map_err(|_| malformed(&ACCEPT))?.to_owned();
    for value in values {
        list.push(',');
        list.push_str(value.to_str().map_err(|_| malformed(&ACCEPT))?);
    }
    Accept::parse(&list, resource).map(Some)
}

fn read_content_type(method: &Method, resource: Resource, headers: &HeaderMap) -> Result<ApiVersion, FspiopError> {
    let value = single(headers, &CONTENT_TYPE)?.ok_or_else(|| match *method {
        Method::GET => FspiopError::new(ErrorCode::MissingElement, "Content-type is required"),
        _ => missing(&CONTENT_TYPE),
    })?;
    parse_content_type(value, resource)
}

/// An empty value counts as missing: senders without a destination leave the value empty.
fn read_fsp_id(headers: &HeaderMap, name: &HeaderName) -> Result<Option<FspId>, FspiopError> {
    match single(headers, name)? {
        None | Some("") => Ok(None),
        Some(value) => FspId::parse(value).map(Some).map_err(|_| malformed(name)),
    }
}

/// The value of a header that may occur once.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, FspiopError> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(malformed(name));
    }
    value.map(|value| value.to_str().map_err(|_| malformed(name))).transpose()
}

fn missing(name: &HeaderName) -> FspiopError {
    let detail = format!("/header must have required property '{name}'");
    FspiopError::new(ErrorCode::MissingElement, detail)
}

fn malformed(name: &HeaderName) -> FspiopError {
    FspiopError::new(ErrorCode::MalformedSyntax, format!("Invalid {name} header"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const TYPE_1_1: &str = "application/vnd.interoperability.quotes+json;version=1.1";
    const TYPE_9_0: &str = "application/vnd.interoperability.quotes+json;version=9.0";

    fn good() -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (ACCEPT, TYPE_1_1),
            (CONTENT_TYPE, TYPE_1_1),
            (DATE, "Sun, 22 Nov 2026 14:00:00 GMT"),
            (FSPIOP_SOURCE, "payerfsp"),
            (FSPIOP_DESTINATION, "payeefsp"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers
    }

    /// Checks a request whose good headers were changed: `None` removes a header.
    fn check(method: Method, changes: &[(HeaderName, Option<&'static str>)], expect: Result<(), &str>) {
        let mut headers = good();
        for (name, value) in changes {
            match value {
                Some(value) => headers.insert(name, HeaderValue::from_static(value)),
                None => headers.remove(name),
            };
        }
        let found = check_request(&method, Resource::Quotes, &headers);
        let found = found.map(|_| ()).map_err(|error| format!("{} {}", error.code, error.description));
        assert_eq!(found.as_ref().map_err(String::as_str).copied(), expect, "{method} {changes:?}");
    }

    #[test]
    fn good_headers() {
        let found = check_request(&Method::POST, Resource::Quotes, &good()).unwrap();
        assert_eq!(found.source.as_str(), "payerfsp");
        assert_eq!(found.require_destination().unwrap().as_str(), "payeefsp");
        assert_eq!(found.version, ApiVersion::V1_1);
        assert_eq!(found.accept.unwrap().highest(), ApiVersion::V1_1);
        check(Method::PUT, &[(ACCEPT, None)], Ok(()));
        check(Method::PUT, &[(ACCEPT, Some("*/*"))], Ok(()));
        check(Method::PATCH, &[(ACCEPT, None)], Ok(()));
        check(Method::POST, &[(FSPIOP_DESTINATION, None)], Ok(()));
        check(Method::POST, &[(FSPIOP_DESTINATION, Some(""))], Ok(()));
        check(Method::POST, &[(DATE, Some("2026-11-22T14:00:00.000Z"))], Ok(()));
    }

    #[test]
    fn missing_headers() {
        for (method, name, detail) in [
            (Method::POST, ACCEPT, "/header must have required property 'accept'"),
            (Method::DELETE, ACCEPT, "/header must have required property 'accept'"),
            (Method::GET, ACCEPT, "Accept is required"),
            (Method::POST, CONTENT_TYPE, "/header must have required property 'content-type'"),
            (Method::GET, CONTENT_TYPE, "Content-type is required"),
            (Method::PUT, DATE, "/header must have required property 'date'"),
            (Method::GET, FSPIOP_SOURCE, "/header must have required property 'fspiop-source'"),
        ] {
            let expect = format!("3102 Missing mandatory element - {detail}");
            check(method, &[(name, None)], Err(&expect));
        }
        let mut headers = good();
        headers.remove(FSPIOP_DESTINATION);
        let found = check_request(&Method::POST, Resource::Quotes, &headers).unwrap();
        assert!(found.require_destination().unwrap_err().description.contains("fspiop-destination"));
    }

    #[test]
    fn malformed_headers() {
        for (name, value, detail) in [
            (ACCEPT, "testAcceptText", "Invalid accept header"),
            (CONTENT_TYPE, "application/json", "Invalid content-type header"),
            (DATE, "12345", "Invalid date header"),
            (DATE, "", "Invalid date header"),
            (FSPIOP_SOURCE, "two words", "Invalid fspiop-source header"),
            (FSPIOP_SOURCE, "name-that-is-longer-than-32-chars", "Invalid fspiop-source header"),
            (FSPIOP_DESTINATION, "a/b", "Invalid fspiop-destination header"),
        ] {
            let expect = format!("3101 Malformed syntax - {detail}");
            check(Method::POST, &[(name, Some(value))], Err(&expect));
        }
        for name in [CONTENT_TYPE, DATE, FSPIOP_SOURCE, FSPIOP_DESTINATION] {
            let mut headers = good();
            let again = headers[&name].clone();
            headers.append(&name, again);
            assert!(check_request(&Method::POST, Resource::Quotes, &headers).is_err(), "{name} twice");
        }
        let mut headers = good();
        headers.insert(FSPIOP_SOURCE, HeaderValue::from_bytes(b"b\xe4nk").unwrap());
        assert!(check_request(&Method::POST, Resource::Quotes, &headers).is_err());
    }

    #[test]
    fn versions_come_first() {
        let unacceptable = "3001 Unacceptable version requested - ";
        let client = format!(
            "{unacceptable}The Client requested an unsupported version, see extension list for supported version(s)."
        );
        let supplied = format!("{unacceptable}Client supplied a protocol version which is not supported by the server");
        check(Method::POST, &[(ACCEPT, Some(TYPE_9_0)), (FSPIOP_SOURCE, None)], Err(&client));
        check(Method::POST, &[(ACCEPT, Some(TYPE_9_0)), (CONTENT_TYPE, Some(TYPE_9_0))], Err(&client));
        check(Method::POST, &[(ACCEPT, None), (CONTENT_TYPE, Some(TYPE_9_0)), (DATE, None)], Err(&supplied));
        check(Method::PUT, &[(CONTENT_TYPE, Some(TYPE_9_0)), (FSPIOP_SOURCE, Some("a/b"))], Err(&supplied));
    }

    #[test]
    fn several_accept_headers_are_one_list() {
        let mut headers = good();
        headers.insert(ACCEPT, HeaderValue::from_static(TYPE_9_0));
        headers.append(ACCEPT, HeaderValue::from_static(TYPE_1_1));
        let found = check_request(&Method::GET, Resource::Quotes, &headers).unwrap();
        assert_eq!(found.accept.unwrap().highest(), ApiVersion::V1_1);
    }
}
