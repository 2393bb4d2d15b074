//! A real hub, brought to what schemes say.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::HashSet;

use fspiop::{Amount, Currency, FspId, PartyId, PartyIdType};
use http::Method;
use operations::{Condition, Exit, Plan, Risk, Silent};
use provisioning::{Account, Apis, Oracle, Participant, Party, Scheme, apply, plan, readiness};
use serde_json::{Value, json};
use support::{Breaking, World, demo};

fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap()
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn third_fsp() -> Participant {
    let account = Account { net_debit_cap: amount("5"), funds: Amount::ZERO };
    Participant {
        name: FspId::parse("thirdfsp").unwrap(),
        currencies: [(currency("USD"), account)].into(),
        endpoint: "http://thirdfsp:4000/callbacks".to_owned(),
        simulated: false,
        parties: vec![Party { id: PartyId::parse("ALIAS/a b%2Fc/d").unwrap(), name: "Carl".to_owned() }],
    }
}

#[tokio::test]
async fn an_empty_hub_gets_everything_once() {
    let world = World::new().await;
    let planned = world.plan(&demo()).await;
    let what: HashSet<(&str, &str)> =
        planned.changes.iter().map(|change| (change.resource.as_str(), change.field.as_str())).collect();
    assert_eq!(what.len(), planned.changes.len());
    // Two accounts of the hub in each of two currencies, a model; for each of two FSPs two accounts with cap and funds, an
    // endpoint and a party.
    assert_eq!(planned.changes.len(), 4 + 1 + 2 * (2 * 3 + 1 + 1));
    for expect in [
        ("hub/Hub", "accounts.KES.HUB_RECONCILIATION"),
        ("settlementModel/DEFERREDNET", ""),
        ("participant/payerfsp", "currencies.USD"),
        ("participant/payeefsp", "currencies.KES.netDebitCap"),
        ("participant/payerfsp", "currencies.KES.funds"),
        ("participant/payeefsp", "endpoint"),
        ("party/MSISDN/27713803912", "fsp"),
    ] {
        assert!(what.contains(&expect), "{expect:?}: {what:?}");
    }
    assert!(planned.changes.iter().all(|change| change.before == Value::Null && change.risk == Risk::None));
    assert_eq!(world.paid_in().await, Vec::<String>::new());

    assert_eq!(world.apply(&demo()).await, planned);
    assert_eq!(world.plan(&demo()).await, Plan::default());
    let before = format!("{:?}", world.store.books().await.unwrap());
    assert_eq!(world.apply(&demo()).await, Plan::default());
    assert_eq!(format!("{:?}", world.store.books().await.unwrap()), before);
    let mut paid = world.paid_in().await;
    paid.sort();
    assert_eq!(paid, ["50000 KES", "50000 KES", "50000 USD", "50000 USD"]);
    world.stop().await;
}

#[tokio::test]
async fn origins_are_asked_for_by_the_definitions_paths() {
    let world = World::new().await;
    let planned = plan(&world.apis, &demo(), &|path| format!("<{path}>")).await.unwrap();
    let origins: HashSet<&str> = planned.changes.iter().map(|change| change.origin.as_str()).collect();
    for expect in [
        "<scheme.currencies[1]>",
        "<scheme.settlementModels[0]>",
        "<participants[0].currencies.USD>",
        "<participants[0].currencies.USD.netDebitCap>",
        "<participants[1].currencies.KES.funds>",
        "<participants[1].endpoint>",
        "<participants[1].parties[0]>",
    ] {
        assert!(origins.contains(expect), "{expect}: {origins:?}");
    }
}

