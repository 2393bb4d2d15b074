//! Brings a hub to what a scheme says, through its admin API: what is there already is left as it is, so that it can be done
//! again at every start.

use std::{collections::HashSet, net::SocketAddr};

use bytes::Bytes;
use fspiop::{
    Amount, Currency, FspId, Identifier, PartyId, Resource, Timestamp, headers,
    write::{self, ParticipantBody},
};
use http::{Method, Request, header};
use http_body_util::Full;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use crate::{DemoParticipant, HarnessError, Scheme, http_client::HttpClient};

/// Callback endpoints of a participant: type, and path behind its base URL.
const ENDPOINTS: &[(&str, &str)] = &[
    ("FSPIOP_CALLBACK_URL_PARTICIPANT_PUT", "/participants/{{partyIdType}}/{{partyIdentifier}}"),
    ("FSPIOP_CALLBACK_URL_PARTICIPANT_PUT_ERROR", "/participants/{{partyIdType}}/{{partyIdentifier}}/error"),
    ("FSPIOP_CALLBACK_URL_PARTIES_GET", "/parties/{{partyIdType}}/{{partyIdentifier}}"),
    ("FSPIOP_CALLBACK_URL_PARTIES_PUT", "/parties/{{partyIdType}}/{{partyIdentifier}}"),
    ("FSPIOP_CALLBACK_URL_PARTIES_PUT_ERROR", "/parties/{{partyIdType}}/{{partyIdentifier}}/error"),
    ("FSPIOP_CALLBACK_URL_PARTIES_SUB_ID_GET", "/parties/{{partyIdType}}/{{partyIdentifier}}/{{partySubIdOrType}}"),
    ("FSPIOP_CALLBACK_URL_PARTIES_SUB_ID_PUT", "/parties/{{partyIdType}}/{{partyIdentifier}}/{{partySubIdOrType}}"),
    (
        "FSPIOP_CALLBACK_URL_PARTIES_SUB_ID_PUT_ERROR",
        "/parties/{{partyIdType}}/{{partyIdentifier}}/{{partySubIdOrType}}/error",
    ),
    ("FSPIOP_CALLBACK_URL_QUOTES", ""),
    ("FSPIOP_CALLBACK_URL_TRANSFER_POST", "/transfers"),
    ("FSPIOP_CALLBACK_URL_TRANSFER_PUT", "/transfers/{{transferId}}"),
    ("FSPIOP_CALLBACK_URL_TRANSFER_ERROR", "/transfers/{{transferId}}/error"),
];

/// Where a hub's APIs are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Apis {
    pub(crate) fspiop: SocketAddr,
    pub(crate) ledger_admin: SocketAddr,
}

/// Brings the hub to what the scheme says. `base_url` gives the callback base URL of an FSP.
pub(crate) async fn onboard(
    client: &HttpClient,
    apis: Apis,
    scheme: &Scheme,
    base_url: impl Fn(&FspId) -> String,
) -> Result<(), HarnessError> {
    let admin = Admin { client: client.clone(), apis };
    admin.prepare_hub(scheme).await?;
    let mut tasks = JoinSet::new();
    for participant in &scheme.participants {
        let (admin, participant, base) = (admin.clone(), participant.clone(), base_url(&participant.name));
        let currencies = scheme.currencies.clone();
        tasks.spawn(async move { admin.onboard_participant(&participant, &currencies, &base).await });
    }
    while let Some(done) = tasks.join_next().await {
        done.map_err(|error| HarnessError::Onboarding { step: "a participant".into(), reason: error.to_string() })??;
    }
    Ok(())
}

#[derive(Clone)]
struct Admin {
    client: HttpClient,
    apis: Apis,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    id: i64,
    ledger_account_type: String,
    currency: Currency,
}

#[derive(Deserialize)]
struct Limit {
    currency: Currency,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Endpoint {
    #[serde(rename = "type")]
    kind: String,
    value: String,
}

impl Admin {
    async fn prepare_hub(&self, scheme: &Scheme) -> Result<(), HarnessError> {
        let accounts = self.accounts("Hub").await?;
        for currency in &scheme.currencies {
            for kind in ["HUB_RECONCILIATION", "HUB_MULTILATERAL_SETTLEMENT"] {
                if !accounts.iter().any(|account| account.currency == *currency && account.ledger_account_type == kind)
                {
                    let body = json!({ "type": kind, "currency": currency });
                    self.post("/participants/Hub/accounts", &body).await?;
                }
            }
        }
        let models: Vec<Named> = self.get("/settlementModels").await?.unwrap_or_default();
        if models.iter().all(|model| model.name != "DEFERREDNET") {
            let body = json!({
                "name": "DEFERREDNET", "settlementGranularity": "NET", "settlementInterchange": "MULTILATERAL",
                "settlementDelay": "DEFERRED", "requireLiquidityCheck": true, "ledgerAccountType": "POSITION",
                "settlementAccountType": "SETTLEMENT", "autoPositionReset": true,
            });
            self.post("/settlementModels", &body).await?;
        }
        Ok(())
    }

