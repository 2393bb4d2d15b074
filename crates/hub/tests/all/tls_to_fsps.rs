//! Callbacks and requests to oracles over TLS.

use std::sync::Arc;

use hub::{Settings, Tls};
use tls::{ClientConfig, Renewable};

use crate::support::{
    Certificates, Fsp, Request, World, eventually,
    messages::Transfer,
    test_hub,
    world::{PAYEE, PAYER},
};

fn with_tls(callbacks: Arc<Renewable<ClientConfig>>) -> Settings {
    Settings { tls: Tls { callbacks: Some(callbacks), ..Tls::default() }, ..test_hub::settings() }
}

/// A hub whose payee listens with TLS.
async fn world(settings: Settings, payee: Fsp) -> World {
    let mut world = World::with(settings).await;
    world.operator().await.endpoints(PAYEE, &format!("https://{}", payee.address)).await;
    world.payee = payee;
    world
}

/// What the payee's message of this transfer fails with, as soon as the store knows.
async fn failure(world: &World, transfer: &Transfer) -> String {
    eventually("a failure is noted", async || {
        let told = world.hub.read(&format!("/trace/{}", transfer.id)).await.to_string();
        told.contains("TLS").then_some(told)
    })
    .await
}

#[tokio::test]
async fn callbacks_go_over_mutual_tls_with_one_handshake() {
    let certificates = Certificates::new();
    let payee = Fsp::start_tls(PAYEE, certificates.server(Some(certificates.authority())));
    let client = certificates.client(Some(certificates.identity_for(&["hub.example"])));
    let world = world(with_tls(client), payee).await;
    for _ in 0..5 {
        world.pay(&Transfer::new("1")).await;
        world.hub.quiet().await;
    }
    assert_eq!(world.payee.connections(), [true], "one connection, and the hub showed its certificate");
}

#[tokio::test]
async fn an_fsp_that_asks_for_a_certificate_refuses_a_hub_without_one() {
    let certificates = Certificates::new();
    let payee = Fsp::start_tls(PAYEE, certificates.server(Some(certificates.authority())));
    let world = world(with_tls(certificates.client(None)), payee).await;
    let transfer = Transfer::new("1");
    world.hub.must_take(&transfer.prepare()).await;
    let told = eventually("a failure is noted", async || {
        let told = world.hub.read(&format!("/trace/{}", transfer.id)).await.to_string();
        told.contains("CertificateRequired").then_some(told)
    })
    .await;
    assert!(told.contains("has not taken"), "{told}");
    assert!(world.payee.received().is_empty());
}

#[tokio::test]
async fn nothing_is_told_to_an_fsp_of_another_authority_until_it_is_trusted() {
    let (trusted, certificates) = (Certificates::new(), Certificates::new());
    let world = world(with_tls(trusted.client(None)), Fsp::start_tls(PAYEE, certificates.server(None))).await;
    let transfer = Transfer::new("1");
    world.hub.must_take(&transfer.prepare()).await;
    let told = failure(&world, &transfer).await;
    assert!(
        told.contains("the TLS handshake failed: its certificate is of no authority that this hub trusts"),
        "{told}"
    );
    assert!(world.payee.received().is_empty());
    // The operator trusts the other authority from now on, and the message comes.
    let both = [trusted.authority(), certificates.authority()].map(|file| std::fs::read_to_string(file.path).unwrap());
    std::fs::write(trusted.authority().path, both.concat()).unwrap();
    world.payee.wait_for_one("POST", "/transfers").await;
}

#[tokio::test]
async fn nothing_is_told_to_an_fsp_that_shows_another_name() {
    let certificates = Certificates::new();
    let identity = certificates.identity_for(&["fsp.example"]);
    let tls = tls::ServerFiles { identity, client_authorities: None }.open().unwrap();
    let world = world(with_tls(certificates.client(None)), Fsp::start_tls(PAYEE, tls)).await;
    let transfer = Transfer::new("1");
    world.hub.must_take(&transfer.prepare()).await;
    let told = failure(&world, &transfer).await;
    assert!(told.contains("the TLS handshake failed: its certificate is not for the name of its endpoint"), "{told}");
    assert!(world.payee.received().is_empty());
}

#[tokio::test]
async fn an_fsp_that_does_not_speak_tls_is_tried_again() {
    let certificates = Certificates::new();
    let world = World::with(with_tls(certificates.client(None))).await;
    // What speaks plain HTTP there is the hub itself.
    world.operator().await.endpoints(PAYEE, &format!("https://{}", world.hub.operations())).await;
    let transfer = Transfer::new("1");
    world.hub.must_take(&transfer.prepare()).await;
    let told = failure(&world, &transfer).await;
    assert!(told.contains("the TLS handshake failed: it does not speak TLS"), "{told}");
    world.operator().await.endpoints(PAYEE, &format!("http://{}", world.payee.address)).await;
    world.payee.wait_for_one("POST", "/transfers").await;
}

#[tokio::test]
async fn oracles_are_asked_over_tls() {
    let certificates = Certificates::new();
    let oracle = Fsp::start_tls("oracle", certificates.server(None));
    oracle.usually(crate::support::Manner::Say(200, format!(r#"{{"partyList":[{{"fspId":"{PAYEE}"}}]}}"#)));
    let world = World::with(with_tls(certificates.client(None))).await;
    let body = serde_json::json!({
        "oracleIdType": "MSISDN",
        "endpoint": {"value": format!("https://{}", oracle.address), "endpointType": "URL"},
        "isDefault": true,
    });
    let response = Request::admin("POST", "/oracles").body(body.to_string()).send(world.hub.oracle_admin()).await;
    assert_eq!(response.status, 201, "{response:?}");
    world.hub.must_take(&Request::fspiop("GET", "/parties/MSISDN/1", PAYER)).await;
    oracle.wait_for_one("GET", "/participants/MSISDN/1").await;
    world.payee.wait_for_one("GET", "/parties/MSISDN/1").await;
}
