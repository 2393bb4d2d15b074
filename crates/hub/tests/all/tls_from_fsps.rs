//! FSPs that connect to the hub with TLS.

use std::sync::Arc;

use hub::{Settings, Tls};
use tls::{ClientConfig, Renewable, ServerConfig};
use tokio::{sync::watch, task::JoinSet};
use tokio_rustls::rustls::{
    HandshakeKind, ProtocolVersion, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
    version,
};

use crate::support::{
    Certificates, Connection, Request, TestHub, World, certificates::connect, eventually, messages::Transfer, test_hub,
};

fn with_tls(fspiop: Arc<Renewable<ServerConfig>>) -> Settings {
    Settings { tls: Tls { fspiop: Some(fspiop), ..Tls::default() }, ..test_hub::settings() }
}

async fn hub_with(fspiop: Arc<Renewable<ServerConfig>>) -> TestHub {
    let store = test_hub::memory();
    TestHub::with(store.clone(), store, with_tls(fspiop), Arc::new(hub::OpenAuthorizer)).await
}

/// Asks a question over a new connection; `None` if the hub refuses the client.
async fn ask(hub: &TestHub, client: Arc<ClientConfig>) -> Option<u16> {
    let stream = connect(hub.fspiop(), client).await.ok()?;
    let mut connection = Connection::over(stream);
    connection.write(&Request::plain("GET", "/health").to_bytes()).await;
    Some(connection.read().await?.status)
}

#[tokio::test]
async fn fsps_pay_over_tls_and_operators_and_machine_room_stay_plain() {
    let certificates = Certificates::new();
    let world = World::with(with_tls(certificates.server(None))).await;
    let stream = connect(world.hub.fspiop(), certificates.client(None).current()).await.unwrap();
    let session = stream.get_ref().1;
    assert_eq!(session.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!(session.alpn_protocol(), Some(&b"http/1.1"[..]));
    // One handshake serves all requests of a connection.
    let mut connection = Connection::over(stream);
    let transfer = Transfer::new("1");
    assert_eq!(connection.exchange(&transfer.prepare().to_bytes()).await.status, 202);
    world.payee.wait_for_one("POST", "/transfers").await;
    assert_eq!(connection.exchange(&transfer.commit().to_bytes()).await.status, 200);
    world.payer.wait_for_one("PUT", &transfer.path()).await;
    assert_eq!(Request::plain("GET", "/live").send(world.hub.operations()).await.status, 200);
    // Who does not speak TLS gets nothing.
    let mut plain = world.hub.connect().await;
    plain.write(&Request::plain("GET", "/health").to_bytes()).await;
    assert!(plain.read().await.is_none());
}

#[tokio::test]
async fn older_clients_speak_tls_1_2() {
    let certificates = Certificates::new();
    let hub = hub_with(certificates.server(None)).await;
    let mut authorities = RootCertStore::empty();
    authorities.add(CertificateDer::from_pem_file(certificates.authority().path).unwrap()).unwrap();
    let client = ClientConfig::builder_with_protocol_versions(&[&version::TLS12]);
    let client = client.with_root_certificates(authorities).with_no_client_auth();
    assert_eq!(ask(&hub, Arc::new(client)).await, Some(200));
}

#[tokio::test]
async fn a_second_connection_resumes_the_session() {
    let certificates = Certificates::new();
    let hub = hub_with(certificates.server(Some(certificates.authority()))).await;
    let client = certificates.client(Some(certificates.identity())).current();
    let kind = async || {
        let stream = connect(hub.fspiop(), client.clone()).await.unwrap();
        let kind = stream.get_ref().1.handshake_kind();
        // The ticket comes with the answer.
        let answer = Connection::over(stream).exchange(&Request::plain("GET", "/health").to_bytes()).await;
        assert_eq!(answer.status, 200);
        kind
    };
    assert_eq!(kind().await, Some(HandshakeKind::Full));
    assert_eq!(kind().await, Some(HandshakeKind::Resumed));
}

#[tokio::test]
async fn with_mutual_tls_only_clients_of_the_authorities_are_let_in() {
    let (certificates, others) = (Certificates::new(), Certificates::new());
    let hub = hub_with(certificates.server(Some(certificates.authority()))).await;
    let of_authority = certificates.client(Some(certificates.identity()));
    assert_eq!(ask(&hub, of_authority.current()).await, Some(200));
    assert_eq!(ask(&hub, certificates.client(None).current()).await, None, "no certificate");
    let of_other = certificates.client(Some(others.identity()));
    assert_eq!(ask(&hub, of_other.current()).await, None, "a certificate of another authority");
    assert_eq!(
        ask(&hub, others.client(Some(certificates.identity())).current()).await,
        None,
        "a hub it does not trust"
    );
}

/// Asks on new connections, one after the other, until it is told to stop; says how many there were.
async fn keep_asking(address: std::net::SocketAddr, client: Arc<ClientConfig>, stop: watch::Receiver<bool>) -> usize {
    let mut count = 0;
    while !*stop.borrow() {
        let stream = connect(address, client.clone()).await.unwrap();
        let answer = Connection::over(stream).exchange(&Request::plain("GET", "/health").to_bytes()).await;
        assert_eq!(answer.status, 200);
        count += 1;
    }
    count
}

async fn shown(hub: &TestHub, client: &Arc<Renewable<ClientConfig>>) -> CertificateDer<'static> {
    let stream = connect(hub.fspiop(), client.current()).await.unwrap();
    let shown = stream.get_ref().1.peer_certificates().expect("the hub shows one");
    shown[0].clone().into_owned()
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_up_under_load_and_no_request_fails() {
    let certificates = Certificates::new();
    let hub = hub_with(certificates.server(Some(certificates.authority()))).await;
    let own = certificates.identity_for(&["client"]);
    let client = certificates.client(Some(own));
    let first = shown(&hub, &client).await;
    let (stop, stopping) = watch::channel(false);
    let mut load = JoinSet::new();
    for _ in 0..4 {
        load.spawn(keep_asking(hub.fspiop(), client.current(), stopping.clone()));
    }
    // One that was there before goes on.
    let mut open = Connection::over(connect(hub.fspiop(), client.current()).await.unwrap());
    // A bad one is not taken up.
    std::fs::write(certificates.folder().join("127.0.0.1.pem"), "half a").unwrap();
    certificates.issue().write(certificates.folder(), crate::support::certificates::HOST).unwrap();
    eventually("the new certificate is shown", async || (shown(&hub, &client).await != first).then_some(())).await;
    assert_eq!(open.exchange(&Request::plain("GET", "/health").to_bytes()).await.status, 200);
    let _ = stop.send(true);
    while let Some(asked) = load.join_next().await {
        assert!(asked.expect("no request failed") > 0);
    }
}

#[tokio::test]
async fn who_does_not_end_the_handshake_is_cut_off() {
    let certificates = Certificates::new();
    let hub = hub_with(certificates.server(None)).await;
    let mut silent = hub.connect().await;
    let mut half = hub.connect().await;
    // The beginning of a ClientHello.
    half.write(&[0x16, 3, 1, 1, 0, 1, 0, 0, 0xfc, 3, 3]).await;
    assert!(silent.read().await.is_none() && half.read().await.is_none());
    assert_eq!(ask(&hub, certificates.client(None).current()).await, Some(200));
    // A hub that stops does not wait for them.
    let _waiting = hub.connect().await;
    hub.stop().await;
}
