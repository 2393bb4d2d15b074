//! The values of the chart `mojaloop-hub`, as types. What they say is its `values.schema.json`; their defaults are those of its
//! `values.yaml`, and stand nowhere else.

mod component;
mod image;
mod schema;

use std::collections::BTreeMap;

use operations::Failure;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::{
    component::*,
    image::{Image, PullPolicy},
    schema::schema,
};

/// A map of texts: labels, annotations.
pub type Texts = BTreeMap<String, String>;

/// Values of the chart mojaloop-hub.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Values {
    /// What all charts of an umbrella chart share.
    pub global: Global,
    /// Instead of the chart's name in the label app.kubernetes.io/name and in names of objects.
    pub name_override: String,
    /// Instead of RELEASE-mojaloop-hub, with which the names of all objects begin.
    pub fullname_override: String,
    /// Labels of all objects and pods (never of selectors).
    pub common_labels: Texts,
    /// Annotations of all objects, pods excepted.
    pub common_annotations: Texts,
    /// The image with the program `mojaloop`.
    pub image: Image,
    /// The service account of all pods.
    pub service_account: ServiceAccount,
    /// As whom containers run.
    pub pod_security: PodSecurity,
    /// What the hub shall hold, as `mojaloop scheme apply` reads it; opaque to the chart. Empty: no provisioning, no simulators.
    pub scheme: Map<String, Value>,
    /// The hub.
    pub hub: Hub,
    /// FSPIOP from outside of the cluster, as a service of its own. Admin APIs never get one.
    pub external: External,
    /// The scheme's simulated FSPs.
    pub simulators: Simulators,
    /// The job after each install and upgrade that brings the hub to what the scheme says.
    pub provisioning: Provisioning,
    /// The payment of `helm test`.
    pub test: TestPayment,
    /// Which flows are let through.
    pub network_policy: NetworkPolicy,
    /// What all pods of the namespace together may take.
    pub quota: Quota,
    /// What containers of the namespace that name no resources get.
    pub limit_range: LimitRange,
    /// Kubernetes objects to install with the release, as they are.
    pub extra_objects: Vec<Map<String, Value>>,
}

/// What all charts of an umbrella chart share. Other charts' keys may be there, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Global {
    /// Registry of all images, instead of image.registry.
    pub image_registry: String,
    /// Names of secrets with registry credentials, besides image.pullSecrets.
    pub image_pull_secrets: Vec<String>,
}

/// The service account of all pods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceAccount {
    /// Make a service account for the release; pods never get its token.
    pub create: bool,
    /// Its name; empty: the release's full name, or `default` if none is made.
    pub name: String,
    /// Its annotations.
    pub annotations: Texts,
}

/// As whom containers run. `null` leaves it to the platform (OpenShift).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PodSecurity {
    /// User id of all containers.
    #[schemars(range(min = 1))]
    pub run_as_user: Option<u32>,
    /// Group id of all containers.
    #[schemars(range(min = 1))]
    pub run_as_group: Option<u32>,
    /// Group that owns volumes.
    #[schemars(range(min = 1))]
    pub fs_group: Option<u32>,
}

/// FSPIOP from outside of the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct External {
    /// Make the service; networkPolicy.fspiopFrom must let its clients in.
    pub enabled: bool,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ExternalType,
    /// Its port (of a load balancer).
    #[schemars(range(min = 1, max = 65_535))]
    pub port: u16,
    /// Its node port (30000–32767); null: the cluster chooses.
    #[schemars(range(min = 30_000, max = 32_767))]
    pub node_port: Option<u16>,
    /// Its annotations.
    pub annotations: Texts,
    /// Cluster, or Local: clients' addresses are kept, and only the hub's node answers.
    pub traffic_policy: TrafficPolicy,
    /// Class of the load balancer; empty: the cluster's default.
    pub load_balancer_class: String,
    /// Addresses that the load balancer lets in (CIDR); empty: all.
    pub load_balancer_source_ranges: Vec<String>,
}

/// By which kind of service FSPs outside the cluster reach the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ExternalType {
    /// A port of each node.
    NodePort,
    /// A load balancer of the cloud.
    LoadBalancer,
}

/// Which nodes answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TrafficPolicy {
    /// All.
    Cluster,
    /// The hub's alone, which sees its clients' addresses.
    Local,
}

