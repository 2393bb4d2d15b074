//! Lookup with external oracles over HTTP.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{
    Fsp, Manner, Received, Request, SleepingFsp, World, eventually, test_hub,
    world::{PAYEE, PAYER},
};

/// Registers an oracle for telephone numbers.
async fn register(world: &World, url: &str) {
    let body = json!({"oracleIdType": "MSISDN", "isDefault": true, "endpoint": {"value": url, "endpointType": "URL"}});
    let created = Request::admin("POST", "/oracles").body(body.to_string()).send(world.hub.oracle_admin()).await;
    assert_eq!(created.status, 201, "{created:?}");
}

/// A world with an oracle that answers like this.
async fn with_oracle(manner: Manner) -> (World, Fsp) {
    let (world, oracle) = (World::new().await, Fsp::start("oracle"));
    oracle.usually(manner);
    register(&world, &format!("http://{}", oracle.address)).await;
    (world, oracle)
}

fn serves(fsps: &[&str]) -> Manner {
    let list: Vec<Value> = fsps.iter().map(|fsp| json!({"fspId": fsp, "currency": "USD"})).collect();
    Manner::Say(200, json!({"partyList": list}).to_string())
}

/// The error that the payer is told when it asks for a party.
async fn error_of(world: &World, path: &str) -> (String, String) {
    let before = world.payer.received().len();
    world.hub.must_take(&Request::fspiop("GET", path, PAYER)).await;
    let told: Received = world.payer.wait_for(before + 1).await.pop().unwrap();
    assert_eq!(told.what(), ("PUT", format!("{}/error", path.split('?').next().unwrap()).as_str()));
    told.error()
}

const UNREACHABLE: (&str, &str) = ("1001", "Destination communication error - the oracle for MSISDN did not answer");

fn owned(error: (&str, &str)) -> (String, String) {
    (error.0.to_owned(), error.1.to_owned())
}

#[tokio::test]
async fn the_oracle_says_which_fsp_serves_a_party() {
    let (world, oracle) = with_oracle(serves(&[PAYEE])).await;
    for (count, (path, asked)) in (1..).zip([
        ("/MSISDN/27713803912", "/participants/MSISDN/27713803912"),
        ("/MSISDN/%2B27", "/participants/MSISDN/+27"),
        ("/MSISDN/a%2Fb%20c/s%3Ft", "/participants/MSISDN/a%2Fb%20c/s%3Ft"),
    ]) {
        world.hub.must_take(&Request::fspiop("GET", &format!("/parties{path}"), PAYER)).await;
        assert_eq!(oracle.wait_for(count).await[count - 1].what(), ("GET", asked));
        assert_eq!(world.payee.wait_for(count).await[count - 1].path, format!("/parties{path}"));
    }
    world.hub.must_take(&Request::fspiop("GET", "/participants/MSISDN/1?currency=KES", PAYER)).await;
    assert_eq!(oracle.wait_for(4).await[3].path, "/participants/MSISDN/1?currency=KES");
    let told = world.payer.wait_for_one("PUT", "/participants/MSISDN/1").await;
    assert_eq!(told.json(), json!({"fspId": PAYEE}));
    // Nothing of the asker goes to the oracle.
    assert!(oracle.received().iter().all(|asked| asked.header("fspiop-source").is_none() && asked.body.is_empty()));
}

#[tokio::test]
async fn with_a_destination_the_oracle_is_not_asked() {
    let (world, oracle) = with_oracle(Manner::Hang).await;
    world.hub.must_take(&Request::fspiop("GET", "/parties/MSISDN/1", PAYER).to(PAYEE)).await;
    world.payee.wait_for(1).await;
    assert!(oracle.received().is_empty());
}

#[tokio::test]
async fn an_oracle_is_for_its_type_only() {
    let (world, oracle) = with_oracle(serves(&[PAYEE])).await;
    assert_eq!(error_of(&world, "/parties/EMAIL/a@b.org").await.0, "3204");
    assert!(oracle.received().is_empty());
}

#[tokio::test]
async fn a_party_that_nobody_serves_is_not_found() {
    for manner in [
        Manner::Answer(404),
        Manner::Answer(400),
        serves(&[]),
        Manner::Say(200, "{}".to_owned()),
        Manner::Say(404, json!({"errorInformation": {"errorCode": "3204", "errorDescription": "x"}}).to_string()),
    ] {
        let (world, _oracle) = with_oracle(manner.clone()).await;
        for path in ["/parties/MSISDN/1", "/participants/MSISDN/1"] {
            assert_eq!(error_of(&world, path).await, owned(("3204", "Party not found")), "{manner:?}");
        }
    }
}

