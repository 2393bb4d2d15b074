//! `down`: the release, what the tool made beside it, and the data only if that was asked for.

use std::time::Duration;

use k8s_openapi::api::{
    batch::v1::Job,
    core::v1::{PersistentVolumeClaim, Pod},
};
use kube::{
    Api,
    api::{DeleteParams, ListParams},
};
use operations::{Condition, Done, Failure, Progress, wait_until};

use crate::{
    Cluster, Settings,
    client::{is_missing, refused},
    helm_program::Release,
    lease,
    names::Names,
    namespace::Place,
    probe,
};

const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What is removed, and where.
pub(crate) struct Removal<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) cluster: &'a Cluster,
    pub(crate) release: Release,
    pub(crate) names: Names,
}

impl Removal<'_> {
    /// The release with its hooks' leftovers, and pods of checks. Waits until no pod is left.
    pub(crate) async fn release(&self, progress: &dyn Progress) -> Result<Done, Failure> {
        let checks = probe::remove_all(self.cluster, &self.names).await?;
        let there = !self.release.history().await?.is_empty();
        if there {
            progress.waits("helm uninstalls");
            self.release.uninstall(self.settings.timeout).await?;
        }
        let leftovers = self.hooks().await?;
        wait_until("pods", self.settings.timeout, LOOK_EVERY, progress, || async {
            let pods: Api<Pod> = Api::namespaced(self.cluster.client.clone(), &self.cluster.namespace);
            let left = pods.list(&self.ours()).await.map_err(|error| refused("list the pods", &error))?;
            Ok(match left.items.len() {
                0 => Condition::Met(()),
                count => Condition::NotYet(format!("{count} are stopping")),
            })
        })
        .await?;
        Ok(match there || checks > 0 || leftovers > 0 {
            true => Done::changed(format!("{} removed", self.release.name)),
            false => Done::unchanged(format!("nothing of {} is there", self.release.name)),
        })
    }

    fn ours(&self) -> ListParams {
        ListParams::default().labels(&self.names.selector())
    }

    /// Jobs and pods that helm made as hooks and does not take away.
    async fn hooks(&self) -> Result<usize, Failure> {
        let (client, namespace) = (&self.cluster.client, &self.cluster.namespace);
        let failed = |error: kube::Error| refused("delete what hooks left", &error);
        let jobs: Api<Job> = Api::namespaced(client.clone(), namespace);
        let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
        let mut count = 0;
        for job in jobs.list(&self.ours()).await.map_err(failed)? {
            let name = job.metadata.name.unwrap_or_default();
            gone(jobs.delete(&name, &DeleteParams::background()).await).map_err(failed)?;
            count += 1;
        }
        let tests = ListParams::default().labels(&self.names.component("test"));
        for pod in pods.list(&tests).await.map_err(failed)? {
            let name = pod.metadata.name.unwrap_or_default();
            gone(pods.delete(&name, &DeleteParams::default()).await).map_err(failed)?;
            count += 1;
        }
        Ok(count)
    }

    /// The hub's books, if that was asked for; they are said to stay otherwise.
    pub(crate) async fn data(&self, progress: &dyn Progress) -> Result<Done, Failure> {
        let claims: Api<PersistentVolumeClaim> = Api::namespaced(self.cluster.client.clone(), &self.cluster.namespace);
        let failed = |error: kube::Error| refused("delete the hub's volume", &error);
        let found = claims.list(&self.ours()).await.map_err(failed)?;
        let names: Vec<String> = found.items.into_iter().filter_map(|claim| claim.metadata.name).collect();
        if names.is_empty() {
            return Ok(Done::unchanged("there is no volume"));
        }
        let all = names.join(", ");
        if !self.settings.delete_data {
            progress.note(&format!(
                "the hub's books stay in the volume claim {all} of namespace {}",
                self.cluster.namespace
            ));
            return Ok(Done::unchanged(format!("{all} stays")));
        }
        for name in &names {
            gone(claims.delete(name, &DeleteParams::default()).await).map_err(failed)?;
        }
        wait_until("volume", self.settings.timeout, LOOK_EVERY, progress, || async {
            let left = claims.list(&self.ours()).await.map_err(failed)?;
            Ok(match left.items.is_empty() {
                true => Condition::Met(()),
                false => Condition::NotYet(format!("{all} is being deleted")),
            })
        })
        .await?;
        Ok(Done::changed(format!("{all} deleted")))
    }

    /// The namespace, if the tool made it and nobody else uses it.
    pub(crate) async fn namespace(&self, progress: &dyn Progress) -> Result<Done, Failure> {
        let place = Place::of(self.cluster);
        let done = place.remove(&lease::name(&self.settings.name)).await?;
        if let Done::Changed(_) = done {
            wait_until("namespace", self.settings.timeout, LOOK_EVERY, progress, || async {
                Ok(match place.read().await? {
                    None => Condition::Met(()),
                    Some(_) => Condition::NotYet("is being deleted".to_owned()),
                })
            })
            .await?;
        }
        Ok(done)
    }
}

/// Deleted now, or before.
fn gone<T>(result: kube::Result<T>) -> kube::Result<()> {
    match result {
        Err(error) if !is_missing(&error) => Err(error),
        _ => Ok(()),
    }
}
