//! Which resource of `/participants` and `/parties` a URI and a method name.
//!
//! | segments after the resource | names |
//! |---|---|
//! | none | a bulk registration (`/participants` only) |
//! | `{ID}`, `{ID}/error` | the answer to one; an `{ID}` is a UUID or ULID, so it is never taken for a type |
//! | `{Type}/{ID}` | a party; one whose identifier is `error`, too |
//! | `{Type}/{ID}/error` | the error about a party, by PUT only |
//! | `{Type}/{ID}/{SubId}` | a party with a sub-identifier |
//! | `{Type}/{ID}/{SubId}/error` | the error about such a party, by PUT only |
//!
//! So one party can't be named plainly: the one with the sub-identifier `error`, which is written `%65rror`; the answer to a
//! question about it would otherwise be read as an error about the party without sub-identifier. An empty sub-identifier (a
//! path that ends in `/`) is none, since upstream takes such paths.

use fspiop::{ErrorCode, FspiopError, Identifier, PartyId, PartyIdError, PartyIdType, Resource, percent_decode};
use http::Method;

use super::{Refusal, Route};

/// The last segment of the paths of errors.
const ERROR: &str = "error";

/// Finds the route of a path below `/participants` or `/parties`.
pub(super) fn of(resource: Resource, method: &Method, rest: &[&str], path: &str) -> Result<Route, Refusal> {
    let is_bulk = resource == Resource::Participants;
    match rest {
        [] | [_] | [_, ERROR] if is_bulk && rest.first().is_none_or(|first| PartyIdType::parse(first).is_err()) => {
            bulk(method, rest)
        }
        [_, identifier] if !identifier.is_empty() => named(resource, method, rest, false),
        [kind, identifier, ""] if !identifier.is_empty() => named(resource, method, &[kind, identifier], false),
        [kind, identifier, ERROR] | [kind, identifier, "", ERROR] if !identifier.is_empty() => {
            named(resource, method, &[kind, identifier], true)
        }
        [_, identifier, sub_id] if !identifier.is_empty() && !sub_id.is_empty() => named(resource, method, rest, false),
        [kind, identifier, sub_id, ERROR] if !identifier.is_empty() => {
            named(resource, method, &[kind, identifier, sub_id], true)
        }
        _ => Err(Refusal::unknown_uri(path)),
    }
}

fn bulk(method: &Method, rest: &[&str]) -> Result<Route, Refusal> {
    let bad =
        |_| FspiopError::new(ErrorCode::ValidationError, "/path/ID must be a lowercase UUID or an uppercase ULID");
    match (rest, method) {
        ([], &Method::POST) => Ok(Route::RegisterParties),
        ([], _) => Err(Refusal::method_not_allowed("POST")),
        ([id, error @ ..], &Method::PUT) => {
            Ok(Route::AnswerRegistration(Identifier::parse(id).map_err(bad)?, !error.is_empty()))
        }
        _ => Err(Refusal::method_not_allowed("PUT")),
    }
}

fn named(resource: Resource, method: &Method, segments: &[&str], is_error: bool) -> Result<Route, Refusal> {
    let of_participants = resource == Resource::Participants;
    match (is_error, method, of_participants) {
        (_, &Method::PUT, true) => Ok(Route::AnswerFsp(party(segments)?, is_error)),
        (_, &Method::PUT, false) => Ok(Route::AnswerParty(party(segments)?, is_error)),
        (true, ..) => Err(Refusal::method_not_allowed("PUT")),
        (false, &Method::GET, true) => Ok(Route::FindFsp(party(segments)?)),
        (false, &Method::GET, false) => Ok(Route::FindParty(party(segments)?)),
        (false, &Method::POST, true) => Ok(Route::RegisterParty(party(segments)?)),
        (false, &Method::DELETE, true) => Ok(Route::RemoveParty(party(segments)?)),
        (false, _, true) => Err(Refusal::method_not_allowed("GET, POST, PUT, DELETE")),
        (false, _, false) => Err(Refusal::method_not_allowed("GET, PUT")),
    }
}

