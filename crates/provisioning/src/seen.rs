//! What a hub has, as its admin API tells it.

use std::collections::{BTreeMap, HashMap};

use fspiop::{Amount, Currency, FspId, PartyId, PartyIdType, Timestamp};
use futures_util::{StreamExt, TryStreamExt, stream};
use operations::Failure;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{Apis, HttpClient, Scheme, Signers, failure::Api};

/// Requests that are under way at once: enough to hide the way to the hub, few enough to leave it its work.
pub(crate) const AT_A_TIME: usize = 16;

/// The type of the accounts on which participants owe each other.
pub(crate) const POSITION: &str = "POSITION";
/// The type of the accounts into which participants pay.
pub(crate) const SETTLEMENT: &str = "SETTLEMENT";

/// What a hub has of what a scheme names.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// All participants, the hub among them.
    pub(crate) participants: HashMap<FspId, Vec<Account>>,
    /// What stands on the accounts of the scheme's participants.
    pub(crate) balances: HashMap<i64, Balance>,
    pub(crate) caps: HashMap<(FspId, Currency), Amount>,
    /// Callback endpoints of the scheme's participants: type and URL.
    pub(crate) endpoints: HashMap<FspId, BTreeMap<String, String>>,
    pub(crate) models: Vec<Model>,
    pub(crate) oracles: Vec<SeenOracle>,
    /// Whom the built-in directory names for the scheme's parties.
    pub(crate) parties: HashMap<PartyId, Vec<FspId>>,
}

#[derive(Deserialize)]
struct Participant {
    name: FspId,
    accounts: Vec<Account>,
}

/// An account, without what stands on it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    pub(crate) id: i64,
    #[serde(rename = "ledgerAccountType")]
    pub(crate) kind: String,
    pub(crate) currency: Currency,
    pub(crate) created_date: Timestamp,
}

/// What stands on an account.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Balance {
    pub(crate) id: i64,
    #[serde(rename = "ledgerAccountType")]
    pub(crate) kind: String,
    pub(crate) currency: Currency,
    #[serde(deserialize_with = "Amount::from_json")]
    pub(crate) value: Amount,
    pub(crate) changed_date: Timestamp,
}

#[derive(Deserialize)]
struct Limit {
    name: FspId,
    currency: Currency,
    limit: LimitValue,
}

#[derive(Deserialize)]
struct LimitValue {
    #[serde(rename = "type")]
    kind: String,
    #[serde(deserialize_with = "Amount::from_json")]
    value: Amount,
}

#[derive(Deserialize)]
struct Endpoint {
    #[serde(rename = "type")]
    kind: String,
    value: String,
}

/// A settlement model.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Model {
    pub(crate) name: String,
    pub(crate) settlement_granularity: String,
    pub(crate) settlement_delay: String,
    pub(crate) currency: Option<Currency>,
    #[serde(rename = "ledgerAccountTypeId")]
    pub(crate) ledger_account: String,
}

/// An oracle.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SeenOracle {
    #[serde(rename = "oracleId")]
    pub(crate) id: String,
    #[serde(rename = "oracleIdType")]
    pub(crate) party_id_type: PartyIdType,
    pub(crate) endpoint: OracleEndpoint,
    pub(crate) currency: Option<Currency>,
    pub(crate) is_default: bool,
}

