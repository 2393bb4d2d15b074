//! Media types of the API and the negotiation of versions: [`Accept`], [`content_type`].

use crate::error::{ErrorCode, FspiopError};
use crate::version::{ApiVersion, Resource};

const VENDOR_PREFIX: &str = "application/vnd.interoperability.";
const JSON_SUFFIX: &str = "+json";

/// How many media ranges a header may list; real ones list one or two.
const MAX_MEDIA_RANGES: usize = 16;

/// The supported versions that the sender of a request accepts in the answer (FSPIOP 1.1, section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Accept {
    /// One bit per entry of [`ApiVersion::SUPPORTED`].
    supported: u8,
}

impl Accept {
    /// Reads the value of an Accept header: one or more media types of `resource`, each with a version (`2.0`), a major
    /// version that stands for all its minor ones (`1`), or none, which stands for all.
    ///
    /// # Errors
    /// 3101 if any of them is something else; 3001, with the supported versions as extensions, if none of the versions
    /// is supported.
    pub fn parse(value: &str, resource: Resource) -> Result<Self, FspiopError> {
        let malformed = || FspiopError::new(ErrorCode::MalformedSyntax, "Invalid accept header");
        let mut accept = Self { supported: 0 };
        for (count, range) in value.split(',').enumerate() {
            if count == MAX_MEDIA_RANGES {
                return Err(malformed());
            }
            let version = media_version(range, resource).map_err(|_| malformed())?;
            accept.add(version.unwrap_or(RequestedVersion { major: None, minor: None }));
        }
        if accept.supported == 0 {
            return Err(unacceptable(
                "The Client requested an unsupported version, see extension list for supported version(s).",
            ));
        }
        Ok(accept)
    }

    /// Whether the sender accepts this version.
    pub fn contains(self, version: ApiVersion) -> bool {
        self.versions().any(|accepted| accepted == version)
    }

    /// The highest supported version that the sender accepts.
    pub fn highest(self) -> ApiVersion {
        self.versions().last().expect("at least one version is accepted")
    }

    /// The supported versions that the sender accepts, ascending.
    pub fn versions(self) -> impl Iterator<Item = ApiVersion> {
        let listed = ApiVersion::SUPPORTED.into_iter().enumerate();
        listed.filter(move |(bit, _)| self.supported & 1 << bit != 0).map(|(_, version)| version)
    }

    fn add(&mut self, requested: RequestedVersion) {
        for (bit, version) in ApiVersion::SUPPORTED.into_iter().enumerate() {
            if requested.includes(version) {
                self.supported |= 1 << bit;
            }
        }
    }
}

/// Reads the value of a Content-Type header: the media type of `resource` with a full version, such as
/// `application/vnd.interoperability.transfers+json;version=1.1` (FSPIOP 1.1, sections 3.2 and 3.3).
///
/// # Errors
/// 3101 if it is anything else; 3001, with the supported versions as extensions, if the version is not supported.
pub fn parse_content_type(value: &str, resource: Resource) -> Result<ApiVersion, FspiopError> {
    let malformed = |detail| FspiopError::new(ErrorCode::MalformedSyntax, detail);
    let requested = match media_version(value, resource) {
        Ok(Some(requested)) if requested.minor.is_some() => requested,
        Err(MediaTypeError::NotJson) => {
            return Err(malformed("Unsupported Media Type: invalid content-type header"));
        }
        Ok(_) | Err(MediaTypeError::Malformed) => {
            return Err(malformed("Invalid content-type header"));
        }
    };
    ApiVersion::SUPPORTED
        .into_iter()
        .find(|version| requested.includes(*version))
        .ok_or_else(|| unacceptable("Client supplied a protocol version which is not supported by the server"))
}

/// The media type of a message, for its Content-Type header (and, for requests, its Accept header).
pub fn content_type(resource: Resource, version: ApiVersion) -> String {
    format!("{VENDOR_PREFIX}{}{JSON_SUFFIX};version={version}", resource.media_name())
}

fn unacceptable(detail: &str) -> FspiopError {
    ApiVersion::SUPPORTED.iter().fold(FspiopError::new(ErrorCode::UnacceptableVersion, detail), |error, version| {
        error.with_extension(version.major.to_string(), version.minor.to_string())
    })
}

