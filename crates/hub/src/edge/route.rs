//! Which resource a URI and a method name.

use fspiop::{ErrorCode, FspiopError, Identifier, PartyId, QuoteId, Resource, TransferId, percent_decode};
use http::Method;

use super::{Refusal, party_route};

/// Ids in URIs that the hub only passes on: more characters than any real id has.
const MAX_ID_CHARACTERS: usize = 128;

/// A resource of FSPIOP with what its URI names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `GET /participants/{Type}/{ID}[/{SubId}]`
    FindFsp(PartyId),
    /// `POST /participants/{Type}/{ID}[/{SubId}]`
    RegisterParty(PartyId),
    /// `DELETE /participants/{Type}/{ID}[/{SubId}]`
    RemoveParty(PartyId),
    /// `POST /participants`
    RegisterParties,
    /// `PUT /participants/{ID}[/error]`, the answer to a bulk registration; `true` for an error.
    AnswerRegistration(Identifier, bool),
    /// `PUT /participants/{Type}/{ID}[/{SubId}][/error]`; `true` for an error.
    AnswerFsp(PartyId, bool),
    /// `GET /parties/{Type}/{ID}[/{SubId}]`
    FindParty(PartyId),
    /// `PUT /parties/{Type}/{ID}[/{SubId}][/error]`; `true` for an error.
    AnswerParty(PartyId, bool),
    /// `POST /quotes`
    RequestQuote,
    /// `GET /quotes/{ID}`
    GetQuote(QuoteId),
    /// `PUT /quotes/{ID}[/error]`; `true` for an error.
    AnswerQuote(QuoteId, bool),
    /// `POST /transfers`
    Prepare,
    /// `GET /transfers/{ID}`
    GetTransfer(TransferId),
    /// `PUT /transfers/{ID}`
    Fulfil(TransferId),
    /// `PUT /transfers/{ID}/error`
    Abort(TransferId),
    /// `PATCH /transfers/{ID}`
    Notify(TransferId),
    /// A request to pay, its authorization or the state of a transaction, which the hub only passes on.
    Pass(Passing),
}

/// What is passed on, and what must be read of it to see whether it may be. Ids stand in the URI, percent-encoded; any text is
/// one, as the official files have it (parameter ID): the hub looks nothing up under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passing {
    /// `POST /transactionRequests`
    RequestToPay,
    /// `POST /authorizations`
    RequestAuthorization,
    /// `GET /{resource}/{ID}`
    Ask(Resource, Box<str>),
    /// `PUT /{resource}/{ID}[/error]`; `true` for an error.
    Answer(Resource, Box<str>, bool),
}

impl Route {
    /// Finds the route.
    pub fn of(method: &Method, path: &str) -> Result<(Resource, Route), Refusal> {
        let unknown = || Refusal::unknown_uri(path);
        let mut segments = path.strip_prefix('/').ok_or_else(unknown)?.split('/');
        let resource = segments.next().and_then(Resource::from_path).ok_or_else(unknown)?;
        let mut rest: Vec<&str> = segments.collect();
        if matches!(resource, Resource::Participants | Resource::Parties) {
            return party_route::of(resource, method, &rest, path).map(|route| (resource, route));
        }
        if rest.iter().any(|segment| segment.is_empty()) || rest.len() > 4 {
            return Err(unknown());
        }
        let is_error = rest.len() > 1 && rest.last() == Some(&"error");
        if is_error {
            rest.pop();
        }
        let route = match resource {
            Resource::Quotes => quotes(method, &rest, is_error, path),
            Resource::Transfers => transfers(method, &rest, is_error, path),
            Resource::TransactionRequests | Resource::Authorizations | Resource::Transactions => {
                passing(resource, method, &rest, is_error, path).map(Route::Pass)
            }
            _ => Err(FspiopError::new(ErrorCode::NotImplemented, format!("/{}", resource.path())).into()),
        };
        route.map(|route| (resource, route))
    }
}

fn quotes(method: &Method, rest: &[&str], is_error: bool, path: &str) -> Result<Route, Refusal> {
    let id = |text: &str| QuoteId::parse(text).map_err(|_| bad_id());
    match (rest, is_error, method) {
        ([], _, &Method::POST) => Ok(Route::RequestQuote),
        ([], ..) => Err(Refusal::method_not_allowed("POST")),
        ([quote], false, &Method::GET) => Ok(Route::GetQuote(id(quote)?)),
        ([quote], _, &Method::PUT) => Ok(Route::AnswerQuote(id(quote)?, is_error)),
        ([_], false, _) => Err(Refusal::method_not_allowed("GET, PUT")),
        ([_], true, _) => Err(Refusal::method_not_allowed("PUT")),
        _ => Err(Refusal::unknown_uri(path)),
    }
}

