//! What a hub is to know: [`Scheme`], the content of `scheme.json`.

use std::collections::BTreeMap;

use definition::{Endpoint, Hub, ModelCurrencies, SettlementKind};
use fspiop::{Amount, Currency, FspId, PartyId, PartyIdType};
use serde::{Deserialize, Serialize};

/// The amount of a hub's first payment.
const FIRST_AMOUNT: &str = "10";

/// What a hub is to know. The positions in its lists are those of the definition, so that both name the same thing by the
/// same path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scheme {
    /// The hub's own name on the wire.
    pub hub_name: FspId,
    /// Currencies in which participants pay.
    pub currencies: Vec<Currency>,
    /// How participants settle with each other.
    #[serde(default)]
    pub settlement_models: Vec<SettlementModel>,
    /// Who takes part.
    #[serde(default)]
    pub participants: Vec<Participant>,
    /// Directories outside the hub.
    #[serde(default)]
    pub oracles: Vec<Oracle>,
}

/// How participants settle with each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SettlementModel {
    /// What the model is called.
    pub name: String,
    /// When and how the money moves.
    pub kind: SettlementKind,
    /// The currencies that it settles; empty: all of the scheme.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub currencies: Vec<Currency>,
}

/// An FSP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Participant {
    /// Its name on the wire.
    pub name: FspId,
    /// Its accounts.
    pub currencies: BTreeMap<Currency, Account>,
    /// The base URL of its callbacks.
    pub endpoint: String,
    /// Whether a simulator plays it.
    #[serde(default)]
    pub simulated: bool,
    /// Its customers.
    #[serde(default)]
    pub parties: Vec<Party>,
}

/// A participant's account in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Account {
    /// The highest position: what it may owe the others.
    pub net_debit_cap: Amount,
    /// What it pays in once, when it joins.
    #[serde(default)]
    pub funds: Amount,
}

/// A customer of a participant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Party {
    /// How the party is found.
    pub id: PartyId,
    /// The whole name, for whoever simulates the FSP; the hub does not learn it.
    pub name: String,
}

/// A directory outside the hub that knows which FSP serves a party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Oracle {
    /// The kind of identifiers that it knows.
    #[serde(rename = "type")]
    pub party_id_type: PartyIdType,
    /// Its base URL.
    pub endpoint: String,
    /// The only currency that it answers for; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

/// The payment that shows that everything works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstPayment {
    /// Who pays: a simulated FSP.
    pub from: FspId,
    /// Who is paid.
    pub to: PartyId,
    /// How much.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
}

impl Scheme {
    /// The scheme of a definition. `simulator_base` gives the base URL of callbacks to an FSP that a simulator plays.
    ///
    /// # Panics
    /// If the definition has parties or oracles that `definition::load` would have refused.
    pub fn of(hub: &Hub, simulator_base: impl Fn(&FspId) -> String) -> Scheme {
        Scheme {
            hub_name: hub.scheme.hub_name.clone(),
            currencies: hub.scheme.currencies.clone(),
            settlement_models: hub.scheme.settlement_models.iter().map(SettlementModel::of).collect(),
            participants: hub.participants.iter().map(|one| Participant::of(one, &simulator_base)).collect(),
            oracles: hub.oracles.iter().map(Oracle::of).collect(),
        }
    }

    /// Reads a `scheme.json`.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Scheme, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The content of a `scheme.json`: the same text for the same scheme.
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("schemes have text keys and no failing parts");
        text + "\n"
    }

    /// The FSPs that a simulator plays.
    pub fn simulated(&self) -> impl Iterator<Item = &Participant> {
        self.participants.iter().filter(|participant| participant.simulated)
    }

    /// A payment of 10 from the first simulated FSP that can pay it, to the first party of another FSP (a simulated one,
    /// if there is any: it surely answers), in the first currency that both have.
    pub fn first_payment(&self) -> Option<FirstPayment> {
        let amount = Amount::parse(FIRST_AMOUNT).ok()?;
        let payees = || self.simulated().chain(self.participants.iter().filter(|payee| !payee.simulated));
        self.simulated().find_map(|payer| {
            payees().filter(|payee| payee.name != payer.name).find_map(|payee| {
                let to = payee.parties.first()?.id.clone();
                let can_pay = |account: &Account| account.funds >= amount && account.net_debit_cap >= amount;
                let currency = self.currencies.iter().copied().find(|currency| {
                    payer.currencies.get(currency).is_some_and(can_pay) && payee.currencies.contains_key(currency)
                })?;
                Some(FirstPayment { from: payer.name.clone(), to, amount, currency })
            })
        })
    }
}

