//! What operators do with money: payments out, and questions about the transaction of a transfer.

use fspiop::{Fulfilment, IlpPacket};
use serde_json::{Value, json};

use crate::support::{
    Request, Response, World,
    messages::{Transfer, new_id},
    test_hub::{TestHub, memory},
    world::{PAYEE, PAYER, balance},
};

/// An operator who pays out from the payer's settlement account.
struct Treasury {
    world: World,
    account: i64,
}

impl Treasury {
    async fn new() -> Treasury {
        let world = World::new().await;
        let account = world.operator().await.account(PAYER, "SETTLEMENT").await;
        Treasury { world, account }
    }

    async fn reserve(&self, id: &str, amount: &str) -> Response {
        let body = json!({
            "transferId": id, "externalReference": "ref", "action": "recordFundsOutPrepareReserve", "reason": "test",
            "amount": {"amount": amount, "currency": "USD"},
            "extensionList": {"extension": [{"key": "k", "value": "v"}]},
        });
        let path = format!("/participants/{PAYER}/accounts/{}", self.account);
        self.world.hub.admin(&Request::admin("POST", &path).body(body.to_string())).await
    }

    async fn end(&self, id: &str, action: &str) -> Response {
        self.end_at(&format!("/participants/{PAYER}/accounts/{}/transfers/{id}", self.account), action).await
    }

    async fn end_at(&self, path: &str, action: &str) -> Response {
        let body = json!({"action": action, "reason": "test"});
        self.world.hub.admin(&Request::admin("PUT", path).body(body.to_string())).await
    }

    /// The payer's settlement account and the hub's reconciliation account.
    async fn balances(&self) -> [String; 2] {
        let hub = &self.world.hub;
        [balance(hub, PAYER, "SETTLEMENT").await, balance(hub, "Hub", "HUB_RECONCILIATION").await]
    }
}

#[track_caller]
fn check_taken(response: &Response) {
    assert_eq!((response.status, response.body.len()), (202, 0), "{response:?}");
}

#[track_caller]
fn check_refused(response: &Response, code: &str, part: &str) {
    let (found, description) = response.error();
    assert_eq!((response.status, found.as_str()), (400, code), "{description}");
    assert!(description.contains(part), "{description:?} does not say {part:?}");
}

#[tokio::test]
async fn funds_out_leave_the_account_at_once_and_the_hub_when_they_are_committed() {
    let treasury = Treasury::new().await;
    assert_eq!(treasury.balances().await, ["-10000", "20000"]);
    let id = new_id();
    check_taken(&treasury.reserve(&id, "10.5").await);
    assert_eq!(treasury.balances().await, ["-9989.5", "20000"]);
    // A resend changes nothing, another amount is another request.
    check_taken(&treasury.reserve(&id, "10.5").await);
    check_refused(&treasury.reserve(&id, "10.6").await, "3106", "used before");
    for _ in 0..2 {
        check_taken(&treasury.end(&id, "recordFundsOutCommit").await);
        assert_eq!(treasury.balances().await, ["-9989.5", "19989.5"]);
    }
    check_refused(&treasury.end(&id, "recordFundsOutAbort").await, "3000", "is COMMITTED");
    // Nobody is told anything by FSPIOP.
    treasury.world.hub.quiet().await;
}

#[tokio::test]
async fn funds_out_that_are_aborted_are_there_again() {
    let treasury = Treasury::new().await;
    let id = new_id();
    check_taken(&treasury.reserve(&id, "10000").await);
    // All of it is on its way out: no transfer can be paid from it.
    let refused = Transfer::new("1");
    treasury.world.hub.must_take(&refused.prepare()).await;
    assert_eq!(treasury.world.payer.wait_for_one("PUT", &refused.error_path()).await.error().0, "4001");
    check_refused(&treasury.reserve(&new_id(), "0.0001").await, "4001", "0 can be taken out");
    check_taken(&treasury.end(&id, "recordFundsOutAbort").await);
    assert_eq!(treasury.balances().await, ["-10000", "20000"]);
    treasury.world.pay(&Transfer::new("1")).await;
}

