//! What a hub lacks of a scheme: [`differences`].

use definition::SettlementKind;
use fspiop::{Currency, FspId, PartyId};
use http::Method;
use operations::{Failure, Risk};
use serde_json::{Value, json};

use crate::{
    Oracle, Participant, Scheme, SettlementModel,
    action::Action,
    callbacks,
    failure::Api,
    risk,
    seen::{Model, POSITION, Seen},
};

/// The accounts that the hub has in each currency.
const HUB_ACCOUNTS: [&str; 2] = ["HUB_RECONCILIATION", "HUB_MULTILATERAL_SETTLEMENT"];

/// When a difference is made to disappear: each stage needs those before it. Within a stage all requests go out at once,
/// and the hub commits them together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// What the hub needs itself.
    Hub,
    /// Participants and their accounts, which need the hub's accounts.
    Accounts,
    /// Caps, funds and endpoints, which need the participants' accounts.
    Terms,
    /// Parties, whose FSPs are told of the registration at their endpoints.
    Parties,
}

impl Stage {
    pub(crate) const ALL: [Stage; 4] = [Stage::Hub, Stage::Accounts, Stage::Terms, Stage::Parties];

    /// What people read.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Stage::Hub => "hub accounts, settlement models, oracles",
            Stage::Accounts => "participants",
            Stage::Terms => "limits, funds, endpoints",
            Stage::Parties => "parties",
        }
    }
}

/// One thing that is not as the scheme says.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    pub(crate) stage: Stage,
    pub(crate) resource: String,
    pub(crate) field: String,
    pub(crate) before: Value,
    pub(crate) after: Value,
    pub(crate) risk: Risk,
    /// Where the definition says so.
    pub(crate) path: String,
    /// What makes it disappear.
    pub(crate) action: Action,
}

impl Difference {
    /// Something that is not there at all.
    fn missing(stage: Stage, resource: &str, field: &str, after: Value, path: String, action: Action) -> Difference {
        let (resource, field) = (resource.to_owned(), field.to_owned());
        Difference { stage, resource, field, before: Value::Null, after, risk: Risk::None, path, action }
    }

    /// Whether both are about the same thing.
    pub(crate) fn is_about_same(&self, other: &Difference) -> bool {
        (&self.resource, &self.field) == (&other.resource, &other.field)
    }
}

/// All differences, in the order in which they can be made to disappear.
pub(crate) fn differences(scheme: &Scheme, seen: &Seen) -> Result<Vec<Difference>, Failure> {
    check_hub_name(scheme, seen)?;
    let mut found = hub_accounts(scheme, seen);
    for (index, model) in scheme.settlement_models.iter().enumerate() {
        found.extend(settlement_models(model, seen, index)?);
    }
    found.extend(scheme.oracles.iter().enumerate().filter_map(|(index, wanted)| oracle(wanted, seen, index)));
    for (index, participant) in scheme.participants.iter().enumerate() {
        let path = format!("participants[{index}]");
        found.extend(accounts(participant, seen, &path));
        found.extend(endpoint(participant, seen, &path));
        found.extend(parties(scheme, participant, seen, &path));
    }
    found.sort_by_key(|difference| difference.stage);
    Ok(found)
}

fn check_hub_name(scheme: &Scheme, seen: &Seen) -> Result<(), Failure> {
    if seen.participants.contains_key(&scheme.hub_name) {
        return Ok(());
    }
    Err(Failure::failed(format!("this hub is not called {}, as scheme.hubName says", scheme.hub_name))
        .hint("a hub's name is fixed when its store is made; is this the right hub?"))
}

fn hub_accounts(scheme: &Scheme, seen: &Seen) -> Vec<Difference> {
    let hub = &scheme.hub_name;
    let wanted = scheme
        .currencies
        .iter()
        .enumerate()
        .flat_map(|(index, currency)| HUB_ACCOUNTS.map(|kind| (index, *currency, kind)));
    let missing = wanted.filter(|(_, currency, kind)| seen.account(hub, *currency, kind).is_none());
    let difference = |(index, currency, kind): (usize, Currency, &str)| {
        let action =
            Action::post(format!("/participants/{hub}/accounts"), json!({ "type": kind, "currency": currency }));
        let (resource, field) = (format!("hub/{hub}"), format!("accounts.{currency}.{kind}"));
        let path = format!("scheme.currencies[{index}]");
        Difference::missing(Stage::Hub, &resource, &field, json!("open"), path, action)
    };
    missing.map(difference).collect()
}