/// Reads `Type`, `ID` and perhaps `SubId`.
fn party(segments: &[&str]) -> Result<PartyId, FspiopError> {
    if segments.iter().any(|segment| percent_decode(segment).is_none()) {
        return Err(FspiopError::new(ErrorCode::MalformedSyntax, "/path must be percent-encoded UTF-8"));
    }
    PartyId::parse(&segments.join("/")).map_err(|error| match error {
        PartyIdError::UnknownType(_) => {
            FspiopError::new(ErrorCode::ValidationError, "/path/Type must be equal to one of the allowed values")
        }
        PartyIdError::BadIban(_) => FspiopError::new(ErrorCode::MalformedSyntax, error.to_string()),
        _ => FspiopError::new(ErrorCode::ValidationError, format!("/path/ID {error}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "b51ec534-ee48-4575-b6a9-ead2955b8069";

    /// The route as text, its methods or its error.
    #[track_caller]
    fn check(method: Method, path: &str, expect: &str) {
        let found = match Route::of(&method, path) {
            Ok((_, Route::FindFsp(party))) => format!("FindFsp {party}"),
            Ok((_, Route::FindParty(party))) => format!("FindParty {party}"),
            Ok((_, Route::RegisterParty(party))) => format!("RegisterParty {party}"),
            Ok((_, Route::RemoveParty(party))) => format!("RemoveParty {party}"),
            Ok((_, Route::AnswerFsp(party, failed))) => format!("AnswerFsp {party} {failed}"),
            Ok((_, Route::AnswerParty(party, failed))) => format!("AnswerParty {party} {failed}"),
            Ok((_, Route::RegisterParties)) => "RegisterParties".to_owned(),
            Ok((_, Route::AnswerRegistration(_, failed))) => format!("AnswerRegistration {failed}"),
            Ok((_, other)) => format!("{other:?}"),
            Err(refusal) => format!("{} {}", refusal.error.code, refusal.allow.unwrap_or_default()),
        };
        assert_eq!(found.trim(), expect, "{method} {path}");
    }

    #[test]
    fn parties_are_named_with_and_without_sub_identifiers() {
        check(Method::GET, "/parties/MSISDN/27", "FindParty MSISDN/27");
        check(Method::GET, "/parties/PERSONAL_ID/1/PASSPORT", "FindParty PERSONAL_ID/1/PASSPORT");
        check(Method::PUT, "/parties/MSISDN/27", "AnswerParty MSISDN/27 false");
        check(Method::PUT, "/parties/MSISDN/27/error", "AnswerParty MSISDN/27 true");
        check(Method::PUT, "/parties/MSISDN/27/sub/error", "AnswerParty MSISDN/27/sub true");
        check(Method::GET, "/participants/MSISDN/27", "FindFsp MSISDN/27");
        check(Method::POST, "/participants/MSISDN/27/sub", "RegisterParty MSISDN/27/sub");
        check(Method::DELETE, "/participants/MSISDN/27", "RemoveParty MSISDN/27");
        check(Method::DELETE, "/participants/MSISDN/27/sub", "RemoveParty MSISDN/27/sub");
        check(Method::PUT, "/participants/MSISDN/27/error", "AnswerFsp MSISDN/27 true");
        check(Method::GET, "/parties/SHOE_SIZE/44", "3100");
        check(Method::GET, "/parties/MSISDN/%FF", "3101");
        check(Method::GET, "/parties/IBAN/x", "3101");
    }

    #[test]
    fn a_party_called_error_is_a_party() {
        check(Method::GET, "/parties/ALIAS/error", "FindParty ALIAS/error");
        check(Method::PUT, "/parties/ALIAS/error", "AnswerParty ALIAS/error false");
        check(Method::PUT, "/parties/ALIAS/error/error", "AnswerParty ALIAS/error true");
        check(Method::DELETE, "/participants/ALIAS/error", "RemoveParty ALIAS/error");
        check(Method::PUT, "/participants/ALIAS/error", "AnswerFsp ALIAS/error false");
        // With a sub-identifier of that name, only its encoded form is one.
        check(Method::GET, "/parties/ALIAS/x/error", "3000 PUT");
        check(Method::GET, "/parties/ALIAS/x/%65rror", "FindParty ALIAS/x/error");
        check(Method::PUT, "/parties/ALIAS/x/%65rror", "AnswerParty ALIAS/x/error false");
        check(Method::PUT, "/parties/ALIAS/x/error/error", "AnswerParty ALIAS/x/error true");
        check(Method::GET, "/parties/ALIAS/x/y/error", "3000 PUT");
    }

    #[test]
    fn an_empty_sub_identifier_is_none() {
        check(Method::POST, "/participants/MSISDN/27/", "RegisterParty MSISDN/27");
        check(Method::PUT, "/participants/MSISDN/27//error", "AnswerFsp MSISDN/27 true");
        check(Method::GET, "/parties/MSISDN/", "3002");
        check(Method::GET, "/parties/MSISDN//sub", "3002");
        check(Method::GET, "/parties/MSISDN/27/x/", "3002");
    }

    #[test]
    fn bulks_are_registered_and_answered() {
        check(Method::POST, "/participants", "RegisterParties");
        check(Method::GET, "/participants", "3000 POST");
        check(Method::PUT, &format!("/participants/{ID}"), "AnswerRegistration false");
        check(Method::PUT, &format!("/participants/{ID}/error"), "AnswerRegistration true");
        check(Method::GET, &format!("/participants/{ID}"), "3000 PUT");
        check(Method::PUT, "/participants/27713803912", "3100");
        check(Method::PUT, "/participants/MSISDN", "3002");
        check(Method::GET, "/parties", "3002");
        check(Method::PUT, &format!("/parties/{ID}"), "3002");
        check(Method::PUT, "/participants/MSISDN/1/2/3/error", "3002");
    }
}
