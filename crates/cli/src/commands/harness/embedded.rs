//! The embedded engine: one process on this machine, here or in the background.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use definition::Loaded;
use harness::{Harness, HarnessError, Instance, Place, Up, resident_bytes};
use participant::control::Client;
use serde::Serialize;
use tokio::{runtime::Runtime, sync::watch};

use super::{looking, with_simulators};
use crate::{
    arguments::{Global, tools::UpArguments},
    commands::{confirm, hub, payment::Payment, runtime, simulator},
    exit::{Exit, Failure},
    logging::{self, LogFormat},
    printer,
};

/// How often a followed log is looked at.
const FOLLOW_EVERY: Duration = Duration::from_millis(200);
/// How long a start or a stop may take, in seconds.
const TIMEOUT_S: u64 = 30;

/// Starts it in this process and lets it live, or in the background.
pub(super) fn start(
    arguments: &UpArguments,
    global: &Global,
    place: Place,
    loaded: Loaded,
    started: Instant,
) -> Result<(), Failure> {
    match arguments.detach {
        true => detach(arguments, global, &place, &loaded),
        false => up(arguments, global, place, loaded, started),
    }
}

fn up(arguments: &UpArguments, global: &Global, place: Place, loaded: Loaded, started: Instant) -> Result<(), Failure> {
    match arguments.background {
        true => logging::start("info", Some(LogFormat::Json))?,
        false => logging::start("warn", None)?,
    }
    let up = Up {
        place,
        ephemeral: arguments.ephemeral,
        port_offset: arguments.engine.port_offset.unwrap_or(0),
        hub: loaded.hub,
        simulators: with_simulators(&arguments.engine)?,
        started,
    };
    runtime::start()?.block_on(async {
        let starting = tokio::time::timeout(global.timeout_or(TIMEOUT_S), Harness::start(up));
        let harness = tokio::select! {
            result = starting => match result {
                Ok(result) => result.map_err(explain)?,
                Err(_) => {
                    let failure = Failure::failed(format!("not ready within {} s", global.timeout_or(TIMEOUT_S).as_secs()));
                    return Err(failure.exit(Exit::TimedOut));
                }
            },
            told = runtime::told_to_stop() => {
                told?;
                return Err(Failure::failed("interrupted before it was ready").exit(Exit::Interrupted));
            }
        };
        let result = live(arguments, global, &harness).await;
        harness.stop().await;
        result
    })
}

async fn live(arguments: &UpArguments, global: &Global, harness: &Harness) -> Result<(), Failure> {
    let verdict = if arguments.background { Ok(()) } else { first_payment(global, harness).await };
    if arguments.once {
        return verdict;
    }
    if let Err(failure) = verdict {
        crate::exit::report(failure);
    }
    if !arguments.background {
        let shown = if harness.instance.simulator.is_some() { urls(&harness.instance) } else { String::new() };
        anstream::eprintln!("\n{shown}\n\nRunning until Ctrl-C.");
    }
    runtime::told_to_stop().await
}

async fn first_payment(global: &Global, harness: &Harness) -> Result<(), Failure> {
    let paid = match harness.first_payment() {
        Some(request) => harness.pay(request).await,
        None => None,
    };
    let Some(paid) = paid else {
        // Without participants nobody can pay: say what runs instead.
        return printer::print(global.output, "HarnessStatus", &Status::of(harness.instance.clone()), Status::to_table);
    };
    let memory = resident_bytes(std::process::id());
    let payment = Payment::new(paid.map_err(Failure::failed)?, Some(harness.instance.startup_ms), memory);
    printer::print(global.output, "Payment", &payment, Payment::to_table)?;
    payment.verdict()
}

