//! A hub of one's own, as a process of its own: [`HubProcess`].

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use operations::{Failure, Progress, wait_until};
use provisioning::{Apis, readiness};
use tempfile::TempDir;

use crate::{fsp_tls::FspTls, plan::Plan};

/// The ports of a hub, before they are moved.
const PORTS: [u16; 10] = [3000, 3001, 3002, 3003, 3007, 3500, 4001, 4002, 4003, 9100];
/// Where the ports are looked for: moved by 17,000 to 18,300, they are in nobody's way that this project knows of.
const FIRST_OFFSET: u16 = 17_000;
/// Hubs side by side are so far apart.
const STEP: u16 = 10;
const STEPS: u16 = 130;
/// How often another hub may take the ports between looking and listening.
const ATTEMPTS: u16 = 3;
/// How often it is looked whether the hub is ready.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long the hub may take to end what it is doing when it is told to stop.
const STOP: Duration = Duration::from_secs(10);
/// How much of the log is shown when the hub does not start.
const SHOWN_LOG_BYTES: usize = 2_000;

/// A hub that runs until this is dropped.
#[derive(Debug)]
pub(crate) struct HubProcess {
    child: Child,
    pub(crate) apis: Apis,
    /// Its log, and its data if nobody named a store.
    _folder: TempDir,
}

/// What a hub is started with.
#[derive(Clone, Debug)]
pub struct HubProgram {
    /// The binary `mojaloop`.
    pub executable: PathBuf,
    /// Where the hub keeps its data, as `--store` has it; a file in a temporary folder if nothing is said.
    pub store: Option<String>,
    /// Certificates in PEM that vouch for the store's server; without it those that this machine trusts.
    pub store_certificates: Option<PathBuf>,
    /// How long the hub may take to become ready.
    pub timeout: Duration,
}

impl HubProcess {
    /// Starts it on free ports of the loopback address and waits until it is ready. It brings its store to its schema version
    /// itself. With JWS it checks the signatures of those who have registered a key, with TLS the certificates of all.
    pub(crate) async fn start(
        program: &HubProgram,
        plan: &Plan,
        progress: &dyn Progress,
    ) -> Result<(HubProcess, String), Failure> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let offset = free_offset(attempt)?;
            let started = HubProcess::start_at(program, plan, offset, progress).await;
            let taken = |failure: &Failure| failure.message.contains("can't listen on");
            match started {
                Err(failure) if taken(&failure) && attempt < ATTEMPTS => {}
                other => return other,
            }
        }
    }

    async fn start_at(
        program: &HubProgram,
        plan: &Plan,
        offset: u16,
        progress: &dyn Progress,
    ) -> Result<(HubProcess, String), Failure> {
        let folder = tempfile::Builder::new().prefix("mojaloop-bench-").tempdir().map_err(Failure::failed)?;
        let own = || format!("sqlite:{}", folder.path().join("hub.sqlite").display());
        let store = program.store.clone().unwrap_or_else(own);
        let log = folder.path().join("hub.log");
        let child = spawn(program, (&store, plan), offset, &log)?;
        let at = |port: u16| format!("http://127.0.0.1:{}", port + offset);
        let fspiop = if plan.tls.is_some() { at(3000).replace("http:", "https:") } else { at(3000) };
        let apis = Apis { fspiop, ledger_admin: at(3001), oracle_admin: at(4001) };
        let mut hub = HubProcess { child, apis, _folder: folder };
        hub.wait_until_ready(program.timeout, &log, progress).await?;
        Ok((hub, store))
    }

    async fn wait_until_ready(
        &mut self,
        timeout: Duration,
        log: &Path,
        progress: &dyn Progress,
    ) -> Result<(), Failure> {
        // Its listeners are bound before one of them answers; provisioning asks the plain ones.
        let apis = match self.apis.fspiop.starts_with("https:") {
            true => Apis { fspiop: self.apis.ledger_admin.clone(), ..self.apis.clone() },
            false => self.apis.clone(),
        };
        let child = &mut self.child;
        let look = || {
            let ended = child.try_wait();
            let apis = &apis;
            async move {
                match ended {
                    Ok(Some(status)) => Err(Failure::failed(format!("the hub ended with {status}: {}", end_of(log)))),
                    Ok(None) => readiness(apis).await,
                    Err(error) => Err(Failure::failed(error)),
                }
            }
        };
        wait_until("the hub", timeout, LOOK_EVERY, progress, look).await
    }

    /// The number of the process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for HubProcess {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            // It may have ended by itself.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let deadline = Instant::now() + STOP;
        while Instant::now() < deadline {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(LOOK_EVERY),
                _ => return,
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(program: &HubProgram, (store, plan): (&str, &Plan), offset: u16, log: &Path) -> Result<Child, Failure> {
    let log = File::create(log).map_err(Failure::failed)?;
    let mut command = Command::new(&program.executable);
    // What the environment says is meant for this command; the hub gets what it needs, and what opens its database.
    let is_foreign = |name: &str| {
        name.starts_with("MOJALOOP_") && (!name.starts_with("MOJALOOP_STORE_") || name == "MOJALOOP_STORE_FILE")
    };
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_foreign(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    command
        .args(["hub", "serve", "--listen-address", "127.0.0.1", "--callback-policy", "open", "--log-format", "text"])
        .args(["--port-offset", &offset.to_string()])
        .args(["--jws-validate", if plan.jws { "per-participant" } else { "none" }])
        .args(plan.tls.iter().flat_map(FspTls::flags_of_hub).flat_map(|(flag, path)| [flag.into(), path]))
        // A URL may hold a password, which the list of processes must not show.
        .env("MOJALOOP_STORE", store)
        .envs(program.store_certificates.iter().map(|file| ("MOJALOOP_STORE_CERTIFICATES", file)))
        .env("MOJALOOP_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    command
        .spawn()
        .map_err(|error| Failure::failed(format!("{} can't be started: {error}", program.executable.display())))
}

/// How far to move the ports so that nobody has one of them.
fn free_offset(attempt: u16) -> Result<u16, Failure> {
    let own = u16::try_from(std::process::id() % u32::from(STEPS)).unwrap_or(0);
    let offsets = (0..STEPS).map(|step| FIRST_OFFSET + (own + attempt + step) % STEPS * STEP);
    let is_free =
        |offset: &u16| PORTS.iter().all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port + offset)).is_ok());
    offsets.into_iter().find(is_free).ok_or_else(|| {
        let last = FIRST_OFFSET + (STEPS - 1) * STEP;
        Failure::preflight(format!(
            "a hub needs ten ports, and none of the offsets {FIRST_OFFSET} to {last} has them free"
        ))
        .hint("end other hubs, or give the URL of one: --hub")
    })
}

fn end_of(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let end = &text[text.len().saturating_sub(SHOWN_LOG_BYTES)..];
    String::from_utf8_lossy(end).trim().to_owned()
}
