//! The docker command line, on one compose project.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use operations::{Exit, Failure, Program, Run};
use serde::{Deserialize, Serialize};

use super::{complaints::remedy, develop, document::ONE_SHOT};
use crate::resident_bytes;

/// Lines that are shown of a container that failed.
const LAST_LINES: &str = "20";

/// Docker, with the project's folder and name.
pub(super) struct Docker {
    program: Program,
    folder: PathBuf,
    project: String,
    develop: bool,
}

/// A container of the project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// Its id, which changes when it is made anew.
    #[serde(rename(deserialize = "ID"))]
    pub id: String,
    /// Which service of `compose.yaml` it is.
    #[serde(rename(deserialize = "Service"))]
    pub service: String,
    /// `created`, `running`, `exited` …
    #[serde(rename(deserialize = "State"))]
    pub state: String,
    /// `starting`, `healthy`, `unhealthy`, or nothing where it has no health check.
    #[serde(rename(deserialize = "Health"), default)]
    pub health: String,
    /// How it ended, if it did.
    #[serde(rename(deserialize = "ExitCode"), default)]
    pub exit_code: i64,
    /// Its image.
    #[serde(rename(deserialize = "Image"), default)]
    pub image: String,
}

impl Container {
    /// Whether it runs and is healthy, or was to end and has ended well.
    pub fn is_well(&self) -> bool {
        match self.is_one_shot() {
            true => self.state == "exited" && self.exit_code == 0,
            false => self.state == "running" && matches!(self.health.as_str(), "" | "healthy"),
        }
    }

    /// Whether it was to end well and has ended otherwise.
    pub(super) fn has_failed(&self) -> bool {
        self.is_one_shot() && self.state == "exited" && self.exit_code != 0
    }

    fn is_one_shot(&self) -> bool {
        ONE_SHOT.contains(&self.service.as_str())
    }
}

impl fmt::Display for Container {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Container { service, state, health, exit_code, .. } = self;
        match (state.as_str(), health.as_str()) {
            ("exited", _) if self.is_well() => write!(formatter, "{service} done"),
            ("exited", _) => write!(formatter, "{service} ended with {exit_code}"),
            (_, "") => write!(formatter, "{service} {state}"),
            (_, health) => write!(formatter, "{service} {health}"),
        }
    }
}

impl Docker {
    pub(super) fn find(folder: &Path, project: &str, develop: bool) -> Result<Docker, Failure> {
        let program = Program::find("docker").ok_or_else(|| {
            Failure::preflight("docker is not on the PATH")
                .hint("install Docker Engine with the compose plugin, or use --engine embedded")
        })?;
        Ok(Docker { program, folder: folder.to_owned(), project: project.to_owned(), develop })
    }

    /// A call of docker itself.
    pub(super) fn call(&self, arguments: &[&str]) -> Run {
        self.program.run(arguments)
    }

    fn compose(&self, arguments: &[&str]) -> Run {
        let mut all = vec!["compose", "--project-name", &self.project, "--progress", "plain"];
        if self.develop {
            // Named files are instead of those that compose finds by itself.
            for file in develop::FILES.into_iter().filter(|file| self.folder.join(file).exists()) {
                all.extend(["--file", file]);
            }
        }
        // Later files win: what the user says in .env has the last word.
        for file in ["engine.env", ".env"] {
            if self.folder.join(file).exists() {
                all.extend(["--env-file", file]);
            }
        }
        if !arguments.contains(&"--profile") {
            all.extend(["--profile", "*"]);
        }
        all.extend(arguments);
        let run = self.program.run(all).in_folder(&self.folder);
        // What is relative is meant from where this command was called.
        match std::env::var_os("MOJALOOP_TTK").and_then(|kit| std::path::absolute(kit).ok()) {
            Some(kit) => run.env("MOJALOOP_TTK", kit),
            None => run,
        }
    }

    /// Makes what is missing or different, and starts it in its order: what another one needs is healthy, or done, before.
    pub(super) async fn up(&self, profiles: &[&str], timeout: Duration) -> Result<(), Failure> {
        let mut arguments: Vec<&str> = profiles.iter().flat_map(|profile| ["--profile", *profile]).collect();
        arguments.extend(["up", "--detach", "--remove-orphans"]);
        let output = self.compose(&arguments);
        let output = tokio::time::timeout(timeout, output.output()).await.map_err(|_| {
            Failure::failed(format!("the containers did not start within {} s", timeout.as_secs()))
                .exit(Exit::TimedOut)
                .hint("mojaloop harness logs shows what they said; --timeout SECONDS gives them more time")
        })??;
        if output.status.success() {
            return Ok(());
        }
        let complaint = output.complaint();
        let hint = remedy(&complaint).unwrap_or("mojaloop harness logs shows what the containers said");
        Err(Failure::failed(format!("docker compose up ended with {}:\n{complaint}", output.code())).hint(hint))
    }

