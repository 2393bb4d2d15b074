//! Whether the release's pods run; if not, which misses what, and why. What waiting does not mend is said within seconds.

use std::{
    collections::BTreeMap,
    future::Future,
    time::{Duration, Instant},
};

use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{ContainerStatus, Event, PersistentVolumeClaim, Pod},
};
use kube::{
    Api,
    api::{ListParams, LogParams},
};
use operations::{Condition, Exit, Failure, Progress};

use crate::{Cluster, client::refused, names::Names};

/// The label of pods that `verify` makes.
pub(crate) const CHECK_LABEL: &str = "mojaloop.io/check";
/// How often is looked.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// An image that can't be pulled twice is a wrong name or a missing credential.
const PATIENCE_WITH_IMAGES: Duration = Duration::from_secs(12);
/// A program that ends at once ends again.
const PATIENCE_WITH_CRASHES: Duration = Duration::from_secs(15);
/// A cluster may get a new node, or a volume, in a while; that is said, and waited for a little.
const PATIENCE_WITH_PLACES: Duration = Duration::from_secs(40);
/// Lines of a crashed program's log that are shown.
const LOG_LINES: i64 = 5;

/// Something that keeps a pod from running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// Which pod, by its unique id.
    uid: String,
    /// Its name.
    pub(crate) pod: String,
    /// The kind of trouble.
    kind: Kind,
    /// What it is, for people.
    pub(crate) message: String,
    /// Whether the log of the container that ended says more.
    container: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Starting,
    Image,
    Crash,
    Place,
}

impl Kind {
    fn patience(self) -> Option<Duration> {
        match self {
            Kind::Starting => None,
            Kind::Image => Some(PATIENCE_WITH_IMAGES),
            Kind::Crash => Some(PATIENCE_WITH_CRASHES),
            Kind::Place => Some(PATIENCE_WITH_PLACES),
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Kind::Image => {
                "the nodes must be able to get the image: --image names one that they can pull, --image-load COMMAND puts the built one on them"
            }
            Kind::Crash => "its log says why; a wrong value or a volume that can't be written are the usual reasons",
            Kind::Place => "give the cluster a node or a volume that fits, or make the definition's `sizing` smaller",
            Kind::Starting => "`status` shows the pods",
        }
    }
}

/// The pods of a release and what they miss.
pub(crate) struct Rollout<'a> {
    cluster: &'a Cluster,
    names: &'a Names,
}

