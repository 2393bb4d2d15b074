//! The compose engine under watch: the program in the hub's containers is replaced, the containers stay.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use definition::Loaded;
use operations::{Failure, Silent};

use super::{Compose, Container, develop, document};
use crate::watch::Kept;

/// How often it is looked whether the hub's containers still run.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Containers that are kept up to date.
pub struct KeptContainers {
    compose: Compose,
    /// The program that was installed last, and in which containers.
    installed: Option<(PathBuf, Vec<String>)>,
}

impl KeptContainers {
    /// Those of a harness that was started with [`Compose::develop`].
    pub fn of(compose: Compose) -> KeptContainers {
        KeptContainers { compose, installed: None }
    }

    /// What runs.
    pub fn compose(&self) -> &Compose {
        &self.compose
    }

    async fn hubs(&self) -> Result<Vec<Container>, Failure> {
        let containers = self.compose.docker()?.containers().await?;
        let hubs = document::hubs(&self.compose.loaded.hub);
        Ok(containers.into_iter().filter(|one| hubs.contains(&one.service.as_str())).collect())
    }

    /// Brings the last program into containers that do not have it: they were made anew.
    async fn install_again(&mut self) -> Result<(), Failure> {
        let Some((binary, had)) = self.installed.clone() else { return Ok(()) };
        let mut has = Vec::new();
        for container in self.hubs().await? {
            if !had.contains(&container.id) {
                self.install_in(&container, &binary).await?;
            }
            has.push(container.id);
        }
        self.installed = Some((binary, has));
        Ok(())
    }

    async fn install_in(&self, container: &Container, binary: &Path) -> Result<(), Failure> {
        let docker = self.compose.docker()?;
        // Also a container whose file system is read-only takes what is copied into a volume.
        let target = format!("{}:{}", container.id, develop::SUCCESSOR);
        docker.call(&["cp", "--quiet", &binary.to_string_lossy(), &target]).stdout().await?;
        let replace = [&["exec", container.id.as_str()][..], &develop::REPLACE].concat();
        let output = docker.call(&replace).output().await?;
        match output.status.success() {
            true => Ok(()),
            false => Err(Failure::failed(format!("{} goes on as it was: {}", container.service, output.complaint()))),
        }
    }
}

impl Kept for KeptContainers {
    async fn install(&mut self, binary: &Path) -> Result<Vec<String>, Failure> {
        let hubs = self.hubs().await?;
        for container in &hubs {
            self.install_in(container, binary).await?;
        }
        self.installed = Some((binary.to_owned(), hubs.iter().map(|container| container.id.clone()).collect()));
        Ok(hubs.into_iter().map(|container| container.service).collect())
    }

    async fn redefine(&mut self, loaded: Loaded) -> Result<Vec<String>, Failure> {
        let docker = self.compose.docker()?;
        let before = docker.containers().await?;
        self.compose.loaded = loaded;
        self.compose.write_files()?;
        // Compose makes those anew whose settings differ; the scheme's digest is one of them.
        self.compose.start(&Silent).await?;
        let after = docker.containers().await?;
        let is_new = |container: &&Container| before.iter().all(|old| old.id != container.id);
        let touched = after.iter().filter(is_new).map(|container| format!("{} made anew", container.service)).collect();
        self.install_again().await?;
        Ok(touched)
    }

    async fn recover(&mut self) -> Result<String, Failure> {
        let Some((_, had)) = self.installed.clone() else { return std::future::pending().await };
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let hubs = self.hubs().await?;
            if let Some(new) = hubs.iter().find(|hub| !had.contains(&hub.id) && hub.is_well()) {
                let service = new.service.clone();
                self.install_again().await?;
                return Ok(format!("{service} was made anew, and has the last program again"));
            }
        }
    }
}
