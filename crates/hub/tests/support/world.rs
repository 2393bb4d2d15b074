//! A hub with a payer and a payee that are onboarded and funded.

use std::sync::Arc;

use hub::Settings;
use serde::Deserialize;
use serde_json::value::RawValue;
use store::Store;

use super::{Fsp, Request, Shaky, SleepingFsp, TestHub, messages::Transfer, scheme::Operator, test_hub};

pub(crate) const PAYER: &str = "payerfsp";
pub(crate) const PAYEE: &str = "payeefsp";

/// A hub and its FSPs.
pub(crate) struct World {
    pub(crate) hub: TestHub,
    pub(crate) payer: Fsp,
    pub(crate) payee: Fsp,
}

impl World {
    /// On a store in memory.
    pub(crate) async fn new() -> World {
        World::on(test_hub::memory()).await
    }

    /// On a store.
    pub(crate) async fn on(store: Arc<dyn Store>) -> World {
        World::around(TestHub::start(store).await).await
    }

    /// On a store in memory, with other settings.
    pub(crate) async fn with(settings: Settings) -> World {
        let store = test_hub::memory();
        let authorizer = Arc::new(hub::OpenAuthorizer);
        World::around(TestHub::with(store.clone(), store, settings, authorizer).await).await
    }

    /// On a store that may fail, beside one that shows what was written.
    pub(crate) async fn over(store: Arc<dyn Store>, truth: Arc<dyn Store>, settings: Settings) -> World {
        World::around(TestHub::with(store, truth, settings, Arc::new(hub::OpenAuthorizer)).await).await
    }

    /// On a store in memory that can be made to fail.
    pub(crate) async fn shaky(settings: Settings) -> (World, Arc<Shaky>) {
        let truth = test_hub::memory();
        let shaky = Shaky::over(truth.clone());
        let world = World::around(TestHub::shaky(shaky.clone(), truth, settings).await).await;
        (world, shaky)
    }

    async fn around(hub: TestHub) -> World {
        let (payer, payee) = (Fsp::start(PAYER), Fsp::start(PAYEE));
        onboard(&hub, &payer, payee.address).await;
        World { hub, payer, payee }
    }

    /// An operator.
    pub(crate) async fn operator(&self) -> Operator {
        Operator::of(&self.hub).await
    }

    /// Makes a payment from the prepare to the payer's callback.
    pub(crate) async fn pay(&self, transfer: &Transfer) {
        self.hub.must_take(&transfer.prepare()).await;
        self.payee.wait_for_one("POST", "/transfers").await;
        self.hub.must_take(&transfer.commit()).await;
        self.payer.wait_for_one("PUT", &transfer.path()).await;
    }

    /// What a participant owes, as the admin API prints it.
    pub(crate) async fn position(&self, name: &str) -> String {
        balance(&self.hub, name, "POSITION").await
    }

    /// Where a transfer stands.
    pub(crate) async fn status(&self, transfer: &Transfer) -> &'static str {
        let id = transfer.id.parse().expect("an identifier");
        let found = self.hub.truth.transfer(id).await.expect("the store answers");
        found.map_or("none", |transfer| transfer.status.as_str())
    }
}

/// An account, its value digit by digit.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountView {
    ledger_account_type: String,
    value: Box<RawValue>,
}

/// What stands on an account, as the admin API prints it.
pub(crate) async fn balance(hub: &TestHub, name: &str, kind: &str) -> String {
    let response = hub.admin(&Request::admin("GET", &format!("/participants/{name}/accounts"))).await;
    let accounts: Vec<AccountView> = serde_json::from_slice(&response.body).expect("a list of accounts");
    let account = accounts.into_iter().find(|account| account.ledger_account_type == kind);
    account.expect("it has such an account").value.get().to_owned()
}

/// A hub whose payee is not there yet, and the payee's port.
pub(crate) async fn without_payee(hub: TestHub) -> (TestHub, Fsp, SleepingFsp) {
    let (payer, payee) = (Fsp::start(PAYER), SleepingFsp::new());
    onboard(&hub, &payer, payee.address).await;
    (hub, payer, payee)
}

async fn onboard(hub: &TestHub, payer: &Fsp, payee: std::net::SocketAddr) {
    let mut operator = Operator::of(hub).await;
    operator.hub_accounts().await;
    operator.join(PAYER, payer.address).await;
    operator.join(PAYEE, payee).await;
}
