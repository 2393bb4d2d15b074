//! FSPIOP, as far as the hub serves it: the table of its operations, with the bodies as the readers check them.

use fspiop::{ApiVersion, Body, Resource, content_type};

use super::{
    Describe, Document,
    Verb::{self, Delete, Get, Patch, Post, Put},
    words::{CurrencyCode, HttpDate, ParticipantName, PartyKind, TransferIdentifier},
};

/// The versions in which the hub takes and sends messages.
const VERSIONS: [ApiVersion; 3] = [ApiVersion::V1_0, ApiVersion::V1_1, ApiVersion::V2_0];

/// What an operation is about: the resource, and what its body is.
type Row = (Verb, &'static str, Resource, Option<Body>, &'static str);

const PARTICIPANTS: &[Row] = &[
    (Post, "/participants", Resource::Participants, Some(Body::BulkRegistration), "Registers who serves many parties"),
    (
        Put,
        "/participants/{ID}",
        Resource::Participants,
        Some(Body::BulkRegistrationAnswer),
        "Says which of many parties are registered",
    ),
    (Put, "/participants/{ID}/error", Resource::Participants, Some(Body::Error), "Says why none of them is registered"),
    (Delete, "/participants/{Type}/{ID}", Resource::Participants, None, "Takes a party out"),
    (Delete, "/participants/{Type}/{ID}/{SubId}", Resource::Participants, None, "Takes a party out"),
    (Get, "/participants/{Type}/{ID}", Resource::Participants, None, "Asks which FSP serves a party"),
    (Get, "/participants/{Type}/{ID}/{SubId}", Resource::Participants, None, "Asks which FSP serves a party"),
    (
        Post,
        "/participants/{Type}/{ID}",
        Resource::Participants,
        Some(Body::ParticipantRegistration),
        "Registers who serves a party",
    ),
    (
        Post,
        "/participants/{Type}/{ID}/{SubId}",
        Resource::Participants,
        Some(Body::ParticipantRegistration),
        "Registers who serves a party",
    ),
    (
        Put,
        "/participants/{Type}/{ID}",
        Resource::Participants,
        Some(Body::ParticipantAnswer),
        "Says which FSP serves a party",
    ),
    (
        Put,
        "/participants/{Type}/{ID}/{SubId}",
        Resource::Participants,
        Some(Body::ParticipantAnswer),
        "Says which FSP serves a party",
    ),
    (Put, "/participants/{Type}/{ID}/error", Resource::Participants, Some(Body::Error), "Says why nobody is named"),
    (
        Put,
        "/participants/{Type}/{ID}/{SubId}/error",
        Resource::Participants,
        Some(Body::Error),
        "Says why nobody is named",
    ),
];

const PARTIES: &[Row] = &[
    (Get, "/parties/{Type}/{ID}", Resource::Parties, None, "Asks who a party is"),
    (Get, "/parties/{Type}/{ID}/{SubId}", Resource::Parties, None, "Asks who a party is"),
    (Put, "/parties/{Type}/{ID}", Resource::Parties, Some(Body::PartyAnswer), "Says who a party is"),
    (Put, "/parties/{Type}/{ID}/{SubId}", Resource::Parties, Some(Body::PartyAnswer), "Says who a party is"),
    (Put, "/parties/{Type}/{ID}/error", Resource::Parties, Some(Body::Error), "Says why a party is not known"),
    (Put, "/parties/{Type}/{ID}/{SubId}/error", Resource::Parties, Some(Body::Error), "Says why a party is not known"),
];

const QUOTES: &[Row] = &[
    (Post, "/quotes", Resource::Quotes, Some(Body::QuoteRequest), "Asks for the terms of a transfer"),
    (Get, "/quotes/{ID}", Resource::Quotes, None, "Asks for the state of a quote"),
    (Put, "/quotes/{ID}", Resource::Quotes, Some(Body::QuoteAnswer), "Says the terms of a transfer"),
    (Put, "/quotes/{ID}/error", Resource::Quotes, Some(Body::Error), "Says why there are no terms"),
];

const TRANSFERS: &[Row] = &[
    (Post, "/transfers", Resource::Transfers, Some(Body::TransferPrepare), "Prepares a transfer"),
    (Get, "/transfers/{ID}", Resource::Transfers, None, "Asks for the state of a transfer"),
    (Put, "/transfers/{ID}", Resource::Transfers, Some(Body::TransferFulfil), "Fulfils or rejects a transfer"),
    (
        Patch,
        "/transfers/{ID}",
        Resource::Transfers,
        Some(Body::TransferPatch),
        "What payees are told by the hub, which takes it from nobody",
    ),
    (Put, "/transfers/{ID}/error", Resource::Transfers, Some(Body::Error), "Rejects a transfer"),
];

