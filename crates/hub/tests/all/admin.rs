//! What operators see and change.

use serde_json::{Value, json};

use crate::support::{
    Request, World,
    messages::{Transfer, in_millis},
    world::{PAYEE, PAYER, balance},
};

/// Whether a text is a moment of the last minute.
fn is_recent(text: &Value) -> bool {
    let moment = fspiop::Timestamp::parse(text.as_str().unwrap()).unwrap();
    moment <= in_millis(0) && moment >= in_millis(-60_000)
}

#[tokio::test]
async fn participants_are_shown_with_their_accounts() {
    let world = World::new().await;
    let all = world.hub.read("/participants").await;
    let names: Vec<_> = all.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Hub", PAYER, PAYEE]);
    let one = world.hub.read("/participants/payerfsp").await;
    assert_eq!(one, all[1]);
    assert_eq!(one["id"], "central-ledger/participants/payerfsp");
    assert_eq!(one["links"], json!({"self": "central-ledger/participants/payerfsp"}));
    assert_eq!(one["isActive"], 1);
    assert!(is_recent(&one["created"]));
    let kinds: Vec<_> =
        one["accounts"].as_array().unwrap().iter().map(|one| one["ledgerAccountType"].clone()).collect();
    assert_eq!(kinds, ["POSITION", "SETTLEMENT"]);
    assert!(one["accounts"].as_array().unwrap().iter().all(|one| one["currency"] == "USD" && one["isActive"] == 1));

    let created = world.hub.admin(&Request::admin("POST", "/participants").body(r#"{"name":"newfsp"}"#)).await;
    assert_eq!((created.status, created.header("content-type")), (201, Some("application/json")));
    assert_eq!((&created.json()["name"], &created.json()["accounts"]), (&json!("newfsp"), &json!([])));
}

#[tokio::test]
async fn amounts_are_exact_whatever_their_length() {
    let world = World::new().await;
    let mut operator = world.operator().await;
    operator.pay_in(PAYER, "999999999999999999.9999").await;
    // 10000 was there before.
    assert_eq!(balance(&world.hub, PAYER, "SETTLEMENT").await, "-1000000000000009999.9999");
    operator.cap(PAYER, "123456789012345678901234.5678").await;
    let limits = world.hub.admin(&Request::admin("GET", "/participants/payerfsp/limits?currency=USD")).await;
    assert!(limits.text().contains(r#""value":123456789012345678901234.5678"#), "{limits:?}");
    world.pay(&Transfer::new("999999999999999999.9999")).await;
    assert_eq!(world.position(PAYER).await, "999999999999999999.9999");
    assert_eq!(world.position(PAYEE).await, "-999999999999999999.9999");
}

#[tokio::test]
async fn accounts_positions_and_limits_are_shown() {
    let world = World::new().await;
    world.hub.must_take(&Transfer::new("1.5").prepare()).await;
    let accounts = world.hub.read("/participants/payerfsp/accounts").await;
    let position = &accounts[0];
    assert_eq!(position["ledgerAccountType"], "POSITION");
    assert_eq!((position["value"].to_string(), position["reservedValue"].to_string()), ("1.5".into(), "0".into()));
    assert_eq!((&position["currency"], &position["isActive"]), (&json!("USD"), &json!(1)));
    assert!(is_recent(&position["changedDate"]));
    let one = world.hub.read("/participants/payerfsp/positions?currency=USD").await;
    assert_eq!((one["currency"].clone(), one["value"].to_string()), (json!("USD"), "1.5".into()));
    assert_eq!(world.hub.read("/participants/payerfsp/positions").await, json!([one]));

    let limit = json!({"type": "NET_DEBIT_CAP", "value": 10_000, "alarmPercentage": 10});
    let of_payer = world.hub.read("/participants/payerfsp/limits").await;
    assert_eq!(of_payer, json!([{"currency": "USD", "limit": limit}]));
    assert_eq!(world.hub.read("/participants/payerfsp/limits?currency=KES").await, json!([]));
    let all = world.hub.read("/participants/limits?currency=USD").await;
    let named = |name: &str| json!({"name": name, "currency": "USD", "limit": limit});
    assert_eq!(all, json!([named(PAYER), named(PAYEE)]));
    let endpoints = world.hub.read("/participants/payerfsp/endpoints").await;
    assert_eq!(endpoints.as_array().unwrap().len(), 16);
    let quotes = json!({"type": "FSPIOP_CALLBACK_URL_QUOTES", "value": format!("http://{}", world.payer.address)});
    assert!(endpoints.as_array().unwrap().contains(&quotes));
}

#[tokio::test]
async fn a_limit_has_an_alarm_and_is_asked_for_by_type() {
    let world = World::new().await;
    let path = "/participants/payerfsp/limits";
    let adjust = |value: Value, alarm: Value| {
        let limit = json!({"type": "NET_DEBIT_CAP", "value": value, "alarmPercentage": alarm});
        Request::admin("PUT", path).body(json!({"currency": "USD", "limit": limit}).to_string())
    };
    let expected = |value: i64, alarm: i64| json!({"currency": "USD", "limit": {"type": "NET_DEBIT_CAP", "value": value, "alarmPercentage": alarm}});
    let changed = world.hub.admin(&adjust(json!(500), json!(25))).await;
    assert_eq!((changed.status, changed.json()), (200, expected(500, 25)));
    assert_eq!(world.hub.read(path).await, json!([expected(500, 25)]));
    // Without an alarm only the value changes; a fraction of a percent is cut off.
    world.operator().await.cap(PAYER, "600").await;
    assert_eq!(world.hub.read(path).await, json!([expected(600, 25)]));
    assert_eq!(world.hub.admin(&adjust(json!("600"), json!("99.9"))).await.json(), expected(600, 99));
    for wrong in [json!(-1), json!(101), json!("1e1"), json!("100000"), json!(true)] {
        let refused = world.hub.admin(&adjust(json!(1), wrong.clone())).await;
        assert_eq!((refused.status, refused.error().0.as_str()), (400, "3100"), "{wrong}");
    }
    assert_eq!(world.hub.read(&format!("{path}?type=NET_DEBIT_CAP&currency=USD")).await, json!([expected(600, 99)]));
    for query in ["type=OTHER", "type=NET_DEBIT_CAP&type=NET_DEBIT_CAP", "currency=ZZZ"] {
        let refused = world.hub.admin(&Request::admin("GET", &format!("{path}?{query}"))).await;
        assert_eq!((refused.status, refused.error().0.as_str()), (400, "3100"), "{query}");
    }
}

#[tokio::test]
async fn endpoints_are_asked_for_by_type() {
    let world = World::new().await;
    let of = async |kind: &str| world.hub.read(&format!("/participants/payerfsp/endpoints?type={kind}")).await;
    let quotes = of("FSPIOP_CALLBACK_URL_QUOTES").await;
    let expected = json!([{"type": "FSPIOP_CALLBACK_URL_QUOTES", "value": format!("http://{}", world.payer.address)}]);
    assert_eq!(quotes, expected);
    assert_eq!(of("ALARM_NOTIFICATION_URL").await, json!([]));
    let many: Vec<_> = std::iter::repeat_n(&expected[0], 200).collect();
    let body = serde_json::to_string(&many).unwrap();
    let refused = world.hub.admin(&Request::admin("POST", "/participants/payerfsp/endpoints").body(body)).await;
    assert_eq!((refused.status, refused.error().0.as_str()), (400, "3103"));
}

#[tokio::test]
async fn settlement_models_keep_their_numbers() {
    let world = World::new().await;
    let mut operator = world.operator().await;
    for (name, currency) in [("ZEBRA", "USD"), ("ANT", "KES")] {
        let model = json!({
            "name": name, "settlementGranularity": "NET", "settlementInterchange": "MULTILATERAL",
            "settlementDelay": "DEFERRED", "requireLiquidityCheck": true, "ledgerAccountType": "POSITION",
            "autoPositionReset": true, "currency": currency,
        });
        operator.post("/settlementModels", model).await;
    }
    let models = world.hub.read("/settlementModels").await;
    let numbered: Vec<_> =
        models.as_array().unwrap().iter().map(|one| (&one["settlementModelId"], &one["name"])).collect();
    assert_eq!(numbered, [(&json!(1), &json!("ZEBRA")), (&json!(2), &json!("ANT"))]);
    assert_eq!(world.hub.read("/settlementModels/ANT").await["settlementModelId"], 2);
}

#[tokio::test]
async fn types_of_accounts_are_those_of_the_ledger() {
    let world = World::new().await;
    let post = async |name: &str| {
        let body = json!({"name": name, "description": "d", "isActive": true, "isSettleable": true}).to_string();
        world.hub.admin(&Request::admin("POST", "/ledgerAccountTypes").body(body)).await
    };
    for (name, code, part) in [("POSITION", "3000", "already exists"), ("NOSTRO", "3100", "/requestBody/name must be")]
    {
        let refused = post(name).await;
        let (found, description) = refused.error();
        assert_eq!((refused.status, found.as_str(), description.contains(part)), (400, code, true), "{description}");
    }
    assert_eq!(world.hub.read("/ledgerAccountTypes").await.as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn figures_and_health_are_there_too() {
    let world = World::new().await;
    let figures = world.hub.admin(&Request::admin("GET", "/metrics")).await;
    assert_eq!(figures.status, 200);
    assert!(figures.text().contains("mojaloop_requests_total"), "{figures:?}");
    for address in [world.hub.ledger_admin(), world.hub.oracle_admin()] {
        assert_eq!(Request::admin("GET", "/health").send(address).await.json()["status"], "OK");
    }
}

#[tokio::test]
async fn a_lower_cap_binds_the_next_transfer() {
    let world = World::new().await;
    world.hub.must_take(&Transfer::new("100").prepare()).await;
    world.operator().await.cap(PAYER, "100").await;
    let refused = Transfer::new("0.0001");
    world.hub.must_take(&refused.prepare()).await;
    let told = world.payer.wait_for_one("PUT", &refused.error_path()).await;
    assert_eq!(told.error(), ("4200".to_owned(), "Payer limit error".to_owned()));
    assert_eq!(world.position(PAYER).await, "100");
}

#[tokio::test]
async fn what_is_switched_off_takes_no_part_until_it_is_switched_on() {
    let world = World::new().await;
    let mut operator = world.operator().await;
    let account = operator.account(PAYEE, "POSITION").await;
    for path in [
        format!("/participants/{PAYER}"),
        format!("/participants/{PAYEE}"),
        format!("/participants/{PAYEE}/accounts/{account}"),
    ] {
        operator.put(&path, json!({"isActive": false})).await;
        let refused = Transfer::new("1");
        world.hub.must_take(&refused.prepare()).await;
        let (code, description) = world.payer.wait_for_one("PUT", &refused.error_path()).await.error();
        assert_eq!(code, "3100", "{path}: {description}");
        assert!(description.ends_with("inactive"), "{path}: {description}");
        operator.put(&path, json!({"isActive": true})).await;
        world.pay(&Transfer::new("1")).await;
    }
    assert_eq!(world.hub.read("/participants/payerfsp").await["isActive"], 1);
}

#[tokio::test]
async fn the_same_funds_twice_are_the_same_funds() {
    let world = World::new().await;
    let account = world.operator().await.account(PAYER, "SETTLEMENT").await;
    let path = format!("/participants/{PAYER}/accounts/{account}");
    let body = |reason: &str, reference: &str, amount: Value| {
        json!({
            "transferId": "f0000001-ee48-4575-b6a9-ead2955b8069", "externalReference": reference,
            "action": "recordFundsIn", "reason": reason, "amount": {"amount": amount, "currency": "USD"},
        })
        .to_string()
    };
    let post = |body: String| Request::admin("POST", &path).body(body);
    for reason in ["first", "again, in other words"] {
        let response = world.hub.admin(&post(body(reason, "ref", json!("5.50")))).await;
        assert_eq!((response.status, response.body.len()), (202, 0), "{response:?}");
    }
    // The same amount, written in another way.
    assert_eq!(world.hub.admin(&post(body("number", "ref", json!(5.5)))).await.status, 202);
    assert_eq!(balance(&world.hub, PAYER, "SETTLEMENT").await, "-10005.5");
    assert_eq!(balance(&world.hub, "Hub", "HUB_RECONCILIATION").await, "20005.5");
    for changed in [body("first", "ref", json!("5.51")), body("first", "other", json!("5.50"))] {
        let response = world.hub.admin(&post(changed)).await;
        assert_eq!((response.status, response.error().0.as_str()), (400, "3106"));
    }
    assert_eq!(balance(&world.hub, PAYER, "SETTLEMENT").await, "-10005.5");
}

#[tokio::test]
async fn settlement_models_are_made_shown_and_switched() {
    let world = World::new().await;
    assert_eq!(world.hub.read("/settlementModels").await, json!([]));
    let mut operator = world.operator().await;
    let model = json!({
        "name": "DEFERREDNET", "settlementGranularity": "NET", "settlementInterchange": "MULTILATERAL",
        "settlementDelay": "DEFERRED", "requireLiquidityCheck": false, "ledgerAccountType": "POSITION",
        "autoPositionReset": true,
    });
    operator.post("/settlementModels", model.clone()).await;
    let shown = world.hub.read("/settlementModels/DEFERREDNET").await;
    for (field, value) in model.as_object().unwrap().iter().filter(|(field, _)| *field != "ledgerAccountType") {
        assert_eq!(&shown[field], value, "{field}");
    }
    assert_eq!((&shown["isActive"], &shown["settlementAccountType"]), (&json!(true), &json!("SETTLEMENT")));
    assert_eq!(world.hub.read("/settlementModels").await, json!([shown]));
    let again = world.hub.admin(&Request::admin("POST", "/settlementModels").body(model.to_string())).await;
    assert_eq!((again.status, again.error().1.contains("already exists")), (400, true));
    // It asks for no cover, and yet nobody sends what is not covered.
    operator.cap(PAYER, "20000").await;
    let refused = Transfer::new("15000");
    world.hub.must_take(&refused.prepare()).await;
    assert_eq!(world.payer.wait_for_one("PUT", &refused.error_path()).await.error().0, "4001");
    operator.put("/settlementModels/DEFERREDNET", json!({"isActive": false})).await;
    assert_eq!(world.hub.read("/settlementModels/DEFERREDNET").await["isActive"], false);
}

#[tokio::test]
async fn oracles_are_made_shown_changed_and_taken_away() {
    let world = World::new().await;
    let send = async |method: &str, path: &str, body: Value| {
        Request::admin(method, path).body(body.to_string()).send(world.hub.oracle_admin()).await
    };
    let oracle =
        |kind: &str, url: &str| json!({"oracleIdType": kind, "endpoint": {"value": url, "endpointType": "URL"}});
    for kind in ["MSISDN", "IBAN"] {
        let created = send("POST", "/oracles", oracle(kind, "http://oracle")).await;
        assert_eq!((created.status, created.body.len()), (201, 0));
    }
    let list = async |query: &str| send("GET", &format!("/oracles{query}"), Value::Null).await.json();
    let of_kind =
        |list: &Value| list.as_array().unwrap().iter().map(|one| one["oracleIdType"].clone()).collect::<Vec<_>>();
    assert_eq!(of_kind(&list("").await), ["MSISDN", "IBAN"]);
    assert_eq!(of_kind(&list("?type=IBAN").await), ["IBAN"]);
    assert_eq!(of_kind(&list("?currency=USD").await), [Value::Null; 0]);
    let shown = &list("?type=MSISDN").await[0];
    assert_eq!(shown["endpoint"], json!({"value": "http://oracle", "endpointType": "URL"}));
    assert_eq!((&shown["oracleId"], &shown["isDefault"]), (&json!("1"), &json!(false)));
    let changed = json!({"isDefault": true, "currency": "USD"});
    let mut body = oracle("MSISDN", "http://other");
    body.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
    assert_eq!(send("PUT", "/oracles/1", body).await.status, 204);
    let shown = &list("?currency=USD").await[0];
    assert_eq!((&shown["endpoint"]["value"], &shown["isDefault"]), (&json!("http://other"), &json!(true)));
    // Once more, and what never was: gone is gone.
    for path in ["/oracles/1", "/oracles/1", "/oracles/99", "/oracles/INVALID"] {
        let gone = send("DELETE", path, Value::Null).await;
        assert_eq!((gone.status, gone.body.len()), (204, 0), "{path}");
        assert_eq!(of_kind(&list("").await), ["IBAN"]);
    }
    // A number is never used again.
    assert_eq!(send("POST", "/oracles", oracle("ALIAS", "http://oracle")).await.status, 201);
    assert_eq!(list("?type=ALIAS").await[0]["oracleId"], "3");
    for (method, path, body) in [
        ("GET", "/oracles", Value::Null),
        ("POST", "/oracles", oracle("DEVICE", "http://oracle")),
        ("DELETE", "/oracles/2", Value::Null),
    ] {
        let request = Request::admin(method, path).body(body.to_string()).without("accept");
        let refused = request.send(world.hub.oracle_admin()).await;
        let (code, description) = refused.error();
        assert_eq!((refused.status, code.as_str(), description.contains("'accept'")), (400, "3102", true), "{method}");
    }
    assert_eq!(of_kind(&list("").await), ["IBAN", "ALIAS"]);
}

#[tokio::test]
async fn names_are_listed() {
    let world = World::new().await;
    let enums = world.hub.read("/enums").await;
    for (group, name) in [
        ("endpointType", "FSPIOP_CALLBACK_URL_TRANSFER_POST"),
        ("ledgerAccountType", "POSITION"),
        ("participantLimitType", "NET_DEBIT_CAP"),
        ("settlementDelay", "DEFERRED"),
        ("transferState", "COMMITTED"),
    ] {
        assert_eq!(enums[group][name], name);
    }
    let types = world.hub.read("/ledgerAccountTypes").await;
    assert_eq!(types.as_array().unwrap().len(), 6);
    assert_eq!((&types[0]["id"], &types[0]["name"]), (&json!(1), &json!("POSITION")));
    assert_eq!((&types[0]["isActive"], &types[0]["isSettleable"]), (&json!(true), &json!(true)));
    assert!(
        types.as_array().unwrap().iter().all(|one| one["description"].as_str().is_some_and(|text| text.len() > 10))
    );
}

#[tokio::test]
async fn a_further_currency_brings_further_accounts() {
    let world = World::new().await;
    let mut operator = world.operator().await;
    for kind in ["HUB_RECONCILIATION", "HUB_MULTILATERAL_SETTLEMENT"] {
        operator.post("/participants/Hub/accounts", json!({"currency": "KES", "type": kind})).await;
    }
    operator.post("/participants", json!({"name": PAYER, "currency": "KES"})).await;
    let accounts = world.hub.read("/participants/payerfsp/accounts").await;
    let currencies: Vec<_> = accounts.as_array().unwrap().iter().map(|one| one["currency"].clone()).collect();
    assert_eq!(currencies, ["USD", "USD", "KES", "KES"]);
    assert_eq!(world.hub.read("/participants/payerfsp/positions?currency=KES").await["value"], 0);
    // The payee has no account in it.
    let transfer = Transfer::new("1");
    let body = transfer.body().to_string().replace("USD", "KES");
    world.hub.must_take(&transfer.prepare().body(body)).await;
    let told = world.payer.wait_for_one("PUT", &transfer.error_path()).await;
    assert_eq!(
        told.error(),
        ("3200".into(), "Generic ID not found - Participant payeefsp KES account not found".into())
    );
}