/// A version that a header names. Numbers too large for any version stand for the largest one; nothing supports it.
#[derive(Clone, Copy)]
struct RequestedVersion {
    major: Option<u8>,
    minor: Option<u8>,
}

impl RequestedVersion {
    fn includes(self, version: ApiVersion) -> bool {
        self.major.is_none_or(|major| major == version.major) && self.minor.is_none_or(|minor| minor == version.minor)
    }
}

enum MediaTypeError {
    /// Not a media type of the resource in JSON. The ISO 20022 dialect (`iso20022.` before the resource) is one of
    /// those as long as it is not supported.
    Malformed,
    /// A media type of FSPIOP in another format than JSON.
    NotJson,
}

/// The version in a media type of `resource`, `None` if it has none.
fn media_version(media_type: &str, resource: Resource) -> Result<Option<RequestedVersion>, MediaTypeError> {
    let mut parts = media_type.split(';').map(str::trim);
    check_essence(parts.next().unwrap_or_default(), resource)?;
    let mut version = None;
    for parameter in parts {
        let (name, value) = parameter.split_once('=').ok_or(MediaTypeError::Malformed)?;
        let value = value.trim_matches('"');
        match name.to_ascii_lowercase().as_str() {
            "version" if version.is_none() => {
                version = Some(parse_version(value).ok_or(MediaTypeError::Malformed)?);
            }
            "charset" if value.eq_ignore_ascii_case("utf-8") => {}
            "q" => {}
            _ => return Err(MediaTypeError::Malformed),
        }
    }
    Ok(version)
}

fn check_essence(essence: &str, resource: Resource) -> Result<(), MediaTypeError> {
    let name = essence
        .split_at_checked(VENDOR_PREFIX.len())
        .filter(|(prefix, _)| prefix.eq_ignore_ascii_case(VENDOR_PREFIX))
        .map(|(_, name)| name)
        .ok_or(MediaTypeError::Malformed)?;
    let (name, suffix) = name.split_once('+').ok_or(MediaTypeError::Malformed)?;
    let names_resource = name.eq_ignore_ascii_case(resource.media_name()) || name.eq_ignore_ascii_case(resource.path());
    if !names_resource {
        return Err(MediaTypeError::Malformed);
    }
    if suffix.eq_ignore_ascii_case("json") { Ok(()) } else { Err(MediaTypeError::NotJson) }
}

fn parse_version(text: &str) -> Option<RequestedVersion> {
    let (major, minor) = match text.split_once('.') {
        Some((major, minor)) => (major, Some(parse_number(minor)?)),
        None => (text, None),
    };
    Some(RequestedVersion { major: Some(parse_number(major)?), minor })
}

