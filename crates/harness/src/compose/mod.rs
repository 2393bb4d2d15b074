//! The compose engine: the hub and its FSPs as containers of their own on a Docker Engine.

mod docker;
mod doctor;
mod document;
mod plan;
mod ports;
mod variables;
mod verify;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use definition::{Hub, Loaded};
use image::Source;
use operations::{
    Artefacts, Condition, Done, Failure, Findings, Folder, Plan, Progress, Report, Step, Target, Verify, wait_until,
};
use provisioning::{Apis, Scheme};
use serde::Serialize;
use sha2::{Digest, Sha256};

use docker::Docker;

pub use docker::Container;
pub use variables::Setting;

/// The engine answers within seconds; containers become healthy within some more.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// A harness in containers.
#[derive(Clone, Debug)]
pub struct Compose {
    /// The definition of its hub.
    pub loaded: Loaded,
    /// Where the rendered files and the image are.
    pub folder: Folder,
    /// The name of the compose project.
    pub project: String,
    /// Added to every published port.
    pub port_offset: u16,
    /// With simulated FSPs, onboarded and funded.
    pub simulators: bool,
    /// Where the image comes from; `None` where nothing is to be started.
    pub image: Option<Source>,
    /// How long to wait for containers.
    pub timeout: Duration,
    /// Whether `down` deletes the hub's data.
    pub delete_data: bool,
}

/// What runs, for scripts.
#[derive(Clone, Debug, Serialize)]
pub struct ComposeStatus {
    /// The name of the compose project.
    pub name: String,
    /// Always "compose".
    pub engine: &'static str,
    /// `ready` when every container runs and is healthy.
    pub state: &'static str,
    /// The containers.
    pub containers: Vec<Container>,
    /// Where FSPs reach the hub.
    pub fspiop: SocketAddr,
    /// Ledger admin API.
    pub ledger_admin: SocketAddr,
    /// Oracle admin API.
    pub oracle_admin: SocketAddr,
    /// Metrics, liveness, readiness.
    pub operations: SocketAddr,
    /// Pages that show payments.
    pub pages: SocketAddr,
    /// Where the simulated FSPs are controlled, if there are any.
    pub simulator: Option<SocketAddr>,
    /// Memory of all containers.
    pub resident_bytes: Option<u64>,
}

/// Whether the definition has FSPs that are played.
fn plays_simulators(hub: &Hub) -> bool {
    Scheme::of(hub, simulator_url).participants.iter().any(|participant| participant.simulated)
}

/// Where the hub's container calls a simulated FSP.
fn simulator_url(fsp: &fspiop::FspId) -> String {
    format!("http://simulators:{}{}", document::SIMULATORS_PORT, participant::endpoint_path(fsp))
}

/// The files for docker compose.
pub fn render(hub: &Hub) -> Artefacts {
    let mut artefacts = Artefacts::new();
    let scheme = Scheme::of(hub, simulator_url).to_json();
    artefacts.add("compose.yaml", document::render(hub, &digest(&scheme)));
    artefacts.add("scheme.json", scheme);
    artefacts.add(".env.example", variables::as_file(None, 0));
    artefacts.add("compose.override.example.yaml", include_str!("override.example.yaml"));
    artefacts
}