#[tokio::test]
async fn what_can_not_be_paid_out_is_refused_and_why() {
    let treasury = Treasury::new().await;
    let id = new_id();
    check_taken(&treasury.reserve(&id, "1").await);
    let before = treasury.world.hub.snapshot().await;
    check_refused(&treasury.reserve(&new_id(), "9999.0001").await, "4001", "9999 can be taken out");
    check_refused(&treasury.reserve(&new_id(), "0").await, "3000", "must be above 0");
    check_refused(&treasury.end(&new_id(), "recordFundsOutCommit").await, "3208", "does not exist");
    check_refused(&treasury.end("42", "recordFundsOutCommit").await, "3100", "/path/transferId");
    check_refused(&treasury.end(&id, "recordFundsIn").await, "3100", "/requestBody/action must be one of");
    let commit = "recordFundsOutCommit";
    let account = treasury.account;
    for (path, code, part) in [
        (format!("/participants/{PAYEE}/accounts/{account}/transfers/{id}"), "3208", "does not exist"),
        (format!("/participants/{PAYER}/accounts/1/transfers/{id}"), "3208", "does not exist"),
        (format!("/participants/nobody/accounts/{account}/transfers/{id}"), "3200", "Participant does not exist"),
        (format!("/participants/{PAYER}/accounts/x/transfers/{id}"), "3100", "/path/id"),
    ] {
        check_refused(&treasury.end_at(&path, commit).await, code, part);
    }
    let path = format!("/participants/{PAYER}/accounts/{account}/transfers/{id}");
    for (body, field) in [(json!({"reason": "r"}), "action"), (json!({"action": commit}), "reason")] {
        let response = treasury.world.hub.admin(&Request::admin("PUT", &path).body(body.to_string())).await;
        check_refused(&response, "3102", field);
    }
    assert_eq!(treasury.world.hub.snapshot().await, before);
}

/// A participant is suspended while a payment of its is on its way, and money of its is on its way out.
#[tokio::test]
async fn who_is_suspended_is_paid_nothing_out_and_what_was_begun_ends() {
    let treasury = Treasury::new().await;
    let (world, path) = (&treasury.world, format!("/participants/{PAYER}"));
    let (begun, called_off, transfer) = (new_id(), new_id(), Transfer::new("1"));
    check_taken(&treasury.reserve(&begun, "10").await);
    check_taken(&treasury.reserve(&called_off, "20").await);
    world.hub.must_take(&transfer.prepare()).await;
    let suspend = Request::admin("PUT", &path).body(json!({"isActive": false}).to_string());
    assert_eq!(world.hub.admin(&suspend).await.status, 200);
    check_refused(&treasury.reserve(&new_id(), "1").await, "3000", "Participant is currently set inactive");
    check_taken(&treasury.reserve(&begun, "10").await);
    check_taken(&treasury.end(&begun, "recordFundsOutCommit").await);
    check_taken(&treasury.end(&called_off, "recordFundsOutAbort").await);
    assert_eq!(treasury.balances().await, ["-9990", "19990"]);
    world.hub.must_take(&transfer.commit()).await;
    world.payer.wait_for_one("PUT", &transfer.path()).await;
    assert_eq!(world.status(&transfer).await, "COMMITTED");
    let audit = world.hub.read("/audit").await;
    assert_eq!(audit["verdict"], "pass", "{audit:#}");
}

/// Two operators take the last of it at the same moment: one of them gets it.
#[tokio::test]
async fn the_last_of_it_is_paid_out_once() {
    let treasury = Treasury::new().await;
    let ids: Vec<_> = (0..8).map(|_| new_id()).collect();
    let answers = futures_util::future::join_all(ids.iter().map(|id| treasury.reserve(id, "6000"))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 1, "{answers:?}");
    for refused in answers.iter().filter(|answer| answer.status != 202) {
        check_refused(refused, "4001", "4000 can be taken out");
    }
    assert_eq!(treasury.balances().await[0], "-4000");
    // One says that it is paid, another calls it off: one of the two is believed, and all see the same.
    let taken = answers.iter().position(|answer| answer.status == 202).unwrap();
    let (commit, abort) = tokio::join!(
        treasury.end(&ids[taken], "recordFundsOutCommit"),
        treasury.end(&ids[taken], "recordFundsOutAbort")
    );
    assert_ne!(commit.status == 202, abort.status == 202, "{commit:?} {abort:?}");
    let expected = if commit.status == 202 { ["-4000", "14000"] } else { ["-10000", "20000"] };
    assert_eq!(treasury.balances().await, expected);
}

