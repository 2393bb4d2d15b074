//! What was changed behind Terraform's back.

use std::collections::{BTreeMap, BTreeSet};

use super::{document::Document, risk::Action, values};

/// Resources that are not as they were left.
pub(super) struct Drift {
    deleted: BTreeSet<String>,
    /// By resource: its attributes that are not as they were left.
    changed: BTreeMap<String, BTreeSet<String>>,
}

impl Drift {
    pub(super) fn of(document: &Document) -> Drift {
        let mut drift = Drift { deleted: BTreeSet::new(), changed: BTreeMap::new() };
        for resource in &document.resource_drift {
            let address = resource.address.clone();
            match Action::of(&resource.change.actions) {
                Some(Action::Delete) => {
                    drift.deleted.insert(address);
                }
                Some(_) => {
                    let differences = values::differences(&resource.change);
                    let attributes = differences.iter().map(|difference| difference.attribute().to_owned());
                    drift.changed.entry(address).or_default().extend(attributes);
                }
                None => {}
            }
        }
        drift
    }

    /// Whether somebody else deleted it.
    pub(super) fn deleted(&self, address: &str) -> bool {
        self.deleted.contains(address)
    }

    /// Whether somebody else changed this attribute of it.
    pub(super) fn changed(&self, address: &str, attribute: &str) -> bool {
        self.changed.get(address).is_some_and(|attributes| attributes.contains(attribute))
    }
}