/// A model of the definition is one model of the hub for all currencies, or one for each that it names.
fn settlement_models(model: &SettlementModel, seen: &Seen, index: usize) -> Result<Vec<Difference>, Failure> {
    let scopes: Vec<(String, Option<Currency>)> = match model.currencies.as_slice() {
        [] => vec![(model.name.clone(), None)],
        [one] => vec![(model.name.clone(), Some(*one))],
        several => several.iter().map(|currency| (format!("{}-{currency}", model.name), Some(*currency))).collect(),
    };
    let mut found = Vec::new();
    for (name, currency) in scopes {
        if model_is_there(&name, currency, model.kind, seen)? {
            continue;
        }
        let (resource, path) = (format!("settlementModel/{name}"), format!("scheme.settlementModels[{index}]"));
        let after = json!({ "kind": model.kind, "currency": currency });
        let action = Action::post("/settlementModels", model_body(&name, currency, model.kind));
        found.push(Difference::missing(Stage::Hub, &resource, "", after, path, action));
    }
    Ok(found)
}

/// Whether the hub has the model. A model can't be changed, and a currency has one: what stands in the way is an error.
fn model_is_there(name: &str, currency: Option<Currency>, kind: SettlementKind, seen: &Seen) -> Result<bool, Failure> {
    let is_same = |model: &Model| {
        let (granularity, _, delay) = words(kind);
        let words = (model.settlement_granularity.as_str(), model.settlement_delay.as_str());
        model.currency == currency && model.ledger_account == POSITION && words == (granularity, delay)
    };
    let in_the_way =
        |model: &&Model| model.name == name || (model.currency == currency && model.ledger_account == POSITION);
    match seen.models.iter().find(in_the_way) {
        None => Ok(false),
        Some(model) if model.name == name && is_same(model) => Ok(true),
        Some(model) => {
            let scope = model.currency.map_or_else(|| "all currencies".to_owned(), |currency| currency.to_string());
            let (granularity, delay) = (&model.settlement_granularity, &model.settlement_delay);
            Err(Failure::failed(format!(
                "settlement model {name}: the hub has {} ({granularity} {delay}, {scope}) in its place",
                model.name
            ))
            .hint("the models of a hub can't be changed: let scheme.settlementModels say what the hub has"))
        }
    }
}

fn words(kind: SettlementKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        SettlementKind::DeferredNet => ("NET", "MULTILATERAL", "DEFERRED"),
        SettlementKind::ImmediateGross => ("GROSS", "BILATERAL", "IMMEDIATE"),
    }
}

fn model_body(name: &str, currency: Option<Currency>, kind: SettlementKind) -> Value {
    let (granularity, interchange, delay) = words(kind);
    json!({
        "name": name, "settlementGranularity": granularity, "settlementInterchange": interchange,
        "settlementDelay": delay, "currency": currency, "requireLiquidityCheck": true, "ledgerAccountType": POSITION,
        "settlementAccountType": "SETTLEMENT", "autoPositionReset": kind == SettlementKind::DeferredNet,
    })
}

fn oracle(wanted: &Oracle, seen: &Seen, index: usize) -> Option<Difference> {
    let same =
        |one: &&crate::seen::SeenOracle| one.party_id_type == wanted.party_id_type && one.currency == wanted.currency;
    let there = seen.oracles.iter().find(same);
    let is_default = there.map_or(wanted.currency.is_none(), |there| there.is_default);
    let body = json!({
        "oracleIdType": wanted.party_id_type, "currency": wanted.currency, "isDefault": is_default,
        "endpoint": { "value": wanted.endpoint, "endpointType": "URL" },
    });
    let (method, path, before) = match there {
        None => (Method::POST, "/oracles".to_owned(), Value::Null),
        Some(there) if there.endpoint.value == wanted.endpoint => return None,
        Some(there) => (Method::PUT, format!("/oracles/{}", there.id), json!(there.endpoint.value)),
    };
    let of_currency = wanted.currency.map(|currency| format!("/{currency}")).unwrap_or_default();
    Some(Difference {
        stage: Stage::Hub,
        resource: format!("oracle/{}{of_currency}", wanted.party_id_type),
        field: "endpoint".to_owned(),
        before,
        after: json!(wanted.endpoint),
        risk: Risk::None,
        path: format!("oracles[{index}].endpoint"),
        action: Action::Admin { api: Api::Oracles, method, path, body },
    })
}

