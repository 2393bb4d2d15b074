//! Proves that the release works: pods, names, services, the way in from outside, refused flows, a payment.

use k8s_openapi::api::core::v1::Service;
use kube::Api;
use operations::{Check, Condition, Failure, Progress, Verify};
use provisioning::HttpClient;

use crate::{
    Cluster,
    client::refused,
    helm_program::Release,
    probe::{Ended, Position, Probes},
    rollout::Rollout,
    status,
    wanted::Wanted,
};

/// How long `helm test` may take beside its payment.
const TEST_WITHIN: std::time::Duration = std::time::Duration::from_secs(120);
/// FSPIOP.
const FSPIOP: u16 = 3000;
/// Ledger admin: no FSP may ever reach it.
const LEDGER_ADMIN: u16 = 3001;
const POLICIES_HINT: &str = "network policies have no effect in this cluster: install a network plugin that enforces them (Calico, Cilium; microk8s has Calico), or nobody guards the hub's admin APIs";
const PODS_HINT: &str = "`status` shows the pods; the hub's log says more: `kubectl logs`";

/// Everything that is looked at.
pub(crate) struct Checks<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) wanted: &'a Wanted,
    pub(crate) release: &'a Release,
    pub(crate) image: String,
    pub(crate) progress: &'a dyn Progress,
}

