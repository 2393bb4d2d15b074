//! What the compose engine needs.

use std::net::{SocketAddr, TcpListener};

use image::Source;
use operations::{Finding, Findings, Program};

use super::{Compose, complaints::remedy, docker::Docker, ports};

/// Of compose: `start_interval` of health checks and JSON lines from `ps`.
const OLDEST_COMPOSE: (u32, u32) = (2, 24);
/// Of the engine: `start_interval` of health checks.
const OLDEST_ENGINE: (u32, u32) = (25, 0);
/// What images, volumes and a growing database need at the least.
const LEAST_SPACE: u64 = 2 << 30;

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
    findings.extend(space(compose));
    findings.extend(kit(compose));
    findings.push(published_ports(compose).await);
    Findings::new(findings)
}

async fn engine(docker: &Docker) -> Finding {
    let id = "docker-engine";
    let output = match docker.call(&["version", "--format", "{{.Server.Version}}"]).output().await {
        Ok(output) => output,
        Err(failure) => return Finding::error(id, failure.message, "is docker installed as it should be?"),
    };
    if !output.status.success() {
        let complaint = output.complaint();
        let hint = remedy(&complaint)
            .unwrap_or("start Docker (systemctl start docker), or set DOCKER_HOST; --engine embedded needs no Docker");
        return Finding::error(id, format!("no Docker Engine answers: {complaint}"), hint);
    }
    let version = output.stdout.trim();
    match numbers(version) {
        Some(found) if found < OLDEST_ENGINE => {
            let (major, _) = OLDEST_ENGINE;
            let message = format!("Docker Engine {version} is too old: found {version}, expected {major}.0 or later");
            Finding::error(id, message, "install a current Docker Engine (https://docs.docker.com/engine/install)")
        }
        _ => Finding::ok(id, format!("Docker Engine {version}")),
    }
}

/// The first two numbers of a version; `None` where a version is none, as of an engine that was built by hand.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim_start_matches('v').split('.').map(|part| part.parse::<u32>().ok());
    Some((parts.next()??, parts.next()??))
}

async fn plugin(docker: &Docker) -> Finding {
    let output = docker.call(&["compose", "version", "--short"]).output().await;
    let text =
        output.as_ref().map(|output| output.stdout.trim().trim_start_matches('v').to_owned()).unwrap_or_default();
    let hint = "install Docker Compose 2.24 or later (the plugin docker-compose-plugin)";
    match numbers(&text) {
        Some(found) if found >= OLDEST_COMPOSE => Finding::ok("docker-compose", format!("Docker Compose {text}")),
        Some(_) => Finding::error("docker-compose", format!("Docker Compose {text} is too old"), hint),
        None => Finding::error("docker-compose", "docker has no compose plugin", hint),
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

/// Room for the files of this harness; Docker's own are most often on the same disk.
fn space(compose: &Compose) -> Option<Finding> {
    let folder = compose.folder.path();
    let there = folder.ancestors().find(|folder| folder.is_dir())?;
    let disk = rustix::fs::statvfs(there).ok()?;
    Some(judge_space(&there.display().to_string(), disk.f_bavail.saturating_mul(disk.f_frsize)))
}

fn judge_space(place: &str, free: u64) -> Finding {
    let megabytes = free >> 20;
    match free < LEAST_SPACE {
        true => Finding::error(
            "disk",
            format!("{megabytes} MB are free in {place}, expected {} MB at the least", LEAST_SPACE >> 20),
            "make room (`docker system df` shows what Docker keeps), or --data-dir DIR on another disk",
        ),
        false => Finding::ok("disk", format!("{} GB are free in {place}", megabytes >> 10)),
    }
}

/// The collections of the Testing Toolkit are no part of its image.
fn kit(compose: &Compose) -> Option<Finding> {
    let wanted = compose.image_variables().contains(&"TTK_IMAGE");
    let id = "testing-toolkit";
    wanted.then(|| match compose.kit() {
        Some(kit) if kit.join("run-ttk.sh").is_file() => Finding::ok(id, format!("collections of {}", kit.display())),
        Some(kit) => Finding::error(
            id,
            format!("MOJALOOP_TTK: found {}, which has no run-ttk.sh", kit.display()),
            "expected the folder with the Testing Toolkit's collections; docs/conformance.md says how to get it",
        ),
        None => Finding::error(
            id,
            "MOJALOOP_TTK is not set: the Testing Toolkit's collections are no part of its image",
            "MOJALOOP_TTK=FOLDER in the environment or in .env; docs/conformance.md says how to get it",
        ),
    })
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

#[cfg(test)]
mod tests {
    use operations::Severity;

    use super::{judge_space, numbers};

    #[test]
    fn versions_are_read() {
        assert_eq!(numbers("29.1.0"), Some((29, 1)));
        assert_eq!(numbers("v5.5.0"), Some((5, 5)));
        assert_eq!(numbers("library-import"), None);
    }

    #[test]
    fn a_full_disk_is_an_error() {
        assert_eq!(judge_space("/data", 3 << 30).severity, Severity::Ok);
        let full = judge_space("/data", 100 << 20);
        assert_eq!(full.severity, Severity::Error);
        assert!(full.message.contains("100 MB are free in /data, expected 2048 MB"), "{}", full.message);
    }
}
