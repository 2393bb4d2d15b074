//! Lookup with the built-in directory.

use serde_json::json;

use crate::support::{
    Received, Request, TestHub, World,
    messages::party_answer,
    test_hub,
    world::{PAYEE, PAYER},
};

/// An FSP enters a party, and is told so.
async fn enter(world: &World, source: &str, party: &str, body: serde_json::Value) -> Received {
    let fsp = if source == PAYER { &world.payer } else { &world.payee };
    let before = fsp.received().len();
    let path = format!("/participants/{party}");
    world.hub.must_take(&Request::fspiop("POST", &path, source).body(body.to_string())).await;
    fsp.wait_for(before + 1).await.pop().unwrap()
}

/// What the payer is told when it asks for a party, or the payee when it is asked for one.
async fn ask(world: &World, path: &str) -> Received {
    let seen = (world.payer.received().len(), world.payee.received().len());
    world.hub.must_take(&Request::fspiop("GET", path, PAYER)).await;
    crate::support::eventually("somebody hears of the question", async || {
        let (payer, payee) = (world.payer.received(), world.payee.received());
        payee.get(seen.1).or(payer.get(seen.0)).cloned()
    })
    .await
}

#[tokio::test]
async fn parties_are_found_by_type_identifier_and_sub_identifier() {
    let world = World::new().await;
    for party in [
        "MSISDN/27713803912",
        "MSISDN/+27713803912",
        "EMAIL/alice@example.org",
        "PERSONAL_ID/123/PASSPORT",
        "ALIAS/a%2Fb%20c%3F",
        "ALIAS/%E1%80%85%E1%80%B6/50%25",
        "IBAN/DE89370400440532013000",
    ] {
        let told = enter(&world, PAYEE, party, json!({"fspId": PAYEE})).await;
        assert_eq!(told.what(), ("PUT", format!("/participants/{party}").as_str()));
        assert_eq!((&told.json()["fspId"], &told.json()["partyList"][0]["fspId"]), (&json!(PAYEE), &json!(PAYEE)));
        let asked = ask(&world, &format!("/parties/{party}")).await;
        assert_eq!(asked.what(), ("GET", format!("/parties/{party}").as_str()));
        assert_eq!(asked.header("fspiop-destination"), Some(PAYEE));
        let served = ask(&world, &format!("/participants/{party}")).await;
        assert_eq!((served.method.as_str(), served.json()), ("PUT", json!({"fspId": PAYEE})));
    }
    // Whole names only.
    for stranger in
        ["MSISDN/2771380391", "PERSONAL_ID/123", "PERSONAL_ID/123/LICENCE", "ALIAS/a", "BUSINESS/27713803912"]
    {
        let told = ask(&world, &format!("/parties/{stranger}")).await;
        let path = format!("/parties/{stranger}/error");
        assert_eq!((told.what(), told.error()), (("PUT", path.as_str()), ("3204".into(), "Party not found".into())));
        let told = ask(&world, &format!("/participants/{stranger}")).await;
        let path = format!("/participants/{stranger}/error");
        assert_eq!((told.what(), told.error().0.as_str()), (("PUT", path.as_str()), "3204"));
    }
}

#[tokio::test]
async fn one_identifier_in_two_spellings_is_one_party() {
    let world = World::new().await;
    enter(&world, PAYEE, "MSISDN/%2B27713803912", json!({"fspId": PAYEE})).await;
    let asked = ask(&world, "/parties/MSISDN/+27713803912").await;
    assert_eq!(asked.what(), ("GET", "/parties/MSISDN/+27713803912"), "the path goes on as the asker wrote it");
}

#[tokio::test]
async fn no_fsp_takes_a_party_over() {
    let world = World::new().await;
    for party in ["MSISDN/1", "PERSONAL_ID/1/PASSPORT"] {
        let path = format!("/participants/{party}");
        enter(&world, PAYEE, party, json!({"fspId": PAYEE})).await;
        // Its own FSP may say it again.
        assert_eq!(enter(&world, PAYEE, party, json!({"fspId": PAYEE})).await.path, path);
        for method in ["POST", "PUT"] {
            let before = world.payer.received().len();
            let claim = Request::fspiop(method, &path, PAYER).body(json!({"fspId": PAYER}).to_string());
            world.hub.must_take(&claim).await;
            let told = world.payer.wait_for(before + 1).await.pop().unwrap();
            assert_eq!(told.what(), ("PUT", format!("{path}/error").as_str()), "{method}");
            assert_eq!(told.error().0, "3003", "{method}");
        }
        assert_eq!(ask(&world, &path).await.json(), json!({"fspId": PAYEE}));
        // When its FSP has let go of it, another may have it.
        let before = world.payee.received().len();
        world.hub.must_take(&Request::fspiop("DELETE", &path, PAYEE)).await;
        world.payee.wait_for(before + 1).await;
        assert_eq!(enter(&world, PAYER, party, json!({"fspId": PAYER})).await.path, path);
        assert_eq!(ask(&world, &path).await.json(), json!({"fspId": PAYER}));
    }
}

