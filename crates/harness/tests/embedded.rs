//! The embedded engine, on definitions.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use definition::{Endpoint, Hub, Jws, JwsValidation};
use fspiop::FspId;
use harness::{Harness, PORTS, Place, Up};
use operations::Plan;
use provisioning::{Apis, HttpClient, Scheme};
use serde_json::Value;

fn demo() -> Hub {
    serde_saphyr::from_str(include_str!("../../definition/src/demo.yaml")).unwrap()
}

/// What starts a harness on ports that are free; steps of 10 keep those of several apart.
fn up(folder: &tempfile::TempDir, hub: Hub, simulators: bool) -> Up {
    let is_free = |offset: &u16| PORTS.iter().all(|port| TcpListener::bind(("127.0.0.1", port + offset)).is_ok());
    let first = u16::try_from(std::process::id() % 40).unwrap() * 10;
    let port_offset = (20_500 + first..22_000).step_by(10).find(is_free).unwrap();
    let place = Place::of("test", Some(folder.path())).unwrap();
    Up { place, hub, ephemeral: true, port_offset, simulators, started: Instant::now() }
}

/// Sorted: those of a scheme are registered at the same time, and the hub lists them as they came.
async fn participants(harness: &Harness) -> Vec<String> {
    let url = format!("http://{}/participants", harness.instance.ledger_admin);
    let list: Vec<Value> = HttpClient::new().get(&url).await.unwrap();
    let mut names: Vec<_> = list.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

// One test, one after the other: two that look for ports at the same time would find the same ones.
#[tokio::test]
async fn a_harness_is_what_its_definition_says() {
    the_demo_pays_at_once().await;
    the_core_is_the_hub_alone().await;
    an_fsp_with_a_url_is_onboarded_and_not_played().await;
    where_everybody_must_sign_the_played_fsps_do().await;
}

async fn where_everybody_must_sign_the_played_fsps_do() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = demo();
    hub.scheme.jws = Jws { sign: true, validate: JwsValidation::All, key_from: None };
    // Twice: what was made the first time is used the second time.
    for _ in 0..2 {
        let harness = Harness::start(Up { ephemeral: false, ..up(&folder, hub.clone(), true) }).await.unwrap();
        let first = harness.first_payment().unwrap();
        let paid = tokio::time::timeout(Duration::from_secs(20), harness.pay(first)).await.unwrap().unwrap().unwrap();
        assert_eq!(serde_json::to_value(&paid).unwrap()["state"], "COMMITTED");
        let url = format!("http://{}/participants/payerfsp/jwsKeys", harness.instance.ledger_admin);
        let keys: Vec<Value> = HttpClient::new().get(&url).await.unwrap();
        assert_eq!(keys.len(), 1, "{keys:?}");
        harness.stop().await;
    }
    let place = Place::of("test", Some(folder.path())).unwrap();
    let keys = place.files().into_iter().filter(|file| file.extension().is_some_and(|end| end == "pem"));
    let mut names: Vec<_> = keys.map(|file| file.file_name().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["Hub.pem", "payeefsp.pem", "payerfsp.pem"]);
    place.delete().unwrap();
    assert!(!place.folder().exists(), "keys go with the data");
}

async fn the_demo_pays_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let up = up(&folder, demo(), true);
    let harness = Harness::start(up).await.unwrap();
    let first = harness.first_payment().unwrap();
    assert_eq!((first.from.as_str(), first.currency.as_str()), ("payerfsp", "USD"));
    let paid = tokio::time::timeout(Duration::from_secs(20), harness.pay(first)).await.unwrap().unwrap().unwrap();
    assert_eq!(serde_json::to_value(&paid).unwrap()["state"], "COMMITTED");
    let instance = &harness.instance;
    let apis = Apis {
        fspiop: format!("http://{}", instance.fspiop[0]),
        ledger_admin: format!("http://{}", instance.ledger_admin),
        oracle_admin: format!("http://{}", instance.oracle_admin),
    };
    let scheme = harness::scheme_of(&demo(), instance).unwrap();
    assert_eq!(provisioning::plan(&apis, &scheme, &str::to_owned).await.unwrap(), Plan::default());
    harness.stop().await;
}

async fn the_core_is_the_hub_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = demo();
    hub.scheme.hub_name = FspId::parse("Switch").unwrap();
    let harness = Harness::start(up(&folder, hub, false)).await.unwrap();
    assert_eq!(participants(&harness).await, ["Switch"]);
    assert_eq!(harness.first_payment(), None);
    harness.stop().await;
}

async fn an_fsp_with_a_url_is_onboarded_and_not_played() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = demo();
    hub.participants[1].endpoint = Endpoint::Url("http://payeefsp:4000/".to_owned());
    let harness = Harness::start(up(&folder, hub.clone(), true)).await.unwrap();
    assert_eq!(participants(&harness).await, ["Hub", "payeefsp", "payerfsp"]);
    let control = harness.instance.simulator.unwrap();
    let played: Vec<Value> = HttpClient::new().get(&format!("http://{control}/fsps")).await.unwrap();
    assert_eq!(played.iter().map(|fsp| &fsp["name"]).collect::<Vec<_>>(), ["payerfsp"]);
    let url = format!("http://{}/participants/payeefsp/endpoints", harness.instance.ledger_admin);
    let endpoints: Vec<Value> = HttpClient::new().get(&url).await.unwrap();
    assert!(endpoints.iter().any(|one| one["value"] == "http://payeefsp:4000/transfers"), "{endpoints:?}");
    assert!(Scheme::of(&hub, |_| String::new()).participants[1].endpoint.ends_with(":4000"));
    harness.stop().await;
}
