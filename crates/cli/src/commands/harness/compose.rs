//! The compose engine: containers of their own on a Docker Engine.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use definition::Loaded;
use harness::{Compose, ComposeStatus, Published, Setting, end_to_end::Deployment};
use image::Source;
use operations::{Folder, Progress, Target};
use participant::control::Client;

use super::table_of_urls;
use crate::{
    arguments::{
        Global,
        tools::{EngineArguments, Page, UpArguments},
    },
    commands::{confirm, payment::Payment, progress::Steps, runtime, tool},
    exit::{Exit, Failure},
    printer,
};

/// Building the image takes minutes, once.
const TIMEOUT_S: u64 = 300;

/// Starts it, pays, and leaves it as it was asked to.
pub(super) fn start(arguments: &UpArguments, global: &Global, loaded: Loaded) -> Result<(), Failure> {
    let temporary = match arguments.ephemeral {
        true => Some(tempfile::tempdir().map_err(Failure::failed)?),
        false => None,
    };
    let mut compose = target(&arguments.engine, global, loaded)?;
    if let Some(folder) = &temporary {
        compose.folder = Folder::at(folder.path().join("compose"));
        compose.delete_data = true;
    }
    runtime::start()?.block_on(async {
        let steps = Steps::new(global.no_progress);
        let result = tool::interruptible(live(arguments, global, &compose, &steps)).await;
        // What was to end with this command ends with it, however it ends.
        let started = compose.folder.join("compose.yaml").exists();
        if started && (!arguments.detach || temporary.is_some()) && result != Err(Failure::verdict(Exit::Preflight)) {
            let ended = tool::change(&compose, "down", compose.down(), &steps, compose.timeout).await;
            return result.and(ended);
        }
        result
    })
}

async fn live(arguments: &UpArguments, global: &Global, compose: &Compose, steps: &Steps) -> Result<(), Failure> {
    compose.doctor().await.require()?;
    tool::change(compose, "up", compose.prepare(), steps, compose.timeout).await?;
    let started = Instant::now();
    tool::change(compose, "up", compose.launch(), steps, compose.timeout).await?;
    let payment = match compose.has_simulators() {
        true => first_payment(compose, started.elapsed()).await?,
        false => None,
    };
    let status = compose.describe().await?;
    if arguments.detach {
        // The result of this command is what runs.
        payment.as_ref().inspect(|payment| steps.note(&payment.summary())).map_or(Ok(()), Payment::verdict)?;
        return show(global, &status);
    }
    let verdict = match &payment {
        Some(payment) => {
            printer::print(global.output, "Payment", payment, Payment::to_table)?;
            payment.verdict()
        }
        None => show(global, &status),
    };
    if arguments.once || verdict.is_err() {
        return verdict;
    }
    anstream::eprintln!("\n{}\n\nRunning until Ctrl-C.", table(&status));
    runtime::told_to_stop().await
}

/// Lets a simulated FSP pay; `None` where no two of them can.
async fn first_payment(compose: &Compose, startup: Duration) -> Result<Option<Payment>, Failure> {
    let Some(request) = harness::first_payment(&compose.loaded.hub) else { return Ok(None) };
    let result = Client::new().transfer(&compose.control_url(), &request, |_| {}).await.map_err(Failure::failed)?;
    let memory = compose.describe().await?.resident_bytes;
    let startup_ms = (startup.as_secs_f64() * 1_000_000.0).round() / 1_000.0;
    Ok(Some(Payment::new(result, Some(startup_ms), memory)))
}

/// The one whose hub is replaced while it runs.
pub(super) fn developing(arguments: &EngineArguments, global: &Global, loaded: Loaded) -> Result<Compose, Failure> {
    let mut compose = target(arguments, global, loaded)?;
    compose.develop = true;
    Ok(compose)
}

/// Starts what is not running, and shows where it is.
pub(super) async fn bring_up(compose: &Compose, global: &Global) -> Result<(), Failure> {
    let steps = Steps::new(global.no_progress);
    compose.doctor().await.require()?;
    tool::change(compose, "watch", compose.up(), &steps, compose.timeout).await?;
    anstream::eprintln!("{}\n", table(&compose.describe().await?));
    Ok(())
}

/// Looks at it without changing anything.
pub(super) fn look(arguments: &EngineArguments, global: &Global, verb: tool::Verb<'_>) -> Result<(), Failure> {
    let loaded = tool::load_compose(global)?;
    let compose = target(arguments, global, loaded.clone())?;
    let timeout = compose.timeout;
    tool::run(&compose, &loaded, verb, global, timeout)
}

pub(super) fn status(global: &Global) -> Result<(), Failure> {
    let compose = found(global)?;
    let status = runtime::start()?.block_on(tool::interruptible(compose.describe()))?;
    show(global, &status)
}

/// The variables of the containers, their values, and where each was said.
pub(super) fn settings(arguments: &EngineArguments, global: &Global, loaded: Loaded) -> Result<Vec<Setting>, Failure> {
    target(arguments, global, loaded)?.settings()
}

