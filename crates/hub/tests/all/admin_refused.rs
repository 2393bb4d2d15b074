//! Operators' requests that are wrong: the answer names what, and nothing is changed.

use std::net::SocketAddr;

use serde_json::json;

use crate::support::{
    Connection, Request, Response, World,
    messages::new_id,
    test_hub::Snapshot,
    world::{PAYEE, PAYER},
};

/// Sends requests to one listener, which must refuse them.
struct Checker {
    world: World,
    connection: Connection,
    before: Snapshot,
}

impl Checker {
    async fn new(listener: impl Fn(&World) -> SocketAddr) -> Checker {
        let world = World::new().await;
        let oracle =
            json!({"oracleIdType": "MSISDN", "endpoint": {"value": "http://127.0.0.1:1", "endpointType": "URL"}});
        let created = Request::admin("POST", "/oracles").body(oracle.to_string()).send(world.hub.oracle_admin()).await;
        assert_eq!(created.status, 201);
        let connection = Connection::open(listener(&world)).await;
        let before = world.hub.snapshot().await;
        Checker { world, connection, before }
    }

    async fn ledger() -> Checker {
        Checker::new(|world| world.hub.ledger_admin()).await
    }

    async fn check(&mut self, what: &str, body: impl Into<Vec<u8>>, status: u16, code: &str, part: &str) -> Response {
        let (method, path) = what.split_once(' ').unwrap();
        let request = Request::admin(method, path).body(body);
        let response = self.connection.exchange(&request.to_bytes()).await;
        let body = String::from_utf8_lossy(request.content()).chars().take(200).collect::<String>();
        let name = format!("{what} {body}");
        assert_eq!(response.status, status, "{name}: {}", String::from_utf8_lossy(&response.body));
        assert_eq!(response.header("content-type"), Some("application/json; charset=utf-8"), "{name}");
        let (found, description) = response.error();
        assert_eq!(found, code, "{name}: {description}");
        assert!(description.contains(part), "{name}: {description:?} does not say {part:?}");
        response
    }

    async fn finish(self) {
        assert_eq!(self.world.hub.snapshot().await, self.before);
    }
}

