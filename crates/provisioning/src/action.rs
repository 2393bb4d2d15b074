//! The requests that make differences disappear.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use fspiop::{
    Amount, ApiVersion, Currency, FspId, Identifier, PartyId, Resource, Timestamp, headers,
    write::{self, ParticipantBody},
};
use http::{Method, Request, header};
use http_body_util::Full;
use identity::SignedMessage;
use operations::Failure;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    HttpError,
    failure::Api,
    seen::{Reader, SETTLEMENT},
};

/// How long a hub of several nodes may take until each of them shows a new account.
const ACCOUNT_APPEARS: Duration = Duration::from_secs(5);
/// How often it is looked for meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What is to be done about one difference. Done twice, each is either refused the second time or changes nothing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// A request to one of the admin APIs.
    Admin { api: Api, method: Method, path: String, body: Value },
    /// Records the funds with which a participant joins.
    PayIn { fsp: FspId, currency: Currency, amount: Amount },
    /// Enters a party into the hub's directory.
    RegisterParty { fsp: FspId, party: PartyId },
}

impl Action {
    /// Adds something through the ledger admin API.
    pub(crate) fn post(path: impl Into<String>, body: Value) -> Action {
        Action::Admin { api: Api::Ledger, method: Method::POST, path: path.into(), body }
    }

    /// Does it.
    pub(crate) async fn run(&self, hub: Reader<'_>) -> Result<(), Failure> {
        match self {
            Action::Admin { api, method, path, body } => send(hub, *api, method, path, body).await,
            Action::PayIn { fsp, currency, amount } => pay_in(hub, fsp, *currency, *amount).await,
            Action::RegisterParty { fsp, party } => register(hub, fsp, party).await,
        }
    }
}

async fn send(hub: Reader<'_>, api: Api, method: &Method, path: &str, body: &Value) -> Result<(), Failure> {
    let failed = |error| api.failed(hub.apis, &format!("{method} {path}"), &error);
    let url = format!("{}{path}", api.of(hub.apis));
    hub.client.send_json(method.clone(), &url, body).await.map_err(failed)
}

/// Pays in once: the movement's id is made of what it is for, and the ledger takes an id only once.
async fn pay_in(hub: Reader<'_>, fsp: &FspId, currency: Currency, amount: Amount) -> Result<(), Failure> {
    let digest: [u8; 32] = Sha256::digest(format!("initial funds of {fsp} in {currency}")).into();
    let bits = u128::from_be_bytes(std::array::from_fn(|index| digest[index]));
    let body = json!({
        "transferId": Identifier::from_ulid_bits(bits).to_string(), "externalReference": "initial funds",
        "action": "recordFundsIn", "reason": "initial funds",
        "amount": { "amount": amount, "currency": currency },
    });
    let account = settlement_account(hub, fsp, currency).await?;
    send(hub, Api::Ledger, &Method::POST, &format!("/participants/{fsp}/accounts/{account}"), &body).await
}

async fn settlement_account(hub: Reader<'_>, fsp: &FspId, currency: Currency) -> Result<i64, Failure> {
    let look = async {
        loop {
            let balances = hub.balances(fsp).await?;
            let wanted = balances.iter().find(|one| one.currency == currency && one.kind == SETTLEMENT);
            if let Some(account) = wanted {
                return Ok(account.id);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let missing = |_| Err(Failure::failed(format!("{fsp} has no settlement account in {currency}")));
    tokio::time::timeout(ACCOUNT_APPEARS, look).await.unwrap_or_else(missing)
}

async fn register(hub: Reader<'_>, fsp: &FspId, party: &PartyId) -> Result<(), Failure> {
    let path = format!("/participants/{}", party.uri_path());
    let failed = |error| Api::Fspiop.failed(hub.apis, &format!("POST {path}"), &error);
    let url = format!("{}{path}", Api::Fspiop.of(hub.apis));
    let media = fspiop::content_type(Resource::Participants, ApiVersion::V2_0);
    let (body, date) = (write::to_body(&ParticipantBody { fsp_id: fsp, currency: None }), now().http_date());
    let message = SignedMessage {
        method: "POST",
        uri: &path,
        source: fsp.as_str(),
        destination: None,
        date: Some(&date),
        body: &body,
    };
    let signature = hub.signers.get(fsp).and_then(|signer| signer.sign(&message));
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(&url)
        .header(header::CONTENT_TYPE, &media)
        .header(header::ACCEPT, &media)
        .header(header::DATE, &date)
        .header(headers::FSPIOP_SOURCE, fsp.as_str());
    if let Some(signature) = signature {
        request = request
            .header(headers::FSPIOP_URI, &path)
            .header(headers::FSPIOP_HTTP_METHOD, "POST")
            .header(headers::FSPIOP_SIGNATURE, signature);
    }
    let request = request.body(Full::new(Bytes::from(body)));
    let request = request.map_err(|_| failed(HttpError::Url(url.clone())))?;
    hub.client.send(request).await.map(drop).map_err(failed)
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
