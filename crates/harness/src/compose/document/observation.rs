//! Looking at the hub: its metrics over time, and payments at a rate.

use definition::Hub;
use serde::Serialize;

use super::{
    AGREEMENT, CLEARING, Kind, LEDGER_ADMIN, LOOKUP, ORACLE_ADMIN, Service, Volume, hub::names, mounted, of_the_hub,
};
use crate::compose::{ports, profiles::Profile};

/// Where Prometheus keeps what it has read.
pub(super) const VOLUME: &str = "prometheus-data";
/// Where the hub's nodes have their metrics.
const OPERATIONS_PORT: u16 = 9100;

pub(super) fn services(hub: &Hub) -> Vec<(&'static str, Service)> {
    vec![("prometheus", prometheus_service()), ("load", load(hub))]
}

fn prometheus_service() -> Service {
    let kind = Kind {
        image: ("PROMETHEUS_IMAGE", "prom/prometheus:v3.5.0"),
        user: "65534:65534",
        memory: ("PROMETHEUS_MEMORY", "256m"),
        cpus: "0.5",
    };
    let command = [
        "--config.file=/etc/prometheus/prometheus.yml",
        "--storage.tsdb.path=/prometheus",
        "--storage.tsdb.retention.time=${PROMETHEUS_RETENTION:-15d}",
    ];
    let mut service = Service::new(&kind, &[Profile::Monitoring], &command);
    service.volumes = vec![Volume::named(VOLUME, "/prometheus")];
    service.configs = vec![mounted("prometheus", "/etc/prometheus/prometheus.yml")];
    service.publishing(&ports::PROMETHEUS).healthy_when(&[
        "CMD",
        "wget",
        "-q",
        "-O",
        "/dev/null",
        "http://127.0.0.1:9090/-/healthy",
    ])
}

/// Ends after its time, with the verdict as its exit code.
fn load(hub: &Hub) -> Service {
    let command = [
        "bench",
        "--rate",
        "${LOAD_RATE:-50}",
        "--duration",
        "${LOAD_DURATION:-60s}",
        "--warmup",
        "${LOAD_WARMUP:-5s}",
        "--no-progress",
        "--listen",
        "0.0.0.0:0",
        "--lookup-url",
        LOOKUP,
        "--agreement-url",
        AGREEMENT,
        "--clearing-url",
        CLEARING,
    ];
    Service::new(&of_the_hub(("LOAD_MEMORY", "512m"), "${LOAD_CPUS:-1}"), &[Profile::Load], &command)
        .environment(&[
            ("MOJALOOP_HUB", CLEARING),
            ("MOJALOOP_LEDGER_ADMIN", LEDGER_ADMIN),
            ("MOJALOOP_ORACLE_ADMIN", ORACLE_ADMIN),
        ])
        .after(&names(hub), "service_healthy")
        .once()
}

#[derive(Serialize)]
struct Prometheus {
    global: Global,
    scrape_configs: Vec<Job>,
}

#[derive(Serialize)]
struct Global {
    scrape_interval: &'static str,
}

#[derive(Serialize)]
struct Job {
    job_name: &'static str,
    dns_sd_configs: Vec<Names>,
}

#[derive(Serialize)]
struct Names {
    names: Vec<&'static str>,
    r#type: &'static str,
    port: u16,
    refresh_interval: &'static str,
}

/// Prometheus asks the network which nodes there are: their names are those of their services.
pub(crate) fn prometheus(hub: &Hub) -> String {
    let names = Names { names: names(hub), r#type: "A", port: OPERATIONS_PORT, refresh_interval: "5s" };
    let settings = Prometheus {
        global: Global { scrape_interval: "5s" },
        scrape_configs: vec![Job { job_name: "mojaloop-hub", dns_sd_configs: vec![names] }],
    };
    let yaml = serde_saphyr::to_string(&settings).expect("what is made of strings and numbers can be written");
    format!("# What the profile monitoring reads: every node of the hub that runs.\n{yaml}")
}
