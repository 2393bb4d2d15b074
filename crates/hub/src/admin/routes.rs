//! What the admin APIs have, under the paths and names of upstream's `central_admin_1.0` and `als_admin_1.1`.

use std::collections::BTreeMap;

use super::{
    accounts, audit, catalog, directory, endpoints, funds, jws_keys, limits, oracles, participants, settlement_models,
    trace, transactions,
};
use crate::{
    health,
    openapi::{
        Api, Describe,
        Verb::{Delete, Get, Post, Put},
        words::{AccountNumber, CurrencyCode, LimitKind, ParticipantName, PartyKind, TransferIdentifier},
    },
    operations,
};

/// The ledger admin API.
pub(crate) fn ledger_api() -> Api {
    let api = Api::new("Ledger administration", "Participants, accounts, limits, funds, settlement models");
    let api = participant_routes(api);
    let api = account_routes(api);
    let api = limit_routes(api);
    let api = jws_routes(api);
    let api = scheme_routes(api);
    let api = inspection_routes(api);
    machine_routes(api)
}

/// The oracle admin API, and what the hub's own directory holds.
pub(crate) fn oracle_api() -> Api {
    let id = |operation: Describe| operation.path::<String>("ID", "Number of the oracle");
    let api = Api::new("Oracle administration", "External directories of parties, and the hub's own")
        .route(Get, "/oracles", oracles::list, "Oracles", |operation| {
            common_headers(operation, true)
                .query::<String>("type", "Only oracles of this type of identifiers")
                .query::<String>("currency", "Only oracles of this currency")
                .answers::<Vec<oracles::OracleView<'_>>>(200, "The oracles")
        })
        .route(Post, "/oracles", oracles::create, "Adds an oracle", |operation| {
            common_headers(operation, true).body::<oracles::OracleBody>().answers_nothing(201, "Added")
        })
        .route(Put, "/oracles/{ID}", oracles::update, "Changes an oracle", |operation| {
            common_headers(id(operation), false).body::<oracles::OracleBody>().answers_nothing(204, "Changed")
        })
        .route(Delete, "/oracles/{ID}", oracles::delete, "Takes an oracle away", |operation| {
            common_headers(id(operation), true).answers_nothing(204, "There is no such oracle any more")
        });
    health_route(directory_routes(api))
}

/// The headers of `als_admin_1.1`. Only `accept` must be there.
fn common_headers(operation: Describe, accept: bool) -> Describe {
    let operation = operation
        .header::<String>("content-type", false, "Media type of the body")
        .header::<String>("content-length", false, "Length of the body in bytes")
        .header::<String>("date", false, "When the request was sent");
    match accept {
        true => operation.header::<String>("accept", true, "Media type of the answer"),
        false => operation,
    }
}

fn directory_routes(api: Api) -> Api {
    let party = |operation: Describe| {
        operation.path::<PartyKind>("type", "Type of the identifier").path::<String>("id", "The identifier")
    };
    let sub_party = move |operation: Describe| party(operation).path::<String>("sub_id", "The sub-identifier");
    let read = |operation: Describe| operation.answers::<directory::PartyList<'_>>(200, "Who serves it");
    let enter = |operation: Describe| operation.body::<directory::EntryBody>().answers_nothing(201, "Entered");
    let remove = |operation: Describe| currency(operation).answers_nothing(204, "Nobody serves it any more");
    let (one, sub) = ("/participants/{type}/{id}", "/participants/{type}/{id}/{sub_id}");
    let (reads, enters, removes) =
        ("Whom the hub's directory names", "Enters a party of any FSP", "Takes a party out, whoever serves it");
    api.route(Get, one, directory::read, reads, |operation| read(party(operation)))
        .route(Post, one, directory::enter, enters, |operation| enter(party(operation)))
        .route(Delete, one, directory::remove, removes, |operation| remove(party(operation)))
        .route(Get, sub, directory::read_with_sub_id, reads, |operation| read(sub_party(operation)))
        .route(Post, sub, directory::enter_with_sub_id, enters, |operation| enter(sub_party(operation)))
        .route(Delete, sub, directory::remove_with_sub_id, removes, |operation| remove(sub_party(operation)))
}

fn participant(operation: Describe) -> Describe {
    operation.path::<ParticipantName>("name", "Name of the participant")
}

