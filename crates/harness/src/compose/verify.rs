//! Proving that the containers do what they are for.

use operations::{Check, Failure, Progress, Verify};
use participant::control::Client;
use provisioning::Scheme;

use super::{Compose, docker::Container, simulator_url};

/// Containers, the hub's own word, the scheme, and a payment.
pub(super) async fn prove(compose: &Compose, progress: &dyn Progress) -> Result<Verify, Failure> {
    let containers = compose.docker()?.containers_or_none(compose).await?;
    let mut checks = vec![workloads(compose, &containers), health(compose).await];
    if compose.has_simulators() {
        progress.waits("comparing the scheme");
        checks.push(scheme(compose).await);
        progress.waits("making a payment");
        checks.push(payment(compose).await);
    }
    Ok(Verify::new(checks))
}

fn workloads(compose: &Compose, containers: &[Container]) -> Check {
    let name = "workloads-ready";
    let services = compose.services();
    let bad: Vec<String> = services
        .iter()
        .filter_map(|service| match containers.iter().find(|container| container.service == *service) {
            Some(container) if container.is_well() => None,
            Some(container) => Some(container.to_string()),
            None => Some(format!("{service} is not there")),
        })
        .collect();
    match bad.as_slice() {
        [] => Check::passed(name, format!("{} containers are well", services.len())),
        bad => Check::failed(name, bad.join(", "), "mojaloop harness up --engine compose; mojaloop harness logs"),
    }
}

async fn health(compose: &Compose) -> Check {
    let url = format!("http://{}", compose.at(3000));
    match crate::check_hub(&url).await {
        Ok(()) => Check::passed("health", format!("{url}/health says OK")),
        Err(reason) => Check::failed("health", format!("{url}: {reason}"), "mojaloop harness logs"),
    }
}

async fn scheme(compose: &Compose) -> Check {
    let scheme = Scheme::of(&compose.loaded.hub, simulator_url);
    match provisioning::plan(&compose.apis(), &scheme, &|path| compose.loaded.origins.of(path).to_string()).await {
        Ok(plan) if plan.is_empty() => {
            Check::passed("scheme", format!("{} participants are as defined", scheme.participants.len()))
        }
        Ok(plan) => Check::failed(
            "scheme",
            format!("{} of its values differ from the definition", plan.changes.len()),
            "mojaloop harness plan",
        ),
        Err(failure) => Check::failed("scheme", failure.message, failure.hint.unwrap_or_default()),
    }
}

async fn payment(compose: &Compose) -> Check {
    let Some(request) = crate::first_payment(&compose.loaded.hub) else {
        return Check::failed("payment", "no two simulated FSPs share a currency", "define two participants");
    };
    match Client::new().transfer(&compose.control_url(), &request, |_| {}).await {
        Ok(result) if result.state == participant::Ending::Committed => {
            Check::passed("payment", format!("{} COMMITTED", result.transfer_id))
        }
        Ok(result) => {
            Check::failed("payment", format!("{} is not COMMITTED", result.transfer_id), "mojaloop harness logs")
        }
        Err(error) => Check::failed("payment", error.to_string(), "mojaloop harness logs"),
    }
}
