//! What runs: hub, simulators, and the pods that do one thing and end.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::Texts;

/// Any object of Kubernetes' own schema.
pub type Object = Map<String, Value>;
/// Amounts of resources by their names.
pub type Quantities = BTreeMap<String, Quantity>;

/// An amount of a resource, as Kubernetes writes it: 250m, 128Mi, 2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Quantity {
    /// With its unit.
    Text(#[schemars(regex(pattern = r"^[0-9]+(\.[0-9]+)?(m|k|[MGTPE]i?|Ki)?$"))] String),
    /// A plain number.
    Number(#[schemars(with = "f64")] Number),
}

impl Quantity {
    /// As text.
    pub fn text(&self) -> String {
        match self {
            Quantity::Text(text) => text.clone(),
            Quantity::Number(number) => number.to_string(),
        }
    }
}

/// Requests and limits of a container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resources {
    /// What it is promised.
    #[serde(default)]
    pub requests: Quantities,
    /// The most that it gets.
    #[serde(default)]
    pub limits: Quantities,
}

/// How a probe asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Probe {
    /// How often, in seconds.
    #[schemars(range(min = 1))]
    pub period_seconds: u32,
    /// How long an answer may take, in seconds.
    #[schemars(range(min = 1))]
    pub timeout_seconds: u32,
    /// How many failures in a row count.
    #[schemars(range(min = 1))]
    pub failure_threshold: u32,
}

/// When a container is started, ready, alive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Probes {
    /// Has it started?
    pub startup: Probe,
    /// Would requests be accepted now?
    pub readiness: Probe,
    /// Does it answer?
    pub liveness: Probe,
}

/// A service inside the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Service {
    /// Its annotations.
    pub annotations: Texts,
}

/// The volume of the hub's data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Persistence {
    /// Keep the hub's data on a volume; false: they end with the pod (for tests only).
    pub enabled: bool,
    /// Size of the volume; fixed when the release is made.
    pub size: Quantity,
    /// Storage class; null: the cluster's default; "": none, a volume made by hand.
    pub storage_class_name: Option<String>,
    /// Access modes; ReadWriteOncePod (Kubernetes 1.29) makes sure that no second pod writes.
    pub access_modes: Vec<AccessMode>,
    /// Annotations of the claim; fixed when the release is made.
    pub annotations: Texts,
    /// A claim that is there already, instead of one of the release's own.
    pub existing_claim: String,
    /// What becomes of the claim.
    pub retention: Retention,
}

/// How a volume may be mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AccessMode {
    /// By the pods of one node.
    ReadWriteOnce,
    /// By one pod.
    ReadWriteOncePod,
    /// By the pods of any node.
    ReadWriteMany,
}

/// What becomes of the claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Retention {
    /// When the release is uninstalled.
    pub when_deleted: Keep,
    /// When the hub is scaled to none.
    pub when_scaled: Keep,
}

/// Whether a claim stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Keep {
    /// It stays.
    Retain,
    /// It goes, and the data with it.
    Delete,
}

/// How many pods may be away during a drain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PodDisruptionBudget {
    /// Make a disruption budget. With the one replica of this version it makes node drains wait for a person.
    pub enabled: bool,
    /// How many pods may be away during a drain: 0 guards the only one, 1 lets drains pass.
    pub max_unavailable: u32,
}

/// A component's type with the settings that all pods have in common.
macro_rules! component {
    ($(#[$about:meta])* $name:ident { $($own:tt)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            $($own)*
            /// Requests and limits.
            pub resources: Resources,
            /// Variables besides the chart's (Kubernetes EnvVar); an unknown MOJALOOP_… variable stops the program.
            pub extra_env: Vec<Object>,
            /// Volumes besides the chart's (Kubernetes Volume).
            pub extra_volumes: Vec<Object>,
            /// Mounts besides the chart's (Kubernetes VolumeMount).
            pub extra_volume_mounts: Vec<Object>,
            /// Annotations of the pod.
            pub pod_annotations: Texts,
            /// Labels of the pod.
            pub pod_labels: Texts,
            /// Node labels that the pod needs.
            pub node_selector: Texts,
            /// Taints that the pod bears (Kubernetes Toleration).
            pub tolerations: Vec<Object>,
            /// Affinity (Kubernetes Affinity).
            pub affinity: Object,
            /// Spread (Kubernetes TopologySpreadConstraint).
            pub topology_spread_constraints: Vec<Object>,
            /// Priority class.
            pub priority_class_name: String,
        }
    };
}

component! {
    /// The hub.
    Hub {
        /// The name in FSPIOP-Source of messages that the hub makes itself; fixed when its store is made.
        #[schemars(length(min = 1, max = 30))]
        pub name: String,
        /// Which URLs FSPs may register: open, not-link-local, or host names separated by commas.
        pub callback_policy: String,
        /// What is logged (info, warn, hub=debug,warn …).
        pub log: String,
        /// The volume of the hub's data.
        pub persistence: Persistence,
        /// Run the hub as root of a user namespace of its own, which is nobody on the node: for volumes whose provisioner
        /// ignores fsGroup (kubernetes.io/host-path); Kubernetes 1.33 or later.
        pub user_namespace: bool,
        /// The hub's service.
        pub service: Service,
        /// How long a stopping hub may take to drain, in seconds, preStopSleepSeconds included.
        pub termination_grace_period_seconds: u32,
        /// How long a hub still serves after it was taken out of its services, in seconds (Kubernetes 1.30; 0: not at all).
        pub pre_stop_sleep_seconds: u32,
        /// When it is started, ready, alive.
        pub probes: Probes,
        /// How many of its pods may be away during a drain.
        pub pod_disruption_budget: PodDisruptionBudget,
    }
}

component! {
    /// The scheme's simulated FSPs, all in one pod.
    Simulators {
        /// Run them.
        pub enabled: bool,
        /// What is logged (info, warn, …).
        pub log: String,
        /// How long stopping simulators may take, in seconds.
        pub termination_grace_period_seconds: u32,
        /// Their service.
        pub service: Service,
        /// When they are started, ready, alive.
        pub probes: Probes,
    }
}

component! {
    /// The job that brings the hub to what the scheme says.
    Provisioning {
        /// Run the job (if there is a scheme).
        pub enabled: bool,
        /// How long one attempt waits for the hub, in seconds.
        #[schemars(range(min = 1))]
        pub timeout_seconds: u32,
        /// How often it is tried again.
        pub backoff_limit: u32,
        /// How long all attempts may take, in seconds.
        #[schemars(range(min = 1))]
        pub active_deadline_seconds: u32,
    }
}

component! {
    /// The payment of `helm test` (if there are simulators).
    TestPayment {
        /// Who pays: a simulated FSP.
        pub from: String,
        /// Who is paid: TYPE/IDENTIFIER.
        pub to: String,
        /// How much, as a string.
        pub amount: String,
        /// In which currency.
        pub currency: String,
        /// How long the payment may take, in seconds.
        #[schemars(range(min = 1))]
        pub timeout_seconds: u32,
    }
}
