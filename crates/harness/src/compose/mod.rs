//! The compose engine: the hub and its FSPs as containers of their own on a Docker Engine.

mod complaints;
mod develop;
mod docker;
mod doctor;
mod document;
mod images;
mod plan;
mod ports;
mod profiles;
mod replace;
mod variables;
mod verify;
mod within;

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
use document::Services;
use ports::PublishedPort;
use variables::Chosen;

use crate::keys;

pub use docker::Container;
pub use profiles::{Explained, Profile};
pub use replace::KeptContainers;
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
    /// What is to run.
    pub profiles: Vec<Profile>,
    /// Profiles of the user's own, from `COMPOSE_PROFILES`.
    pub other_profiles: Vec<String>,
    /// Where the image comes from; `None` where nothing is to be started.
    pub image: Option<Source>,
    /// How long to wait for containers.
    pub timeout: Duration,
    /// Whether `down` deletes the hub's data.
    pub delete_data: bool,
    /// Whether the hub's program is to be replaced while it runs (`compose.watch.yaml`).
    pub develop: bool,
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
    /// Metrics, liveness, readiness; none where only parts of the hub run, each with its own.
    pub operations: Option<SocketAddr>,
    /// Pages that show payments, if they are served.
    pub pages: Option<SocketAddr>,
    /// Where the simulated FSPs are controlled, if there are any.
    pub simulator: Option<SocketAddr>,
    /// Everything that is published on this machine.
    pub published: Vec<Published>,
    /// Memory of all containers.
    pub resident_bytes: Option<u64>,
}

/// A port of this machine that leads into a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Published {
    /// What answers there.
    pub serves: &'static str,
    /// Where.
    pub address: SocketAddr,
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
    let scheme = scheme_file(hub);
    artefacts.add("compose.yaml", document::render(hub, &digest(&scheme)));
    artefacts.add(develop::FILE, develop::render(hub));
    artefacts.add("scheme.json", scheme);
    artefacts.add("prometheus.yml", document::prometheus(hub));
    artefacts.add(".env.example", Chosen::default().as_file());
    artefacts.add("compose.override.example.yaml", include_str!("override.example.yaml"));
    artefacts
}

/// The profiles of a hub in containers, and what they start.
pub fn explain_profiles(hub: &Hub) -> Vec<Explained> {
    let services = services(hub);
    let explain = |profile: Profile| Explained {
        name: profile.name(),
        about: profile.about(),
        services: services.started_by(&[profile]),
        aliases: profile.aliases().to_vec(),
        not_available_yet: profile.not_available_yet(),
    };
    Profile::ALL.into_iter().map(explain).collect()
}

fn services(hub: &Hub) -> Services {
    document::services(hub, &digest(&scheme_file(hub)))
}

fn scheme_file(hub: &Hub) -> String {
    Scheme::of(hub, simulator_url).to_json()
}