/// Where an oracle is.
#[derive(Debug, Deserialize)]
pub(crate) struct OracleEndpoint {
    pub(crate) value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartyList {
    party_list: Vec<Served>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Served {
    fsp_id: FspId,
}

/// A hub that is asked.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) client: &'a HttpClient,
    pub(crate) signers: &'a Signers,
    pub(crate) apis: &'a Apis,
}

impl Reader<'_> {
    /// Everything that matters for a scheme. What belongs to a participant that the hub does not have is not asked for.
    pub(crate) async fn read(self, scheme: &Scheme) -> Result<Seen, Failure> {
        let (participants, limits, models, oracles) = tokio::try_join!(
            self.get::<Vec<Participant>>(Api::Ledger, "/participants"),
            self.get::<Vec<Limit>>(Api::Ledger, "/participants/limits"),
            self.get(Api::Ledger, "/settlementModels"),
            self.get(Api::Oracles, "/oracles"),
        )?;
        let caps = limits.into_iter().filter(|limit| limit.limit.kind == "NET_DEBIT_CAP");
        let mut seen = Seen {
            participants: participants.into_iter().map(|one| (one.name, one.accounts)).collect(),
            caps: caps.map(|one| ((one.name, one.currency), one.limit.value)).collect(),
            models,
            oracles,
            ..Seen::default()
        };
        self.read_participants(scheme, &mut seen).await?;
        self.read_parties(scheme, &mut seen).await?;
        Ok(seen)
    }

    async fn read_participants(self, scheme: &Scheme, seen: &mut Seen) -> Result<(), Failure> {
        let known = scheme.participants.iter().filter(|one| seen.participants.contains_key(&one.name));
        let reads = known.map(|one| async move {
            let endpoints = format!("/participants/{}/endpoints", one.name);
            let (balances, endpoints) =
                tokio::try_join!(self.balances(&one.name), self.get::<Vec<Endpoint>>(Api::Ledger, &endpoints))?;
            Ok::<_, Failure>((one.name.clone(), balances, endpoints))
        });
        let read: Vec<_> = stream::iter(reads.collect::<Vec<_>>()).buffered(AT_A_TIME).try_collect().await?;
        for (name, balances, endpoints) in read {
            seen.balances.extend(balances.into_iter().map(|balance| (balance.id, balance)));
            seen.endpoints.insert(name, endpoints.into_iter().map(|one| (one.kind, one.value)).collect());
        }
        Ok(())
    }

    async fn read_parties(self, scheme: &Scheme, seen: &mut Seen) -> Result<(), Failure> {
        let known = scheme.participants.iter().filter(|one| seen.participants.contains_key(&one.name));
        let reads = known.flat_map(|one| &one.parties).map(|party| async move {
            let path = format!("/participants/{}", party.id.uri_path());
            let list: PartyList = self.get(Api::Oracles, &path).await?;
            Ok::<_, Failure>((party.id.clone(), list.party_list.into_iter().map(|one| one.fsp_id).collect()))
        });
        seen.parties = stream::iter(reads.collect::<Vec<_>>()).buffered(AT_A_TIME).try_collect().await?;
        Ok(())
    }

    /// What stands on the accounts of a participant.
    pub(crate) async fn balances(self, name: &FspId) -> Result<Vec<Balance>, Failure> {
        self.get(Api::Ledger, &format!("/participants/{name}/accounts")).await
    }

    async fn get<T: DeserializeOwned>(self, api: Api, path: &str) -> Result<T, Failure> {
        let failed = |error| api.failed(self.apis, &format!("GET {path}"), &error);
        self.client.get(&format!("{}{path}", api.of(self.apis))).await.map_err(failed)
    }
}

impl Seen {
    /// An account of a participant.
    pub(crate) fn account(&self, owner: &FspId, currency: Currency, kind: &str) -> Option<&Account> {
        let accounts = self.participants.get(owner)?;
        accounts.iter().find(|account| account.currency == currency && account.kind == kind)
    }

    /// The position of a participant; zero without an account.
    pub(crate) fn position(&self, owner: &FspId, currency: Currency) -> Amount {
        let balance = self.account(owner, currency, POSITION).and_then(|account| self.balances.get(&account.id));
        balance.map_or(Amount::ZERO, |balance| balance.value)
    }

    /// Whether anything has ever moved on a participant's settlement account. An account that never moved stands at zero
    /// since its creation.
    pub(crate) fn has_paid_in(&self, owner: &FspId, currency: Currency) -> bool {
        let Some(account) = self.account(owner, currency, SETTLEMENT) else { return false };
        let balance = self.balances.get(&account.id);
        balance.is_some_and(|balance| !balance.value.is_zero() || balance.changed_date != account.created_date)
    }
}