#[tokio::test]
async fn what_differs_is_changed_and_nothing_else() {
    let world = World::with_demo().await;
    let none = Risk::None;
    let mut scheme = demo();
    scheme.participants[0].currencies.get_mut(&currency("USD")).unwrap().net_debit_cap = amount("123.45");
    let cap = ("participant/payerfsp", "currencies.USD.netDebitCap", json!("100000"), json!("123.45"), none);
    world.check(&scheme, &[cap]).await;

    scheme.participants[1].endpoint = "http://elsewhere:4000".to_owned();
    let (from, to) = (json!("http://127.0.0.1:9/payeefsp"), json!("http://elsewhere:4000"));
    world.check(&scheme, &[("participant/payeefsp", "endpoint", from, to, none)]).await;

    scheme.participants.push(third_fsp());
    let third = [
        ("participant/thirdfsp", "currencies.USD", Value::Null, json!("open"), none),
        ("participant/thirdfsp", "currencies.USD.netDebitCap", Value::Null, json!("5"), none),
        ("participant/thirdfsp", "endpoint", Value::Null, json!("http://thirdfsp:4000/callbacks"), none),
        ("party/ALIAS/a b%2Fc/d", "fsp", Value::Null, json!("thirdfsp"), none),
    ];
    world.check(&scheme, &third).await;

    scheme.participants[0].parties.push(Party { id: PartyId::parse("EMAIL/a@b.org").unwrap(), name: "A".to_owned() });
    world.check(&scheme, &[("party/EMAIL/a@b.org", "fsp", Value::Null, json!("payerfsp"), none)]).await;

    // The operator moves a party from one FSP to another; no FSP could.
    let moved = scheme.participants[1].parties.remove(0);
    let (from, to) = (json!(scheme.participants[1].name), json!(scheme.participants[0].name));
    let resource = format!("party/{}", moved.id);
    scheme.participants[0].parties.push(moved);
    world.check(&scheme, &[(resource.as_str(), "fsp", from, to, none)]).await;

    // Initial funds are for joining: another amount later on is no payment.
    scheme.participants[0].currencies.get_mut(&currency("USD")).unwrap().funds = amount("60000");
    world.check(&scheme, &[]).await;
    assert_eq!(world.paid_in().await.len(), 4);
    world.stop().await;
}

#[tokio::test]
async fn a_new_currency_comes_with_the_hubs_accounts() {
    let world = World::with_demo().await;
    let mut scheme = demo();
    scheme.currencies.push(currency("EUR"));
    let account = Account { net_debit_cap: amount("7"), funds: amount("9") };
    scheme.participants[1].currencies.insert(currency("EUR"), account);
    let none = Risk::None;
    let expect = [
        ("hub/Hub", "accounts.EUR.HUB_RECONCILIATION", Value::Null, json!("open"), none),
        ("hub/Hub", "accounts.EUR.HUB_MULTILATERAL_SETTLEMENT", Value::Null, json!("open"), none),
        ("participant/payeefsp", "currencies.EUR", Value::Null, json!("open"), none),
        ("participant/payeefsp", "currencies.EUR.netDebitCap", Value::Null, json!("7"), none),
        ("participant/payeefsp", "currencies.EUR.funds", Value::Null, json!("9"), none),
    ];
    world.check(&scheme, &expect).await;
    assert!(world.paid_in().await.contains(&"9 EUR".to_owned()));
    // What the hub has beyond the scheme stays.
    world.check(&demo(), &[]).await;
    world.stop().await;
}

#[tokio::test]
async fn funds_that_an_operator_recorded_are_not_paid_again() {
    let world = World::new().await;
    let mut scheme = demo();
    for participant in &mut scheme.participants {
        participant.currencies.values_mut().for_each(|account| account.funds = Amount::ZERO);
    }
    world.apply(&scheme).await;
    let accounts = world.store.books().await.unwrap().accounts;
    let configuration = world.store.configuration().await.unwrap();
    let payer = configuration.registry.participant_named("payerfsp").unwrap().id;
    let settlement = |(account, _): &&(ledger::Account, ledger::Balance)| {
        account.participant == payer
            && account.kind == ledger::AccountType::Settlement
            && account.currency == currency("USD")
    };
    let account = accounts.iter().find(settlement).unwrap().0.id.0;
    let body = json!({
        "transferId": "01KAP0M6ZQJ1V5D6Y5W0G2N3B4", "externalReference": "by hand", "action": "recordFundsIn",
        "reason": "by hand", "amount": {"amount": "1", "currency": "USD"},
    });
    world.administer(Method::POST, &format!("/participants/payerfsp/accounts/{account}"), body).await;
    let planned = world.plan(&demo()).await;
    let fields: Vec<_> =
        planned.changes.iter().map(|change| (change.resource.as_str(), change.field.as_str())).collect();
    let expect = [
        ("participant/payerfsp", "currencies.KES.funds"),
        ("participant/payeefsp", "currencies.KES.funds"),
        ("participant/payeefsp", "currencies.USD.funds"),
    ];
    assert_eq!(fields, expect);
    world.stop().await;
}