fn account(operation: Describe) -> Describe {
    participant(operation).path::<AccountNumber>("id", "Number of the account")
}

fn currency(operation: Describe) -> Describe {
    operation.query::<CurrencyCode>("currency", "Only this currency")
}

fn participant_routes(api: Api) -> Api {
    api.route(Get, "/participants", participants::list, "Participants", |operation| {
        operation.answers::<Vec<participants::ParticipantView>>(200, "The participants, the hub first")
    })
    .route(Post, "/participants", participants::create, "Adds a participant, or a currency to one", |operation| {
        operation
            .body::<participants::NewParticipantBody>()
            .answers::<participants::ParticipantView>(201, "The participant")
    })
    .route(Get, "/participants/{name}", participants::read, "A participant", |operation| {
        participant(operation).answers::<participants::ParticipantView>(200, "The participant")
    })
    .route(Put, "/participants/{name}", participants::activate, "Switches a participant on or off", |operation| {
        participant(operation)
            .body::<participants::ActiveBody>()
            .answers::<participants::ParticipantView>(200, "The participant")
    })
    .route(Get, "/participants/{name}/endpoints", endpoints::list, "A participant's endpoints", |operation| {
        participant(operation)
            .query::<String>("type", "Only the endpoint of this type")
            .answers::<Vec<endpoints::EndpointView<'_>>>(200, "The endpoints")
    })
    .route(Post, "/participants/{name}/endpoints", endpoints::set, "Adds or changes endpoints", |operation| {
        participant(operation).body::<endpoints::EndpointsBody>().answers_nothing(201, "Set")
    })
}

fn account_routes(api: Api) -> Api {
    api.route(Get, "/participants/{name}/accounts", accounts::list, "Accounts with balances", |operation| {
        participant(operation).answers::<Vec<accounts::AccountView>>(200, "The accounts")
    })
    .route(Post, "/participants/{name}/accounts", accounts::create, "Adds an account of the hub", |operation| {
        participant(operation)
            .body::<accounts::NewAccountBody>()
            .answers::<participants::ParticipantView>(201, "The hub")
    })
    .route(Get, "/participants/{name}/positions", accounts::positions, "Positions", |operation| {
        let answer = "The position in the currency asked for; without one, all positions";
        currency(participant(operation)).answers::<accounts::Positions>(200, answer)
    })
    .route(
        Put,
        "/participants/{name}/accounts/{id}",
        accounts::activate,
        "Switches an account on or off",
        |operation| account(operation).body::<participants::ActiveBody>().answers_nothing(200, "Switched"),
    )
    .route(
        Post,
        "/participants/{name}/accounts/{id}",
        funds::record,
        "Records funds in, or prepares funds out",
        |operation| account(operation).body::<funds::FundsBody>().answers_nothing(202, "Recorded"),
    )
    .route(
        Put,
        "/participants/{name}/accounts/{id}/transfers/{transferId}",
        funds::end,
        "Ends a payment out",
        |operation| {
            account(operation)
                .path::<TransferIdentifier>("transferId", "Id of the movement of funds")
                .body::<funds::EndBody>()
                .answers_nothing(202, "Ended")
        },
    )
}

/// Upstream has none of these.
fn jws_routes(api: Api) -> Api {
    let keys = "/participants/{name}/jwsKeys";
    let key = "/participants/{name}/jwsKeys/{id}";
    let one =
        |operation: Describe| participant(operation).path::<String>("id", "SHA-256 of the key in DER, in hexadecimal");
    api.route(Get, keys, jws_keys::list, "Keys that check a participant's signatures", |operation| {
        participant(operation).answers::<Vec<jws_keys::KeyView<'_>>>(200, "The keys, those that are retired included")
    })
    .route(Post, keys, jws_keys::add, "Adds a key", |operation| {
        participant(operation).body::<jws_keys::NewKey>().answers::<jws_keys::KeyView<'_>>(201, "The key")
    })
    .route(Put, key, jws_keys::limit, "Says until when a key is valid", move |operation| {
        one(operation).body::<jws_keys::Validity>().answers::<jws_keys::KeyView<'_>>(200, "The key")
    })
    .route(Delete, key, jws_keys::retire, "Retires a key", move |operation| {
        one(operation).answers_nothing(204, "The key is valid no more")
    })
}

