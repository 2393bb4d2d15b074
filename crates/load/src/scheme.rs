//! Makes the FSPs of a run known to a hub, and asks it afterwards what it has booked.

use std::net::SocketAddr;

use definition::SettlementKind;
use fspiop::{Amount, Currency, FspId};
use http::{Method, Request};
use http_body_util::Full;
use operations::{Failure, Progress};
use provisioning::{Account, Apis, HttpClient, Participant, Party, Scheme, SettlementModel, apply};
use serde::{Deserialize, Serialize};

use crate::stationery::{Fsp, Stationery};

/// What each payer has and may owe: no limit is reached in any run.
const PLENTY: &str = "100000000000000";

/// Brings the hub to what the run needs. The FSPs listen at this address, with TLS or without.
pub(crate) async fn onboard(
    apis: &Apis,
    hub_name: &FspId,
    stationery: &Stationery,
    (listen, tls): (SocketAddr, bool),
    progress: &dyn Progress,
) -> Result<(), Failure> {
    let plenty = Amount::parse(PLENTY).expect("a valid amount");
    let account = Account { net_debit_cap: plenty, funds: plenty };
    let participant = |fsp: &Fsp| Participant {
        name: fsp.name.clone(),
        currencies: stationery.currencies().map(|currency| (currency, account.clone())).collect(),
        endpoint: format!("{}://{listen}/{}", if tls { "https" } else { "http" }, fsp.name),
        simulated: false,
        parties: fsp
            .parties
            .iter()
            .filter(|_| !tls)
            .map(|id| Party { id: id.clone(), name: "A Payee".to_owned() })
            .collect(),
    };
    let scheme = Scheme {
        hub_name: hub_name.clone(),
        currencies: stationery.currencies().collect(),
        settlement_models: model(apis).await?,
        participants: stationery.payers.iter().chain(&stationery.payees).map(participant).collect(),
        oracles: Vec::new(),
    };
    apply(apis, &scheme, progress).await?;
    if tls { enter_parties(apis, stationery).await } else { Ok(()) }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Served<'a> {
    fsp_id: &'a str,
}

/// Enters the FSPs' parties as an operator: provisioning would do it as the FSPs, who are let in only with their certificate.
async fn enter_parties(apis: &Apis, stationery: &Stationery) -> Result<(), Failure> {
    let client = HttpClient::new();
    for fsp in stationery.payers.iter().chain(&stationery.payees) {
        for party in &fsp.parties {
            let url = format!("{}/participants/{}", apis.oracle_admin, party.uri_path());
            let served = Served { fsp_id: fsp.name.as_str() };
            let entered = client.send_json(Method::POST, &url, &served).await;
            entered.map_err(|error| Failure::failed(format!("POST {url}: {error}")))?;
        }
    }
    Ok(())
}

/// A key of an FSP, as the hub lists it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Key {
    id: String,
    is_active: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewKey<'a> {
    public_key: &'a str,
}

/// Registers the key that signs for all FSPs, if there is one, in the place of those of earlier runs.
pub(crate) async fn register_key(apis: &Apis, stationery: &Stationery) -> Result<(), Failure> {
    let Some(public_key) = stationery.public_key() else { return Ok(()) };
    let client = HttpClient::new();
    for fsp in stationery.payers.iter().chain(&stationery.payees) {
        let url = format!("{}/participants/{}/jwsKeys", apis.ledger_admin, fsp.name);
        let failed = |error| Failure::failed(format!("{url}: {error}"));
        let keys: Vec<Key> = client.get(&url).await.map_err(failed)?;
        for key in keys.iter().filter(|key| key.is_active == 1) {
            let retire = Request::delete(format!("{url}/{}", key.id)).body(Full::default()).map_err(Failure::failed)?;
            client.send(retire).await.map_err(failed)?;
        }
        client.send_json(Method::POST, &url, &NewKey { public_key: &public_key }).await.map_err(failed)?;
    }
    Ok(())
}

/// A hub without settlement models opens no accounts; one that has some keeps them.
async fn model(apis: &Apis) -> Result<Vec<SettlementModel>, Failure> {
    let url = format!("{}/settlementModels", apis.ledger_admin);
    let models: Vec<serde::de::IgnoredAny> =
        HttpClient::new().get(&url).await.map_err(|error| Failure::failed(format!("GET {url}: {error}")))?;
    let deferred =
        SettlementModel { name: "deferred-net".to_owned(), kind: SettlementKind::DeferredNet, currencies: Vec::new() };
    Ok(if models.is_empty() { vec![deferred] } else { Vec::new() })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Balance {
    ledger_account_type: String,
    currency: Currency,
    #[serde(deserialize_with = "Amount::from_json")]
    value: Amount,
}

/// The sums of the payers' positions, what they owe, for each currency of the run.
pub(crate) async fn positions(apis: &Apis, stationery: &Stationery) -> Result<Vec<(Currency, Amount)>, Failure> {
    let client = HttpClient::new();
    let mut sums: Vec<(Currency, Amount)> = stationery.currencies().map(|currency| (currency, Amount::ZERO)).collect();
    for payer in &stationery.payers {
        let url = format!("{}/participants/{}/accounts", apis.ledger_admin, payer.name);
        let failed = |error| Failure::failed(format!("GET {url}: {error}"));
        let balances: Vec<Balance> = client.get(&url).await.map_err(failed)?;
        for balance in balances.iter().filter(|balance| balance.ledger_account_type == "POSITION") {
            let of_currency = sums.iter_mut().filter(|(currency, _)| *currency == balance.currency);
            for (_, sum) in of_currency {
                *sum = sum.checked_add(balance.value).ok_or_else(|| Failure::failed("positions are out of range"))?;
            }
        }
    }
    Ok(sums)
}