#[tokio::test]
async fn oracles_are_added_and_moved_and_answer_for_their_parties() {
    let world = World::with_demo().await;
    let mut scheme = demo();
    let oracle = |endpoint: &str, currency| Oracle {
        party_id_type: PartyIdType::Msisdn,
        endpoint: endpoint.to_owned(),
        currency,
    };
    scheme.oracles = vec![oracle("http://oracle:5000", None), oracle("http://kes:5000", Some(currency("KES")))];
    let none = Risk::None;
    let expect = [
        ("oracle/MSISDN", "endpoint", Value::Null, json!("http://oracle:5000"), none),
        ("oracle/MSISDN/KES", "endpoint", Value::Null, json!("http://kes:5000"), none),
    ];
    world.check(&scheme, &expect).await;
    scheme.oracles[0].endpoint = "http://oracle:6000".to_owned();
    let moved = ("oracle/MSISDN", "endpoint", json!("http://oracle:5000"), json!("http://oracle:6000"), none);
    world.check(&scheme, &[moved]).await;
    // Who is in an oracle is the business of whoever runs it.
    scheme.participants[0].parties.push(Party { id: PartyId::parse("MSISDN/1").unwrap(), name: "A".to_owned() });
    world.check(&scheme, &[]).await;
    // An oracle that the scheme does not name stays.
    world.check(&demo(), &[]).await;
    world.stop().await;
}

#[tokio::test]
async fn a_cap_below_the_position_interrupts_its_participant() {
    let world = World::with_demo().await;
    let position = pay(&world).await;
    assert_eq!(position, amount("10"));
    let mut scheme = demo();
    for (cap, risk) in [("10", Risk::None), ("9.9999", Risk::Restart)] {
        scheme.participants[0].currencies.get_mut(&currency("USD")).unwrap().net_debit_cap = amount(cap);
        let planned = world.plan(&scheme).await;
        assert_eq!((planned.changes.len(), planned.risk()), (1, risk), "{cap}");
    }
    world.stop().await;
}

/// Lets the payer reserve 10 USD, and gives its position.
async fn pay(world: &World) -> Amount {
    let expiration = fspiop::Timestamp::from_millis(hub::system_clock().now().as_millis() + 60_000).to_string();
    let body = json!({
        "transferId": "b51ec534-ee48-4575-b6a9-ead2955b8069", "payerFsp": "payerfsp", "payeeFsp": "payeefsp",
        "amount": {"amount": "10", "currency": "USD"}, "expiration": expiration,
        "ilpPacket": "AQAAAAAAAADIEHByaXZhdGUucGF5ZWVmc3CCAiB7fQ",
        "condition": "f5sqb7tBTWPd5Y8BDFdMm9BJR_MNI4isf8p8n4D5pHA",
    });
    let media = "application/vnd.interoperability.transfers+json;version=1.1";
    let request = http::Request::builder()
        .method(Method::POST)
        .uri(format!("{}/transfers", world.apis.fspiop))
        .header("content-type", media)
        .header("accept", media)
        .header("date", hub::system_clock().now().http_date())
        .header("fspiop-source", "payerfsp")
        .header("fspiop-destination", "payeefsp")
        .body(http_body_util::Full::new(bytes::Bytes::from(body.to_string())));
    provisioning::HttpClient::new().send(request.unwrap()).await.unwrap();
    let accounts = world.store.books().await.unwrap().accounts;
    let position = |(account, balance): &&(ledger::Account, ledger::Balance)| {
        account.kind == ledger::AccountType::Position && balance.amount.is_positive()
    };
    accounts.iter().find(position).map_or(Amount::ZERO, |(_, balance)| balance.amount)
}

