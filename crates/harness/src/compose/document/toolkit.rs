//! Mojaloop's Testing Toolkit: a server that plays FSPs, and its collections, which end with their verdict.
//!
//! Collections and rules are no part of the image: the folder that holds them is mounted from this machine.

use definition::Hub;

use super::{Kind, Service, Volume, hub::names};
use crate::compose::{ports, profiles::Profile};

const SERVER: &str = "testing-toolkit";
/// By convention of images without a user of their own.
const USER: &str = "65532:65532";

pub(super) fn services(hub: &Hub) -> Vec<(&'static str, Service)> {
    let provisioning = run(hub, Profile::TtkProvisioning, "core-provisioning");
    let tests = run(hub, Profile::TtkTests, "core-p2p").after(&["ttk-provisioning"], "service_completed_successfully");
    vec![(SERVER, server()), ("ttk-provisioning", provisioning), ("ttk-tests", tests)]
}

fn server() -> Service {
    // Its collections can't be run without it.
    let profiles = [Profile::Ttk, Profile::TtkProvisioning, Profile::TtkTests];
    service(&profiles, &["server"], ("TTK_MEMORY", "768m"))
        .aliases(&["mojaloop-testing-toolkit"])
        .publishing(&ports::TESTING_TOOLKIT)
        .healthy_when(&["CMD", "/entrypoint.sh", "health"])
}

fn run(hub: &Hub, profile: Profile, collection: &str) -> Service {
    service(&[profile], &["run", collection], ("TTK_RUN_MEMORY", "384m"))
        .environment(&[("TTK_SERVER", SERVER)])
        .after(&names(hub), "service_healthy")
        .after(&[SERVER], "service_healthy")
        .once()
}

fn service(profiles: &[Profile], command: &[&str], memory: (&str, &str)) -> Service {
    let kind =
        Kind { image: ("TTK_IMAGE", "mojaloop-testing-toolkit:18.19.2"), user: USER, memory, cpus: "${TTK_CPUS:-2}" };
    let mut service = Service::new(&kind, profiles, command);
    service.volumes = vec![Volume::read_only("${MOJALOOP_TTK:-./ttk}", "/kit")];
    service.tmpfs = vec!["/tmp:mode=1777"];
    service
}