/// Accounts, caps and funds of a participant.
fn accounts(participant: &Participant, seen: &Seen, path: &str) -> Vec<Difference> {
    let name = &participant.name;
    let resource = format!("participant/{name}");
    let mut found = Vec::new();
    for (currency, account) in &participant.currencies {
        let (field, path) = (format!("currencies.{currency}"), format!("{path}.currencies.{currency}"));
        if seen.account(name, *currency, POSITION).is_none() {
            let action = Action::post("/participants", json!({ "name": name, "currency": currency }));
            found.push(Difference::missing(Stage::Accounts, &resource, &field, json!("open"), path.clone(), action));
        }
        found.extend(cap(participant, *currency, seen, &path));
        // Initial funds are paid once, when a participant joins. Whatever has moved on the account since then, by an
        // operator's hand or by settlement, belongs to the participant's life in the scheme and is never made up for.
        if account.funds.is_positive() && !seen.has_paid_in(name, *currency) {
            let action = Action::PayIn { fsp: name.clone(), currency: *currency, amount: account.funds };
            let (field, path) = (format!("{field}.funds"), format!("{path}.funds"));
            found.push(Difference::missing(Stage::Terms, &resource, &field, json!(account.funds), path, action));
        }
    }
    found
}

fn cap(participant: &Participant, currency: Currency, seen: &Seen, path: &str) -> Option<Difference> {
    let name = &participant.name;
    let wanted = participant.currencies.get(&currency)?.net_debit_cap;
    let there = seen.caps.get(&(name.clone(), currency)).copied();
    if there == Some(wanted) {
        return None;
    }
    let limit = json!({ "type": "NET_DEBIT_CAP", "value": wanted });
    let action = match there {
        None => Action::post(
            format!("/participants/{name}/initialPositionAndLimits"),
            json!({ "currency": currency, "limit": limit, "initialPosition": 0 }),
        ),
        Some(_) => Action::Admin {
            api: Api::Ledger,
            method: Method::PUT,
            path: format!("/participants/{name}/limits"),
            body: json!({ "currency": currency, "limit": limit }),
        },
    };
    Some(Difference {
        stage: Stage::Terms,
        resource: format!("participant/{name}"),
        field: format!("currencies.{currency}.netDebitCap"),
        before: json!(there),
        after: json!(wanted),
        risk: risk::of_cap(wanted, seen.position(name, currency)),
        path: format!("{path}.netDebitCap"),
        action,
    })
}

fn endpoint(participant: &Participant, seen: &Seen, path: &str) -> Option<Difference> {
    let (name, base) = (&participant.name, &participant.endpoint);
    let there = seen.endpoints.get(name);
    if there.is_some_and(|there| callbacks::are_of(base, there)) {
        return None;
    }
    Some(Difference {
        stage: Stage::Terms,
        resource: format!("participant/{name}"),
        field: "endpoint".to_owned(),
        before: there.map_or(Value::Null, callbacks::describe),
        after: json!(base),
        risk: Risk::None,
        path: format!("{path}.endpoint"),
        action: Action::post(format!("/participants/{name}/endpoints"), callbacks::body(base)),
    })
}

/// Parties that the built-in directory does not have. Where an oracle answers for their type, the directory is not asked,
/// and who is in that oracle is the business of whoever runs it.
fn parties(scheme: &Scheme, participant: &Participant, seen: &Seen, path: &str) -> Vec<Difference> {
    let name = &participant.name;
    let has_oracle = |kind| {
        seen.oracles.iter().any(|oracle| oracle.party_id_type == kind)
            || scheme.oracles.iter().any(|oracle| oracle.party_id_type == kind)
    };
    let others = |fsps: &[FspId]| fsps.iter().map(FspId::as_str).collect::<Vec<_>>().join(", ");
    let missing = participant.parties.iter().enumerate().filter_map(|(index, party)| {
        let there = seen.parties.get(&party.id).map(Vec::as_slice).unwrap_or_default();
        if there.contains(name) || has_oracle(party.id.kind) {
            return None;
        }
        let (before, after, action) = match there {
            [] => (Value::Null, json!(name), Action::RegisterParty { fsp: name.clone(), party: party.id.clone() }),
            // From another FSP only the operator takes it.
            there => (json!(others(there)), json!(name), enter(name, &party.id)),
        };
        Some(Difference {
            stage: Stage::Parties,
            resource: format!("party/{}", party.id),
            field: "fsp".to_owned(),
            before,
            after,
            risk: Risk::None,
            path: format!("{path}.parties[{index}]"),
            action,
        })
    });
    missing.collect()
}

/// Enters a party as the operator.
fn enter(fsp: &FspId, party: &PartyId) -> Action {
    let path = format!("/participants/{}", party.uri_path());
    Action::Admin { api: Api::Oracles, method: Method::POST, path, body: json!({ "fspId": fsp }) }
}