#[tokio::test]
async fn killed_after_any_request_it_completes_and_pays_once() {
    let mut broke = 0;
    for requests in 1.. {
        let world = World::new().await;
        let way = Breaking::after(requests, &world.apis).await;
        let scheme = demo();
        let finished = tokio::select! {
            result = apply(&way.apis, &scheme, &Silent) => { result.unwrap(); true }
            () = way.broken() => false,
        };
        if !finished {
            broke += 1;
            world.apply(&scheme).await;
        }
        assert_eq!(world.plan(&scheme).await, Plan::default(), "after {requests} requests");
        let mut paid = world.paid_in().await;
        paid.sort();
        assert_eq!(paid, ["50000 KES", "50000 KES", "50000 USD", "50000 USD"], "after {requests} requests");
        world.stop().await;
        if finished {
            break;
        }
    }
    // Four to read, one for each of 21 changes, and one more for each of four funds.
    assert_eq!(broke, 4 + 21 + 4);
}

#[tokio::test]
async fn a_wrong_url_is_told_with_what_to_look_at() {
    let world = World::new().await;
    let right = &world.apis;
    let fspiop_as_ledger = Apis { ledger_admin: right.fspiop.clone(), ..right.clone() };
    let ledger_as_oracle = Apis { oracle_admin: right.ledger_admin.clone(), ..right.clone() };
    let nobody = Apis { ledger_admin: "http://127.0.0.1:9".to_owned(), ..right.clone() };
    let no_url = Apis { oracle_admin: "oracle:4001".to_owned(), ..right.clone() };
    for (apis, message, hint) in [
        (fspiop_as_ledger, "ledger admin, GET /participants", "the hub's ledger admin URL?"),
        (ledger_as_oracle, "oracle admin, GET /oracles: the answer was 404", "the hub's oracle admin URL?"),
        (nobody, "nobody answers there", "is the hub running"),
        (no_url, "\"oracle:4001/oracles\"", "http://HOST:PORT"),
    ] {
        let failure = plan(&apis, &demo(), &str::to_owned).await.expect_err(message);
        assert!(failure.message.contains(message), "{message}: {failure:?}");
        assert!(failure.hint.as_ref().unwrap().contains(hint), "{hint}: {failure:?}");
        assert_eq!(failure.exit, Exit::Failed);
    }
    // Only the parties go to the FSPIOP URL: everything before them has been done.
    let wrong = Apis { fspiop: right.ledger_admin.clone(), ..right.clone() };
    let failure = apply(&wrong, &demo(), &Silent).await.unwrap_err();
    assert_eq!(failure.exit, Exit::Partial);
    assert!(failure.message.contains("FSPIOP, POST /participants/MSISDN/"), "{failure:?}");
    assert_eq!(readiness(right).await, Ok(Condition::Met(())));
    world.stop().await;
}

#[tokio::test]
async fn what_contradicts_the_scheme_and_cannot_be_changed_is_told() {
    let world = World::with_demo().await;
    let check = async |change: fn(&mut Scheme), message: &str| {
        let mut scheme = demo();
        change(&mut scheme);
        let failure = plan(&world.apis, &scheme, &str::to_owned).await.unwrap_err();
        assert!(failure.message.contains(message), "{message}: {failure:?}");
    };
    check(|scheme| scheme.hub_name = FspId::parse("Switch").unwrap(), "not called Switch").await;
    check(|scheme| scheme.settlement_models[0].name = "other".to_owned(), "the hub has DEFERREDNET").await;
    let gross = |scheme: &mut Scheme| {
        scheme.settlement_models[0].kind = definition::SettlementKind::ImmediateGross;
    };
    check(gross, "the hub has DEFERREDNET (NET DEFERRED, all currencies)").await;
    world.stop().await;
}