impl<'a> Rollout<'a> {
    pub(crate) fn new(cluster: &'a Cluster, names: &'a Names) -> Rollout<'a> {
        Rollout { cluster, names }
    }

    /// Waits until everything runs as it was last wanted.
    pub(crate) async fn wait(&self, timeout: Duration, progress: &dyn Progress) -> Result<String, Failure> {
        let (deadline, mut seen) = (Instant::now() + timeout, Seen::default());
        loop {
            let missing = match self.ready().await? {
                Condition::Met(what) => return Ok(what),
                Condition::NotYet(missing) => missing,
            };
            let troubles = self.troubles().await?;
            if let Some(trouble) = seen.too_long(&troubles, Instant::now()) {
                return Err(self.tell(trouble).await);
            }
            let said = if troubles.is_empty() { missing } else { words(&troubles) };
            if Instant::now() >= deadline {
                let message = format!("the pods are not ready within {} s: {said}", timeout.as_secs());
                return Err(Failure::failed(message).exit(Exit::TimedOut).hint("`status` shows the pods"));
            }
            progress.waits(&said);
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Lets helm work, and gives up on it when pods that it made can't run.
    pub(crate) async fn guard<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
        progress: &dyn Progress,
    ) -> Result<T, Failure> {
        let before: Vec<String> = self.troubles().await?.into_iter().map(|trouble| trouble.uid).collect();
        let mut seen = Seen::default();
        let watch = async {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                let mut troubles = self.troubles().await?;
                // Those are what is being replaced.
                troubles.retain(|trouble| !before.contains(&trouble.uid));
                if let Some(trouble) = seen.too_long(&troubles, Instant::now()) {
                    return Err::<T, Failure>(self.tell(trouble).await);
                }
                if !troubles.is_empty() {
                    progress.waits(&words(&troubles));
                }
            }
        };
        tokio::select! {
            done = work => done,
            failed = watch => failed,
        }
    }

    /// Whether hub and simulators run as they were last wanted.
    pub(crate) async fn ready(&self) -> Result<Condition<String>, Failure> {
        let (client, namespace) = (&self.cluster.client, &self.cluster.namespace);
        let failed = |error: kube::Error| refused("read the workloads", &error);
        let sets: Api<StatefulSet> = Api::namespaced(client.clone(), namespace);
        let Some(hub) = sets.get_opt(self.names.hub()).await.map_err(failed)? else {
            return Ok(Condition::NotYet(format!("there is no StatefulSet {}", self.names.hub())));
        };
        if !is_ready_set(&hub) {
            return Ok(Condition::NotYet("the hub is starting".to_owned()));
        }
        let deployments: Api<Deployment> = Api::namespaced(client.clone(), namespace);
        match deployments.get_opt(&self.names.simulators()).await.map_err(failed)? {
            Some(simulators) if !is_ready_deployment(&simulators) => {
                Ok(Condition::NotYet("the simulators are starting".to_owned()))
            }
            Some(_) => Ok(Condition::Met("hub and simulators run".to_owned())),
            None => Ok(Condition::Met("the hub runs".to_owned())),
        }
    }

    /// What keeps pods from running now.
    pub(crate) async fn troubles(&self) -> Result<Vec<Trouble>, Failure> {
        let (client, namespace) = (&self.cluster.client, &self.cluster.namespace);
        let ours = ListParams::default().labels(&self.names.selector());
        let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
        let pods = pods.list(&ours).await.map_err(|error| refused("list the pods", &error))?;
        let claims: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), namespace);
        let claims = claims.list(&ours).await.map_err(|error| refused("list the volume claims", &error))?;
        let mut troubles: Vec<Trouble> = pods.iter().filter(|pod| !is_check(pod)).filter_map(of_pod).collect();
        if let Some(trouble) = troubles.iter_mut().find(|trouble| trouble.kind == Kind::Place)
            && let Some(claim) = claims.iter().find(|claim| is_pending(claim))
            && let Some(why) = self.why_pending(claim).await
        {
            trouble.message += &format!("; {why}");
        }
        Ok(troubles)
    }

    /// What the cluster says of a claim that has no volume.
    async fn why_pending(&self, claim: &PersistentVolumeClaim) -> Option<String> {
        let name = claim.metadata.name.as_deref()?;
        let events: Api<Event> = Api::namespaced(self.cluster.client.clone(), &self.cluster.namespace);
        let about = ListParams::default()
            .fields(&format!("involvedObject.kind=PersistentVolumeClaim,involvedObject.name={name}"));
        let events = events.list(&about).await.ok()?;
        let last = events.iter().max_by_key(|event| event.metadata.resource_version.clone());
        // That the claim waits for the pod says nothing when the pod waits for the claim.
        let said = last.and_then(|event| event.message.clone()).filter(|said| !said.starts_with("waiting for"))?;
        Some(format!("the volume claim {name} is pending: {said}"))
    }

    async fn tell(&self, trouble: Trouble) -> Failure {
        let mut message = format!("pod {}: {}", trouble.pod, trouble.message);
        if let Some(container) = &trouble.container
            && let Some(log) = self.last_words(&trouble.pod, container).await
        {
            message += &format!("\n{log}");
        }
        Failure::failed(message).hint(trouble.kind.hint())
    }

    /// The last lines that a container said, in its last run or the one before.
    pub(crate) async fn last_words(&self, pod: &str, container: &str) -> Option<String> {
        let pods: Api<Pod> = Api::namespaced(self.cluster.client.clone(), &self.cluster.namespace);
        for previous in [true, false] {
            let which = LogParams {
                container: Some(container.to_owned()),
                previous,
                tail_lines: Some(LOG_LINES),
                ..LogParams::default()
            };
            if let Ok(log) = pods.logs(pod, &which).await
                && !log.trim().is_empty()
            {
                return Some(log.trim_end().to_owned());
            }
        }
        None
    }

    /// The last lines of the last failed pod of a component's job.
    pub(crate) async fn failed_job(&self, component: &str) -> Option<String> {
        let pods: Api<Pod> = Api::namespaced(self.cluster.client.clone(), &self.cluster.namespace);
        let ours = ListParams::default().labels(&self.names.component(component));
        let pods = pods.list(&ours).await.ok()?;
        let phase = |pod: &Pod| pod.status.as_ref().and_then(|status| status.phase.clone()).unwrap_or_default();
        let failed = pods.iter().filter(|pod| !is_check(pod) && phase(pod) == "Failed");
        let last = failed.max_by_key(|pod| pod.metadata.creation_timestamp.clone())?;
        self.last_words(last.metadata.name.as_deref()?, component).await
    }
}

