//! What the tools whose target is a Kubernetes cluster share: the cluster's client, the chart and its values, the difference
//! between what is there and what is wanted, waiting that says why, checks from inside of the cluster, and the verbs on all
//! that ([`Engine`]).
//!
//! Which hub is wanted is the tool's affair ([`Shape`]), and what it looks at before it begins ([`doctor`] has the parts).

mod artefacts;
mod changes;
pub mod chart;
mod client;
pub mod doctor;
mod engine;
mod forward;
mod helm_program;
mod lease;
mod live;
mod names;
mod namespace;
mod payment;
mod plan;
mod probe;
pub mod quantity;
mod recovery;
mod removal;
mod rollout;
mod settings;
mod status;
mod storage;
pub mod values;
mod verify;
mod wanted;

pub use client::{Cluster, NoCluster, Version};
pub use engine::Engine;
pub use helm_program::{HelmProgram, Release, Revision};
pub use lease::ClusterLock;
pub use names::Names;
pub use settings::{DEFAULT_NAMESPACE, Settings};
pub use values::Values;
pub use wanted::{Largest, Shape, Wanted};
