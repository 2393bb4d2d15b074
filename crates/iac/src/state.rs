//! The parts of `terraform show -json` that are used here: what Terraform knows to be there.

use std::collections::BTreeMap;

use operations::Failure;
use serde::Deserialize;
use serde_json::Value;

/// Days for which a key can still be called back once its protection was lifted; more means that it is protected.
const KEY_WINDOW_UNPROTECTED_DAYS: u64 = 7;
/// The resource that refuses a destroy as a whole.
const GUARD: &str = "terraform_data.deletion_guard";

/// A state.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    values: Values,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Values {
    outputs: BTreeMap<String, Output>,
    root_module: Module,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Output {
    sensitive: bool,
    value: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Module {
    resources: Vec<Resource>,
    child_modules: Vec<Module>,
}

/// A resource of the state.
#[derive(Debug, Deserialize)]
pub(crate) struct Resource {
    pub(crate) address: String,
    #[serde(default)]
    mode: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) values: Value,
}

impl State {
    /// Reads it. Where nothing was made yet, it is empty.
    ///
    /// # Errors
    /// It is not a state.
    pub(crate) fn read(text: &str) -> Result<State, Failure> {
        serde_json::from_str(text).map_err(|error| Failure::failed(format!("terraform's state can't be read: {error}")))
    }

    /// What was made, in the order of the code.
    pub(crate) fn resources(&self) -> Vec<&Resource> {
        let mut found = Vec::new();
        self.values.root_module.add_to(&mut found);
        found
    }

    /// What is told to other tools, but for secrets.
    pub(crate) fn outputs(&self) -> BTreeMap<&str, &Value> {
        let shown = self.values.outputs.iter().filter(|(_, output)| !output.sensitive);
        shown.map(|(name, output)| (name.as_str(), &output.value)).collect()
    }

    /// Whether Terraform knows of nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.resources().is_empty() && self.values.outputs.is_empty()
    }

    /// What holds data and refuses to be deleted: addresses, and the resource that guards the whole.
    pub(crate) fn protected(&self) -> Vec<&str> {
        let resources = self.resources().into_iter();
        resources.filter(|resource| resource.is_protected()).map(|resource| resource.address.as_str()).collect()
    }
}

impl Module {
    fn add_to<'a>(&'a self, found: &mut Vec<&'a Resource>) {
        found.extend(self.resources.iter().filter(|resource| resource.mode != "data"));
        self.child_modules.iter().for_each(|module| module.add_to(found));
    }
}

impl Resource {
    /// Whether a setting of it keeps it from being deleted, or lets it be called back.
    pub(crate) fn is_protected(&self) -> bool {
        let is = |field: &str| self.values[field].as_bool().unwrap_or(false);
        match self.kind.as_str() {
            "aws_rds_cluster" | "aws_db_instance" => is("deletion_protection"),
            "aws_s3_bucket" | "aws_backup_vault" => !is("force_destroy"),
            "aws_ecr_repository" => !is("force_delete"),
            "aws_kms_key" => {
                self.values["deletion_window_in_days"].as_u64().is_none_or(|days| days > KEY_WINDOW_UNPROTECTED_DAYS)
            }
            "aws_secretsmanager_secret" => self.values["recovery_window_in_days"].as_u64() != Some(0),
            _ => self.is_guard() && is("input"),
        }
    }

    /// Whether it is what refuses a destroy as a whole.
    pub(crate) fn is_guard(&self) -> bool {
        self.address == GUARD
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn state(resources: Value) -> State {
        let modules = json!([{"resources": resources, "child_modules": []}]);
        State::read(&json!({"values": {"root_module": {"resources": [], "child_modules": modules}}}).to_string())
            .unwrap()
    }

    #[test]
    fn what_holds_data_is_protected_until_that_is_lifted() {
        let resource =
            |kind: &str, values: Value| json!({"address": kind, "mode": "managed", "type": kind, "values": values});
        let both = |kind: &str, field: &str, on: Value, off: Value| {
            let found = state(json!([resource(kind, json!({field: on}))]));
            assert_eq!(found.protected(), [kind], "{kind}");
            let found = state(json!([resource(kind, json!({field: off}))]));
            assert!(found.protected().is_empty(), "{kind}");
        };
        both("aws_rds_cluster", "deletion_protection", json!(true), json!(false));
        both("aws_s3_bucket", "force_destroy", json!(false), json!(true));
        both("aws_backup_vault", "force_destroy", json!(false), json!(true));
        both("aws_ecr_repository", "force_delete", json!(null), json!(true));
        both("aws_kms_key", "deletion_window_in_days", json!(30), json!(7));
        both("aws_secretsmanager_secret", "recovery_window_in_days", json!(30), json!(0));
        both(GUARD, "input", json!(true), json!(false));
        assert!(state(json!([resource("aws_vpc", json!({}))])).protected().is_empty());
    }

    #[test]
    fn what_is_only_read_was_not_made() {
        let data = json!({"address": "data.aws_region.current", "mode": "data", "type": "aws_region", "values": {}});
        assert!(state(json!([data])).is_empty());
        assert!(State::read(r#"{"format_version":"1.0"}"#).unwrap().is_empty());
    }
}