/// The first digits of a text's SHA-256.
fn digest(text: &str) -> String {
    Sha256::digest(text).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

impl Compose {
    fn at(&self, port: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, ports::moved(port, self.port_offset).unwrap_or(port)))
    }

    fn apis(&self) -> Apis {
        Apis {
            fspiop: format!("http://{}", self.at(3000)),
            ledger_admin: self.ledger_admin_url(),
            oracle_admin: format!("http://{}", self.at(4001)),
        }
    }

    /// Where the simulated FSPs are told to pay.
    pub fn control_url(&self) -> String {
        format!("http://{}", self.at(9101))
    }

    /// Where operators of the ledger reach the hub.
    pub fn ledger_admin_url(&self) -> String {
        format!("http://{}", self.at(3001))
    }

    /// Metrics, liveness, readiness, captured messages.
    pub fn operations(&self) -> SocketAddr {
        self.at(9100)
    }

    /// Whether containers were started from a harness's folder.
    pub fn was_started(folder: &std::path::Path) -> bool {
        folder.join("compose").join("engine.env").exists()
    }

    /// Takes over with which offset and which FSPs it was started.
    ///
    /// # Errors
    /// The folder can't be read.
    pub fn recall(&mut self) -> Result<(), Failure> {
        let variables = self.folder.read("engine.env")?.unwrap_or_default();
        let port = variables.lines().find_map(|line| line.strip_prefix("FSPIOP_PORT=")?.parse::<u16>().ok());
        self.port_offset = port.map_or(0, |port| port.saturating_sub(3000));
        Ok(())
    }

    /// The services that are to run.
    fn services(&self) -> Vec<&'static str> {
        match (self.simulators, plays_simulators(&self.loaded.hub)) {
            (false, _) => vec!["hub"],
            (true, false) => vec!["hub", "provisioning"],
            (true, true) => vec!["hub", "provisioning", "simulators"],
        }
    }

    fn docker(&self) -> Result<Docker, Failure> {
        Docker::find(self.folder.path(), &self.project)
    }

    /// What comes before the containers: files and image. Building the image takes minutes, once.
    pub fn prepare(&self) -> Vec<Step<'_>> {
        vec![
            Step::new("files", move |_| async move { self.write_files() }),
            Step::new("image", move |progress| self.load_image(progress)),
        ]
    }

    /// The containers.
    pub fn launch(&self) -> Vec<Step<'_>> {
        vec![Step::new("containers", move |progress| self.start(progress))]
    }

    /// The variables of `compose.yaml` with the values that hold, and where each was said.
    ///
    /// # Errors
    /// A file can't be read, or `.env` has a variable that nothing knows.
    pub fn settings(&self) -> Result<Vec<Setting>, Failure> {
        variables::effective(&self.folder, |name| std::env::var(name).ok())
    }

    /// Whether containers of this project are there.
    ///
    /// # Errors
    /// Docker can't be asked.
    pub async fn is_there(&self) -> Result<bool, Failure> {
        Ok(self.folder.join("compose.yaml").exists() && !self.docker()?.containers().await?.is_empty())
    }

    /// Follows or shows the containers' logs on standard output.
    ///
    /// # Errors
    /// Docker can't be asked.
    pub async fn logs(&self, follow: bool) -> Result<(), Failure> {
        self.docker()?.logs(follow).await
    }

    async fn load_image(&self, progress: &dyn Progress) -> Result<Done, Failure> {
        let source = self.image.as_ref().ok_or_else(|| Failure::bug("no image is known"))?;
        let image = image::obtain(source, &self.folder, progress).await?;
        let docker = self.docker()?;
        // The engine's own file: what is in .env belongs to the one who copied .env.example.
        let variables = variables::as_file(Some(&image.reference), self.port_offset);
        let renamed = self.folder.read("engine.env")?.as_deref() != Some(&variables);
        if renamed {
            self.folder.write("engine.env", &variables)?;
        }
        match &image.archive {
            Some(archive) if !docker.has_image(&image.reference).await? => {
                progress.waits("loading the image");
                docker.load(archive).await?;
                Ok(Done::changed(format!("{} built and loaded", image.reference)))
            }
            _ if renamed => Ok(Done::changed(image.reference)),
            _ => Ok(Done::unchanged(image.reference)),
        }
    }

    fn write_files(&self) -> Result<Done, Failure> {
        self.folder.create()?;
        variables::check(&self.folder, &self.folder.read(".env")?.unwrap_or_default())?;
        let written = render(&self.loaded.hub).write_to(self.folder.path())?;
        let folder = self.folder.path().display();
        Ok(match written.is_empty() {
            true => Done::unchanged(format!("the files in {folder} are right")),
            false => Done::changed(format!("{} in {folder}", written.join(", "))),
        })
    }

    async fn start(&self, progress: &dyn Progress) -> Result<Done, Failure> {
        let docker = self.docker()?;
        let services = self.services();
        let before = docker.containers().await?;
        let starting = docker.up(&services, self.timeout);
        let watching = async {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                if let Ok(containers) = docker.containers().await {
                    progress.waits(&containers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
                }
            }
        };
        tokio::select! {
            result = starting => result?,
            () = watching => {}
        }
        let after = self.wait_ready(&docker, &services, progress).await?;
        let same =
            |container: &Container| before.iter().any(|old| old.id == container.id && old.state == container.state);
        Ok(match after.iter().all(same) {
            true => Done::unchanged(format!("{} containers run", after.len())),
            false => Done::changed(format!("{} containers run and are healthy", after.len())),
        })
    }

    async fn wait_ready(
        &self,
        docker: &Docker,
        services: &[&str],
        progress: &dyn Progress,
    ) -> Result<Vec<Container>, Failure> {
        wait_until("containers", self.timeout, LOOK_EVERY, progress, async || {
            let containers = docker.containers().await?;
            let missing = services.iter().find(|service| {
                !containers.iter().any(|container| container.service == **service && container.is_well())
            });
            Ok(match missing {
                None => Condition::Met(containers),
                Some(service) => Condition::NotYet(
                    containers
                        .iter()
                        .find(|container| container.service == **service)
                        .map_or_else(|| format!("{service} is not there"), ToString::to_string),
                ),
            })
        })
        .await
    }

    /// What runs, for scripts.
    ///
    /// # Errors
    /// Docker can't be asked.
    pub async fn describe(&self) -> Result<ComposeStatus, Failure> {
        let docker = self.docker()?;
        let containers = docker.containers().await?;
        let well = !containers.is_empty() && containers.iter().all(Container::is_well);
        let simulator = containers.iter().any(|container| container.service == "simulators").then(|| self.at(9101));
        let resident_bytes = docker.resident_bytes(&containers).await;
        Ok(ComposeStatus {
            name: self.project.clone(),
            engine: "compose",
            state: if containers.is_empty() {
                "down"
            } else if well {
                "ready"
            } else {
                "starting"
            },
            containers,
            fspiop: self.at(3000),
            ledger_admin: self.at(3001),
            oracle_admin: self.at(4001),
            operations: self.operations(),
            pages: self.at(8080),
            simulator,
            resident_bytes,
        })
    }

    async fn remove(&self) -> Result<Done, Failure> {
        if !self.folder.join("compose.yaml").exists() {
            return Ok(Done::unchanged("nothing of this name is here"));
        }
        let docker = self.docker()?;
        let there = docker.containers().await?;
        docker.down(self.delete_data).await?;
        Ok(match (there.is_empty(), self.delete_data) {
            (true, false) => Done::unchanged("no container was there"),
            (_, true) => Done::changed(format!("{} containers and the hub's data are deleted", there.len())),
            (false, false) => {
                Done::changed(format!("{} containers are gone; the volume with the data stays", there.len()))
            }
        })
    }

    fn forget(&self) -> Result<Done, Failure> {
        if !self.delete_data {
            return Ok(Done::unchanged(format!("the files in {} stay", self.folder.path().display())));
        }
        for (file, _) in render(&self.loaded.hub).files() {
            self.folder.remove(file)?;
        }
        self.folder.remove("engine.env")?;
        let images: PathBuf = self.folder.join("images");
        operations::Folder::at(images).delete()?;
        Ok(Done::changed("the rendered files are deleted"))
    }
}

impl Target for Compose {
    fn tool(&self) -> &'static str {
        "harness"
    }

    fn folder(&self) -> &Folder {
        &self.folder
    }

    async fn doctor(&self) -> Findings {
        doctor::look(self).await
    }

    async fn render(&self) -> Result<Artefacts, Failure> {
        Ok(render(&self.loaded.hub))
    }

    async fn plan(&self, progress: &dyn Progress) -> Result<Plan, Failure> {
        plan::make(self, progress).await
    }

    fn up(&self) -> Vec<Step<'_>> {
        let mut steps = self.prepare();
        steps.extend(self.launch());
        steps
    }

    async fn status(&self) -> Result<Report, Failure> {
        let status = self.describe().await?;
        let text = status.containers.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        Report::new("HarnessStatus", &status, text)
    }

    async fn verify(&self, progress: &dyn Progress) -> Result<Verify, Failure> {
        verify::prove(self, progress).await
    }

    fn down(&self) -> Vec<Step<'_>> {
        vec![Step::new("containers", move |_| self.remove()), Step::new("files", move |_| async move { self.forget() })]
    }
}
