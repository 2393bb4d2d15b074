//! Reads what the hub only passes on: enough to refuse what breaks the specification.

use fspiop::{
    AuthorizationAnswer, AuthorizationQuestion, AuthorizationRequest, ErrorCallback, FspiopError, Resource,
    TransactionAnswer, TransactionRequest, TransactionRequestAnswer,
};
use http::Uri;

use super::Passing;

/// Which resource a message is about, and its id: as it stands in the URI, or in the body of a request.
pub(super) fn read(passing: Passing, uri: &Uri, body: &[u8]) -> Result<(Resource, Box<str>), FspiopError> {
    match passing {
        Passing::RequestToPay => {
            let id = TransactionRequest::read(body)?.transaction_request_id;
            Ok((Resource::TransactionRequests, id.to_string().into()))
        }
        Passing::RequestAuthorization => {
            let id = AuthorizationRequest::read(body)?.transaction_request_id;
            Ok((Resource::Authorizations, id.to_string().into()))
        }
        Passing::Ask(resource, id) => {
            if resource == Resource::Authorizations {
                AuthorizationQuestion::read(uri.query())?;
            }
            Ok((resource, id))
        }
        Passing::Answer(resource, id, failed) => {
            match (failed, resource) {
                (true, _) => drop(ErrorCallback::read(body)?),
                (false, Resource::Authorizations) => drop(AuthorizationAnswer::read(body)?),
                (false, Resource::Transactions) => drop(TransactionAnswer::read(body)?),
                (false, _) => {
                    TransactionRequestAnswer::read(body)?;
                }
            }
            Ok((resource, id))
        }
    }
}

/// The path under which the recipient gets the message: a question's parameters go with it.
pub(super) fn path_with_query(uri: &Uri) -> Box<str> {
    uri.path_and_query().map_or(uri.path(), |whole| whole.as_str()).into()
}