impl Checks<'_> {
    pub(crate) async fn run(&self) -> Result<Verify, Failure> {
        let Some(service) = self.service(self.wanted.names.hub()).await? else {
            let missing = Check::failed(
                "workloads-ready",
                format!("there is no service {}", self.wanted.names.hub()),
                "`up` installs the hub",
            );
            return Ok(Verify::new(vec![missing]));
        };
        let address = service.spec.and_then(|spec| spec.cluster_ip).unwrap_or_default();
        let mut checks = vec![self.workloads().await?];
        // Each is a pod of its own; together they take as long as the slowest.
        let (dns, through, flows) = tokio::join!(self.dns(), self.through_service(&address), self.flows(&address));
        checks.extend([dns?, through?]);
        checks.extend(self.outside().await?);
        checks.push(flows?);
        checks.extend(self.payment().await?);
        Ok(Verify::new(checks))
    }

    async fn service(&self, name: &str) -> Result<Option<Service>, Failure> {
        let services: Api<Service> = Api::namespaced(self.cluster.client.clone(), &self.cluster.namespace);
        services.get_opt(name).await.map_err(|error| refused("read a service", &error))
    }

    fn probes(&self) -> Probes<'_> {
        Probes::new(self.cluster, &self.wanted.names, &self.wanted.values, self.image.clone())
    }

    async fn workloads(&self) -> Result<Check, Failure> {
        let rollout = Rollout::new(self.cluster, &self.wanted.names);
        Ok(match rollout.ready().await? {
            Condition::Met(what) => Check::passed("workloads-ready", what),
            Condition::NotYet(missing) => Check::failed("workloads-ready", missing, PODS_HINT),
        })
    }

    async fn dns(&self) -> Result<Check, Failure> {
        let host = format!("{}.{}.svc", self.wanted.names.hub(), self.cluster.namespace);
        let url = format!("http://{host}:{FSPIOP}/health");
        let ended = self.probes().ask("dns", Position::Provisioning, &url, self.progress).await?;
        let hint = "is the cluster's DNS running (`kubectl -n kube-system get pods`), and does networkPolicy.dns name its pods?";
        Ok(answered("dns", &format!("a pod finds the hub by its name {host}"), ended, hint))
    }

    async fn through_service(&self, address: &str) -> Result<Check, Failure> {
        let url = format!("http://{address}:{FSPIOP}/health");
        let ended = self.probes().ask("service", Position::Provisioning, &url, self.progress).await?;
        let hint = "does the service have endpoints (`kubectl get endpointslices`), and does kube-proxy or its replacement run?";
        Ok(answered("service", &format!("a pod reaches the hub through its service {address}"), ended, hint))
    }

    async fn outside(&self) -> Result<Option<Check>, Failure> {
        const NAME: &str = "node-port";
        if !self.wanted.values.external.enabled {
            return Ok(None);
        }
        let Some(service) = self.service(&self.wanted.names.external()).await? else {
            return Ok(Some(Check::failed(NAME, "the service for FSPs outside is not there", "`up` installs it")));
        };
        let urls = status::urls(self.cluster, &[service]).await?;
        let client = HttpClient::new();
        let mut said = String::new();
        for url in &urls {
            match client.check(&format!("{url}/health")).await {
                Ok(()) => return Ok(Some(Check::passed(NAME, format!("the hub answers at {url}")))),
                Err(error) => said = format!("{url}: {error}"),
            }
        }
        let hint = "is this machine in kubernetes.exposure.from, and do firewalls let it reach the nodes' ports?";
        let message = if urls.is_empty() { "no address is known yet".to_owned() } else { said };
        Ok(Some(Check::failed(NAME, message, hint)))
    }

    /// Flows that must be refused, and one that must not: without the latter, silence would prove nothing.
    async fn flows(&self, address: &str) -> Result<Check, Failure> {
        const NAME: &str = "forbidden-flow";
        if !self.wanted.values.network_policy.enabled {
            return Ok(Check::failed(NAME, "network policies are switched off", "networkPolicy.enabled=true"));
        }
        let (probes, url) = (self.probes(), format!("http://{address}:{LEDGER_ADMIN}/health"));
        let mut allowed = probes.ask("allowed", Position::Provisioning, &url, self.progress).await?;
        if matches!(allowed, Ended::Unanswered(_)) {
            // A network may need a moment to learn of a new pod.
            allowed = probes.ask("allowed", Position::Provisioning, &url, self.progress).await?;
        }
        if allowed != Ended::Answered {
            let message =
                format!("the flow that is allowed does not work either, so nothing can be said: {}", words(&allowed));
            return Ok(Check::failed(NAME, message, PODS_HINT));
        }
        let (idle, stranger) = tokio::join!(
            probes.ask("idle", Position::Idle, &url, self.progress),
            probes.ask("stranger", Position::Stranger, &url, self.progress),
        );
        for (who, ended) in [("a pod of the release that needs no flow", idle?), ("a stranger's pod", stranger?)] {
            match ended {
                Ended::Unanswered(_) => {}
                Ended::Answered => {
                    return Ok(Check::failed(NAME, format!("{who} reaches the hub's ledger admin"), POLICIES_HINT));
                }
                Ended::Unmade(why) => {
                    let hint =
                        "the check needs to run a pod in the release's namespace; a quota or a policy may forbid it";
                    return Ok(Check::failed(NAME, format!("{who} could not be tried: {why}"), hint));
                }
            }
        }
        let message = "the ledger admin answers the pod that provisions the hub, and neither another pod of the release nor a stranger";
        Ok(Check::passed(NAME, message))
    }

    async fn payment(&self) -> Result<Option<Check>, Failure> {
        if !self.wanted.values.simulators.enabled {
            self.progress.note("no payment was made: there are no simulated FSPs");
            return Ok(None);
        }
        let Some(payment) = &self.wanted.payment else {
            let hint =
                "components.simulators: true, and two participants with `endpoint: simulator`, a party and funds";
            return Ok(Some(Check::failed("payment", "no simulated FSP could pay another", hint)));
        };
        let told = format!("{} {} from {} to {}", payment.amount, payment.currency, payment.from, payment.to);
        self.progress.waits("a payment");
        let output = self.release.test(TEST_WITHIN).await?;
        if output.status.success() {
            return Ok(Some(Check::passed("payment", format!("{told}: COMMITTED"))));
        }
        Ok(Some(Check::failed("payment", format!("{told}:\n{}", output.complaint()), PODS_HINT)))
    }
}

fn answered(name: &str, what: &str, ended: Ended, hint: &str) -> Check {
    match ended {
        Ended::Answered => Check::passed(name, what),
        other => Check::failed(name, format!("not so: {what}: {}", words(&other)), hint),
    }
}

fn words(ended: &Ended) -> String {
    match ended {
        Ended::Answered => "it answers".to_owned(),
        Ended::Unanswered(said) => format!("no answer: {said}"),
        Ended::Unmade(why) => format!("it could not be tried: {why}"),
    }
}
