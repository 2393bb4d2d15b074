//! The release's namespace: made if it is not there, taken away only if the tool made it and nobody else uses it.

use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, Discovery,
    api::{DeleteParams, DynamicObject, ListParams, ObjectMeta, PostParams},
    discovery::{Scope, verbs},
};
use operations::{Done, Failure};

use crate::{
    Cluster,
    client::{is_missing, refused},
    names::{MANAGED_BY, MANAGER},
};

/// Pods that are made here must be as harmless as Kubernetes knows how to demand.
const POD_SECURITY: &str = "pod-security.kubernetes.io/enforce";
/// What each namespace has, whoever uses it: kind and name ("" is any).
const OF_EVERY_NAMESPACE: &[(&str, &str)] = &[
    ("ConfigMap", "kube-root-ca.crt"),
    ("ServiceAccount", "default"),
    // What happened, and what follows from other objects.
    ("Event", ""),
    ("Endpoints", ""),
    ("EndpointSlice", ""),
    ("ControllerRevision", ""),
    ("PodMetrics", ""),
];

/// The release's namespace.
pub(crate) struct Place<'a> {
    cluster: &'a Cluster,
    api: Api<Namespace>,
}

impl<'a> Place<'a> {
    pub(crate) fn of(cluster: &'a Cluster) -> Place<'a> {
        Place { cluster, api: Api::all(cluster.client.clone()) }
    }

    fn name(&self) -> &str {
        &self.cluster.namespace
    }

    /// The namespace, if it is there.
    pub(crate) async fn read(&self) -> Result<Option<Namespace>, Failure> {
        self.api.get_opt(self.name()).await.map_err(|error| refused(&format!("read namespace {}", self.name()), &error))
    }

    /// Makes it, if it is not there. One that is there is used as it is.
    pub(crate) async fn make(&self) -> Result<Done, Failure> {
        match self.read().await? {
            Some(there) if is_ending(&there) => {
                return Err(Failure::failed(format!("namespace {} is being deleted", self.name()))
                    .hint("wait until it is gone (`kubectl get namespaces`), or take another --namespace"));
            }
            Some(_) => return Ok(Done::unchanged(format!("{} is there", self.name()))),
            None => {}
        }
        let labels = [(MANAGED_BY, MANAGER), (POD_SECURITY, "restricted")];
        let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let metadata = ObjectMeta { name: Some(self.name().to_owned()), labels: Some(labels), ..ObjectMeta::default() };
        let namespace = Namespace { metadata, ..Namespace::default() };
        match self.api.create(&PostParams::default(), &namespace).await {
            // Another run was faster; the lock comes next.
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            result => drop(result.map_err(|error| refused(&format!("make namespace {}", self.name()), &error))?),
        }
        Ok(Done::changed(format!("{} made", self.name())))
    }

    /// Takes it away if the tool made it and nothing is left in it but `ours`, a Lease.
    pub(crate) async fn remove(&self, ours: &str) -> Result<Done, Failure> {
        let name = self.name();
        let Some(there) = self.read().await? else {
            return Ok(Done::unchanged(format!("there is no namespace {name}")));
        };
        let made_here =
            there.metadata.labels.as_ref().and_then(|labels| labels.get(MANAGED_BY)).is_some_and(|by| by == MANAGER);
        if !made_here {
            return Ok(Done::unchanged(format!("{name} stays: it was there before")));
        }
        if let Some(other) = self.anything_else(ours).await? {
            return Ok(Done::unchanged(format!("{name} stays: {other} is in it")));
        }
        match self.api.delete(name, &DeleteParams::default()).await {
            Err(error) if !is_missing(&error) => Err(refused(&format!("delete namespace {name}"), &error)),
            _ => Ok(Done::changed(format!("{name} deleted"))),
        }
    }

    /// Something in the namespace that not every namespace has.
    async fn anything_else(&self, ours: &str) -> Result<Option<String>, Failure> {
        let client = &self.cluster.client;
        let failed = |error: kube::Error| refused("see what is in the namespace", &error);
        let discovery = Discovery::new(client.clone()).run().await.map_err(failed)?;
        for group in discovery.groups() {
            for (resource, capabilities) in group.recommended_resources() {
                if capabilities.scope != Scope::Namespaced || !capabilities.supports_operation(verbs::LIST) {
                    continue;
                }
                let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), self.name(), &resource);
                let names = match api.list_metadata(&ListParams::default()).await {
                    Ok(list) => list.items.into_iter().filter_map(|object| object.metadata.name).collect(),
                    // An aggregated API that is away, or has no objects of this kind.
                    Err(kube::Error::Api(status)) if matches!(status.code, 404 | 405 | 503) => Vec::new(),
                    // What can't be seen may be somebody's.
                    Err(kube::Error::Api(status)) if status.code == 403 => return Ok(Some(status.message.clone())),
                    Err(error) => return Err(failed(error)),
                };
                let other = names.into_iter().find(|name| !is_usual(&resource.kind, name, ours));
                if let Some(other) = other {
                    return Ok(Some(format!("{}/{other}", resource.kind)));
                }
            }
        }
        Ok(None)
    }
}

fn is_usual(kind: &str, name: &str, ours: &str) -> bool {
    (kind == "Lease" && name == ours)
        || OF_EVERY_NAMESPACE.iter().any(|usual| usual.0 == kind && (usual.1.is_empty() || usual.1 == name))
}

fn is_ending(namespace: &Namespace) -> bool {
    namespace.metadata.deletion_timestamp.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_somebody_is_told_from_what_every_namespace_has() {
        for (kind, name, usual) in [
            ("ConfigMap", "kube-root-ca.crt", true),
            ("ConfigMap", "settings", false),
            ("ServiceAccount", "default", true),
            ("Lease", "mojaloop-demo", true),
            ("Lease", "other", false),
            ("PersistentVolumeClaim", "data", false),
            ("Event", "anything", true),
        ] {
            assert_eq!(is_usual(kind, name, "mojaloop-demo"), usual, "{kind} {name}");
        }
    }
}