/// Starts this program again in the background, waits until it is ready, and makes a first payment.
fn detach(arguments: &UpArguments, global: &Global, place: &Place, loaded: &Loaded) -> Result<(), Failure> {
    let runtime = runtime::start()?;
    if let Some(instance) = Instance::find(place).map_err(explain)? {
        let plan = runtime.block_on(looking::differences(loaded, &instance))?;
        if plan.is_empty() {
            anstream::eprintln!("already running");
            return printer::print(global.output, "HarnessStatus", &Status::of(instance), Status::to_table);
        }
        anstream::eprintln!("{} changes of the definition: starting again, the data stay", plan.changes.len());
        instance.stop(place, global.timeout_or(TIMEOUT_S)).map_err(explain)?;
    }
    place.create().map_err(explain)?;
    let mut child = background(arguments, global, place)?;
    let interrupted = interruption(&runtime);
    let goes_on = || !*interrupted.borrow() && matches!(child.try_wait(), Ok(None));
    let ready = Instance::wait_ready(place, global.timeout_or(TIMEOUT_S), goes_on);
    let instance = match ready {
        Ok(instance) => instance,
        Err(HarnessError::NotRunning { .. }) if *interrupted.borrow() => {
            end(&mut child);
            return Err(Failure::failed("interrupted before it was ready").exit(Exit::Interrupted));
        }
        Err(HarnessError::NotRunning { .. }) => {
            return Err(Failure::failed(format!("the harness ended; its log:\n{}", tail(place))));
        }
        Err(error) => return Err(explain(error)),
    };
    if let (Some(control), Some(request)) = (instance.simulator, harness::first_payment(&loaded.hub)) {
        let mut interrupted = interrupted;
        let (client, url) = (Client::new(), format!("http://{control}"));
        let paid = runtime.block_on(async {
            tokio::select! {
                paid = client.transfer(&url, &request, |_| {}) => Some(paid),
                Ok(_) = interrupted.wait_for(|interrupted| *interrupted) => None,
            }
        });
        let Some(paid) = paid else {
            end(&mut child);
            return Err(Failure::failed("interrupted before its first payment").exit(Exit::Interrupted));
        };
        let payment = Payment::new(paid.map_err(Failure::failed)?, None, None);
        anstream::eprintln!("{}", payment.summary());
        payment.verdict()?;
    }
    printer::print(global.output, "HarnessStatus", &Status::of(instance), Status::to_table)
}

/// Becomes true at Ctrl-C or SIGTERM, which do not end this process any more.
fn interruption(runtime: &Runtime) -> watch::Receiver<bool> {
    let (interrupt, interrupted) = watch::channel(false);
    runtime.spawn(async move {
        if runtime::told_to_stop().await.is_ok() {
            let _ = interrupt.send(true);
        }
    });
    interrupted
}

/// Ends the process in the background in good order, and waits for it.
fn end(child: &mut Child) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        // It may have ended by itself.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    let _ = child.wait();
}

fn background(arguments: &UpArguments, global: &Global, place: &Place) -> Result<Child, Failure> {
    let path = place.log_file();
    let log = File::create(&path).map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
    let mut command = std::process::Command::new(std::env::current_exe().map_err(Failure::failed)?);
    command.args(["harness", "up", "--background", "--name", &global.name, "--timeout"]);
    command.arg(global.timeout_or(TIMEOUT_S).as_secs().to_string());
    command.args(["--port-offset", &arguments.engine.port_offset.unwrap_or(0).to_string()]);
    for file in &global.definition {
        command.arg("--definition").arg(file);
    }
    if let Some(environment) = &global.environment {
        command.args(["--environment", environment]);
    }
    for set in &global.set {
        command.args(["--set", set]);
    }
    if let Some(folder) = &global.data_dir {
        command.arg("--data-dir").arg(folder);
    }
    if arguments.ephemeral {
        command.arg("--ephemeral");
    }
    if !with_simulators(&arguments.engine)? {
        command.args(["--profile", "core"]);
    }
    // A process group of its own: Ctrl-C in this terminal is not meant for it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let errors = log.try_clone().map_err(Failure::failed)?;
    command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn().map_err(Failure::failed)
}

