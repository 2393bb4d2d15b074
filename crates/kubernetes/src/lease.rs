//! The lock against two runs at once, wherever they run: a Lease in the release's namespace.
//!
//! It is renewed by a thread of its own, so that nothing that the command does can hold up the renewal, and is taken away when
//! the command ends. That of a command that was killed ends by itself.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
};
use kube::{
    Api, Client,
    api::{DeleteParams, ObjectMeta, PostParams, Preconditions},
};
use operations::{Exit, Failure, Holder, Progress};

use crate::{
    Cluster,
    client::refused,
    names::{MANAGED_BY, MANAGER},
};

/// How long a lock stays without renewal: long enough for an API server that is slow, short enough to wait for.
const LASTS: Duration = Duration::from_secs(20);
/// Three renewals may fail.
const RENEW_EVERY: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The lock, given back when it is dropped.
#[derive(Debug)]
pub struct ClusterLock {
    stop: Option<Sender<()>>,
    renewal: Option<JoinHandle<()>>,
}

impl Drop for ClusterLock {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(renewal) = self.renewal.take() {
            // It ends within the time of one request, whose connection has a time-out.
            let _ = renewal.join();
        }
    }
}

/// The name of a release's lock.
pub(crate) fn name(release: &str) -> String {
    format!("mojaloop-{release}")
}

impl ClusterLock {
    /// Takes the lock of a release; waits for whoever holds it, and says who that is.
    ///
    /// # Errors
    /// [`Exit::TimedOut`] with the holder when it is not given back in time.
    pub async fn take(
        cluster: &Cluster,
        release: &str,
        verb: &str,
        timeout: Duration,
        progress: &dyn Progress,
    ) -> Result<ClusterLock, Failure> {
        let leases: Api<Lease> = Api::namespaced(cluster.client.clone(), &cluster.namespace);
        let (name, me) = (name(release), Holder::this(verb).to_string());
        let deadline = Instant::now() + timeout;
        let (mut said, mut seen) = (String::new(), None);
        loop {
            let Some(holder) = attempt(&leases, &name, &me, &mut seen).await? else { break };
            if Instant::now() >= deadline {
                let message = format!("{holder} is at work here, and has not ended within {} s", timeout.as_secs());
                return Err(Failure::failed(message).exit(Exit::TimedOut).hint("let it end, then run this again"));
            }
            if said != holder {
                progress.note(&format!("waiting for {holder}"));
                said = holder;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let (stop, stopped) = channel();
        let (config, namespace) = (cluster.config.clone(), cluster.namespace.clone());
        let renewal = std::thread::Builder::new().name("lease".into()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let Ok(runtime) = runtime else { return };
            let Some(leases) = runtime.block_on(async { Client::try_from(config).ok() }) else { return };
            keep(&runtime, &Api::namespaced(leases, &namespace), &name, &me, &stopped);
        });
        Ok(ClusterLock { stop: Some(stop), renewal: Some(renewal.map_err(Failure::failed)?) })
    }
}

/// Takes the lock if nobody has it, or whoever had it did not renew it. Says who has it otherwise.
async fn attempt(
    leases: &Api<Lease>,
    name: &str,
    me: &str,
    seen: &mut Option<Seen>,
) -> Result<Option<String>, Failure> {
    let there = leases.get_opt(name).await.map_err(|error| refused("read the lock", &error))?;
    let taken = match there {
        None => leases.create(&PostParams::default(), &lease(name, me, None)).await,
        Some(there) => {
            let version = there.metadata.resource_version.clone();
            if !has_ended(seen, version.as_deref(), Instant::now()) {
                return Ok(Some(holder_of(&there).unwrap_or("another run").to_owned()));
            }
            leases.replace(name, &PostParams::default(), &lease(name, me, version)).await
        }
    };
    match taken {
        Ok(_) => Ok(None),
        // Somebody was faster.
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(Some("another run".to_owned())),
        Err(error) => Err(refused("take the lock", &error)),
    }
}

fn lease(name: &str, holder: &str, resource_version: Option<String>) -> Lease {
    let labels = [(MANAGED_BY.to_owned(), MANAGER.to_owned())].into();
    let metadata =
        ObjectMeta { name: Some(name.to_owned()), labels: Some(labels), resource_version, ..ObjectMeta::default() };
    let now = MicroTime(Timestamp::now());
    let spec = LeaseSpec {
        holder_identity: Some(holder.to_owned()),
        lease_duration_seconds: i32::try_from(LASTS.as_secs()).ok(),
        acquire_time: Some(now.clone()),
        renew_time: Some(now),
        ..LeaseSpec::default()
    };
    Lease { metadata, spec: Some(spec) }
}

/// A lock as it was seen first, and when.
struct Seen {
    version: Option<String>,
    since: Instant,
}

/// Whether nobody has renewed it for as long as it lasts. This machine's own watch decides: clocks of machines differ.
fn has_ended(seen: &mut Option<Seen>, version: Option<&str>, now: Instant) -> bool {
    match seen {
        Some(seen) if seen.version.as_deref() == version => now.duration_since(seen.since) > LASTS,
        _ => {
            *seen = Some(Seen { version: version.map(str::to_owned), since: now });
            false
        }
    }
}

/// Renews the lock until it is told to stop, then takes it away.
fn keep(runtime: &tokio::runtime::Runtime, leases: &Api<Lease>, name: &str, me: &str, stopped: &Receiver<()>) {
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(RENEW_EVERY) {
        runtime.block_on(async {
            // A renewal that fails is tried again before the lock ends.
            let Ok(Some(mine)) = leases.get_opt(name).await else { return };
            if holder_of(&mine) == Some(me) {
                let renewed = lease(name, me, mine.metadata.resource_version);
                let _ = leases.replace(name, &PostParams::default(), &renewed).await;
            }
        });
    }
    runtime.block_on(async {
        let Ok(Some(mine)) = leases.get_opt(name).await else { return };
        if holder_of(&mine) == Some(me) {
            let only = Preconditions { uid: mine.metadata.uid, resource_version: mine.metadata.resource_version };
            let _ = leases.delete(name, &DeleteParams::default().preconditions(only)).await;
        }
    });
}

fn holder_of(lease: &Lease) -> Option<&str> {
    lease.spec.as_ref()?.holder_identity.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_ends_when_nobody_renews_it() {
        let (mut seen, start) = (None, Instant::now());
        let later = |seconds| start + Duration::from_secs(seconds);
        assert!(!has_ended(&mut seen, Some("1"), start));
        assert!(!has_ended(&mut seen, Some("1"), later(19)));
        assert!(!has_ended(&mut seen, Some("2"), later(21)), "it was renewed");
        assert!(!has_ended(&mut seen, Some("2"), later(40)));
        assert!(has_ended(&mut seen, Some("2"), later(42)));
    }
}