/// What the hub only passes on, to whom FSPIOP-Destination names.
const PASSED: &[Row] = &[
    (
        Post,
        "/transactionRequests",
        Resource::TransactionRequests,
        Some(Body::TransactionRequest),
        "Asks a payer to pay",
    ),
    (Get, "/transactionRequests/{ID}", Resource::TransactionRequests, None, "Asks for the state of a request to pay"),
    (
        Put,
        "/transactionRequests/{ID}",
        Resource::TransactionRequests,
        Some(Body::TransactionRequestAnswer),
        "Says the state of a request to pay",
    ),
    (
        Put,
        "/transactionRequests/{ID}/error",
        Resource::TransactionRequests,
        Some(Body::Error),
        "Says why a request to pay comes to nothing",
    ),
    (Post, "/authorizations", Resource::Authorizations, Some(Body::AuthorizationRequest), "Asks a payer to approve"),
    (Get, "/authorizations/{ID}", Resource::Authorizations, None, "Asks a payer to approve"),
    (Put, "/authorizations/{ID}", Resource::Authorizations, Some(Body::AuthorizationAnswer), "Approves or not"),
    (Put, "/authorizations/{ID}/error", Resource::Authorizations, Some(Body::Error), "Says why nobody approves"),
    (Get, "/transactions/{ID}", Resource::Transactions, None, "Asks for the state of a transaction"),
    (
        Put,
        "/transactions/{ID}",
        Resource::Transactions,
        Some(Body::TransactionAnswer),
        "Says the state of a transaction",
    ),
    (Put, "/transactions/{ID}/error", Resource::Transactions, Some(Body::Error), "Says why there is no state"),
];

/// The document.
pub(super) fn document() -> Document {
    let mut document = Document::new("FSPIOP", "Lookup, agreement and clearing, in versions 1.0, 1.1 and 2.0");
    for row in rows() {
        document.add(row.0, row.1, describe(row));
    }
    document
}

fn rows() -> impl Iterator<Item = &'static Row> {
    [PARTICIPANTS, PARTIES, QUOTES, TRANSFERS, PASSED].into_iter().flatten()
}

fn describe(row: &Row) -> Describe {
    let (verb, path, resource, body, summary) = *row;
    let operation = headers(in_path(Describe::new(verb, path, summary), path), verb)
        .refuses(406, "A version that the hub does not speak")
        .refuses(501, "The hub does not have this resource");
    let operation = match (verb, path) {
        (Get | Delete, path) if path.contains("{Type}") => {
            operation.query::<CurrencyCode>("currency", "The currency that the party is to serve")
        }
        _ => operation,
    };
    let operation = match verb {
        Put | Patch => operation.answers_nothing(200, "Taken"),
        _ => operation.answers_nothing(202, "Taken; the answer comes as a callback"),
    };
    match body {
        Some(body) => operation.body_of(media_types(resource), &body.json_schema()),
        None => operation,
    }
}

fn media_types(resource: Resource) -> impl Iterator<Item = String> {
    VERSIONS.into_iter().map(move |version| content_type(resource, version))
}

fn in_path(operation: Describe, path: &'static str) -> Describe {
    let operation = match path.contains("{Type}") {
        true => operation.path::<PartyKind>("Type", "Type of the identifier").path::<String>("ID", "The identifier"),
        false if path.contains("{ID}") => operation.path::<TransferIdentifier>("ID", "The id"),
        false => operation,
    };
    match path.contains("{SubId}") {
        true => operation.path::<String>("SubId", "The sub-identifier"),
        false => operation,
    }
}

/// The headers of FSPIOP 1.1, section 3.2.1.
fn headers(operation: Describe, verb: Verb) -> Describe {
    let operation = match verb {
        Get | Post | Delete => operation.header::<String>("Accept", true, "Versions in which callbacks may come"),
        _ => operation,
    };
    operation
        .header::<String>("Content-Type", true, "Media type and version of the message")
        .header::<String>("Content-Length", false, "Length of the body in bytes")
        .header::<HttpDate>("Date", true, "When the message was sent")
        .header::<String>("X-Forwarded-For", false, "Clients and proxies before this one")
        .header::<ParticipantName>("FSPIOP-Source", true, "Who sends the message")
        .header::<ParticipantName>("FSPIOP-Destination", false, "For whom it is")
        .header::<String>("FSPIOP-Encryption", false, "How fields are encrypted")
        .header::<String>("FSPIOP-Signature", false, "The message's signature")
        .header::<String>("FSPIOP-URI", false, "The URI that was signed")
        .header::<String>("FSPIOP-HTTP-Method", false, "The method that was signed")
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::Value;

    use super::{rows, *};
    use crate::edge::Route;

    #[test]
    fn every_operation_of_the_document_has_a_route() {
        for (verb, path, resource, ..) in rows().filter(|(verb, ..)| *verb != Patch) {
            let id = if path.contains("{Type}") { "27713803912" } else { "b51ec534-ee48-4575-b6a9-ead2955b8069" };
            let uri = path.replace("{Type}", "MSISDN").replace("{ID}", id).replace("{SubId}", "home");
            let method: Method = verb.as_str().to_uppercase().parse().unwrap();
            match Route::of(&method, &uri) {
                Ok((found, _)) => assert_eq!(found, *resource, "{method} {uri}"),
                Err(refusal) => panic!("{method} {uri}: {:?}", refusal.error),
            }
        }
    }

    #[test]
    fn bodies_are_those_of_the_readers() {
        let document: Value = serde_json::from_str(&document().to_json()).unwrap();
        let content = &document["paths"]["/transfers"]["post"]["requestBody"]["content"];
        let schema = &content["application/vnd.interoperability.transfers+json;version=1.1"]["schema"];
        assert_eq!(schema, &Body::TransferPrepare.json_schema());
        assert_eq!(content.as_object().unwrap().len(), VERSIONS.len());
    }
}