/// Where the hub and the simulated FSPs of the containers are.
pub(super) fn deployment(global: &Global) -> Result<Deployment, Failure> {
    let compose = found(global)?;
    Ok(Deployment { simulators: compose.control_url(), ledger_admin: compose.ledger_admin_url() })
}

pub(super) fn logs(global: &Global, follow: bool) -> Result<(), Failure> {
    let compose = found(global)?;
    runtime::start()?.block_on(tool::interruptible(compose.logs(follow)))
}

/// Where the hub's operations port is.
pub(super) fn operations(global: &Global) -> Result<SocketAddr, Failure> {
    Ok(found(global)?.operations())
}

/// The URL of one of its pages.
pub(super) fn url(page: Page, global: &Global) -> Result<String, Failure> {
    let compose = found(global)?;
    Ok(match page {
        Page::Pages => format!("http://{}", compose.pages()),
        Page::Metrics => format!("http://{}/metrics", compose.operations()),
        Page::Health => format!("http://{}/ready", compose.operations()),
        Page::Console => format!("http://{}", compose.console()),
        Page::Prometheus => format!("http://{}", compose.prometheus()),
    })
}

/// Whether it was started with participants.
pub(super) fn has_simulators(global: &Global) -> Result<bool, Failure> {
    Ok(found(global)?.has_simulators())
}

/// By how much its ports are moved, and where its containers reach this machine.
pub(super) async fn reached(global: &Global) -> Result<(u16, IpAddr), Failure> {
    let compose = found(global)?;
    let gateway = compose.gateway().await?;
    Ok((compose.port_offset, gateway))
}

/// A call of psql in the container of the database.
pub(super) fn psql(global: &Global, arguments: &[String]) -> Result<std::process::Command, Failure> {
    found(global)?.psql(arguments, super::psql::has_terminal())
}

pub(super) fn down(global: &Global, delete_volumes: bool) -> Result<(), Failure> {
    let mut compose = found(global)?;
    compose.delete_data = delete_volumes;
    let volumes = runtime::start()?.block_on(tool::interruptible(compose.volumes()))?;
    let named = |volumes: &[String]| match volumes {
        [] => "no volume".to_owned(),
        volumes => volumes.join(", "),
    };
    if delete_volumes {
        confirm::ask(global, &format!("The data of {} will be deleted: {}.", global.name, named(&volumes)))?;
    }
    let (loaded, timeout) = (compose.loaded.clone(), compose.timeout);
    tool::run(&compose, &loaded, tool::Verb::Down(None), global, timeout)?;
    let body = serde_json::json!({ "name": global.name, "data_deleted": delete_volumes, "volumes": volumes });
    printer::print(global.output, "HarnessStopped", &body, |_| match delete_volumes {
        true => format!("{} is down, its data are deleted: {}", global.name, named(&volumes)),
        false => format!("{} is down; its data stay in {}", global.name, named(&volumes)),
    })
}

/// The one that was started under this name, as it was started.
fn found(global: &Global) -> Result<Compose, Failure> {
    let arguments = EngineArguments { engine: None, profile: Vec::new(), port_offset: None, image: None };
    target(&arguments, global, tool::load_compose(global)?)
}

fn target(arguments: &EngineArguments, global: &Global, loaded: Loaded) -> Result<Compose, Failure> {
    let folder = Folder::of(global.data_dir.as_deref(), &global.name, "compose")?;
    let image = match &arguments.image {
        Some(reference) => Some(Source::find(Some(reference))?),
        None => Source::find(None).ok(),
    };
    let mut compose = Compose {
        loaded,
        folder,
        project: format!("mojaloop-{}", global.name),
        port_offset: 0,
        profiles: Vec::new(),
        other_profiles: Vec::new(),
        image,
        timeout: global.timeout_or(TIMEOUT_S),
        delete_data: false,
        develop: false,
    };
    compose.recall(arguments.port_offset, &arguments.profiles())?;
    Ok(compose)
}

fn show(global: &Global, status: &ComposeStatus) -> Result<(), Failure> {
    printer::print(global.output, "HarnessStatus", status, table)
}

fn table(status: &ComposeStatus) -> String {
    let rows = status
        .containers
        .iter()
        .map(|container| {
            let health = if container.health.is_empty() { "–" } else { &container.health };
            let state = match container.state.as_str() {
                "exited" => format!("ended with {}", container.exit_code),
                state => state.to_owned(),
            };
            vec![container.service.clone(), state, health.to_owned(), container.image.clone()]
        })
        .collect();
    let containers = printer::table(&["container", "state", "health", "image"], rows, &[]);
    let url = |published: &Published| (published.serves, format!("http://{}", published.address));
    let urls: Vec<_> = status.published.iter().map(url).collect();
    format!("{containers}\n\n{}", table_of_urls(&urls))
}
