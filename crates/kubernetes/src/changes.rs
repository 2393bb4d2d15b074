//! Everything in which a cluster differs from what is wanted: objects, values of hooks, and the hub's own scheme.

use std::path::Path;

use k8s_openapi::api::apps::v1::StatefulSet;
use kube::Api;
use operations::{Change, Condition, Failure, Plan, Progress, Risk};
use provisioning::Apis;
use serde_json::{Value, json};

use crate::{
    Cluster, Settings,
    client::refused,
    helm_program::Release,
    live::Live,
    names::Names,
    namespace::Place,
    payment::forward_to,
    plan::{self, Outcome, Sides},
    rollout::Rollout,
    wanted::{self, Wanted},
};

/// The image of the hub that is installed.
pub(crate) async fn running_image(cluster: &Cluster, names: &Names) -> Result<Option<String>, Failure> {
    let sets: Api<StatefulSet> = Api::namespaced(cluster.client.clone(), &cluster.namespace);
    let set = sets.get_opt(names.hub()).await.map_err(|error| refused("read the hub's StatefulSet", &error))?;
    let containers = set.and_then(|set| set.spec.template.spec).map(|spec| spec.containers).unwrap_or_default();
    Ok(containers.into_iter().find(|container| container.name == "hub").and_then(|container| container.image))
}

/// What a comparison needs.
pub(crate) struct Changes<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) cluster: &'a Cluster,
    pub(crate) release: &'a Release,
    pub(crate) wanted: &'a Wanted,
}

impl Changes<'_> {
    /// All of them.
    pub(crate) async fn all(&self, chart: &Path, values: &Path, progress: &dyn Progress) -> Result<Plan, Failure> {
        progress.waits("comparing what is there with what is wanted");
        let manifest = plan::objects(&self.release.template(chart, values).await?)?;
        let history = self.release.history().await?;
        let mut changes = Vec::new();
        if Place::of(self.cluster).read().await?.is_none() {
            changes.push(self.made("Namespace", &self.cluster.namespace, json!("v1")));
        }
        let Some(last) = history.last() else {
            let made = |key: &plan::Key| Sides {
                installed: None,
                wanted: manifest.get(key).cloned(),
                live: None,
                outcome: Outcome::NotAsked,
            };
            changes.extend(manifest.keys().flat_map(|key| plan::changes(&self.settings.loaded, key, &made(key))));
            changes.push(self.made("Scheme", &self.release.name, wanted::summary(&self.wanted.scheme)));
            return Ok(changes.into_iter().collect());
        };
        if last.status != "deployed" {
            changes.push(Change {
                resource: format!("Release/{}", self.release.name),
                field: "status".to_owned(),
                before: json!(last.status),
                after: json!("deployed"),
                risk: Risk::None,
                origin: format!("revision {} did not end well: {}", last.revision, last.description),
            });
        }
        changes.extend(self.objects(&manifest).await?);
        if changes.is_empty() {
            changes.extend(self.values().await?);
        }
        changes.extend(self.scheme().await?.changes);
        Ok(changes.into_iter().collect())
    }

    fn made(&self, kind: &str, name: &str, after: Value) -> Change {
        Change {
            resource: format!("{kind}/{name}"),
            field: String::new(),
            before: Value::Null,
            after,
            risk: Risk::None,
            origin: match kind {
                "Scheme" => plan::origin_of(&self.settings.loaded, "participants"),
                _ => "--namespace".to_owned(),
            },
        }
    }

    async fn objects(&self, manifest: &std::collections::BTreeMap<plan::Key, Value>) -> Result<Vec<Change>, Failure> {
        let installed = plan::objects(&self.release.manifest().await?)?;
        let live = Live::new(self.cluster, &self.release.name);
        let mut keys: Vec<&plan::Key> = installed.keys().chain(manifest.keys()).collect();
        keys.sort();
        keys.dedup();
        let mut changes = Vec::new();
        for key in keys {
            let there = live.read(key).await?;
            let outcome = match (manifest.get(key), &there) {
                (Some(wanted), Some(_)) => live.try_on(key, wanted).await?,
                _ => Outcome::NotAsked,
            };
            let sides = Sides {
                installed: installed.get(key).cloned(),
                wanted: manifest.get(key).cloned(),
                live: there,
                outcome,
            };
            changes.extend(plan::changes(&self.settings.loaded, key, &sides));
        }
        Ok(changes)
    }

    /// Values that no object shows.
    async fn values(&self) -> Result<Vec<Change>, Failure> {
        let before = Value::Object(self.release.values().await?);
        let after = Value::Object(self.wanted.values.differing()?);
        Ok(plan::of_values(&self.release.name, &before, &after))
    }

    /// In what the hub's own configuration differs, asked through its admin APIs.
    async fn scheme(&self) -> Result<Plan, Failure> {
        let names = &self.wanted.names;
        if let Condition::NotYet(missing) = Rollout::new(self.cluster, names).ready().await? {
            let change = Change {
                resource: format!("StatefulSet/{}", names.hub()),
                field: "status.readyReplicas".to_owned(),
                before: json!(0),
                after: json!(1),
                risk: Risk::None,
                origin: format!("{missing}; its scheme could not be compared"),
            };
            return Ok([change].into_iter().collect());
        }
        let fspiop = forward_to(self.cluster, names, "hub", 3000).await?;
        let ledger_admin = forward_to(self.cluster, names, "hub", 3001).await?;
        let oracle_admin = forward_to(self.cluster, names, "hub", 4001).await?;
        let apis = Apis {
            fspiop: fspiop.url.clone(),
            ledger_admin: ledger_admin.url.clone(),
            oracle_admin: oracle_admin.url.clone(),
        };
        let origin = |path: &str| plan::origin_of(&self.settings.loaded, path);
        provisioning::plan(&apis, &self.wanted.scheme, &origin).await
    }

    /// Refuses, before anything is changed, what Kubernetes can't change.
    pub(crate) fn refuse_impossible(&self, plan: &Plan) -> Result<(), Failure> {
        let impossible = plan.changes.iter().find(|change| change.origin == plan::REFUSED);
        match impossible {
            None => Ok(()),
            Some(change) => Err(Failure::preflight(format!(
                "{} can't be changed so: {}",
                change.resource,
                change.after.as_str().unwrap_or_default()
            ))
            .hint("`plan` lists the fields; what is fixed when a release is made needs a new one: `down`, then `up`")),
        }
    }
}