    async fn onboard_participant(
        &self,
        participant: &DemoParticipant,
        currencies: &[Currency],
        base: &str,
    ) -> Result<(), HarnessError> {
        let name = &participant.name;
        let known: HashSet<Currency> =
            self.accounts(name.as_str()).await?.iter().map(|account| account.currency).collect();
        for currency in currencies.iter().filter(|currency| !known.contains(currency)) {
            self.post("/participants", &json!({ "name": name, "currency": currency })).await?;
        }
        let path = format!("/participants/{name}/limits");
        let limited: HashSet<Currency> =
            self.get::<Vec<Limit>>(&path).await?.unwrap_or_default().iter().map(|limit| limit.currency).collect();
        for currency in currencies.iter().filter(|currency| !limited.contains(currency)) {
            let limit = json!({ "type": "NET_DEBIT_CAP", "value": participant.net_debit_cap });
            let body = json!({ "currency": currency, "limit": limit, "initialPosition": 0 });
            self.post(&format!("/participants/{name}/initialPositionAndLimits"), &body).await?;
        }
        let accounts = self.accounts(name.as_str()).await?;
        for account in accounts.iter().filter(|account| account.ledger_account_type == "SETTLEMENT") {
            self.fund(name, account, participant.funds).await?;
        }
        self.set_endpoints(name, base).await?;
        for (party, _) in &participant.parties {
            self.register_party(name, party).await?;
        }
        Ok(())
    }

    /// Pays in once: the movement's id is made of what it is for, and the ledger takes an id only once.
    async fn fund(&self, name: &FspId, account: &Account, funds: Amount) -> Result<(), HarnessError> {
        let digest: [u8; 32] = Sha256::digest(format!("initial funds of {name} in {}", account.currency)).into();
        let bits = u128::from_be_bytes(std::array::from_fn(|index| digest[index]));
        let body = json!({
            "transferId": Identifier::from_ulid_bits(bits).to_string(), "externalReference": "initial funds",
            "action": "recordFundsIn", "reason": "initial funds",
            "amount": { "amount": funds, "currency": account.currency },
        });
        self.post(&format!("/participants/{name}/accounts/{}", account.id), &body).await
    }

    async fn set_endpoints(&self, name: &FspId, base: &str) -> Result<(), HarnessError> {
        let wanted: Vec<Endpoint> = ENDPOINTS
            .iter()
            .map(|(kind, path)| Endpoint { kind: (*kind).to_owned(), value: format!("{base}{path}") })
            .collect();
        let path = format!("/participants/{name}/endpoints");
        let there: HashSet<Endpoint> =
            self.get::<Vec<Endpoint>>(&path).await?.unwrap_or_default().into_iter().collect();
        if wanted.iter().all(|endpoint| there.contains(endpoint)) {
            return Ok(());
        }
        self.post(&path, &wanted).await
    }

    async fn register_party(&self, fsp: &FspId, party: &PartyId) -> Result<(), HarnessError> {
        let media = fspiop::content_type(Resource::Participants, fspiop::ApiVersion::V2_0);
        let path = format!("/participants/{}", party.uri_path());
        let date = now().http_date();
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("http://{}{path}", self.apis.fspiop))
            .header(header::CONTENT_TYPE, &media)
            .header(header::ACCEPT, &media)
            .header(header::DATE, date)
            .header(headers::FSPIOP_SOURCE, fsp.as_str())
            .body(Full::new(Bytes::from(write::to_body(&ParticipantBody { fsp_id: fsp, currency: None }))));
        let failed = |reason: String| HarnessError::Onboarding { step: format!("POST {path}"), reason };
        let request = request.map_err(|error| failed(error.to_string()))?;
        self.client.post_request(self.apis.fspiop, request).await.map_err(failed)
    }

    async fn accounts(&self, name: &str) -> Result<Vec<Account>, HarnessError> {
        Ok(self.get(&format!("/participants/{name}/accounts")).await?.unwrap_or_default())
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<Option<T>, HarnessError> {
        let failed = |reason| HarnessError::Onboarding { step: format!("GET {path}"), reason };
        self.client.get(self.apis.ledger_admin, path).await.map_err(failed)
    }

    async fn post(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<(), HarnessError> {
        let failed = |reason| HarnessError::Onboarding { step: format!("POST {path}"), reason };
        self.client.post(self.apis.ledger_admin, path, body).await.map_err(failed)
    }
}

fn now() -> Timestamp {
    hub::system_clock().now()
}