fn transfers(method: &Method, rest: &[&str], is_error: bool, path: &str) -> Result<Route, Refusal> {
    let id = |text: &str| TransferId::parse(text).map_err(|_| bad_id());
    match (rest, is_error, method) {
        ([], _, &Method::POST) => Ok(Route::Prepare),
        ([], ..) => Err(Refusal::method_not_allowed("POST")),
        ([transfer], false, &Method::GET) => Ok(Route::GetTransfer(id(transfer)?)),
        ([transfer], false, &Method::PUT) => Ok(Route::Fulfil(id(transfer)?)),
        ([transfer], true, &Method::PUT) => Ok(Route::Abort(id(transfer)?)),
        ([transfer], false, &Method::PATCH) => Ok(Route::Notify(id(transfer)?)),
        ([_], false, _) => Err(Refusal::method_not_allowed("GET, PATCH, PUT")),
        ([_], true, _) => Err(Refusal::method_not_allowed("PUT")),
        _ => Err(Refusal::unknown_uri(path)),
    }
}

fn passing(resource: Resource, method: &Method, rest: &[&str], is_error: bool, path: &str) -> Result<Passing, Refusal> {
    let id = |text: &str| match percent_decode(text) {
        Some(decoded) if decoded.chars().count() <= MAX_ID_CHARACTERS => Ok(Box::from(text)),
        Some(_) => Err(FspiopError::new(ErrorCode::ValidationError, "/path/ID must NOT have more than 128 characters")),
        None => Err(FspiopError::new(ErrorCode::MalformedSyntax, "/path must be percent-encoded UTF-8")),
    };
    match (rest, is_error, method) {
        ([], _, &Method::POST) if resource == Resource::TransactionRequests => Ok(Passing::RequestToPay),
        ([], _, &Method::POST) if resource == Resource::Authorizations => Ok(Passing::RequestAuthorization),
        ([], ..) if resource == Resource::Transactions => Err(Refusal::unknown_uri(path)),
        ([], ..) => Err(Refusal::method_not_allowed("POST")),
        ([about], false, &Method::GET) => Ok(Passing::Ask(resource, id(about)?)),
        ([about], _, &Method::PUT) => Ok(Passing::Answer(resource, id(about)?, is_error)),
        ([_], false, _) => Err(Refusal::method_not_allowed("GET, PUT")),
        ([_], true, _) => Err(Refusal::method_not_allowed("PUT")),
        _ => Err(Refusal::unknown_uri(path)),
    }
}

fn bad_id() -> FspiopError {
    FspiopError::new(ErrorCode::ValidationError, "/path/ID must be a lowercase UUID or an uppercase ULID")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "b51ec534-ee48-4575-b6a9-ead2955b8069";

    #[track_caller]
    fn check(method: &Method, path: &str, expect: Result<&str, &str>) {
        let found = match Route::of(method, path) {
            Ok((_, route)) => Ok(format!("{route:?}").split('(').next().unwrap().to_owned()),
            Err(refusal) => Err(format!("{} {}", refusal.error.code, refusal.allow.unwrap_or_default())),
        };
        assert_eq!(found.as_deref().map_err(|refused| refused.trim()), expect, "{method} {path}");
    }

    #[test]
    fn uris_and_methods_name_routes() {
        let transfer = format!("/transfers/{ID}");
        check(&Method::POST, "/transfers", Ok("Prepare"));
        check(&Method::PUT, &transfer, Ok("Fulfil"));
        check(&Method::PUT, &format!("{transfer}/error"), Ok("Abort"));
        check(&Method::GET, &transfer, Ok("GetTransfer"));
        check(&Method::PATCH, &transfer, Ok("Notify"));
        check(&Method::DELETE, &transfer, Err("3000 GET, PATCH, PUT"));
        check(&Method::GET, "/transfers", Err("3000 POST"));
        check(&Method::GET, "/transfers/42", Err("3100"));
        check(&Method::GET, &format!("{transfer}/"), Err("3002"));
        check(&Method::DELETE, "/quotes", Err("3000 POST"));
        check(&Method::GET, "/nonsense", Err("3002"));
        check(&Method::GET, "", Err("3002"));
        check(&Method::POST, "/bulkTransfers", Err("2002"));
    }

    #[test]
    fn what_is_passed_on() {
        for (resource, posts) in [("transactionRequests", true), ("authorizations", true), ("transactions", false)] {
            let all = format!("/{resource}");
            check(&Method::POST, &all, if posts { Ok("Pass") } else { Err("3002") });
            check(&Method::GET, &all, if posts { Err("3000 POST") } else { Err("3002") });
            let one = format!("/{resource}/{ID}");
            check(&Method::GET, &one, Ok("Pass"));
            check(&Method::PUT, &one, Ok("Pass"));
            check(&Method::PUT, &format!("{one}/error"), Ok("Pass"));
            check(&Method::POST, &one, Err("3000 GET, PUT"));
            check(&Method::GET, &format!("{one}/error"), Err("3000 PUT"));
            check(&Method::GET, &format!("/{resource}/42"), Ok("Pass"));
            check(&Method::GET, &format!("/{resource}/%FF"), Err("3101"));
            check(&Method::GET, &format!("/{resource}/{}", "x".repeat(129)), Err("3100"));
            check(&Method::GET, &format!("{one}/more"), Err("3002"));
        }
    }
}
