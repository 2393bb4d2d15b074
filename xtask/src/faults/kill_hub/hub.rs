//! The hub as its users reach it, whether it runs or not.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use fspiop::{Amount, TransferId};
use http_body_util::Full;
use hyper::{Request, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::book::{Book, Which};
use super::message::{CURRENCY, Message};
use super::plan::Fsp;
use crate::http::Client;
use crate::hub_process::Launch;

/// Until a message that was not accepted is sent again.
const AGAIN_AFTER: Duration = Duration::from_millis(20);
/// Net debit cap and funds of each FSP: nobody comes near.
pub(super) const FUNDS: i64 = 1_000_000_000;
/// Callback endpoints for transfers: type, and path behind the FSP's base URL.
const ENDPOINTS: [(&str, &str); 3] = [
    ("FSPIOP_CALLBACK_URL_TRANSFER_POST", "/transfers"),
    ("FSPIOP_CALLBACK_URL_TRANSFER_PUT", "/transfers/{{transferId}}"),
    ("FSPIOP_CALLBACK_URL_TRANSFER_ERROR", "/transfers/{{transferId}}/error"),
];

/// The hub's APIs.
#[derive(Clone)]
pub(super) struct Hub {
    client: Arc<Client>,
    fspiop: String,
    admin: String,
    /// Requests that were sent and not answered yet.
    under_way: watch::Sender<usize>,
}

/// An account as the admin API shows it.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) owner: &'static str,
    pub(super) kind: String,
    pub(super) value: Amount,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountView {
    id: i64,
    ledger_account_type: String,
    currency: String,
    value: Box<RawValue>,
}

impl Hub {
    pub(super) fn new(launch: &Launch) -> Self {
        let (fspiop, admin) = (launch.url(3000), launch.url(3001));
        Self { client: Arc::new(Client::new()), fspiop, admin, under_way: watch::Sender::new(0) }
    }

    /// How many requests were sent and not answered yet.
    pub(super) fn under_way(&self) -> watch::Receiver<usize> {
        self.under_way.subscribe()
    }

    /// Sends a message until the hub accepts it, writing down how that goes; `false` if the hub refuses it.
    pub(super) async fn send(&self, book: &Book, id: TransferId, which: Which, message: &Message) -> bool {
        loop {
            book.begins(id, which);
            match self.try_send(message).await {
                Ok(status) if status == message.accepted => {
                    book.accepted(id, which);
                    return true;
                }
                Ok(status) => {
                    book.surprised(id, format!("{which:?} was answered {status}"));
                    if !status.is_server_error() {
                        return false;
                    }
                }
                // The hub was killed, or is not there yet.
                Err(_) => {}
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }

    /// Sends a message once.
    pub(super) async fn try_send(&self, message: &Message) -> Result<StatusCode> {
        let request = message.request(&self.fspiop)?;
        self.under_way.send_modify(|count| *count += 1);
        let answer = self.client.send(request).await;
        self.under_way.send_modify(|count| *count -= 1);
        Ok(answer?.0)
    }

    /// Makes the scheme: one currency, these FSPs with their callback addresses, and funds for each.
    pub(super) async fn provision(&self, fsps: &[(Fsp, String)]) -> Result<()> {
        for kind in ["HUB_RECONCILIATION", "HUB_MULTILATERAL_SETTLEMENT"] {
            self.post("/participants/Hub/accounts", &json!({ "type": kind, "currency": CURRENCY })).await?;
        }
        let model = json!({
            "name": "DEFERREDNET", "settlementGranularity": "NET", "settlementInterchange": "MULTILATERAL",
            "settlementDelay": "DEFERRED", "requireLiquidityCheck": true, "ledgerAccountType": "POSITION",
            "settlementAccountType": "SETTLEMENT", "autoPositionReset": true,
        });
        self.post("/settlementModels", &model).await?;
        for (number, (fsp, url)) in fsps.iter().enumerate() {
            self.provision_fsp(*fsp, url, number).await?;
        }
        Ok(())
    }

    async fn provision_fsp(&self, fsp: Fsp, url: &str, number: usize) -> Result<()> {
        let name = fsp.0;
        self.post("/participants", &json!({ "name": name, "currency": CURRENCY })).await?;
        let limit = json!({ "type": "NET_DEBIT_CAP", "value": FUNDS });
        let limits = json!({ "currency": CURRENCY, "limit": limit, "initialPosition": 0 });
        self.post(&format!("/participants/{name}/initialPositionAndLimits"), &limits).await?;
        let settlement = self.views(name).await?.into_iter().find(|view| view.ledger_account_type == "SETTLEMENT");
        let account = settlement.with_context(|| format!("{name} has no SETTLEMENT account"))?.id;
        let funds = json!({
            "transferId": format!("00000000-0000-4000-8000-{number:012}"), "externalReference": "funds",
            "action": "recordFundsIn", "reason": "funds", "amount": { "amount": FUNDS, "currency": CURRENCY },
        });
        self.post(&format!("/participants/{name}/accounts/{account}"), &funds).await?;
        for (kind, path) in ENDPOINTS {
            let endpoint = json!({ "type": kind, "value": format!("{url}{path}") });
            self.post(&format!("/participants/{name}/endpoints"), &endpoint).await?;
        }
        Ok(())
    }

    /// What stands on somebody's accounts.
    pub(super) async fn accounts(&self, owner: &'static str) -> Result<Vec<Account>> {
        let exact = |view: AccountView| {
            let text = view.value.get();
            let value = Amount::parse_decimal(text).with_context(|| format!("{owner}: {text} is no exact amount"))?;
            Ok(Account { owner, kind: view.ledger_account_type, value })
        };
        self.views(owner).await?.into_iter().map(exact).collect()
    }

    async fn views(&self, owner: &str) -> Result<Vec<AccountView>> {
        let body = self.client.get(&format!("{}/participants/{owner}/accounts", self.admin)).await?;
        let views: Vec<AccountView> =
            serde_json::from_slice(&body).with_context(|| format!("the accounts of {owner}"))?;
        ensure!(views.iter().all(|view| view.currency == CURRENCY), "{owner} has accounts in other currencies");
        Ok(views)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<()> {
        let request = Request::post(format!("{}{path}", self.admin))
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body.to_string())))?;
        let (status, answer) = self.client.send(request).await?;
        ensure!(status.is_success(), "POST {path}: {status} {}", String::from_utf8_lossy(&answer));
        Ok(())
    }
}