/// What is wrong with any body, whatever it is for.
async fn check_bodies(checker: &mut Checker, what: &str) {
    for (body, part) in [
        (b"".to_vec(), "EOF"),
        (b"{".to_vec(), "EOF"),
        (b"not json".to_vec(), ""),
        (b"{}}".to_vec(), "trailing characters"),
        (b"{\"name\":\"\xff\"}".to_vec(), "utf-8"),
        (r#"{"x":"#.repeat(50_000).into_bytes(), "EOF"),
    ] {
        checker.check(what, body, 400, "3101", part).await;
    }
    let (method, path) = what.split_once(' ').unwrap();
    let announced = Request::admin(method, path).with("content-length", "5242881");
    let mut connection = checker.world.hub.connect().await;
    std::mem::swap(&mut connection, &mut checker.connection);
    checker.connection = Connection::open(checker.world.hub.ledger_admin()).await;
    if what.contains("oracles") {
        checker.connection = Connection::open(checker.world.hub.oracle_admin()).await;
    }
    let refused = checker.connection.exchange(&announced.to_bytes()).await;
    assert_eq!((refused.status, refused.error().0.as_str()), (400, "3104"), "{what}");
    checker.connection = connection;
}

#[tokio::test]
async fn participants() {
    let mut checker = Checker::ledger().await;
    let create = "POST /participants";
    check_bodies(&mut checker, create).await;
    for (body, code, part) in [
        ("{}", "3102", "name"),
        (r#"{"name":5}"#, "3100", "/requestBody/name"),
        (r#"{"name":null}"#, "3100", "/requestBody/name"),
        (r#"{"name":"newfsp","name":"other"}"#, "3101", "name"),
        (r#"{"name":"a"}"#, "3100", "/requestBody/name must have 2 to 30"),
        (r#"{"name":"a name with blanks"}"#, "3100", "/requestBody/name"),
        (r#"{"name":"1234567890123456789012345678901"}"#, "3100", "/requestBody/name"),
        (r#"{"name":"../../etc"}"#, "3100", "/requestBody/name"),
        (r#"{"name":"newfsp","currency":"ZZZ"}"#, "3100", "/requestBody/currency"),
        (r##"{"name":"newfsp","currency":"A#"}"##, "3101", "/requestBody/currency"),
        (r#"{"name":"newfsp","currency":840}"#, "3100", "/requestBody/currency"),
        (r#"{"name":"newfsp","currency":"KES"}"#, "3000", "Hub HUB_RECONCILIATION account"),
        (r#"{"name":"payerfsp","currency":"USD"}"#, "3000", "has already been registered"),
        (r#"{"name":"Hub","currency":"USD"}"#, "3000", "has already been registered"),
    ] {
        checker.check(create, body, 400, code, part).await;
    }
    checker.check("GET /participants/nobody", "", 400, "3200", "Participant does not exist").await;
    checker.check("GET /participants/%FF", "", 400, "3101", "/path").await;
    let activate = "PUT /participants/payerfsp";
    check_bodies(&mut checker, activate).await;
    checker.check(activate, "{}", 400, "3102", "isActive").await;
    checker.check(activate, r#"{"isActive":"no"}"#, 400, "3100", "/requestBody/isActive").await;
    checker.check("PUT /participants/nobody", r#"{"isActive":false}"#, 400, "3200", "Participant does not").await;
    checker.check("PUT /participants/a%20b", r#"{"isActive":false}"#, 400, "3100", "/path/name").await;
    checker.finish().await;
}

#[tokio::test]
async fn accounts_and_funds() {
    let mut checker = Checker::ledger().await;
    let create = "POST /participants/Hub/accounts";
    check_bodies(&mut checker, create).await;
    for (body, code, part) in [
        (r#"{"currency":"KES"}"#, "3102", "type"),
        (r#"{"type":"HUB_RECONCILIATION"}"#, "3102", "'currency'"),
        (r#"{"currency":"KES","type":"NOSTRO"}"#, "3100", "/requestBody/type must be one of POSITION"),
        (r#"{"currency":"KES","type":"POSITION"}"#, "3000", "can not be created by this operation"),
        (r#"{"currency":"USD","type":"HUB_RECONCILIATION"}"#, "3000", "already been registered"),
    ] {
        checker.check(create, body, 400, code, part).await;
    }
    let body = r#"{"currency":"KES","type":"HUB_RECONCILIATION"}"#;
    checker.check("POST /participants/payerfsp/accounts", body, 400, "3000", "can not be created").await;
    checker.check("POST /participants/nobody/accounts", body, 400, "3200", "Participant does not exist").await;
    checker.check("GET /participants/nobody/accounts", "", 400, "3200", "Participant does not exist").await;
    checker.check("GET /participants/nobody/positions", "", 400, "3200", "Participant does not exist").await;
    checker.check("GET /participants/payerfsp/positions?currency=ZZZ", "", 400, "3100", "/query/currency").await;

    let mut operator = checker.world.operator().await;
    let settlement = operator.account(PAYER, "SETTLEMENT").await;
    let position = operator.account(PAYER, "POSITION").await;
    let of_payee = operator.account(PAYEE, "SETTLEMENT").await;
    let path = |name: &str, account: &str| format!("POST /participants/{name}/accounts/{account}");
    let good = path(PAYER, &settlement.to_string());
    check_bodies(&mut checker, &good).await;
    let body = json!({
        "transferId": new_id(), "externalReference": "ref", "action": "recordFundsIn", "reason": "r",
        "amount": {"amount": "5", "currency": "USD"},
    });
    let text = body.to_string();
    let without = |field: &str| {
        let mut body = body.clone();
        body.as_object_mut().unwrap().remove(field);
        body.to_string()
    };
    for field in ["transferId", "externalReference", "action", "reason", "amount"] {
        checker.check(&good, without(field), 400, "3102", field).await;
    }
    for (from, to, code, part) in [
        ("\"5\"", "\"0\"", "3000", "must be above 0"),
        ("\"5\"", "\"-5\"", "3000", "must be above 0"),
        ("\"5\"", "\"1e3\"", "3100", "/requestBody/amount"),
        ("\"5\"", "1e3", "3100", "/requestBody/amount"),
        ("\"5\"", "\"5.00001\"", "3100", "/requestBody/amount"),
        ("\"5\"", "\"1234567890123456789012345\"", "3100", "/requestBody/amount"),
        ("\"5\"", "true", "3100", "/requestBody/amount"),
        ("\"5\"", "null", "3100", "/requestBody/amount"),
        ("\"5\"", "{}", "3100", "/requestBody/amount"),
        ("\"USD\"", "\"KES\"", "3000", "currency is USD, found KES"),
        ("\"USD\"", "\"ZZZ\"", "3100", "/requestBody/amount/currency"),
        ("recordFundsIn", "giveMeMoney", "3100", "/requestBody/action must be one of recordFundsIn"),
        ("-ee48-4575-", "-ee48-0575-", "3100", "/requestBody/transferId"),
    ] {
        assert!(text.contains(from));
        checker.check(&good, text.replace(from, to), 400, code, part).await;
    }
    let position = position.to_string();
    checker.check(&path(PAYER, &position), text.as_str(), 400, "3000", "expected SETTLEMENT").await;
    for (name, account, status, code, part) in [
        (PAYER, of_payee.to_string(), 400, "3200", "Account does not exist"),
        (PAYER, "4711".to_owned(), 400, "3200", "Account does not exist"),
        ("nobody", settlement.to_string(), 400, "3200", "Participant does not exist"),
        (PAYER, "first".to_owned(), 400, "3100", "/path/id must be the number of an account"),
        (PAYER, "99999999999999999999".to_owned(), 400, "3100", "/path/id"),
    ] {
        checker.check(&path(name, &account), text.as_str(), status, code, part).await;
        let activate = path(name, &account).replace("POST", "PUT");
        checker.check(&activate, r#"{"isActive":false}"#, status, code, part).await;
    }
    checker.finish().await;
}

#[tokio::test]
async fn limits() {
    let mut checker = Checker::ledger().await;
    let initial = "POST /participants/payerfsp/initialPositionAndLimits";
    let adjust = "PUT /participants/payerfsp/limits";
    check_bodies(&mut checker, initial).await;
    check_bodies(&mut checker, adjust).await;
    let good = r#"{"currency":"USD","limit":{"type":"NET_DEBIT_CAP","value":5},"initialPosition":0}"#;
    for what in [initial, adjust] {
        for (body, code, part) in [
            (r#"{"limit":{"type":"NET_DEBIT_CAP","value":5}}"#, "3102", "'currency'"),
            (r#"{"currency":"USD"}"#, "3102", "limit"),
            (r#"{"currency":"USD","limit":{"value":5}}"#, "3102", "/requestBody/limit"),
            (r#"{"currency":"USD","limit":{"type":"NET_DEBIT_CAP"}}"#, "3102", "/requestBody/limit"),
            (r#"{"currency":"USD","limit":{"type":"OTHER","value":5}}"#, "3100", "/requestBody/limit/type must be"),
            (r#"{"currency":"USD","limit":{"type":"NET_DEBIT_CAP","value":"x"}}"#, "3100", "/requestBody/limit"),
            (r#"{"currency":"USD","limit":{"type":"NET_DEBIT_CAP","value":1e3}}"#, "3100", "/requestBody/limit"),
            (r#"{"currency":"USD","limit":{"type":"NET_DEBIT_CAP","value":0.00001}}"#, "3100", "/requestBody/limit"),
            (r#"{"currency":"USD","limit":[5]}"#, "3100", "/requestBody/limit"),
            (r#"{"currency":"ZZZ","limit":{"type":"NET_DEBIT_CAP","value":5}}"#, "3100", "/requestBody/currency"),
        ] {
            checker.check(what, body, 400, code, part).await;
        }
        checker.check(&what.replace(PAYER, "nobody"), good, 400, "3200", "Participant does not exist").await;
        checker.check(what, good.replace("USD", "KES"), 400, "3200", "Account does not exist").await;
        checker
            .check(
                what,
                good.replace(":5", ":-5"),
                if what == adjust { 400 } else { 500 },
                if what == adjust { "3000" } else { "2001" },
                "",
            )
            .await;
    }
    // Upstream's provisioning looks for this very answer.
    checker.check(initial, good, 500, "2001", "Participant Limit or Initial Position already set").await;
    checker.check("GET /participants/nobody/limits", "", 400, "3200", "Participant does not exist").await;
    checker.check("GET /participants/payerfsp/limits?currency=ZZZ", "", 400, "3100", "/query/currency").await;
    checker.check("GET /participants/limits?currency=usd", "", 400, "3100", "/query/currency").await;
    checker.finish().await;
}

#[tokio::test]
async fn endpoints() {
    let mut checker = Checker::ledger().await;
    let set = "POST /participants/payerfsp/endpoints";
    check_bodies(&mut checker, set).await;
    let long = format!(r#"{{"type":"FSPIOP_CALLBACK_URL_QUOTES","value":"http://a/{}"}}"#, "x".repeat(2_048));
    for (body, code, part) in [
        ("{}", "3102", "type"),
        (r#"{"value":"http://a"}"#, "3102", "type"),
        (r#"{"type":"FSPIOP_CALLBACK_URL_QUOTES"}"#, "3102", "value"),
        (r#"[{"type":"FSPIOP_CALLBACK_URL_QUOTES"}]"#, "3102", "value"),
        (r#""text""#, "3100", "/requestBody"),
        ("5", "3100", "/requestBody"),
        ("[5]", "3100", "/requestBody/0"),
        (r#"{"type":5,"value":"http://a"}"#, "3100", "/requestBody/type"),
        (r#"{"type":"NONSENSE","value":"http://a"}"#, "3100", "/requestBody/type must be a type of endpoint"),
        (r#"{"type":"FSPIOP_CALLBACK_URL_QUOTES","value":""}"#, "3100", "/requestBody/value must have 1 to"),
        (r#"{"type":"FSPIOP_CALLBACK_URL_QUOTES","value":"nonsense"}"#, "3100", "/requestBody/value"),
        (r#"{"type":"FSPIOP_CALLBACK_URL_QUOTES","value":"file:///etc/passwd"}"#, "3100", "/requestBody/value"),
        (&long, "3100", "/requestBody/value must have 1 to 2048 bytes"),
        // A list is taken as a whole or not at all.
        (
            r#"[{"type":"FSPIOP_CALLBACK_URL_QUOTES","value":"http://a"},{"type":"NONSENSE","value":"http://a"}]"#,
            "3100",
            "/requestBody/type",
        ),
    ] {
        checker.check(set, body, 400, code, part).await;
    }
    let good = r#"{"type":"FSPIOP_CALLBACK_URL_QUOTES","value":"http://a"}"#;
    checker.check("POST /participants/nobody/endpoints", good, 400, "3200", "Participant does not exist").await;
    checker.check("GET /participants/nobody/endpoints", "", 400, "3200", "Participant does not exist").await;
    checker.finish().await;
}

#[tokio::test]
async fn settlement_models() {
    let mut checker = Checker::ledger().await;
    let create = "POST /settlementModels";
    check_bodies(&mut checker, create).await;
    let good = json!({
        "name": "deferred", "settlementGranularity": "NET", "settlementInterchange": "MULTILATERAL",
        "settlementDelay": "DEFERRED", "currency": "USD", "requireLiquidityCheck": true,
        "ledgerAccountType": "POSITION", "settlementAccountType": "SETTLEMENT", "autoPositionReset": true,
    });
    for field in [
        "name",
        "settlementGranularity",
        "settlementInterchange",
        "settlementDelay",
        "requireLiquidityCheck",
        "ledgerAccountType",
        "autoPositionReset",
    ] {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(field);
        checker.check(create, body.to_string(), 400, "3102", field).await;
        body[field] = json!([]);
        checker.check(create, body.to_string(), 400, "3100", &format!("/requestBody/{field}")).await;
        body[field] = json!("?");
        checker.check(create, body.to_string(), 400, "3100", &format!("/requestBody/{field}")).await;
    }
    let strange = good.to_string().replace("\"SETTLEMENT\"", "\"?\"");
    checker.check(create, strange, 400, "3100", "/requestBody/settlementAccountType").await;
    checker.check("GET /settlementModels/none", "", 400, "3200", "Settlement Model does not exist").await;
    checker.check("PUT /settlementModels/none", r#"{"isActive":true}"#, 400, "3200", "Settlement Model does not").await;
    check_bodies(&mut checker, "PUT /settlementModels/none").await;
    checker.finish().await;
}

#[tokio::test]
async fn oracles() {
    let mut checker = Checker::new(|world| world.hub.oracle_admin()).await;
    let good =
        json!({"oracleIdType": "IBAN", "endpoint": {"value": "http://oracle", "endpointType": "URL"}}).to_string();
    for what in ["POST /oracles", "PUT /oracles/1"] {
        check_bodies(&mut checker, what).await;
        for (from, to, code, part) in [
            ("\"oracleIdType\":\"IBAN\"", "\"x\":1", "3102", "oracleIdType"),
            ("\"IBAN\"", "\"SHOE_SIZE\"", "3100", "/requestBody/oracleIdType must be one of MSISDN"),
            ("\"IBAN\"", "5", "3100", "/requestBody/oracleIdType"),
            ("http://oracle", "nonsense", "3100", "/requestBody/endpoint/value"),
            ("\"URL\"", "\"QUEUE\"", "3100", "/requestBody/endpoint/endpointType must be URL"),
            ("\"endpointType\":\"URL\"", "\"x\":1", "3102", "endpointType"),
            ("\"oracleIdType\"", "\"isDefault\":\"yes\",\"oracleIdType\"", "3100", "/requestBody/isDefault"),
            ("\"oracleIdType\"", "\"currency\":\"ZZZ\",\"oracleIdType\"", "3100", "/requestBody/currency"),
        ] {
            assert!(good.contains(from));
            checker.check(what, good.replace(from, to), 400, code, part).await;
        }
    }
    // Upstream's provisioning looks for this very answer.
    let twin = good.replace("IBAN", "MSISDN");
    checker.check("POST /oracles", twin, 400, "2001", "already exists").await;
    checker.check("PUT /oracles/2", good.as_str(), 400, "3200", "Oracle not found").await;
    checker.check("PUT /oracles/first", good, 400, "3100", "/path/ID must be the number of an oracle").await;
    checker.check("GET /oracles?type=MSISDN&type=IBAN", "", 400, "3100", "/query").await;
    checker.finish().await;
}

#[tokio::test]
async fn uris_and_methods_that_do_not_exist() {
    let mut checker = Checker::ledger().await;
    for (what, allow) in [
        ("DELETE /participants", "GET,HEAD,POST"),
        ("POST /participants/payerfsp", "GET,HEAD,PUT"),
        ("PATCH /participants/payerfsp/accounts/1", "PUT,POST"),
        ("POST /enums", "GET,HEAD"),
        ("POST /health", "GET,HEAD"),
    ] {
        let response = checker.check(what, "", 405, "3000", "Method Not Allowed").await;
        let sorted = |list: &str| {
            let mut methods: Vec<_> = list.split(',').map(|method| method.trim().to_owned()).collect();
            methods.sort();
            methods
        };
        assert_eq!(sorted(response.header("allow").unwrap_or_default()), sorted(allow), "{what}");
    }
    for what in ["GET /", "GET /nonsense", "GET /participants/", "POST /transfers", "GET /oracles"] {
        checker.check(what, "", 404, "3002", "Unknown URI").await;
    }
    checker.finish().await;
    let mut checker = Checker::new(|world| world.hub.settlement()).await;
    for what in ["GET /", "GET /v2/settlements", "GET /participants"] {
        checker.check(what, "", 404, "3002", "Unknown URI").await;
    }
    checker.finish().await;
}