/// A transaction as a payee's FSP puts it into its packet, with a field that no specification knows.
fn agreed() -> Value {
    let party = |id: &str, fsp: &str| json!({"partyIdInfo": {"partyIdType": "MSISDN", "partyIdentifier": id, "fspId": fsp}, "name": "Ann"});
    json!({
        "quoteId": "b51ec534-ee48-4575-b6a9-ead2955b8069", "transactionId": "c51ec534-ee48-4575-b6a9-ead2955b8069",
        "payer": party("27713803905", PAYER), "payee": party("27713803912", PAYEE),
        "amount": {"amount": "12.34", "currency": "USD"}, "note": "thanks",
        "transactionType": {"scenario": "TRANSFER", "initiator": "PAYER", "initiatorType": "CONSUMER"},
    })
}

/// Reserves a transfer with this packet, and asks for its transaction.
async fn transaction_of(world: &World, packet: &str) -> Response {
    let transfer = Transfer::new("1");
    let mut body = transfer.body();
    body["ilpPacket"] = packet.into();
    world.hub.must_take(&transfer.prepare().body(body.to_string())).await;
    world.hub.admin(&Request::admin("GET", &format!("/transactions/{}", transfer.id))).await
}

#[tokio::test]
async fn the_transaction_of_a_transfer_is_read_from_its_packet() {
    let world = World::new().await;
    let mut text = agreed();
    text["unknown"] = json!({"to": "all"});
    let data = IlpPacket::data_of(text.to_string().as_bytes());
    let payment = IlpPacket::Payment { amount: 1234, account: "g.payeefsp.msisdn.1".to_owned(), data: data.clone() };
    let prepare = IlpPacket::Prepare {
        amount: 1234,
        expires_at: crate::support::messages::in_millis(60_000),
        condition: Fulfilment::from_bytes([1; 32]).condition(),
        destination: "g.payeefsp".to_owned(),
        data,
    };
    for packet in [payment, prepare] {
        let response = transaction_of(&world, &packet.to_string()).await;
        assert_eq!((response.status, response.json()), (200, agreed()), "{packet:?}");
    }
}

#[tokio::test]
async fn a_packet_without_a_transaction_is_said() {
    let world = World::new().await;
    let of = |text: &str| {
        let data = IlpPacket::data_of(text.as_bytes());
        IlpPacket::Payment { amount: 1, account: "g.a".to_owned(), data }.to_string()
    };
    for packet in
        ["AYIBgQ".to_owned(), of("no JSON"), of("[]"), of(r#"{"amount":{"amount":"1"}}"#), of(r#"{"note":5}"#)]
    {
        check_refused(&transaction_of(&world, &packet).await, "3207", "ILP packet");
    }
    let get = async |id: &str| world.hub.admin(&Request::admin("GET", &format!("/transactions/{id}"))).await;
    check_refused(&get(&new_id()).await, "3208", "no transfer with this id");
    check_refused(&get("42").await, "3100", "/path/id");
    // A transfer that was refused has moved nothing and has no transaction.
    let refused = Transfer::new("10000.0001");
    world.hub.must_take(&refused.prepare()).await;
    check_refused(&get(&refused.id).await, "3208", "no transfer with this id");
}

#[tokio::test]
async fn what_one_node_has_changed_another_shows_at_once() {
    let store = memory();
    let (one, other) = (TestHub::start(store.clone()).await, TestHub::start(store).await);
    // Often enough that no refresh in the background could be in time for each.
    for number in 0..20 {
        let body = json!({"name": format!("fsp{number}")}).to_string();
        assert_eq!(one.admin(&Request::admin("POST", "/participants").body(body)).await.status, 201);
        assert_eq!(other.read(&format!("/participants/fsp{number}")).await["isActive"], 1);
        assert_eq!(other.read("/participants").await.as_array().unwrap().len(), number + 2);
        assert_eq!(other.read(&format!("/participants/fsp{number}/endpoints")).await, json!([]));
    }
}