fn tail(place: &Place) -> String {
    let text = std::fs::read_to_string(place.log_file()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}

#[derive(Serialize)]
struct Status {
    #[serde(flatten)]
    instance: Instance,
    resident_bytes: Option<u64>,
}

impl Status {
    fn of(instance: Instance) -> Status {
        Status { resident_bytes: resident_bytes(instance.pid), instance }
    }

    fn to_table(&self) -> String {
        let instance = &self.instance;
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let memory =
            self.resident_bytes.map_or_else(|| "unknown".to_owned(), |bytes| format!("{:.1} MB", bytes as f64 / 1e6));
        let kind = if instance.ephemeral { " (deleted at the end)" } else { "" };
        let facts = [
            ("name", instance.name.clone()),
            ("state", format!("{:?}", instance.state).to_lowercase()),
            ("process", instance.pid.to_string()),
            ("since", instance.started_at.to_string()),
            ("memory", memory),
            ("data", format!("{}{kind}", instance.data)),
        ];
        let rows = facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
        format!("{}\n\n{}", printer::table(&["harness", ""], rows, &[]), urls(instance))
    }
}

pub(super) fn urls(instance: &Instance) -> String {
    let mut rows = vec![vec!["FSPIOP".to_owned(), http(instance.fspiop.first())]];
    rows.push(vec!["ledger admin".to_owned(), http(Some(&instance.ledger_admin))]);
    rows.push(vec!["oracle admin".to_owned(), http(Some(&instance.oracle_admin))]);
    rows.push(vec![
        "metrics, health".to_owned(),
        format!("{}/metrics · /live · /ready", http(Some(&instance.operations))),
    ]);
    if instance.pages.is_some() {
        rows.push(vec!["pages".to_owned(), http(instance.pages.as_ref())]);
    }
    if instance.simulator.is_some() {
        rows.push(vec!["simulators".to_owned(), http(instance.simulator.as_ref())]);
    }
    printer::table(&["service", "URL"], rows, &[])
}

fn http(address: Option<&std::net::SocketAddr>) -> String {
    address.map(|address| format!("http://{address}")).unwrap_or_default()
}

pub(super) fn status(global: &Global, place: &Place) -> Result<(), Failure> {
    let instance = Instance::get(place).map_err(explain)?;
    printer::print(global.output, "HarnessStatus", &Status::of(instance), Status::to_table)
}

pub(super) fn logs(place: &Place, follow: bool) -> Result<(), Failure> {
    let path = place.log_file();
    let missing = |error: std::io::Error| {
        Failure::failed(format!("{}: {error}", path.display()))
            .hint("only a harness that was started with --detach has a log file")
    };
    let mut file = File::open(&path).map_err(missing)?;
    let mut position = 0;
    loop {
        let mut text = String::new();
        file.seek(SeekFrom::Start(position)).and_then(|_| file.read_to_string(&mut text)).map_err(Failure::failed)?;
        position += u64::try_from(text.len()).unwrap_or(0);
        if !text.is_empty() {
            printer::print_text(&text)?;
        }
        if !follow || Instance::find(place).map_err(explain)?.is_none() {
            return Ok(());
        }
        std::thread::sleep(FOLLOW_EVERY);
    }
}

#[derive(Serialize)]
struct Stopped {
    name: String,
    data_deleted: bool,
}

pub(super) fn down(global: &Global, place: &Place, volumes: bool) -> Result<(), Failure> {
    if volumes {
        confirm_deletion(global, place)?;
    }
    match Instance::find(place).map_err(explain)? {
        Some(instance) => instance.stop(place, global.timeout_or(TIMEOUT_S)).map_err(explain)?,
        None if !volumes => anstream::eprintln!("nothing was running"),
        None => {}
    }
    if volumes {
        place.delete().map_err(explain)?;
    }
    let stopped = Stopped { name: place.name().to_owned(), data_deleted: volumes };
    printer::print(global.output, "HarnessStopped", &stopped, |stopped| match stopped.data_deleted {
        true => format!("{} is down, its data are deleted", stopped.name),
        false => format!("{} is down; its data stay in {}", stopped.name, place.folder().display()),
    })
}

pub(super) fn reset(global: &Global, place: &Place) -> Result<(), Failure> {
    if let Some(instance) = Instance::find(place).map_err(explain)? {
        return Err(Failure::failed(format!("the harness {:?} is running (process {})", instance.name, instance.pid))
            .hint("stop it first: mojaloop harness down"));
    }
    confirm_deletion(global, place)?;
    place.delete().map_err(explain)?;
    let stopped = Stopped { name: place.name().to_owned(), data_deleted: true };
    printer::print(global.output, "HarnessStopped", &stopped, |stopped| {
        format!("the data of {} are deleted", stopped.name)
    })
}

/// Says what will be deleted, and asks.
fn confirm_deletion(global: &Global, place: &Place) -> Result<(), Failure> {
    let files = place.files();
    if files.is_empty() {
        return Ok(());
    }
    anstream::eprintln!("to be deleted:");
    for file in &files {
        anstream::eprintln!("  {}", file.display());
    }
    confirm::ask(global, "delete them?")
}

/// Why a harness did not do what it was asked, with what to do.
pub(super) fn explain(error: HarnessError) -> Failure {
    match error {
        HarnessError::Hub(error) => {
            let failure = hub::explain(error);
            // Whether it is missing or wrong only the database's own words say.
            match failure.hint.is_none() && failure.message.contains("password") {
                true => failure.hint(
                    "where the password is: --set store.passwordFrom.env=VARIABLE, or store.passwordFrom.file=FILE",
                ),
                false => failure,
            }
        }
        HarnessError::Succession(_) => Failure::failed(error).hint("what the hub itself said is above"),
        HarnessError::Simulator(error) => simulator::explain(error),
        HarnessError::PortOffset(offset) => hub::port_offset_too_large(offset),
        HarnessError::Name(_) => Failure::usage(error),
        HarnessError::Running { .. } => {
            Failure::failed(error).hint("mojaloop harness status; a second one: --name OTHER --port-offset 10000")
        }
        HarnessError::NotRunning { .. } => Failure::failed(error).hint("mojaloop harness up --detach"),
        HarnessError::TimedOut(_) => Failure::failed(error).exit(Exit::TimedOut),
        HarnessError::StoreUrl(_) | HarnessError::Secret { .. } | HarnessError::Key { .. } => {
            Failure::failed(error).hint("mojaloop definition show --origin says where it is written")
        }
        HarnessError::File { .. } => Failure::failed(error).hint("--data-dir DIR puts the data elsewhere"),
        HarnessError::Provisioning(failure) => failure,
    }
}
