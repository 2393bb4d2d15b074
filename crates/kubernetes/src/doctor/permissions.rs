//! Whether the user may do what `up` does.

use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::{Api, api::PostParams};
use operations::{Failure, Finding};

use crate::{Cluster, client::refused};

/// Verb, group and resource; what is asked for in the release's namespace.
const NEEDED: &[(&str, &str, &str)] = &[
    ("create", "apps", "statefulsets"),
    ("patch", "apps", "statefulsets"),
    ("delete", "apps", "statefulsets"),
    ("create", "apps", "deployments"),
    ("create", "batch", "jobs"),
    ("create", "", "pods"),
    ("delete", "", "pods"),
    ("get", "", "pods/log"),
    ("create", "", "pods/portforward"),
    ("create", "", "services"),
    ("create", "", "configmaps"),
    // Helm keeps its releases in them.
    ("create", "", "secrets"),
    ("create", "", "serviceaccounts"),
    ("delete", "", "persistentvolumeclaims"),
    ("create", "networking.k8s.io", "networkpolicies"),
    ("create", "coordination.k8s.io", "leases"),
];

pub(super) async fn look(cluster: &Cluster) -> Result<Finding, Failure> {
    const ID: &str = "permissions";
    let reviews: Api<SelfSubjectAccessReview> = Api::all(cluster.client.clone());
    let mut missing = Vec::new();
    for (verb, group, resource) in NEEDED {
        let (resource_name, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let attributes = ResourceAttributes {
            namespace: Some(cluster.namespace.clone()),
            verb: Some((*verb).to_owned()),
            group: Some((*group).to_owned()),
            resource: Some(resource_name.to_owned()),
            subresource: (!subresource.is_empty()).then(|| subresource.to_owned()),
            ..ResourceAttributes::default()
        };
        let spec = SelfSubjectAccessReviewSpec {
            resource_attributes: Some(attributes),
            ..SelfSubjectAccessReviewSpec::default()
        };
        let review = SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() };
        let answer = reviews.create(&PostParams::default(), &review).await;
        let answer = answer.map_err(|error| refused("ask for permissions", &error))?;
        if !answer.status.is_some_and(|status| status.allowed) {
            missing.push(format!("{verb} {resource}"));
        }
    }
    Ok(match missing.is_empty() {
        true => Finding::ok(ID, format!("everything that is needed, in namespace {}", cluster.namespace)),
        false => Finding::error(
            ID,
            format!("in namespace {} this user may not {}", cluster.namespace, missing.join(", ")),
            "an administrator of the cluster can bind the ClusterRole `admin` to the user in that namespace",
        ),
    })
}
