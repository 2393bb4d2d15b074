//! Onboarding through the admin API, as an operator does it.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{Connection, Request, TestHub, test_hub::HUB};

/// The cap of every participant, and what it has paid in.
pub(crate) const CAP: i64 = 10_000;

/// An operator with a connection to the ledger admin API.
pub(crate) struct Operator(Connection);

impl Operator {
    pub(crate) async fn of(hub: &TestHub) -> Operator {
        Operator(Connection::open(hub.ledger_admin()).await)
    }

    /// Posts a body, which must be taken.
    pub(crate) async fn post(&mut self, path: &str, body: Value) {
        self.must("POST", path, body).await;
    }

    /// Puts a body, which must be taken.
    pub(crate) async fn put(&mut self, path: &str, body: Value) {
        self.must("PUT", path, body).await;
    }

    async fn must(&mut self, method: &str, path: &str, body: Value) {
        let request = Request::admin(method, path).body(body.to_string());
        let response = self.0.exchange(&request.to_bytes()).await;
        assert!((200..300).contains(&response.status), "{}: {response:?}", request.name());
    }

    async fn get(&mut self, path: &str) -> Value {
        self.0.exchange(&Request::admin("GET", path).to_bytes()).await.json()
    }

    /// The hub's accounts in the currency of the tests.
    pub(crate) async fn hub_accounts(&mut self) {
        for kind in ["HUB_RECONCILIATION", "HUB_MULTILATERAL_SETTLEMENT"] {
            let body = json!({"currency": "USD", "type": kind});
            self.post(&format!("/participants/{HUB}/accounts"), body).await;
        }
    }

    /// A participant with a cap, funds and endpoints.
    pub(crate) async fn join(&mut self, name: &str, callbacks: SocketAddr) {
        self.post("/participants", json!({"name": name, "currency": "USD"})).await;
        let limit = json!({"type": "NET_DEBIT_CAP", "value": CAP});
        let initial = json!({"currency": "USD", "limit": limit, "initialPosition": 0});
        self.post(&format!("/participants/{name}/initialPositionAndLimits"), initial).await;
        self.endpoints(name, &format!("http://{callbacks}")).await;
        self.pay_in(name, &CAP.to_string()).await;
    }

    /// Registers endpoints below a base, for all messages that the hub sends.
    pub(crate) async fn endpoints(&mut self, name: &str, base: &str) {
        self.post(&format!("/participants/{name}/endpoints"), endpoints(base)).await;
    }

    /// Records that a participant has paid in.
    pub(crate) async fn pay_in(&mut self, name: &str, amount: &str) {
        let account = self.account(name, "SETTLEMENT").await;
        let body = json!({
            "transferId": super::messages::new_id(),
            "externalReference": "ref",
            "action": "recordFundsIn",
            "reason": "test",
            "amount": {"amount": amount, "currency": "USD"},
        });
        self.post(&format!("/participants/{name}/accounts/{account}"), body).await;
    }

    /// The number of a participant's account.
    pub(crate) async fn account(&mut self, name: &str, kind: &str) -> i64 {
        let accounts = self.get(&format!("/participants/{name}/accounts")).await;
        let of_kind = |account: &&Value| account["ledgerAccountType"] == kind;
        accounts.as_array().unwrap().iter().find(of_kind).expect("it has such an account")["id"].as_i64().unwrap()
    }

    /// Changes the cap.
    pub(crate) async fn cap(&mut self, name: &str, cap: &str) {
        let limit = json!({"type": "NET_DEBIT_CAP", "value": cap});
        self.put(&format!("/participants/{name}/limits"), json!({"currency": "USD", "limit": limit})).await;
    }
}

/// The endpoints of a participant as provisioning registers them.
fn endpoints(base: &str) -> Value {
    let party = "{{partyIdType}}/{{partyIdentifier}}";
    let sub_party = "{{partyIdType}}/{{partyIdentifier}}/{{partySubIdOrType}}";
    let all = [
        ("PARTICIPANT_PUT", format!("/participants/{party}")),
        ("PARTICIPANT_PUT_ERROR", format!("/participants/{party}/error")),
        ("PARTICIPANT_SUB_ID_PUT", format!("/participants/{sub_party}")),
        ("PARTICIPANT_SUB_ID_PUT_ERROR", format!("/participants/{sub_party}/error")),
        ("PARTICIPANT_BATCH_PUT", "/participants/{{requestId}}".to_owned()),
        ("PARTICIPANT_BATCH_PUT_ERROR", "/participants/{{requestId}}/error".to_owned()),
        ("PARTIES_GET", format!("/parties/{party}")),
        ("PARTIES_PUT", format!("/parties/{party}")),
        ("PARTIES_PUT_ERROR", format!("/parties/{party}/error")),
        ("PARTIES_SUB_ID_GET", format!("/parties/{sub_party}")),
        ("PARTIES_SUB_ID_PUT", format!("/parties/{sub_party}")),
        ("PARTIES_SUB_ID_PUT_ERROR", format!("/parties/{sub_party}/error")),
        ("QUOTES", String::new()),
        ("TRANSFER_POST", "/transfers".to_owned()),
        ("TRANSFER_PUT", "/transfers/{{transferId}}".to_owned()),
        ("TRANSFER_ERROR", "/transfers/{{transferId}}/error".to_owned()),
    ];
    let endpoint = |(name, path): (&str, String)| json!({"type": format!("FSPIOP_CALLBACK_URL_{name}"), "value": format!("{base}{path}")});
    all.map(endpoint).to_vec().into()
}
