//! Any objects of a cluster: read, and tried as dry runs.

use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, Patch, PatchParams},
    core::GroupVersionKind,
};
use operations::Failure;
use serde_json::{Value, json};

use crate::{
    Cluster,
    client::refused,
    plan::{Key, Outcome},
};

/// As whom helm writes.
const HELM: &str = "helm";

/// The objects of a release's namespace.
pub(crate) struct Live<'a> {
    cluster: &'a Cluster,
    release: &'a str,
}

impl<'a> Live<'a> {
    pub(crate) fn new(cluster: &'a Cluster, release: &'a str) -> Live<'a> {
        Live { cluster, release }
    }

    async fn api(&self, key: &Key) -> Result<Option<Api<DynamicObject>>, Failure> {
        let resource = resource(&self.cluster.client, key).await?;
        Ok(resource.map(|(resource, namespaced)| match namespaced {
            true => Api::namespaced_with(self.cluster.client.clone(), &self.cluster.namespace, &resource),
            false => Api::all_with(self.cluster.client.clone(), &resource),
        }))
    }

    /// An object as it is, with the API server's notes.
    pub(crate) async fn read(&self, key: &Key) -> Result<Option<Value>, Failure> {
        let Some(api) = self.api(key).await? else { return Ok(None) };
        let object =
            api.get_opt(&key.name).await.map_err(|error| refused(&format!("read {}", key.resource()), &error))?;
        object.map(|object| serde_json::to_value(object).map_err(Failure::bug)).transpose()
    }

    /// What the API server would make of the wanted object.
    pub(crate) async fn try_on(&self, key: &Key, wanted: &Value) -> Result<Outcome, Failure> {
        let Some(api) = self.api(key).await? else { return Ok(Outcome::NotAsked) };
        let mut wanted = wanted.clone();
        // What helm adds to everything that it installs.
        let annotations = &mut wanted["metadata"]["annotations"];
        if annotations.is_null() {
            *annotations = json!({});
        }
        annotations["meta.helm.sh/release-name"] = json!(self.release);
        annotations["meta.helm.sh/release-namespace"] = json!(self.cluster.namespace);
        wanted["metadata"]["labels"]["app.kubernetes.io/managed-by"] = json!("Helm");
        let how = PatchParams::apply(HELM).force().dry_run();
        match api.patch(&key.name, &how, &Patch::Apply(&wanted)).await {
            Ok(object) => Ok(Outcome::Becomes(serde_json::to_value(object).map_err(Failure::bug)?)),
            Err(kube::Error::Api(status)) if status.code == 422 => Ok(Outcome::Refused(status.message.clone())),
            Err(error) => Err(refused(&format!("try out a change of {}", key.resource()), &error)),
        }
    }
}

/// The resource of a kind, and whether it belongs to a namespace; `None` if the cluster does not know it.
async fn resource(client: &Client, key: &Key) -> Result<Option<(ApiResource, bool)>, Failure> {
    let (group, version) = key.api_version.split_once('/').unwrap_or(("", &key.api_version));
    let kind = GroupVersionKind::gvk(group, version, &key.kind);
    match kube::discovery::oneshot::pinned_kind(client, &kind).await {
        Ok((resource, capabilities)) => Ok(Some((resource, capabilities.scope == kube::discovery::Scope::Namespaced))),
        Err(kube::Error::Discovery(_)) => Ok(None),
        Err(error) if crate::client::is_missing(&error) => Ok(None),
        Err(error) => Err(refused("ask which kinds of objects there are", &error)),
    }
}
