//! Who takes part: the scheme, as the hub is told it, and the FSPs that are played.

use definition::Hub;

use super::{AGREEMENT, CLEARING, LEDGER_ADMIN, LOOKUP, ORACLE_ADMIN, Service, hub::names, mounted, of_the_hub};
use crate::compose::{plays_simulators, ports, profiles::Profile};

/// Where the simulated FSPs listen for the hub, inside the network.
pub(crate) const SIMULATORS_PORT: u16 = 3010;
/// Where the scheme is in the containers.
const SCHEME: &str = "/etc/mojaloop/scheme.json";

pub(super) fn services(hub: &Hub, scheme_digest: &str) -> Vec<(&'static str, Service)> {
    let mut services = vec![("provisioning", provisioning(hub, scheme_digest))];
    if plays_simulators(hub) {
        services.push(("simulators", simulators(scheme_digest)));
    }
    services
}

fn provisioning(hub: &Hub, scheme_digest: &str) -> Service {
    let kind = of_the_hub(("PROVISIONING_MEMORY", "64m"), "0.5");
    with_scheme(Service::new(&kind, &[Profile::Simulators], &["scheme", "apply"]), scheme_digest)
        .environment(&[
            ("MOJALOOP_HUB", LOOKUP),
            ("MOJALOOP_LEDGER_ADMIN", LEDGER_ADMIN),
            ("MOJALOOP_ORACLE_ADMIN", ORACLE_ADMIN),
        ])
        .after(&names(hub), "service_healthy")
        .once()
}

fn simulators(scheme_digest: &str) -> Service {
    let command = ["simulator", "--listen", "0.0.0.0:3010", "--control", "0.0.0.0:9101"];
    let kind = of_the_hub(("SIMULATORS_MEMORY", "128m"), "1");
    with_scheme(Service::new(&kind, &[Profile::Simulators], &command), scheme_digest)
        .environment(&[
            ("MOJALOOP_HUB", CLEARING),
            ("MOJALOOP_LOOKUP_URL", LOOKUP),
            ("MOJALOOP_AGREEMENT_URL", AGREEMENT),
            ("MOJALOOP_CLEARING_URL", CLEARING),
        ])
        .after(&["provisioning"], "service_completed_successfully")
        .publishing(&ports::SIMULATORS)
        .healthy_when(&["CMD", "/mojaloop", "health", "--url", "http://127.0.0.1:9101/health"])
}

fn with_scheme(mut service: Service, digest: &str) -> Service {
    service.configs = vec![mounted("scheme", SCHEME)];
    // Compose does not look into the file: another scheme must be another service.
    service.labels.insert("mojaloop.scheme", digest.to_owned());
    service.environment(&[("MOJALOOP_SCHEME", SCHEME), ("MOJALOOP_LOG", "${LOG:-info}")])
}
