//! Who an FSP is and whom it serves: [`Profile`], [`Party`].

use fspiop::write::{self, ComplexName, PartyIdInfo, PersonalInfo};
use fspiop::{ApiVersion, Currency, FspId, PartyId};
use serde::{Deserialize, Serialize};

use crate::ilp::Secret;

/// An FSP: its name, customers and currencies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Profile {
    /// The name on the wire.
    pub name: FspId,
    /// The currencies of its accounts; quotes in others are refused (5106).
    #[serde(default)]
    pub currencies: Vec<Currency>,
    /// The parties that have their accounts here.
    #[serde(default)]
    pub parties: Vec<Party>,
    /// What the FSP makes fulfilments with; made from the name if it is left out: a simulated FSP holds no money, and
    /// after a restart it must be able to fulfil what it has promised.
    #[serde(default, skip_serializing)]
    pub secret: Option<Secret>,
    /// The version of FSPIOP in which the FSP sends requests; callbacks have the version that the asker accepts.
    #[serde(default = "default_version")]
    pub version: ApiVersion,
}

fn default_version() -> ApiVersion {
    ApiVersion::V2_0
}

/// How many currencies a party may list (FSPIOP, element supportedCurrencies of Party: 0 to 16).
const MOST_CURRENCIES: usize = 16;

/// A customer of an FSP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Party {
    /// How the party is found.
    pub id: PartyId,
    /// The whole name, 1 to 128 characters.
    pub name: String,
    /// `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_of_birth: Option<String>,
}

impl Profile {
    /// An FSP without parties.
    pub fn new(name: FspId, currencies: Vec<Currency>) -> Self {
        Self { name, currencies, parties: Vec::new(), secret: None, version: default_version() }
    }

    /// An FSP with parties: how each is found, and its whole name.
    pub fn serving<'a>(
        name: FspId,
        currencies: impl IntoIterator<Item = Currency>,
        parties: impl IntoIterator<Item = (PartyId, &'a str)>,
    ) -> Self {
        let profile = Self::new(name, currencies.into_iter().collect());
        parties.into_iter().fold(profile, |profile, (id, name)| profile.with_party(id, name))
    }

    /// The FSP with one more party.
    #[must_use]
    pub fn with_party(mut self, id: PartyId, name: impl Into<String>) -> Self {
        self.parties.push(Party { id, name: name.into(), date_of_birth: None });
        self
    }

    /// The party with this identifier, if it has its account here.
    pub fn party(&self, id: &PartyId) -> Option<&Party> {
        self.parties.iter().find(|party| party.id == *id)
    }

    /// The secret, or the one that is made from the name.
    pub(crate) fn effective_secret(&self) -> Secret {
        self.secret.clone().unwrap_or_else(|| Secret::new(&format!("simulated secret of {}", self.name)))
    }
}

impl Party {
    /// The party as it stands in messages.
    pub(crate) fn to_wire<'a>(&'a self, fsp: &'a FspId, currencies: &'a [Currency]) -> write::Party<'a> {
        let (first_name, last_name) = match self.name.rsplit_once(' ') {
            Some((first, last)) => (first, Some(last)),
            None => (self.name.as_str(), None),
        };
        write::Party {
            party_id_info: PartyIdInfo::new(&self.id, Some(fsp)),
            name: Some(&self.name),
            personal_info: Some(PersonalInfo {
                complex_name: ComplexName { first_name: Some(first_name), middle_name: None, last_name },
                date_of_birth: self.date_of_birth.as_deref(),
            }),
            // An FSP that takes more than a message can name says nothing: then every currency may be tried.
            supported_currencies: if currencies.len() <= MOST_CURRENCIES { currencies } else { &[] },
        }
    }
}