    /// Stops and removes containers of services that are not wanted any more.
    pub(super) async fn remove(&self, services: &[&str]) -> Result<(), Failure> {
        if services.is_empty() {
            return Ok(());
        }
        self.compose(&[&["rm", "--stop", "--force"], services].concat()).stdout().await.map(|_| ())
    }

    /// What a container said last.
    pub(super) async fn last_words(&self, container: &Container) -> String {
        match self.call(&["logs", "--tail", LAST_LINES, &container.id]).output().await {
            Ok(output) => format!("{}{}", output.stdout, output.stderr).trim_end().to_owned(),
            Err(_) => String::new(),
        }
    }

    /// The project's volumes that are there.
    pub(super) async fn volumes(&self) -> Result<Vec<String>, Failure> {
        let label = format!("label=com.docker.compose.project={}", self.project);
        let names = self.call(&["volume", "ls", "--quiet", "--filter", &label]).stdout().await?;
        Ok(names.lines().map(str::to_owned).collect())
    }

    /// Takes an image from its registry.
    pub(super) async fn pull(&self, reference: &str) -> Result<(), String> {
        match self.call(&["pull", "--quiet", reference]).output().await {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(output.complaint()),
            Err(failure) => Err(failure.message),
        }
    }

    /// The reference of an image by its digest, where it comes from a registry.
    pub(super) async fn pinned(&self, reference: &str) -> Option<String> {
        let format = "{{if .RepoDigests}}{{index .RepoDigests 0}}{{end}}";
        let digest = self.call(&["image", "inspect", "--format", format, reference]).stdout().await.ok()?;
        Some(digest.trim().to_owned()).filter(|digest| digest.contains('@'))
    }

    pub(super) async fn down(&self, volumes: bool) -> Result<(), Failure> {
        let mut arguments = vec!["down", "--remove-orphans"];
        if volumes {
            arguments.push("--volumes");
        }
        self.compose(&arguments).stdout().await.map(|_| ())
    }

    /// All containers of the project, those that have ended too; in the order of their services' names.
    pub(super) async fn containers(&self) -> Result<Vec<Container>, Failure> {
        let lines = self.compose(&["ps", "--all", "--no-trunc", "--format", "json"]).stdout().await?;
        let mut containers = Vec::new();
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            containers.push(serde_json::from_str::<Container>(line).map_err(|error| {
                Failure::failed(format!("docker compose ps said something unknown: {error}"))
                    .hint("Docker Compose 2.24 or later is needed: docker compose version")
            })?);
        }
        containers.sort_by(|left, right| left.service.cmp(&right.service));
        Ok(containers)
    }

    /// Its containers; none where nothing was ever rendered.
    pub(super) async fn containers_or_none(&self, compose: &super::Compose) -> Result<Vec<Container>, Failure> {
        match compose.folder.join("compose.yaml").exists() {
            true => self.containers().await,
            false => Ok(Vec::new()),
        }
    }

    /// What compose would make of each service, as a hash; and the one that each container was made with.
    pub(super) async fn hashes(&self) -> Result<Vec<(String, String)>, Failure> {
        let lines = self.compose(&["config", "--hash", "*"]).stdout().await?;
        Ok(lines.lines().filter_map(|line| line.split_once(' ')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect())
    }

    /// The hash of the settings that a container was made with.
    pub(super) async fn hash_of(&self, container: &Container) -> Result<String, Failure> {
        let format = "{{index .Config.Labels \"com.docker.compose.config-hash\"}}";
        Ok(self.call(&["inspect", "--format", format, &container.id]).stdout().await?.trim().to_owned())
    }

    pub(super) async fn has_image(&self, reference: &str) -> Result<bool, Failure> {
        Ok(self.call(&["image", "inspect", reference]).output().await?.status.success())
    }

    pub(super) async fn load(&self, archive: &Path) -> Result<(), Failure> {
        let archive = archive.to_string_lossy();
        let output = self.call(&["load", "--quiet", "--input", &archive]).output().await?;
        if output.status.success() {
            return Ok(());
        }
        let complaint = output.complaint();
        let hint = remedy(&complaint).unwrap_or("does `docker load` read it?");
        Err(Failure::failed(format!("the image {archive} can't be loaded: {complaint}")).hint(hint))
    }

    /// Shows what the containers have said.
    pub(super) async fn logs(&self, follow: bool) -> Result<(), Failure> {
        let mut arguments = vec!["logs", "--no-log-prefix"];
        if follow {
            arguments.push("--follow");
        }
        self.compose(&arguments).passed_through().await
    }

    /// Memory of the containers' processes, where they are processes of this machine.
    pub(super) async fn resident_bytes(&self, containers: &[Container]) -> Option<u64> {
        let mut total = 0;
        for container in containers.iter().filter(|container| container.state == "running") {
            let pid = self.call(&["inspect", "--format", "{{.State.Pid}}", &container.id]).stdout().await.ok()?;
            total += resident_bytes(pid.trim().parse().ok()?)?;
        }
        (total > 0).then_some(total)
    }
}