fn limit_routes(api: Api) -> Api {
    let filtered = |operation: Describe| currency(operation).query::<LimitKind>("type", "Only limits of this type");
    api.route(Get, "/participants/limits", limits::list, "Limits of all participants", |operation| {
        filtered(operation).answers::<Vec<limits::NamedLimitView>>(200, "The limits")
    })
    .route(Get, "/participants/{name}/limits", limits::read, "A participant's limits", |operation| {
        filtered(participant(operation)).answers::<Vec<limits::LimitView>>(200, "The limits")
    })
    .route(Put, "/participants/{name}/limits", limits::adjust, "Changes a limit", |operation| {
        participant(operation).body::<limits::AdjustBody>().answers::<limits::LimitView>(200, "The limit")
    })
    .route(
        Post,
        "/participants/{name}/initialPositionAndLimits",
        limits::set_initially,
        "Sets the first limit",
        |operation| {
            participant(operation)
                .body::<limits::InitialBody>()
                .answers_nothing(201, "Set")
                .refuses(500, "The limit is set already: upstream answers 500, and its provisioning looks for that")
        },
    )
}

fn scheme_routes(api: Api) -> Api {
    let model = |operation: Describe| operation.path::<String>("name", "Name of the settlement model");
    api.route(Get, "/settlementModels", settlement_models::list, "Settlement models", |operation| {
        operation.answers::<Vec<settlement_models::ModelView<'_>>>(200, "The models")
    })
    .route(Post, "/settlementModels", settlement_models::create, "Adds a settlement model", |operation| {
        operation.body::<settlement_models::ModelBody>().answers_nothing(201, "Added")
    })
    .route(Get, "/settlementModels/{name}", settlement_models::read, "A settlement model", move |operation| {
        model(operation).answers::<settlement_models::ModelView<'_>>(200, "The model")
    })
    .route(
        Put,
        "/settlementModels/{name}",
        settlement_models::activate,
        "Switches a settlement model on or off",
        move |operation| model(operation).body::<participants::ActiveBody>().answers_nothing(200, "Switched"),
    )
    .route(Get, "/ledgerAccountTypes", catalog::ledger_account_types, "Types of accounts", |operation| {
        operation.answers::<Vec<catalog::LedgerAccountType>>(200, "The types")
    })
    .route(
        Post,
        "/ledgerAccountTypes",
        catalog::create_ledger_account_type,
        "Refuses a type of accounts: those of the ledger are all there are",
        |operation| operation.body::<catalog::NewAccountType>(),
    )
    .route(Get, "/enums", catalog::enums, "All names", |operation| {
        operation.answers::<BTreeMap<String, catalog::Names>>(200, "The names, in groups")
    })
    .route(Get, "/transactions/{id}", transactions::read, "The transaction of a transfer", |operation| {
        operation
            .path::<TransferIdentifier>("id", "Id of the transfer")
            .answers::<transactions::Transaction>(200, "The transaction, as its ILP packet has it")
    })
}

fn inspection_routes(api: Api) -> Api {
    api.route(Get, "/audit", audit::run, "Looks whether the books are in order", |operation| {
        operation.answers::<crate::audit::Audit>(200, "What was found").refuses(503, "An audit is running already")
    })
    .route(Get, "/audit/progress", audit::progress, "How far an audit is", |operation| {
        operation.answers::<audit::ProgressView>(200, "How much it has read")
    })
    .route(Get, "/trace/{id}", trace::read, "The story of a payment", |operation| {
        operation
            .path::<TransferIdentifier>("id", "Id of a transfer, a quote or a movement of funds")
            .answers::<crate::trace::Trace>(200, "The story")
    })
}

fn machine_routes(api: Api) -> Api {
    let media = "application/openmetrics-text";
    health_route(api).route(Get, "/metrics", operations::metrics, "Figures for Prometheus", |operation| {
        operation.answers_text(200, media, "All figures")
    })
}

fn health_route(api: Api) -> Api {
    api.route(Get, "/health", health::detailed, "Health", |operation| {
        operation.answers::<health::Health>(200, "Healthy").answers::<health::Health>(503, "The store does not answer")
    })
}
