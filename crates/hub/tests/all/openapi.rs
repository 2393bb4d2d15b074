//! The hub's own documents: served where the API is.

use std::collections::BTreeMap;

use hub::{ApiName, openapi};
use serde_json::Value;

use crate::support::{Request, World};

/// The document of an API, as `mojaloop hub openapi` prints it.
fn document(api: ApiName) -> Value {
    serde_json::from_str(&openapi(api).to_json()).unwrap()
}

#[tokio::test]
async fn every_listener_serves_the_document_of_its_api() {
    let world = World::new().await;
    let hub = &world.hub;
    for (address, api) in
        [(hub.fspiop(), ApiName::Fspiop), (hub.ledger_admin(), ApiName::Ledger), (hub.oracle_admin(), ApiName::Oracles)]
    {
        let served = Request::plain("GET", "/openapi.json").send(address).await;
        assert_eq!(served.header("content-type"), Some("application/json; charset=utf-8"));
        assert_eq!((served.status, served.json()), (200, document(api)), "{api:?}");
        assert_eq!(served.json()["openapi"], "3.1.0");
    }
}

#[test]
fn operations_have_ids_of_their_own() {
    for api in [ApiName::Fspiop, ApiName::Ledger, ApiName::Oracles] {
        let document = document(api);
        let mut seen = BTreeMap::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (verb, operation) in operations.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap().to_owned();
                let earlier = seen.insert(id.clone(), format!("{verb} {path}"));
                assert_eq!(earlier, None, "{api:?}: {id}");
                let parameters: Vec<_> = operation["parameters"].as_array().into_iter().flatten().collect();
                let in_path = parameters.iter().filter(|one| one["in"] == "path").count();
                assert_eq!(in_path, path.matches('{').count(), "{api:?}: {verb} {path}");
            }
        }
        assert!(seen.len() > 4, "{api:?}");
    }
}