#[tokio::test]
async fn an_oracle_that_fails_is_not_a_party_that_is_not_there() {
    for manner in [
        Manner::Answer(500),
        Manner::Answer(503),
        Manner::Answer(302),
        Manner::Answer(401),
        Manner::Reset,
        Manner::Say(200, "<html>garbage</html>".to_owned()),
        Manner::Say(200, r#"{"partyList": "payeefsp"}"#.to_owned()),
        Manner::Say(200, r#"{"partyList": [{"fspId": 5}]}"#.to_owned()),
        Manner::Say(200, String::new()),
        // One byte more than is read of an answer.
        Manner::Say(200, format!(r#"{{"x":"{}","partyList":[{{"fspId":"payeefsp"}}]}}"#, "x".repeat(1 << 20))),
    ] {
        let (world, _oracle) = with_oracle(manner.clone()).await;
        assert_eq!(error_of(&world, "/parties/MSISDN/1").await, owned(UNREACHABLE), "{manner:?}");
        assert!(world.payee.received().is_empty(), "{manner:?}");
    }
}

#[tokio::test]
async fn an_oracle_that_is_down_is_said_to_be() {
    let (world, port) = (World::new().await, SleepingFsp::new());
    register(&world, &format!("http://{}", port.address)).await;
    assert_eq!(error_of(&world, "/parties/MSISDN/1").await, owned(UNREACHABLE));
    let oracle = port.wake("oracle");
    oracle.usually(serves(&[PAYEE]));
    world.hub.must_take(&Request::fspiop("GET", "/parties/MSISDN/1", PAYER)).await;
    world.payee.wait_for(1).await;
}

#[tokio::test]
async fn an_oracle_that_is_slow_holds_up_nobody_else() {
    let (world, oracle) = with_oracle(Manner::Hang).await;
    oracle.on("/MSISDN/dripping", Manner::DripStatus);
    let started = Instant::now();
    for path in ["/parties/MSISDN/hanging", "/parties/MSISDN/dripping"] {
        world.hub.must_take(&Request::fspiop("GET", path, PAYER)).await;
    }
    oracle.wait_for(2).await;
    // Others are served meanwhile.
    assert_eq!(error_of(&world, "/parties/EMAIL/a@b.org").await.0, "3204");
    oracle.on("/MSISDN/quick", serves(&[PAYEE]));
    world.hub.must_take(&Request::fspiop("GET", "/parties/MSISDN/quick", PAYER)).await;
    world.payee.wait_for_one("GET", "/parties/MSISDN/quick").await;
    for path in ["/parties/MSISDN/hanging/error", "/parties/MSISDN/dripping/error"] {
        assert_eq!(world.payer.wait_for_one("PUT", path).await.error(), owned(UNREACHABLE));
    }
    assert!(started.elapsed() >= Duration::from_secs(4), "the oracle was given its time");
}

#[tokio::test]
async fn fsps_that_an_oracle_names_are_asked_each_once_if_they_are_participants() {
    let (world, oracle) = with_oracle(serves(&["nobody"])).await;
    assert_eq!(error_of(&world, "/parties/MSISDN/1").await, owned(("3204", "Party not found")));
    oracle.usually(serves(&["nobody", PAYEE, PAYER, PAYEE, "not a name at all"]));
    world.hub.must_take(&Request::fspiop("GET", "/parties/MSISDN/2", PAYER)).await;
    world.payee.wait_for_one("GET", "/parties/MSISDN/2").await;
    world.payer.wait_for_one("GET", "/parties/MSISDN/2").await;
    // A third question comes after everything that the second one caused.
    oracle.usually(serves(&[PAYEE]));
    world.hub.must_take(&Request::fspiop("GET", "/parties/MSISDN/3", PAYER)).await;
    world.payee.wait_for_one("GET", "/parties/MSISDN/3").await;
    assert_eq!(world.payee.received().len(), 2);
}

#[tokio::test]
async fn a_registration_goes_to_the_oracle() {
    let (world, oracle) = with_oracle(Manner::Answer(201)).await;
    let path = "/participants/MSISDN/27713803912";
    let request = Request::fspiop("POST", path, PAYEE).body(json!({"fspId": PAYEE, "currency": "USD"}).to_string());
    world.hub.must_take(&request).await;
    let entered = oracle.wait_for_one("POST", path).await;
    assert_eq!(entered.json(), json!({"fspId": PAYEE, "currency": "USD"}));
    let told = world.payee.wait_for_one("PUT", path).await.json();
    assert_eq!((&told["fspId"], &told["currency"]), (&json!(PAYEE), &json!("USD")));
    // The hub keeps nothing of it.
    let party = world.hub.truth.party("MSISDN/27713803912".parse().unwrap(), None).await.unwrap();
    assert!(party.is_empty());

    for manner in [Manner::Answer(500), Manner::Answer(400), Manner::Reset] {
        oracle.usually(manner);
        let before = world.payee.received().len();
        world.hub.must_take(&request).await;
        let told = world.payee.wait_for(before + 1).await.pop().unwrap();
        assert_eq!((told.path.as_str(), told.error().0.as_str()), ("/participants/MSISDN/27713803912/error", "3003"));
    }
    // What the hub would not let in does not reach the oracle.
    let before = oracle.received().len();
    let other = Request::fspiop("POST", path, PAYER).body(json!({"fspId": PAYEE}).to_string());
    world.hub.must_take(&other).await;
    assert_eq!(world.payer.wait_for(1).await[0].error().0, "3100");
    assert_eq!(oracle.received().len(), before);
}

/// A question that is answered by an error, as fast as it comes.
async fn fails(world: &World, path: &str) {
    world.hub.must_take(&Request::fspiop("GET", path, PAYER)).await;
    assert_eq!(world.payer.wait_for_one("PUT", &format!("{path}/error")).await.error(), owned(UNREACHABLE), "{path}");
}

/// A figure of the hub's metrics, 0 if it has not been counted yet.
async fn figure(world: &World, name: &str) -> f64 {
    let metrics = Request::plain("GET", "/metrics").send(world.hub.operations()).await;
    let line = metrics.text().lines().find(|line| line.starts_with(name)).map(str::to_owned);
    line.map_or(0.0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn an_oracle_that_fails_is_left_alone_and_found_again() {
    let (world, oracle) = with_oracle(Manner::Answer(503)).await;
    for number in 0..5 {
        fails(&world, &format!("/parties/MSISDN/{number}")).await;
    }
    assert_eq!(oracle.received().len(), 10, "each question is tried twice, and no more");
    assert_eq!(figure(&world, "mojaloop_oracles_left_alone").await, 1.0);
    oracle.usually(serves(&[PAYEE]));
    fails(&world, "/parties/MSISDN/5").await;
    assert_eq!(oracle.received().len(), 10, "it is left alone");
    // After a while one question is let through, and then all of them.
    eventually("it is asked again", async || {
        world.hub.must_take(&Request::fspiop("GET", "/parties/MSISDN/6", PAYER)).await;
        (!world.payee.received().is_empty()).then_some(())
    })
    .await;
    world.hub.must_take(&Request::fspiop("GET", "/parties/MSISDN/7", PAYER)).await;
    world.payee.wait_for_one("GET", "/parties/MSISDN/7").await;
    assert_eq!(figure(&world, "mojaloop_oracles_left_alone").await, 0.0);
    assert!(figure(&world, r#"mojaloop_oracle_questions_total{result="left_alone"}"#).await >= 1.0);
}

#[tokio::test]
async fn an_oracle_that_hangs_leaves_room_for_the_questions_of_others() {
    let (world, oracle) = with_oracle(Manner::Hang).await;
    let mut connection = world.hub.connect().await;
    for number in 0..200 {
        let ask = Request::fspiop("GET", &format!("/parties/MSISDN/{number}"), PAYER);
        assert_eq!(connection.exchange(&ask.to_bytes()).await.status, 202);
    }
    oracle.wait_for(200).await;
    let started = Instant::now();
    fails(&world, "/parties/MSISDN/201").await;
    assert!(started.elapsed() < Duration::from_secs(4), "it is not waited for");
    assert_eq!(error_of(&world, "/parties/EMAIL/a@b.org").await.0, "3204");
    assert_eq!(oracle.received().len(), 200);
    assert!(figure(&world, r#"mojaloop_oracle_questions_total{result="busy"}"#).await >= 1.0);
}

#[tokio::test]
async fn answers_are_kept_for_seconds_and_given_on_while_the_oracle_is_away() {
    let (world, oracle) = with_oracle(serves(&[PAYEE])).await;
    let ask = Request::fspiop("GET", "/parties/MSISDN/1", PAYER);
    for count in 1..=3 {
        world.hub.must_take(&ask).await;
        world.payee.wait_for(count).await;
    }
    assert_eq!(oracle.received().len(), 1, "a party that many pay is asked for once");
    // Down: as soon as the answer is not fresh any more the oracle is tried, and the old answer is given.
    oracle.usually(Manner::Answer(500));
    let mut asked = 3;
    eventually("the oracle is tried", async || {
        world.hub.must_take(&ask).await;
        asked += 1;
        world.payee.wait_for(asked).await;
        (oracle.received().len() > 1).then_some(())
    })
    .await;
    assert!(world.payer.received().is_empty(), "nobody was told of an error");
    // What the oracle was never asked for is not known.
    fails(&world, "/parties/MSISDN/2").await;
    // It is back, and has changed its mind.
    oracle.usually(serves(&[PAYER]));
    eventually("the new answer", async || {
        world.hub.must_take(&ask).await;
        world.payer.received().iter().any(|received| received.method == "GET").then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_directory_goes_on_while_the_store_is_away() {
    let (world, shaky) = World::shaky(test_hub::settings()).await;
    let path = "/participants/EMAIL/a@b.org";
    world.hub.must_take(&Request::fspiop("POST", path, PAYEE).body(json!({"fspId": PAYEE}).to_string())).await;
    world.payee.wait_for(1).await;
    let ask = Request::fspiop("GET", "/parties/EMAIL/a@b.org", PAYER);
    world.hub.must_take(&ask).await;
    world.payee.wait_for(2).await;
    world.hub.quiet().await;
    shaky.down(true);
    world.hub.must_take(&ask).await;
    world.payee.wait_for(3).await;
    assert!(world.payer.received().is_empty());
    shaky.down(false);
}

#[tokio::test]
async fn an_oracle_that_the_policy_forbids_is_not_called() {
    let oracle = Fsp::start("oracle");
    oracle.usually(serves(&[PAYEE]));
    let store = test_hub::memory();
    let world = World::on(store.clone()).await;
    register(&world, &format!("http://{}", oracle.address)).await;
    let World { hub, payer, payee } = world;
    hub.quiet().await;
    drop(hub.stop().await);
    // The same oracle under a stricter policy, made after it was registered.
    let policy = hub::CallbackPolicy::Hosts(vec!["bank.example".to_owned()]);
    let settings = hub::Settings { callback_policy: policy, ..test_hub::settings() };
    let authorizer = std::sync::Arc::new(hub::OpenAuthorizer);
    let hub = crate::support::TestHub::with(store.clone(), store, settings, authorizer).await;
    let world = World { hub, payer, payee };
    world.hub.must_take(&Request::fspiop("GET", "/parties/MSISDN/1", PAYER)).await;
    // The answer is on its way, to an FSP that must not be called either.
    let refused = r#"mojaloop_callback_attempts_total{result="refused"}"#;
    eventually("the answer", async || (figure(&world, refused).await >= 1.0).then_some(())).await;
    assert!(oracle.received().is_empty());
}

#[tokio::test]
async fn records_of_other_sub_identifiers_are_of_other_parties() {
    let served = |fsp: &str, sub_id: &str| json!({"fspId": fsp, "partySubIdOrType": sub_id});
    let list = json!({"partyList": [served("nobody", "a"), {"fspId": PAYEE}, served(PAYER, "b")]});
    let (world, _oracle) = with_oracle(Manner::Say(200, list.to_string())).await;
    for (path, fsp) in [("/participants/MSISDN/1", PAYEE), ("/participants/MSISDN/1/b", PAYEE)] {
        world.hub.must_take(&Request::fspiop("GET", path, PAYER)).await;
        assert_eq!(world.payer.wait_for_one("PUT", path).await.json(), json!({"fspId": fsp}));
    }
}

#[tokio::test]
async fn an_oracle_that_is_taken_away_gives_way_to_the_directory() {
    let (world, oracle) = with_oracle(serves(&[PAYEE])).await;
    let gone = Request::admin("DELETE", "/oracles/1").send(world.hub.oracle_admin()).await;
    assert_eq!(gone.status, 204);
    assert_eq!(error_of(&world, "/parties/MSISDN/1").await.0, "3204");
    assert!(oracle.received().is_empty());
}