impl SettlementModel {
    fn of(model: &definition::SettlementModel) -> SettlementModel {
        let currencies = match &model.currencies {
            ModelCurrencies::All(_) => Vec::new(),
            ModelCurrencies::Some(currencies) => currencies.clone(),
        };
        SettlementModel { name: model.name.clone(), kind: model.kind, currencies }
    }
}

impl Participant {
    fn of(participant: &definition::Participant, simulator_base: impl Fn(&FspId) -> String) -> Participant {
        let (endpoint, simulated) = match &participant.endpoint {
            Endpoint::Simulator(_) => (simulator_base(&participant.name), true),
            Endpoint::Url(url) => (url.clone(), false),
            Endpoint::Secured(secured) => (secured.url.clone(), false),
        };
        let account =
            |account: &definition::Account| Account { net_debit_cap: account.net_debit_cap, funds: account.funds };
        let party = |party: &definition::Party| Party {
            id: PartyId::parse(&party.id).expect("definition::load refuses other identifiers of parties"),
            name: party.name.clone(),
        };
        Participant {
            name: participant.name.clone(),
            currencies: participant.currencies.iter().map(|(currency, one)| (*currency, account(one))).collect(),
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            simulated,
            parties: participant.parties.iter().map(party).collect(),
        }
    }
}

impl Oracle {
    fn of(oracle: &definition::Oracle) -> Oracle {
        let kind = PartyIdType::parse(&oracle.party_id_type);
        Oracle {
            party_id_type: kind.expect("definition::load refuses other types of oracles"),
            endpoint: oracle.endpoint.clone(),
            currency: oracle.currency,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demo() -> Scheme {
        let hub: Hub = serde_saphyr::from_str(include_str!("../../definition/src/demo.yaml")).unwrap();
        Scheme::of(&hub, |fsp| format!("http://simulators:3010/{fsp}"))
    }

    #[test]
    fn a_scheme_reads_what_it_writes() {
        let scheme = demo();
        assert_eq!(Scheme::parse(&scheme.to_json()).unwrap(), scheme);
        assert_eq!(scheme.to_json(), demo().to_json());
        let json: serde_json::Value = serde_json::from_str(&scheme.to_json()).unwrap();
        assert_eq!(json["hubName"], "Hub");
        assert_eq!(json["participants"][0]["currencies"]["USD"]["netDebitCap"], "100000");
        assert_eq!(json["participants"][0]["endpoint"], "http://simulators:3010/payerfsp");
        assert_eq!(json["participants"][1]["parties"][0]["id"], "MSISDN/27713803912");
        let unknown = scheme.to_json().replacen("hubName", "hubname", 1);
        assert!(Scheme::parse(&unknown).unwrap_err().to_string().contains("hubname"));
    }

    /// Who pays whom in which currency, after the demo was changed.
    #[track_caller]
    fn check_first(change: impl FnOnce(&mut Scheme), expect: Option<(&str, &str, &str)>) {
        let mut scheme = demo();
        change(&mut scheme);
        let found = scheme.first_payment();
        let found = found.map(|it| (it.from.to_string(), it.to.to_string(), it.currency.to_string()));
        assert_eq!(found.as_ref().map(|(from, to, in_)| (from.as_str(), to.as_str(), in_.as_str())), expect);
    }

    #[test]
    fn the_first_payment_is_one_that_can_succeed() {
        let (payee, payer) = ("MSISDN/27713803912", "MSISDN/44123456789");
        let usd = Currency::parse("USD").unwrap();
        check_first(|_| {}, Some(("payerfsp", payee, "USD")));
        check_first(|scheme| scheme.currencies.reverse(), Some(("payerfsp", payee, "KES")));
        check_first(|scheme| scheme.participants[0].simulated = false, Some(("payeefsp", payer, "USD")));
        check_first(|scheme| scheme.participants[1].simulated = false, Some(("payerfsp", payee, "USD")));
        check_first(
            |scheme| scheme.participants[1].currencies.retain(|currency, _| *currency != usd),
            Some(("payerfsp", payee, "KES")),
        );
        check_first(
            |scheme| scheme.participants[0].currencies.values_mut().for_each(|account| account.funds = Amount::ZERO),
            Some(("payeefsp", payer, "USD")),
        );
        check_first(|scheme| scheme.participants[1].parties.clear(), Some(("payeefsp", payer, "USD")));
        check_first(|scheme| scheme.participants.truncate(1), None);
        check_first(|scheme| scheme.participants.clear(), None);
    }
}
