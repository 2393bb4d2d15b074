//! Which resource a URI and a method name.

use fspiop::{ErrorCode, FspiopError, PartyId, PartyIdError, QuoteId, Resource, TransferId, percent_decode};
use http::Method;

use super::Refusal;

/// A resource of FSPIOP with what its URI names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `GET /participants/{Type}/{ID}[/{SubId}]`
    FindFsp(PartyId),
    /// `POST /participants/{Type}/{ID}[/{SubId}]`
    RegisterParty(PartyId),
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
}

impl Route {
    /// Finds the route.
    pub fn of(method: &Method, path: &str) -> Result<(Resource, Route), Refusal> {
        let unknown = || Refusal::unknown_uri(path);
        let mut segments = path.strip_prefix('/').ok_or_else(unknown)?.split('/');
        let resource = segments.next().and_then(Resource::from_path).ok_or_else(unknown)?;
        let mut rest: Vec<&str> = segments.collect();
        if rest.iter().any(|segment| segment.is_empty()) || rest.len() > 4 {
            return Err(unknown());
        }
        let is_error = rest.len() > 1 && rest.last() == Some(&"error");
        if is_error {
            rest.pop();
        }
        let route = match resource {
            Resource::Participants => participants(method, &rest, is_error, path),
            Resource::Parties => parties(method, &rest, is_error, path),
            Resource::Quotes => quotes(method, &rest, is_error, path),
            Resource::Transfers => transfers(method, &rest, is_error, path),
            _ => Err(FspiopError::new(ErrorCode::NotImplemented, format!("/{}", resource.path())).into()),
        };
        route.map(|route| (resource, route))
    }
}

fn participants(method: &Method, rest: &[&str], is_error: bool, path: &str) -> Result<Route, Refusal> {
    match (rest.len(), is_error, method) {
        (2 | 3, false, &Method::GET) => Ok(Route::FindFsp(party(rest)?)),
        (2 | 3, false, &Method::POST) => Ok(Route::RegisterParty(party(rest)?)),
        (2 | 3, _, &Method::PUT) => Ok(Route::AnswerFsp(party(rest)?, is_error)),
        (2 | 3, false, _) => Err(Refusal::method_not_allowed("GET, POST, PUT")),
        (2 | 3, true, _) => Err(Refusal::method_not_allowed("PUT")),
        (0, false, _) => Err(FspiopError::new(ErrorCode::NotImplemented, path).into()),
        _ => Err(Refusal::unknown_uri(path)),
    }
}

fn parties(method: &Method, rest: &[&str], is_error: bool, path: &str) -> Result<Route, Refusal> {
    match (rest.len(), is_error, method) {
        (2 | 3, false, &Method::GET) => Ok(Route::FindParty(party(rest)?)),
        (2 | 3, _, &Method::PUT) => Ok(Route::AnswerParty(party(rest)?, is_error)),
        (2 | 3, false, _) => Err(Refusal::method_not_allowed("GET, PUT")),
        (2 | 3, true, _) => Err(Refusal::method_not_allowed("PUT")),
        _ => Err(Refusal::unknown_uri(path)),
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
        ([_], false, _) => Err(Refusal::method_not_allowed("GET, PUT")),
        ([_], true, _) => Err(Refusal::method_not_allowed("PUT")),
        _ => Err(Refusal::unknown_uri(path)),
    }
}

fn bad_id() -> FspiopError {
    FspiopError::new(ErrorCode::ValidationError, "/path/ID must be a lowercase UUID or an uppercase ULID")
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
        check(&Method::PATCH, &transfer, Err("3000 GET, PUT"));
        check(&Method::GET, "/transfers", Err("3000 POST"));
        check(&Method::GET, "/transfers/42", Err("3100"));
        check(&Method::GET, &format!("{transfer}/"), Err("3002"));
        check(&Method::PUT, "/parties/MSISDN/27713803912/error", Ok("AnswerParty"));
        check(&Method::GET, "/parties/PERSONAL_ID/1/PASSPORT", Ok("FindParty"));
        check(&Method::GET, "/parties/SHOE_SIZE/44", Err("3100"));
        check(&Method::GET, "/parties/MSISDN/%FF", Err("3101"));
        check(&Method::POST, "/participants/MSISDN/27713803912", Ok("RegisterParty"));
        check(&Method::DELETE, "/quotes", Err("3000 POST"));
        check(&Method::GET, "/nonsense", Err("3002"));
        check(&Method::GET, "", Err("3002"));
        check(&Method::POST, "/bulkTransfers", Err("2002"));
    }
}