/// Which flows are let through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkPolicy {
    /// Refuse every flow of the release's pods but those that it needs. The admin APIs have no other guard in this version.
    pub enabled: bool,
    /// Where the cluster's DNS is.
    pub dns: Dns,
    /// External FSPs that the hub may call.
    pub callbacks: Vec<Callback>,
    /// Who may reach FSPIOP from outside of the release. Clients of a node port may arrive with a node's address.
    pub fspiop_from: Vec<Network>,
    /// Namespaces that may read the hub's metrics (Kubernetes LabelSelector).
    pub monitoring: Vec<Map<String, Value>>,
}

/// Where the cluster's DNS is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Dns {
    /// Its namespace.
    pub namespace: String,
    /// Labels of its pods.
    pub pod_labels: Texts,
    /// Their port (OpenShift: 5353).
    #[schemars(range(min = 1, max = 65_535))]
    pub port: u16,
    /// Addresses of DNS servers that are no pods (CIDR; NodeLocal DNSCache: 169.254.20.10/32).
    pub cidrs: Vec<String>,
}

/// A network of external FSPs that the hub may call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Callback {
    /// The network (CIDR).
    pub cidr: String,
    /// What of it is left out (CIDR).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// Its ports.
    #[schemars(length(min = 1))]
    pub ports: Vec<u16>,
}

/// A network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Network {
    /// The network (CIDR).
    pub cidr: String,
    /// What of it is left out (CIDR).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
}

/// What all pods of the namespace together may take; for a namespace of the hub's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quota {
    /// Limit it.
    pub enabled: bool,
    /// The limits (Kubernetes ResourceQuota).
    pub hard: Quantities,
}

/// What containers of the namespace get and may take; for a namespace of the hub's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LimitRange {
    /// Give containers that name no resources these.
    pub enabled: bool,
    /// Limits of a container that names none.
    pub default: Quantities,
    /// Requests of a container that names none.
    pub default_request: Quantities,
    /// The most that a container may take.
    pub max: Quantities,
}

impl Values {
    /// The chart's defaults.
    pub fn defaults() -> Values {
        let text = crate::chart::text("values.yaml").expect("the chart has values");
        serde_saphyr::from_str(text).expect("a test reads them")
    }

    /// What differs from the chart's defaults: what helm is given.
    pub fn differing(&self) -> Result<Map<String, Value>, Failure> {
        let wanted = serde_json::to_value(self).map_err(Failure::bug)?;
        let defaults = serde_json::to_value(Values::defaults()).map_err(Failure::bug)?;
        match difference(&defaults, &wanted) {
            Some(Value::Object(map)) => Ok(map),
            _ => Ok(Map::new()),
        }
    }

    /// [`Values::differing`] as YAML.
    pub fn to_yaml(&self) -> Result<String, Failure> {
        serde_saphyr::to_string(&self.differing()?).map_err(Failure::bug)
    }
}

/// What is to be said beyond the defaults, as helm merges it: maps are merged, everything else is replaced, and `null` takes a
/// key away.
fn difference(defaults: &Value, wanted: &Value) -> Option<Value> {
    let (Value::Object(before), Value::Object(after)) = (defaults, wanted) else {
        return (defaults != wanted).then(|| wanted.clone());
    };
    let mut different = Map::new();
    for (key, value) in after {
        let change = match before.get(key) {
            Some(default) => difference(default, value),
            None => Some(value.clone()),
        };
        if let Some(change) = change {
            different.insert(key.clone(), change);
        }
    }
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        different.insert(key.clone(), Value::Null);
    }
    (!different.is_empty()).then_some(Value::Object(different))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_charts_defaults_are_read_whole_and_written_the_same() {
        let text = crate::chart::text("values.yaml").unwrap();
        let raw: Value = serde_saphyr::from_str(text).unwrap();
        assert_eq!(serde_json::to_value(Values::defaults()).unwrap(), raw);
    }

    #[test]
    fn only_what_differs_is_said() {
        let mut values = Values::defaults();
        assert_eq!(values.differing().unwrap(), Map::new());
        values.external.enabled = true;
        values.hub.resources.limits.remove("cpu");
        assert_eq!(
            Value::Object(values.differing().unwrap()),
            json!({"external": {"enabled": true}, "hub": {"resources": {"limits": {"cpu": null}}}})
        );
        assert_eq!(
            values.to_yaml().unwrap(),
            "external:\n  enabled: true\nhub:\n  resources:\n    limits:\n      cpu: null\n"
        );
    }
}
