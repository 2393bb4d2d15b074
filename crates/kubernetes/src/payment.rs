//! A real payment through the release, made by its simulated FSPs.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::ListParams};
use operations::{Failure, Progress};
use participant::{
    Ending, TransferRequest,
    control::{Client, ClientError},
};
use provisioning::FirstPayment;

use crate::{
    Cluster,
    client::refused,
    forward::{Forward, forward},
    names::Names,
};

/// The simulators' control.
const CONTROL_PORT: u16 = 9101;
/// A payment takes milliseconds; a hub that is just becoming ready, seconds.
const WITHIN: Duration = Duration::from_secs(30);

/// A port of this machine that leads to a running pod of a component.
pub(crate) async fn forward_to(
    cluster: &Cluster,
    names: &Names,
    component: &str,
    port: u16,
) -> Result<Forward, Failure> {
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), &cluster.namespace);
    let ours = ListParams::default().labels(&names.component(component));
    let found = pods.list(&ours).await.map_err(|error| refused("list the pods", &error))?;
    let is_running = |pod: &&Pod| {
        let ready = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
        pod.metadata.deletion_timestamp.is_none()
            && ready.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
    };
    let pod = found.iter().find(is_running).and_then(|pod| pod.metadata.name.as_deref());
    let pod =
        pod.ok_or_else(|| Failure::failed(format!("no pod of {component} is ready")).hint("`status` shows the pods"))?;
    forward(&pods, pod, port).await
}

/// Makes a payment, and says how it went.
pub(crate) async fn pay(
    cluster: &Cluster,
    names: &Names,
    payment: &FirstPayment,
    progress: &dyn Progress,
) -> Result<String, Failure> {
    let control = forward_to(cluster, names, "simulators", CONTROL_PORT).await?;
    let request = TransferRequest::new(payment.from.clone(), payment.to.clone(), payment.amount, payment.currency);
    let request = TransferRequest { timeout_ms: u32::try_from(WITHIN.as_millis()).ok(), ..request };
    let on_leg = |leg: &participant::Leg| progress.waits(&format!("{} {} → {}", leg.method, leg.from, leg.to));
    let result = Client::new().transfer(&control.url, &request, on_leg).await;
    let result = result.map_err(|error| match error {
        ClientError::Refused { error, hint } => Failure::failed(error).hint(hint),
        error => Failure::failed(error),
    })?;
    let (amount, currency) = (payment.amount, payment.currency);
    let told = format!("{amount} {currency} from {} to {}", payment.from, payment.to);
    if result.state == Ending::Committed {
        return Ok(format!("{told}: COMMITTED in {} ms", result.total.as_millis()));
    }
    let reason = result.error.map_or_else(|| "it did not end in time".to_owned(), |error| error.description);
    Err(Failure::failed(format!("{told}: {reason}")).hint("the log of the hub's pod says more: `kubectl logs`"))
}