/// Since when troubles have been seen.
#[derive(Default)]
struct Seen(BTreeMap<(String, Kind), Instant>);

impl Seen {
    /// The first trouble that has lasted longer than there is patience with its kind.
    fn too_long(&mut self, troubles: &[Trouble], now: Instant) -> Option<Trouble> {
        self.0.retain(|key, _| troubles.iter().any(|trouble| (&trouble.uid, trouble.kind) == (&key.0, key.1)));
        troubles
            .iter()
            .find(|trouble| {
                let since = *self.0.entry((trouble.uid.clone(), trouble.kind)).or_insert(now);
                trouble.kind.patience().is_some_and(|patience| now.duration_since(since) >= patience)
            })
            .cloned()
    }
}

fn words(troubles: &[Trouble]) -> String {
    let one = |trouble: &Trouble| format!("{}: {}", trouble.pod, trouble.message);
    troubles.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Whether `verify` made it.
pub(crate) fn is_check(pod: &Pod) -> bool {
    pod.metadata.labels.as_ref().is_some_and(|labels| labels.contains_key(CHECK_LABEL))
}

fn is_pending(claim: &PersistentVolumeClaim) -> bool {
    claim.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Pending")
}

fn is_ready_set(set: &StatefulSet) -> bool {
    let (spec, Some(status)) = (&set.spec, &set.status) else { return false };
    let wanted = spec.replicas.unwrap_or(1);
    status.observed_generation >= set.metadata.generation
        && status.ready_replicas.unwrap_or(0) >= wanted
        && (status.current_revision == status.update_revision || status.updated_replicas.unwrap_or(0) >= wanted)
}

fn is_ready_deployment(deployment: &Deployment) -> bool {
    let (spec, Some(status)) = (&deployment.spec, &deployment.status) else { return false };
    let wanted = spec.replicas.unwrap_or(1);
    status.observed_generation >= deployment.metadata.generation
        && status.ready_replicas.unwrap_or(0) >= wanted
        && status.updated_replicas.unwrap_or(0) >= wanted
}

/// What keeps a pod from running; `None` if nothing does, or if it has done its work.
fn of_pod(pod: &Pod) -> Option<Trouble> {
    let status = pod.status.as_ref()?;
    let trouble = |kind: Kind, message: String, container: Option<String>| Trouble {
        uid: pod.metadata.uid.clone().unwrap_or_default(),
        pod: pod.metadata.name.clone().unwrap_or_default(),
        kind,
        message,
        container,
    };
    if pod.metadata.deletion_timestamp.is_some() {
        return Some(trouble(Kind::Starting, "is stopping".to_owned(), None));
    }
    if matches!(status.phase.as_deref(), Some("Succeeded" | "Failed")) {
        return None;
    }
    let condition = |kind: &str| status.conditions.iter().flatten().find(|condition| condition.type_ == kind);
    if condition("Ready").is_some_and(|ready| ready.status == "True") {
        return None;
    }
    if let Some(scheduled) = condition("PodScheduled").filter(|scheduled| scheduled.status == "False") {
        let message = scheduled.message.clone().unwrap_or_default();
        return Some(trouble(Kind::Place, format!("no node takes it: {message}"), None));
    }
    let containers = status.container_statuses.iter().flatten();
    let (kind, message, container) = containers.filter_map(of_container).max_by_key(|found| found.0).unwrap_or((
        Kind::Starting,
        "is starting".to_owned(),
        None,
    ));
    Some(trouble(kind, message, container))
}

fn of_container(status: &ContainerStatus) -> Option<(Kind, String, Option<String>)> {
    let waiting = status.state.as_ref()?.waiting.as_ref()?;
    let reason = waiting.reason.as_deref()?;
    let message = waiting.message.as_deref().unwrap_or_default();
    let said = format!("{reason}: {message}");
    match reason {
        "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull" | "ImageInspectError" => {
            Some((Kind::Image, format!("{said} ({})", status.image), None))
        }
        "CrashLoopBackOff" => {
            let ended = status.last_state.as_ref().and_then(|state| state.terminated.as_ref());
            let code = ended.map(|ended| format!(" with exit code {}", ended.exit_code)).unwrap_or_default();
            let told = format!("it has ended {} times, last{code}", status.restart_count);
            Some((Kind::Crash, told, Some(status.name.clone())))
        }
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => Some((Kind::Crash, said, None)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(status: serde_json::Value) -> Pod {
        serde_json::from_value(json!({"metadata": {"name": "hub-0", "uid": "1"}, "status": status})).unwrap()
    }

    fn waiting(reason: &str) -> Pod {
        let container = json!({"name": "hub", "image": "a:1", "imageID": "", "ready": false, "restartCount": 2,
            "state": {"waiting": {"reason": reason, "message": "no"}}});
        pod(json!({"phase": "Pending", "containerStatuses": [container]}))
    }

    #[test]
    fn what_a_pod_misses_is_known() {
        let unschedulable = pod(json!({"phase": "Pending", "conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes: cpu"}]}));
        for (pod, kind) in [
            (waiting("ImagePullBackOff"), Some(Kind::Image)),
            (waiting("CrashLoopBackOff"), Some(Kind::Crash)),
            (waiting("ContainerCreating"), Some(Kind::Starting)),
            (unschedulable, Some(Kind::Place)),
            (pod(json!({"phase": "Succeeded"})), None),
            (pod(json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]})), None),
        ] {
            assert_eq!(of_pod(&pod).map(|trouble| trouble.kind), kind, "{pod:?}");
        }
    }

    #[test]
    fn patience_ends_and_begins_anew_with_a_new_pod() {
        let mut troubles = vec![of_pod(&waiting("ImagePullBackOff")).unwrap()];
        let (mut seen, start) = (Seen::default(), Instant::now());
        assert_eq!(seen.too_long(&troubles, start), None);
        assert_eq!(seen.too_long(&troubles, start + Duration::from_secs(11)), None);
        assert!(seen.too_long(&troubles, start + Duration::from_secs(12)).is_some());
        troubles[0].uid = "2".into();
        assert_eq!(seen.too_long(&troubles, start + Duration::from_secs(13)), None);
        let starting = vec![of_pod(&waiting("ContainerCreating")).unwrap()];
        assert_eq!(seen.too_long(&starting, start), None);
        assert_eq!(seen.too_long(&starting, start + Duration::from_secs(900)), None, "starting may take its time");
    }
}