/// The first digits of a text's SHA-256.
fn digest(text: &str) -> String {
    Sha256::digest(text).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

impl Compose {
    /// Where this machine reaches a port of a container.
    fn at(&self, port: u16) -> SocketAddr {
        let published = self.ports();
        match published.iter().chain(&ports::HUB).find(|published| published.inside == port) {
            Some(published) => self.address_of(published),
            None => SocketAddr::from((Ipv4Addr::LOCALHOST, ports::moved(port, self.port_offset).unwrap_or(port))),
        }
    }

    /// The same, if a container that is to run publishes it.
    fn published_at(&self, port: u16) -> Option<SocketAddr> {
        self.ports().iter().find(|published| published.inside == port).map(|published| self.address_of(published))
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

    /// Takes over with which offset it was started, and with which profiles, unless these are given.
    ///
    /// # Errors
    /// The folder can't be read.
    pub fn recall(&mut self, offset: Option<u16>, profiles: &[Profile]) -> Result<(), Failure> {
        let engine = self.folder.read("engine.env")?.unwrap_or_default();
        let port = engine.lines().find_map(|line| line.strip_prefix("FSPIOP_PORT=")?.parse::<u16>().ok());
        self.port_offset = offset.unwrap_or(port.map_or(0, |port| port.saturating_sub(3000)));
        let named = variables::said(&self.folder, "COMPOSE_PROFILES")?;
        self.profiles = profiles.to_vec();
        if profiles.is_empty() {
            match named {
                None => self.profiles = Profile::DEFAULT.to_vec(),
                Some(names) => self.take_profiles(&names),
            }
        }
        Ok(())
    }

    fn take_profiles(&mut self, names: &str) {
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match Profile::named(name) {
                ours if ours.is_empty() => self.other_profiles.push(name.to_owned()),
                ours => self.profiles.extend(ours),
            }
        }
    }

    /// Whether FSPs are played.
    pub fn has_simulators(&self) -> bool {
        self.profiles.contains(&Profile::Simulators) && plays_simulators(&self.loaded.hub)
    }

    /// The services that are to run, or to run once.
    fn services(&self) -> Vec<&'static str> {
        services(&self.loaded.hub).started_by(&self.profiles)
    }

    /// The variables that name the images of what is to run, but the hub's.
    fn image_variables(&self) -> Vec<&'static str> {
        services(&self.loaded.hub).image_variables(&self.profiles)
    }

    /// The folder with the Testing Toolkit's collections, if it is named.
    fn kit(&self) -> Option<PathBuf> {
        // What is relative is meant from where this command was called, in .env from where that file is.
        match std::env::var_os("MOJALOOP_TTK") {
            Some(kit) => std::path::absolute(kit).ok(),
            None => Some(self.folder.join(&variables::own(&self.folder, "MOJALOOP_TTK")?)),
        }
    }

    /// The names that docker compose is given.
    fn profile_names(&self) -> Vec<&str> {
        let ours = self.profiles.iter().map(|profile| profile.name());
        ours.chain(self.other_profiles.iter().map(String::as_str)).collect()
    }

    /// What the services publish on this machine.
    fn published(&self) -> Vec<SocketAddr> {
        self.ports().iter().map(|port| self.address_of(port)).collect()
    }

    fn ports(&self) -> Vec<PublishedPort> {
        services(&self.loaded.hub).ports(&self.profiles)
    }

    fn address_of(&self, port: &PublishedPort) -> SocketAddr {
        let own = variables::own(&self.folder, port.variable).and_then(|port| port.parse().ok());
        SocketAddr::from((Ipv4Addr::LOCALHOST, own.unwrap_or_else(|| self.chosen().port(port))))
    }

    fn chosen(&self) -> Chosen {
        Chosen {
            offset: self.port_offset,
            profiles: self.profile_names().into_iter().map(str::to_owned).collect(),
            apart: !self.services().contains(&"hub"),
            images: Vec::new(),
        }
    }

    fn docker(&self) -> Result<Docker, Failure> {
        Docker::find(self.folder.path(), &self.project, self.develop)
    }

    /// What comes before the containers: files and images. Building the hub's image takes minutes, once.
    pub fn prepare(&self) -> Vec<Step<'_>> {
        vec![
            Step::new("files", move |_| async move { self.write_files() }),
            Step::new("images", move |progress| images::obtain(self, progress)),
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

    /// The volumes of this project that are there.
    ///
    /// # Errors
    /// Docker can't be asked.
    pub async fn volumes(&self) -> Result<Vec<String>, Failure> {
        self.docker()?.volumes().await
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

    fn write_files(&self) -> Result<Done, Failure> {
        self.folder.create()?;
        variables::check(&self.folder, &self.folder.read(".env")?.unwrap_or_default())?;
        let written = render(&self.loaded.hub).write_to(self.folder.path())?;
        self.make_sign_key()?;
        let folder = self.folder.path().display();
        Ok(match written.is_empty() {
            true => Done::unchanged(format!("the files in {folder} are right")),
            false => Done::changed(format!("{} in {folder}", written.join(", "))),
        })
    }

    /// The key that the hub signs with, where the definition asks for one and names none.
    fn make_sign_key(&self) -> Result<(), Failure> {
        let jws = &self.loaded.hub.scheme.jws;
        if !jws.sign || jws.key_from.is_some() {
            return Ok(());
        }
        keys::make_for_containers(&self.folder.join(document::SIGN_KEY_FILE)).map_err(Failure::failed)
    }

    async fn start(&self, progress: &dyn Progress) -> Result<Done, Failure> {
        let docker = self.docker()?;
        let services = self.services();
        let before = docker.containers().await?;
        let unwanted: Vec<&str> = before.iter().map(|container| container.service.as_str()).collect();
        let unwanted: Vec<&str> = unwanted.into_iter().filter(|name| !self.wants(name, &services)).collect();
        docker.remove(&unwanted).await?;
        let profiles = self.profile_names();
        let starting = docker.up(&profiles, self.timeout);
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
        Ok(match unwanted.is_empty() && after.iter().all(same) {
            true => Done::unchanged(format!("{} containers run", after.len())),
            false => Done::changed(format!("{} containers run and are healthy", after.len())),
        })
    }

    /// Services of the user's own files are none of our business.
    fn wants(&self, service: &str, services: &[&str]) -> bool {
        services.contains(&service) || !document::NAMES.contains(&service)
    }

    async fn wait_ready(
        &self,
        docker: &Docker,
        services: &[&str],
        progress: &dyn Progress,
    ) -> Result<Vec<Container>, Failure> {
        wait_until("containers", self.timeout, LOOK_EVERY, progress, async || {
            let containers = docker.containers().await?;
            if let Some(failed) = containers.iter().find(|container| container.has_failed()) {
                let said = docker.last_words(failed).await;
                return Err(Failure::failed(format!("{failed}:\n{said}"))
                    .hint("mojaloop harness logs shows what all containers said"));
            }
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
            operations: self.published_at(9100),
            pages: self.published_at(8080),
            simulator: self.published_at(9101),
            published: self
                .ports()
                .iter()
                .map(|port| Published { serves: port.serves, address: self.address_of(port) })
                .collect(),
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
        operations::Folder::at(self.folder.join("secrets")).delete()?;
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
