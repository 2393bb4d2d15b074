//! The scheme of the hub that is driven: a currency, two participants with limits and funds, and addresses for all messages.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use serde_json::{Value, json};

use crate::http::Client;

/// The names that `hooks.py` knows.
const FSPS: [&str; 2] = ["payerfsp", "payeefsp"];
const FUNDS: &str = "1000000";

/// Endpoints whose address is a base, and those that have a path of their own.
const ENDPOINTS: [(&str, &str); 9] = [
    ("PARTICIPANT_PUT", "/participants/{{partyIdType}}/{{partyIdentifier}}"),
    ("PARTICIPANT_PUT_ERROR", "/participants/{{partyIdType}}/{{partyIdentifier}}/error"),
    ("PARTIES_GET", "/parties/{{partyIdType}}/{{partyIdentifier}}"),
    ("PARTIES_PUT", "/parties/{{partyIdType}}/{{partyIdentifier}}"),
    ("PARTIES_PUT_ERROR", "/parties/{{partyIdType}}/{{partyIdentifier}}/error"),
    ("QUOTES", ""),
    ("TRANSFER_POST", "/transfers"),
    ("TRANSFER_PUT", "/transfers/{{transferId}}"),
    ("TRANSFER_ERROR", "/transfers/{{transferId}}/error"),
];

/// Makes the scheme through the ledger admin API at `admin`; all messages go to `callbacks`.
pub(super) async fn make(client: &Client, admin: &str, callbacks: &str) -> Result<()> {
    for kind in ["HUB_RECONCILIATION", "HUB_MULTILATERAL_SETTLEMENT"] {
        post(client, admin, "/participants/Hub/accounts", &json!({"type": kind, "currency": "USD"})).await?;
    }
    for (number, name) in FSPS.into_iter().enumerate() {
        post(client, admin, "/participants", &json!({"name": name, "currency": "USD"})).await?;
        let limits =
            json!({"currency": "USD", "limit": {"type": "NET_DEBIT_CAP", "value": FUNDS}, "initialPosition": 0});
        post(client, admin, &format!("/participants/{name}/initialPositionAndLimits"), &limits).await?;
        let accounts = client.get(&format!("{admin}/participants/{name}/accounts")).await?;
        let accounts: Vec<Value> = serde_json::from_slice(&accounts).context("a list of accounts")?;
        let settlement = accounts.iter().find(|account| account["ledgerAccountType"] == "SETTLEMENT");
        let account = &settlement.with_context(|| format!("{name} has no SETTLEMENT account"))?["id"];
        let funds = json!({
            "transferId": format!("00000000-0000-4000-8000-{number:012}"), "externalReference": "funds",
            "action": "recordFundsIn", "reason": "funds", "amount": {"amount": FUNDS, "currency": "USD"},
        });
        post(client, admin, &format!("/participants/{name}/accounts/{account}"), &funds).await?;
        let endpoint = |(kind, path): (&str, &str)| json!({"type": format!("FSPIOP_CALLBACK_URL_{kind}"), "value": format!("{callbacks}{path}")});
        let endpoints: Value = ENDPOINTS.map(endpoint).to_vec().into();
        post(client, admin, &format!("/participants/{name}/endpoints"), &endpoints).await?;
    }
    Ok(())
}

async fn post(client: &Client, admin: &str, path: &str, body: &Value) -> Result<()> {
    let request = Request::post(format!("{admin}{path}"))
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body.to_string())))?;
    let (status, answer) = client.send(request).await?;
    ensure!(status.is_success(), "POST {path}: {status} {}", String::from_utf8_lossy(&answer));
    Ok(())
}