#[tokio::test]
async fn an_operator_moves_a_party() {
    let world = World::new().await;
    enter(&world, PAYEE, "MSISDN/1", json!({"fspId": PAYEE})).await;
    let moved = Request::admin("POST", "/participants/MSISDN/1").body(json!({"fspId": PAYER}).to_string());
    assert_eq!(moved.send(world.hub.oracle_admin()).await.status, 201);
    assert_eq!(ask(&world, "/participants/MSISDN/1").await.json(), json!({"fspId": PAYER}));
    assert_eq!(enter(&world, PAYEE, "MSISDN/1", json!({"fspId": PAYEE})).await.error().0, "3003");
}

#[tokio::test]
async fn a_party_may_have_fsps_by_currency() {
    let world = World::new().await;
    enter(&world, PAYEE, "MSISDN/1", json!({"fspId": PAYEE, "currency": "USD"})).await;
    enter(&world, PAYER, "MSISDN/1", json!({"fspId": PAYER, "currency": "KES"})).await;
    for (currency, fsp) in [("USD", PAYEE), ("KES", PAYER)] {
        let told = ask(&world, &format!("/participants/MSISDN/1?currency={currency}")).await;
        assert_eq!(told.json(), json!({"fspId": fsp}));
    }
    let told = ask(&world, "/participants/MSISDN/1?currency=ZAR").await;
    assert_eq!(told.error().0, "3204");
}

#[tokio::test]
async fn nobody_enters_parties_of_others() {
    let world = World::new().await;
    let told = enter(&world, PAYER, "MSISDN/1", json!({"fspId": PAYEE})).await;
    assert_eq!(told.path, "/participants/MSISDN/1/error");
    assert_eq!(told.error().0, "3100");
    let told = enter(&world, PAYER, "MSISDN/1", json!({"fspId": "nobody"})).await;
    assert_eq!(told.error().0, "3201");
    // Who is not a participant is answered as upstream answers, and gets nowhere.
    let before = world.hub.snapshot().await;
    let stranger =
        Request::fspiop("POST", "/participants/MSISDN/1", "nobody").body(json!({"fspId": PAYEE}).to_string());
    world.hub.must_take(&stranger).await;
    world.hub.must_take(&Request::fspiop("GET", "/participants/MSISDN/1", "nobody")).await;
    assert_eq!(world.hub.snapshot().await, before);
    assert_eq!(ask(&world, "/participants/MSISDN/1").await.error().0, "3204");
}

#[tokio::test]
async fn a_destination_needs_no_directory() {
    let world = World::new().await;
    world.hub.must_take(&Request::fspiop("GET", "/parties/MSISDN/404", PAYER).to(PAYEE)).await;
    let asked = world.payee.wait_for_one("GET", "/parties/MSISDN/404").await;
    assert_eq!(asked.header("fspiop-source"), Some(PAYER));
    let answer = party_answer("MSISDN", "404");
    world.hub.must_take(&Request::fspiop("PUT", "/parties/MSISDN/404", PAYEE).to(PAYER).body(answer.to_string())).await;
    world.payer.wait_for_one("PUT", "/parties/MSISDN/404").await;
}

#[tokio::test]
async fn an_entry_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::on(test_hub::sqlite(folder.path())).await;
    enter(&world, PAYEE, "ALIAS/a%2Fb/sub", json!({"fspId": PAYEE})).await;
    let World { hub, payer, payee } = world;
    crate::support::restart::close(hub).await;
    let hub = TestHub::start(test_hub::sqlite(folder.path())).await;
    hub.must_take(&Request::fspiop("GET", "/parties/ALIAS/a%2Fb/sub", PAYER)).await;
    payee.wait_for_one("GET", "/parties/ALIAS/a%2Fb/sub").await;
    assert!(payer.received().is_empty());
}
