//! Nodes of one hub that each do a part, on one PostgreSQL database.

use std::{sync::Arc, time::Duration};

use hub::{Listen, OpenAuthorizer, Role, Roles, Settings};
use postgres_server::Server;
use serde_json::json;

use super::postgres::open;
use crate::support::{
    Fsp, Request, TestHub, World, eventually,
    messages::{Transfer, new_id, party_answer, quote_answer, request_quote},
    scheme::Operator,
    test_hub,
    world::{PAYEE, PAYER},
};

const PARTY: &str = "/MSISDN/27713803912";
/// How long a transfer lives that nobody is to answer, in milliseconds.
const SHORT_LIVED_MS: i64 = 1_500;
/// Its time, and two sweeps: that nothing happens can be seen only by waiting.
const PAST_ITS_TIME: Duration = Duration::from_millis(2_500);

/// A node that has one role.
async fn node(url: &str, role: Role) -> TestHub {
    let roles = Roles::of([role]);
    let settings = Settings { listen: Listen::ephemeral(&roles), roles, ..test_hub::settings() };
    let store = open(url, role.as_str()).await;
    TestHub::with(store.clone(), store, settings, Arc::new(OpenAuthorizer)).await
}

/// A hub in parts, and its FSPs.
struct Site {
    url: String,
    admin: World,
    lookup: TestHub,
    agreement: TestHub,
}

impl Site {
    async fn new() -> Site {
        let url = Server::shared().database();
        let roles = Roles::of([Role::Admin]);
        let settings = Settings { listen: Listen::ephemeral(&roles), roles, ..test_hub::settings() };
        let admin = World::over(open(&url, "admin").await, open(&url, "truth").await, settings).await;
        let (lookup, agreement) = (node(&url, Role::Lookup).await, node(&url, Role::Agreement).await);
        Site { url, admin, lookup, agreement }
    }

    fn fsps(&self) -> (&Fsp, &Fsp) {
        (&self.admin.payer, &self.admin.payee)
    }

    async fn look_up(&self) {
        let (payer, payee) = self.fsps();
        let register = Request::fspiop("POST", &format!("/participants{PARTY}"), PAYEE);
        self.lookup.must_take(&register.body(json!({"fspId": PAYEE, "currency": "USD"}).to_string())).await;
        payee.wait_for_one("PUT", &format!("/participants{PARTY}")).await;
        let parties = format!("/parties{PARTY}");
        self.lookup.must_take(&Request::fspiop("GET", &parties, PAYER)).await;
        payee.wait_for_one("GET", &parties).await;
        let answer = party_answer("MSISDN", "27713803912");
        self.lookup.must_take(&Request::fspiop("PUT", &parties, PAYEE).to(PAYER).body(answer.to_string())).await;
        payer.wait_for_one("PUT", &parties).await;
    }

    async fn agree(&self) {
        let (payer, payee) = self.fsps();
        let id = new_id();
        self.agreement.must_take(&request_quote(&id)).await;
        eventually("the payee is asked", async || {
            payee
                .received()
                .iter()
                .any(|one| one.what() == ("POST", "/quotes") && one.json()["quoteId"] == id)
                .then_some(())
        })
        .await;
        let path = format!("/quotes/{id}");
        self.agreement
            .must_take(&Request::fspiop("PUT", &path, PAYEE).to(PAYER).body(quote_answer().to_string()))
            .await;
        payer.wait_for_one("PUT", &path).await;
    }

    async fn clear(&self, clearing: &TestHub) {
        let (payer, payee) = self.fsps();
        let transfer = Transfer::new("1");
        clearing.must_take(&transfer.prepare()).await;
        eventually("the payee is asked", async || {
            let asked = |one: &crate::support::Received| {
                one.what() == ("POST", "/transfers") && one.json()["transferId"] == transfer.id
            };
            payee.received().iter().any(asked).then_some(())
        })
        .await;
        clearing.must_take(&transfer.commit()).await;
        payer.wait_for_one("PUT", &transfer.path()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_goes_through_nodes_with_a_role_each_and_without_one_only_its_phase_fails() {
    let site = Site::new().await;
    let clearing = node(&site.url, Role::Clearing).await;
    site.look_up().await;
    site.agree().await;
    site.clear(&clearing).await;

    // The clearing node is away: transfers reach nobody, one that is reserved waits, the other phases go on.
    let waiting = Transfer::short_lived("1", SHORT_LIVED_MS);
    clearing.must_take(&waiting.prepare()).await;
    clearing.stop().await;
    site.agree().await;
    tokio::time::sleep(PAST_ITS_TIME).await;
    assert_eq!(site.admin.status(&waiting).await, "RESERVED", "who has not this role ends no transfer");

    let clearing = node(&site.url, Role::Clearing).await;
    let told = site.admin.payer.wait_for_one("PUT", &waiting.error_path()).await;
    assert_eq!(told.error().0, "3303");
    site.clear(&clearing).await;
    assert_eq!(site.admin.position(PAYER).await, "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_another_nodes_part_is_not_there_and_the_answer_says_so() {
    let site = Site::new().await;
    let transfer = Transfer::new("1");
    for (node, roles, request) in [
        (&site.lookup, "lookup", transfer.prepare()),
        (&site.lookup, "lookup", request_quote(&new_id())),
        (&site.agreement, "agreement", Request::fspiop("GET", &format!("/parties{PARTY}"), PAYER)),
        (&site.agreement, "agreement", Request::fspiop("PUT", &transfer.path(), PAYEE)),
    ] {
        let response = node.send(&request).await;
        let (code, description) = response.error();
        assert_eq!((response.status, code.as_str()), (404, "3002"), "{}", request.name());
        assert!(description.contains(&format!("this node does {roles}, not ")), "{description}");
    }
    assert_eq!(site.admin.status(&transfer).await, "none");
}

/// Whoever was registered at one node a moment ago is found by another one, and is not said to be unknown for a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_registered_at_another_node_is_found_at_once() {
    let site = Site::new().await;
    let payer = &site.admin.payer;
    let mut operator = Operator::of(&site.admin.hub).await;
    for number in 0..5 {
        let (fsp, party) = (format!("newfsp{number}"), format!("/participants/MSISDN/2770000000{number}"));
        operator.post("/participants", json!({ "name": fsp, "currency": "USD" })).await;
        let body = json!({ "fspId": fsp }).to_string();
        if number % 2 == 0 {
            let entered = Request::admin("POST", &party).body(body).send(site.admin.hub.oracle_admin()).await;
            assert!((200..300).contains(&entered.status), "{entered:?}");
        } else {
            // By itself, at a node that does not know it yet.
            site.lookup.must_take(&Request::fspiop("POST", &party, &fsp).body(body)).await;
        }
        site.lookup.must_take(&Request::fspiop("GET", &party, PAYER)).await;
        eventually("an answer", async || {
            let received = payer.received();
            let answer = received.iter().find(|one| one.what().1.starts_with(party.as_str()))?;
            assert_eq!(answer.what().1, party, "{:?}", answer.json());
            assert_eq!(answer.json()["fspId"], fsp);
            Some(())
        })
        .await;
    }
}