fn parse_number(text: &str) -> Option<u8> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check_content_type(value: &str, expect: Result<ApiVersion, &str>) {
        let found = parse_content_type(value, Resource::Transfers);
        assert_eq!(found.map_err(|error| error.code.text()), expect, "{value}");
    }

    #[test]
    fn content_types() {
        let ok = |version| Ok(version);
        check_content_type("application/vnd.interoperability.transfers+json;version=1.0", ok(ApiVersion::V1_0));
        check_content_type("application/vnd.interoperability.transfers+json;version=1.1", ok(ApiVersion::V1_1));
        check_content_type("application/vnd.interoperability.transfers+json; version=2.0", ok(ApiVersion::V2_0));
        check_content_type("application/vnd.interoperability.transfers+json ; version=2.0", ok(ApiVersion::V2_0));
        check_content_type(
            "Application/vnd.interoperability.transfers+JSON;charset=UTF-8;Version=2.0",
            ok(ApiVersion::V2_0),
        );
        check_content_type("application/vnd.interoperability.transfers+json;version=9.0", Err("3001"));
        check_content_type("application/vnd.interoperability.transfers+json;version=1.2", Err("3001"));
        check_content_type("application/vnd.interoperability.transfers+json;version=2.99999999999", Err("3001"));
        for malformed in [
            "",
            "application/json",
            "application/xml",
            "application/vnd.interoperability.transfers+json",
            "application/vnd.interoperability.transfers+json;version=1",
            "application/vnd.interoperability.transfers+json;version=",
            "application/vnd.interoperability.transfers+json;version=1.",
            "application/vnd.interoperability.transfers+json;version=1.0.0",
            "application/vnd.interoperability.transfers+json;version=-1.0",
            "application/vnd.interoperability.transfers+json;version=1.0;version=1.1",
            "application/vnd.interoperability.transfers+json;version=1.0;charset=latin1",
            "application/vnd.interoperability.transfers+json;version=1.0;",
            "application/vnd.interoperability.quotes+json;version=1.0",
            "application/vnd.interoperability.iso20022.transfers+json;version=2.0",
            "application/vnd.interoperability.transfers+xml;version=1.1",
        ] {
            check_content_type(malformed, Err("3101"));
        }
        let error = parse_content_type(
            "application/vnd.interoperability.transactionRequests+xml;version=1.1",
            Resource::TransactionRequests,
        );
        let description = error.unwrap_err().description;
        assert!(description.starts_with("Malformed syntax - Unsupported Media Type"), "{description}");
    }

    fn check_accept(value: &str, expect: Result<&[ApiVersion], &str>) {
        let found = Accept::parse(value, Resource::Quotes)
            .map(|accept| accept.versions().collect::<Vec<_>>())
            .map_err(|error| error.code.text());
        assert_eq!(found.as_deref().map_err(|code| *code), expect, "{value}");
    }

    #[test]
    fn accepts() {
        let one = [ApiVersion::V1_0, ApiVersion::V1_1];
        check_accept("application/vnd.interoperability.quotes+json;version=1", Ok(&one));
        check_accept("application/vnd.interoperability.quotes+json;version=1.1", Ok(&one[1..]));
        check_accept("application/vnd.interoperability.quotes+json; version=2.0", Ok(&[ApiVersion::V2_0]));
        check_accept("application/vnd.interoperability.quotes+json;version=2", Ok(&[ApiVersion::V2_0]));
        check_accept("application/vnd.interoperability.quotes+json", Ok(&ApiVersion::SUPPORTED));
        check_accept(
            "application/vnd.interoperability.quotes+json;version=9.0, application/vnd.interoperability.quotes+json;version=1.0;q=0.5",
            Ok(&one[..1]),
        );
        check_accept("application/vnd.interoperability.quotes+json;version=9.0", Err("3001"));
        check_accept("application/vnd.interoperability.quotes+json;version=3", Err("3001"));
        for malformed in [
            "",
            "*/*",
            "application/json",
            "testAcceptText",
            "application/vnd.interoperability.quotes+xml;version=1.0",
            "application/vnd.interoperability.transfers+json;version=1.0",
            "application/vnd.interoperability.quotes+json;version=1.0,",
            "application/vnd.interoperability.quotes+json;version=1.0,text/html",
        ] {
            check_accept(malformed, Err("3101"));
        }
        check_accept(&["application/vnd.interoperability.quotes+json;version=1"; 17].join(","), Err("3101"));
    }

    #[test]
    fn refused_versions_say_which_are_supported() {
        let error = Accept::parse("application/vnd.interoperability.quotes+json;version=9.0", Resource::Quotes);
        let error = error.unwrap_err();
        assert_eq!(error.wire_description(), error.description, "fits on the wire");
        assert!(error.description.contains("The Client requested an unsupported version"));
        let listed: Vec<_> = error.extensions.iter().map(|(key, value)| format!("{key}/{value}")).collect();
        assert_eq!(listed, ["1/0", "1/1", "2/0"]);
    }

    #[test]
    fn written_types_read_back() {
        for resource in Resource::ALL {
            for version in ApiVersion::SUPPORTED {
                let written = content_type(resource, version);
                assert_eq!(parse_content_type(&written, resource), Ok(version));
                assert_eq!(Accept::parse(&written, resource).unwrap().highest(), version);
            }
        }
    }

    proptest! {
        #[test]
        fn never_panics(value in "\\PC{0,60}|application/vnd.interoperability.\\PC{0,40}") {
            let _ = Accept::parse(&value, Resource::Quotes);
            let _ = parse_content_type(&value, Resource::Quotes);
        }
    }
}
