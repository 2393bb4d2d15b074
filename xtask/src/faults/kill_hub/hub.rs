//! The hub as its users reach it, whether it runs or not.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use fspiop::{Amount, ErrorCallback, TransferId};
use http_body_util::Full;
use hyper::{Request, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::book::{Book, Which};
use super::message::{CURRENCY, Message};
use super::plan::{Fsp, POOR};
use crate::http::Client;
use crate::hub_process::Launch;

/// Until a message that was not accepted is sent again.
const AGAIN_AFTER: Duration = Duration::from_millis(20);
/// Funds of each FSP, and net debit cap of most: nobody comes near.
pub(super) const FUNDS: i64 = 1_000_000_000;
/// The net debit cap of [`POOR`]: reached after seconds, since each second some thousands more leave it than come.
pub(super) const LOW_CAP: i64 = 20_000;
/// Callback endpoints for transfers: type, and path behind the FSP's base URL.
const ENDPOINTS: [(&str, &str); 3] = [
    ("FSPIOP_CALLBACK_URL_TRANSFER_POST", "/transfers"),
    ("FSPIOP_CALLBACK_URL_TRANSFER_PUT", "/transfers/{{transferId}}"),
    ("FSPIOP_CALLBACK_URL_TRANSFER_ERROR", "/transfers/{{transferId}}/error"),
];

/// How long after the return of its database a hub may still refuse: it waits 8 s for an answer, and then connects anew.
const EXCUSED_AFTER_OUTAGE: Duration = Duration::from_secs(10);

/// The hub's APIs, at each of its nodes.
#[derive(Clone)]
pub(super) struct Hub {
    client: Arc<Client>,
    nodes: Arc<[Addresses]>,
    /// Requests go to the nodes in turn.
    turn: Arc<AtomicUsize>,
    outage: Arc<Mutex<Outage>>,
}

/// A node of the hub.
struct Addresses {
    fspiop: String,
    admin: String,
    /// Requests that were sent to it and not answered yet.
    under_way: watch::Sender<usize>,
}

/// When the hub may say that it can't, and how often it did.
#[derive(Default)]
struct Outage {
    /// While the database is away, and for a moment after that.
    excused: Option<Excuse>,
    refusals: usize,
}

enum Excuse {
    DatabaseIsAway,
    Until(Instant),
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
    pub(super) fn new(nodes: &[Launch]) -> Self {
        let addresses = |node: &Launch| Addresses {
            fspiop: node.url(3000),
            admin: node.url(3001),
            under_way: watch::Sender::new(0),
        };
        Self {
            client: Arc::new(Client::new()),
            nodes: nodes.iter().map(addresses).collect(),
            turn: Arc::default(),
            outage: Arc::default(),
        }
    }

    /// How many requests were sent to a node and not answered yet.
    pub(super) fn under_way(&self, node: usize) -> watch::Receiver<usize> {
        self.nodes[node].under_way.subscribe()
    }

    /// From now on the hub is excused when it refuses.
    pub(super) fn database_is_away(&self) {
        self.outage().excused = Some(Excuse::DatabaseIsAway);
    }

    /// Soon the hub is not excused any more.
    pub(super) fn database_is_back(&self) {
        self.outage().excused = Some(Excuse::Until(Instant::now() + EXCUSED_AFTER_OUTAGE));
    }

    /// How often the hub refused, because of its database or because more came than it could carry.
    pub(super) fn refusals(&self) -> usize {
        self.outage().refusals
    }

    /// Sends a message until the hub accepts it, each time to the next node, writing down how that goes; `false` if the hub
    /// refuses it.
    pub(super) async fn send(&self, book: &Book, id: TransferId, which: Which, message: &Message) -> bool {
        loop {
            book.begins(id, which);
            match self.try_send(message).await {
                Ok((status, _)) if status == message.accepted => {
                    book.accepted(id, which);
                    return true;
                }
                Ok((status, _)) if status.is_server_error() && self.excuses() => {}
                // A prepare that comes while too many wait is refused before it is accepted, and nothing is done.
                Ok((status, answer)) if message.accepted == StatusCode::ACCEPTED && is_busy(status, &answer) => {
                    self.was_busy();
                }
                Ok((status, _)) => {
                    book.surprised(id, format!("{which:?} was answered {status}"));
                    if !status.is_server_error() {
                        return false;
                    }
                }
                // The node was killed, or is not there yet.
                Err(_) => {}
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }

    /// Sends a message once, to the next node.
    pub(super) async fn try_send(&self, message: &Message) -> Result<(StatusCode, Bytes)> {
        let node = &self.nodes[self.turn.fetch_add(1, Ordering::Relaxed) % self.nodes.len()];
        let request = message.request(&node.fspiop)?;
        node.under_way.send_modify(|count| *count += 1);
        let answer = self.client.send(request).await;
        node.under_way.send_modify(|count| *count -= 1);
        answer
    }

    /// The hub refused because more came than it could carry.
    fn was_busy(&self) {
        self.outage().refusals += 1;
    }

    /// Whether a refusal that came now is the database's fault; it is counted.
    fn excuses(&self) -> bool {
        let mut outage = self.outage();
        let excused = match &outage.excused {
            None => false,
            Some(Excuse::DatabaseIsAway) => true,
            Some(Excuse::Until(end)) => Instant::now() < *end,
        };
        outage.refusals += usize::from(excused);
        excused
    }

    fn outage(&self) -> MutexGuard<'_, Outage> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the scheme, at the first node: one currency, these FSPs with their callback addresses, and funds for each.
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
        let limit = json!({ "type": "NET_DEBIT_CAP", "value": if fsp == POOR { LOW_CAP } else { FUNDS } });
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
        let body = self.client.get(&format!("{}/participants/{owner}/accounts", self.nodes[0].admin)).await?;
        let views: Vec<AccountView> =
            serde_json::from_slice(&body).with_context(|| format!("the accounts of {owner}"))?;
        ensure!(views.iter().all(|view| view.currency == CURRENCY), "{owner} has accounts in other currencies");
        Ok(views)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<()> {
        let request = Request::post(format!("{}{path}", self.nodes[0].admin))
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body.to_string())))?;
        let (status, answer) = self.client.send(request).await?;
        ensure!(status.is_success(), "POST {path}: {status} {}", String::from_utf8_lossy(&answer));
        Ok(())
    }
}

/// Whether a hub says that more came than it could carry: 503 with the code 2003, and no other.
fn is_busy(status: StatusCode, answer: &[u8]) -> bool {
    let code = ErrorCallback::read(answer).map(|error| error.code.to_string());
    status == StatusCode::SERVICE_UNAVAILABLE && code.is_ok_and(|code| code == "2003")
}
