//! The parts of `terraform show -json PLAN` that are used here (format version 1).

use std::collections::BTreeMap;

use operations::Failure;
use serde::Deserialize;
use serde_json::Value;

/// A plan.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Document {
    pub(super) variables: BTreeMap<String, Variable>,
    resource_changes: Vec<ResourceChange>,
    /// What differs between the state and what is there, whoever did it.
    pub(super) resource_drift: Vec<ResourceChange>,
    pub(super) output_changes: BTreeMap<String, ValueChange>,
    /// The code: which expression refers to what.
    pub(super) configuration: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct Variable {
    #[serde(default)]
    pub(super) value: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct ResourceChange {
    pub(super) address: String,
    #[serde(default)]
    pub(super) module_address: String,
    #[serde(default)]
    mode: String,
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) name: String,
    pub(super) change: ValueChange,
    #[serde(default)]
    action_reason: String,
}

impl ResourceChange {
    /// Whether its making was interrupted, so that nothing has used it yet.
    pub(super) fn is_unfinished(&self) -> bool {
        self.action_reason == "replace_because_tainted"
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ValueChange {
    pub(super) actions: Vec<String>,
    pub(super) before: Value,
    pub(super) after: Value,
    /// The same shape as `after`, with `true` where the value comes with the apply.
    pub(super) after_unknown: Value,
    /// The same shape, with `true` where the value is a secret.
    pub(super) before_sensitive: Value,
    pub(super) after_sensitive: Value,
}

impl Document {
    /// Reads it.
    ///
    /// # Errors
    /// It is not a plan.
    pub(crate) fn read(text: &str) -> Result<Document, Failure> {
        serde_json::from_str(text).map_err(|error| Failure::failed(format!("terraform's plan can't be read: {error}")))
    }

    /// Data that are only read are no change.
    pub(super) fn managed_changes(&self) -> impl Iterator<Item = &ResourceChange> {
        self.resource_changes.iter().filter(|change| change.mode != "data")
    }
}
