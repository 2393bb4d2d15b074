//! What the compose engine needs.

use std::net::{SocketAddr, TcpListener};

use image::Source;
use operations::{Finding, Findings, Program};

use super::{Compose, docker::Docker, ports};

/// Of compose: `start_interval` of health checks and JSON lines from `ps`.
const OLDEST_COMPOSE: (u32, u32) = (2, 24);

/// Looks at all of it.
pub(super) async fn look(compose: &Compose) -> Findings {
    let mut findings = Vec::new();
    match compose.docker() {
        Err(failure) => {
            findings.push(Finding::error("docker", failure.message, failure.hint.unwrap_or_default()));
        }
        Ok(docker) => {
            findings.push(engine(&docker).await);
            findings.push(plugin(&docker).await);
        }
    }
    findings.push(image(compose));
    findings.push(published_ports(compose).await);
    Findings::new(findings)
}

async fn engine(docker: &Docker) -> Finding {
    let output = docker.call(&["version", "--format", "{{.Server.Version}}"]).output().await;
    match output {
        Ok(output) if output.status.success() => {
            Finding::ok("docker-engine", format!("Docker Engine {}", output.stdout.trim()))
        }
        Ok(output) => Finding::error(
            "docker-engine",
            format!("no Docker Engine answers: {}", output.complaint()),
            "start Docker (systemctl start docker), or set DOCKER_HOST; --engine embedded needs no Docker",
        ),
        Err(failure) => Finding::error("docker-engine", failure.message, "is docker installed as it should be?"),
    }
}

async fn plugin(docker: &Docker) -> Finding {
    let output = docker.call(&["compose", "version", "--short"]).output().await;
    let text =
        output.as_ref().map(|output| output.stdout.trim().trim_start_matches('v').to_owned()).unwrap_or_default();
    let hint = "install Docker Compose 2.24 or later (the plugin docker-compose-plugin)";
    let mut parts = text.split('.').map(|part| part.parse::<u32>().ok());
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(major), Some(minor)) if (major, minor) >= OLDEST_COMPOSE => {
            Finding::ok("docker-compose", format!("Docker Compose {text}"))
        }
        (Some(_), Some(_)) => Finding::error("docker-compose", format!("Docker Compose {text} is too old"), hint),
        _ => Finding::error("docker-compose", "docker has no compose plugin", hint),
    }
}

fn image(compose: &Compose) -> Finding {
    match &compose.image {
        Some(Source::Reference(reference)) => Finding::ok("image", format!("{reference}, as the engine finds it")),
        Some(Source::Checkout(checkout)) if Program::find("cargo").is_some() => {
            Finding::ok("image", format!("built from {}", checkout.root().display()))
        }
        Some(Source::Checkout(_)) => Finding::error(
            "image",
            "cargo is needed to build the hub's image, and is not on the PATH",
            "install Rust (https://rustup.rs), or name an image: --image REFERENCE",
        ),
        None => Finding::error(
            "image",
            "no image was named, and this is no checkout to build one from",
            "--image REGISTRY/mojaloop-hub:VERSION, or run this in a checkout of the sources",
        ),
    }
}

async fn published_ports(compose: &Compose) -> Finding {
    let offset = compose.port_offset;
    let outside = compose.ports().into_iter().find(|port| ports::moved(port.port, offset).is_none());
    if let Some(port) = outside {
        let message = format!("--port-offset {offset} leaves the range of ports");
        let hint = format!("the port {} of {} is moved by it, too, and ports end at 65535", port.port, port.serves);
        return Finding::error("ports", message, hint);
    }
    if compose.is_there().await.unwrap_or(false) {
        return Finding::ok("ports", "held by this harness's own containers");
    }
    let taken = compose.published().into_iter().filter(|address| is_taken(*address));
    let taken: Vec<String> = taken.map(|address| address.port().to_string()).collect();
    match taken.as_slice() {
        [] => Finding::ok("ports", "all are free"),
        taken => {
            let who = if taken.iter().any(|port| port == "9100") {
                " (node_exporter of Prometheus often has 9100)"
            } else {
                ""
            };
            Finding::error(
                "ports",
                format!("taken on 127.0.0.1: {}{who}", taken.join(", ")),
                format!(
                    "--port-offset N (MOJALOOP_PORT_OFFSET=N) moves all of them; who has one: lsof -i :{}",
                    taken[0]
                ),
            )
        }
    }
}

fn is_taken(address: SocketAddr) -> bool {
    TcpListener::bind(address).is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse)
}
