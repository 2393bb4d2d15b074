//! Pods that try one thing from inside of the cluster and end: from the place of a part of the release, or of a stranger.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api,
    api::{DeleteParams, ListParams, LogParams, PostParams},
};
use operations::{Condition, Failure, Progress, wait_until};
use serde_json::{Map, Value, json};

use crate::{
    Cluster, Values,
    client::{is_missing, refused},
    names::{MANAGED_BY, MANAGER, Names},
    rollout::CHECK_LABEL,
};

/// How long a pod may take from being made to its end: a node has the image already.
const WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// How long the program waits for an answer: a policy that drops packets answers never.
const ANSWER_SECONDS: &str = "4";

/// From where something is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// From that of the job that provisions the hub: FSPIOP and admin APIs are open to it.
    Provisioning,
    /// From a pod of the release to which no flow is open.
    Idle,
    /// From a pod that has nothing to do with the release.
    Stranger,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It got its answer.
    Answered,
    /// It got none; what it said.
    Unanswered(String),
    /// It could not be made at all; why.
    Unmade(String),
}

/// Pods of one release that try things.
pub(crate) struct Probes<'a> {
    cluster: &'a Cluster,
    names: &'a Names,
    values: &'a Values,
    image: String,
}

impl<'a> Probes<'a> {
    /// With the image that the release runs.
    pub(crate) fn new(cluster: &'a Cluster, names: &'a Names, values: &'a Values, image: String) -> Probes<'a> {
        Probes { cluster, names, values, image }
    }

    fn api(&self) -> Api<Pod> {
        Api::namespaced(self.cluster.client.clone(), &self.cluster.namespace)
    }

    /// Whether a URL answers with success from there. The pod is gone afterwards.
    pub(crate) async fn ask(
        &self,
        name: &str,
        from: Position,
        url: &str,
        progress: &dyn Progress,
    ) -> Result<Ended, Failure> {
        let name = format!("{}-check-{name}", self.names.full);
        self.remove(&name).await?;
        let pod: Pod = serde_json::from_value(self.pod(&name, from, url)).map_err(Failure::bug)?;
        if let Err(error) = self.api().create(&PostParams::default(), &pod).await {
            return match &error {
                kube::Error::Api(status) => Ok(Ended::Unmade(status.message.clone())),
                _ => Err(refused("make a pod for a check", &error)),
            };
        }
        let ended = wait_until(&name, WITHIN, LOOK_EVERY, progress, || self.look(&name)).await;
        let removed = self.remove(&name).await;
        match ended {
            Ok(ended) => removed.map(|()| ended),
            Err(failure) => Ok(Ended::Unmade(failure.message)),
        }
    }

    async fn look(&self, name: &str) -> Result<Condition<Ended>, Failure> {
        let pod = self.api().get(name).await.map_err(|error| refused("read a pod of a check", &error))?;
        let status = pod.status.unwrap_or_default();
        match status.phase.as_deref() {
            Some("Succeeded") => Ok(Condition::Met(Ended::Answered)),
            Some("Failed") => {
                let container = status.container_statuses.iter().flatten().next();
                let ended = container.and_then(|container| container.state.as_ref()?.terminated.as_ref());
                let log = self.api().logs(name, &LogParams::default()).await.unwrap_or_default();
                let said = log.trim().to_owned();
                // Only this code means that the program ran and got no answer; others mean that it could not be used.
                Ok(Condition::Met(match ended.map(|ended| ended.exit_code) {
                    Some(1) => Ended::Unanswered(said),
                    Some(code) => Ended::Unmade(format!("the check ended with {code}: {said}")),
                    None => Ended::Unmade(status.reason.unwrap_or_else(|| "the pod failed".to_owned())),
                }))
            }
            phase => {
                let waiting = status
                    .container_statuses
                    .iter()
                    .flatten()
                    .next()
                    .and_then(|container| container.state.as_ref()?.waiting.as_ref()?.reason.clone());
                Ok(Condition::NotYet(waiting.or(phase.map(str::to_owned)).unwrap_or_default()))
            }
        }
    }

    /// Removes one, if it is there, and waits until it is gone.
    async fn remove(&self, name: &str) -> Result<(), Failure> {
        let failed = |error: &kube::Error| refused("delete a pod of a check", error);
        match self.api().delete(name, &DeleteParams::default().grace_period(0)).await {
            Err(error) if is_missing(&error) => return Ok(()),
            Err(error) => return Err(failed(&error)),
            Ok(_) => {}
        }
        wait_until(name, WITHIN, LOOK_EVERY, &operations::Silent, || async {
            match self.api().get_opt(name).await.map_err(|error| failed(&error))? {
                None => Ok(Condition::Met(())),
                Some(_) => Ok(Condition::NotYet("is ending".to_owned())),
            }
        })
        .await
    }

    fn pod(&self, name: &str, from: Position, url: &str) -> Value {
        let mut labels: Map<String, Value> = match from {
            Position::Stranger => Map::new(),
            Position::Provisioning => self.labels("provisioning"),
            Position::Idle => self.labels("check"),
        };
        labels.insert(CHECK_LABEL.to_owned(), json!(self.names.release));
        labels.insert(MANAGED_BY.to_owned(), json!(MANAGER));
        let security = &self.values.pod_security;
        let image = &self.values.image;
        let secrets: Vec<Value> = image.pull_secrets.iter().map(|name| json!({"name": name})).collect();
        let resources = json!({"cpu": "50m", "memory": "32Mi"});
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": labels},
            "spec": {
                "automountServiceAccountToken": false,
                "enableServiceLinks": false,
                "imagePullSecrets": secrets,
                "restartPolicy": "Never",
                "terminationGracePeriodSeconds": 1,
                "activeDeadlineSeconds": WITHIN.as_secs(),
                "securityContext": {
                    "runAsNonRoot": true,
                    "runAsUser": security.run_as_user,
                    "runAsGroup": security.run_as_group,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [{
                    "name": "check",
                    "image": self.image,
                    "imagePullPolicy": image.pull_policy,
                    "args": ["health", "--url", url, "--timeout", ANSWER_SECONDS],
                    "resources": {"requests": resources, "limits": {"cpu": "500m", "memory": "64Mi"}},
                    "securityContext": {
                        "allowPrivilegeEscalation": false,
                        "capabilities": {"drop": ["ALL"]},
                        "readOnlyRootFilesystem": true,
                    },
                }],
            },
        })
    }

    fn labels(&self, component: &str) -> Map<String, Value> {
        self.names.labels(component).into_iter().map(|(key, value)| (key.to_owned(), json!(value))).collect()
    }
}

/// Deletes all pods that checks of a release left behind; how many.
pub(crate) async fn remove_all(cluster: &Cluster, names: &Names) -> Result<usize, Failure> {
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), &cluster.namespace);
    let ours = ListParams::default().labels(&format!("{CHECK_LABEL}={}", names.release));
    let left = pods.list(&ours).await.map_err(|error| refused("list pods of checks", &error))?;
    for name in left.iter().filter_map(|pod| pod.metadata.name.as_deref()) {
        match pods.delete(name, &DeleteParams::default().grace_period(0)).await {
            Err(error) if !is_missing(&error) => return Err(refused("delete a pod of a check", &error)),
            _ => {}
        }
    }
    Ok(left.items.len())
}
