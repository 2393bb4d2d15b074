//! Profiles in the rendered folder, with docker and nothing else.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::{DETACHED, POSTGRES, Tests};
use crate::{conformance::kit_folder, outcome::say};

/// What goes on running; core comes to where the others need a whole hub.
const LASTING: [&str; 11] = [
    "lookup",
    "agreement",
    "clearing",
    "settlement",
    "portal",
    "fx",
    "bulk",
    "simulators",
    "ttk",
    "monitoring",
    "debug",
];
/// The first row of a Hadamard matrix of order 12 (Paley), without its first column. Its eleven rotations and a row of
/// nothing have, of any two columns, all four combinations equally often: every pair of profiles is tried.
const PAIRWISE: [bool; 11] = [true, true, false, true, true, true, false, false, false, true, false];
const ALIASES: [&str; 5] = ["all-services", "discovery", "agreement", "transfer", "testing-toolkit"];

impl Tests<'_> {
    /// Every pair of profiles, with and without each of them.
    pub(super) async fn pairwise(&self) -> Result<()> {
        let folder = self.rendered("pairwise", &POSTGRES).await?;
        for shift in 0..PAIRWISE.len() {
            let chosen = (0..LASTING.len()).filter(|index| PAIRWISE[(index + shift) % PAIRWISE.len()]);
            let mut profiles: Vec<&str> = chosen.map(|index| LASTING[index]).collect();
            let has = |name: &str| profiles.contains(&name);
            if !(has("lookup") && has("agreement") && has("clearing")) {
                profiles.push("core");
            }
            say(&format!("   {}", profiles.join(" ")));
            let named: Vec<&str> = profiles.iter().flat_map(|profile| ["--profile", profile]).collect();
            self.docker_in(&folder, &[&["compose"], &named[..], &["config", "--quiet"]].concat()).await?;
            self.docker_in(&folder, &[&["compose"], &named[..], &["up", "--wait"]].concat()).await?;
            self.docker_in(&folder, &["compose", "--profile", "*", "down"]).await?;
        }
        self.docker_in(&folder, &["compose", "--profile", "*", "down", "--volumes"]).await?;
        let simple = self.rendered("profiles of a hub on SQLite", &[]).await?;
        for folder in [&folder, &simple] {
            for name in LASTING.iter().chain(&ALIASES) {
                self.docker_in(folder, &["compose", "--profile", name, "config", "--quiet"]).await?;
            }
        }
        Ok(())
    }

    /// What upstream's users type, and what they expect.
    pub(super) async fn as_upstream(&self) -> Result<()> {
        let folder = self.rendered("upstream", &[]).await?;
        let profiles = ["--profile", "all-services", "--profile", "ttk-provisioning", "--profile", "ttk-tests"];
        self.docker_in(&folder, &[&["compose"], &profiles[..], &["up", "--detach"]].concat()).await?;
        for (service, passed) in [("ttk-provisioning", "100 passed, 0 failed"), ("ttk-tests", "31 passed, 0 failed")] {
            self.ends_well(&folder, service, passed).await?;
        }
        self.docker_in(&folder, &["compose", "--profile", "*", "down", "--volumes"]).await?;
        Ok(())
    }

    /// The load generator ends with its verdict.
    pub(super) async fn load(&self) -> Result<()> {
        let folder = self.rendered("load", &POSTGRES).await?;
        let settings = folder.join(".env");
        let text = std::fs::read_to_string(&settings)?.replace("LOAD_DURATION=60s", "LOAD_DURATION=5s");
        std::fs::write(&settings, text)?;
        let profiles = ["--profile", "core", "--profile", "load"];
        self.docker_in(&folder, &[&["compose"], &profiles[..], &["up", "--detach"]].concat()).await?;
        self.ends_well(&folder, "load", "committed").await?;
        self.docker_in(&folder, &["compose", "--profile", "*", "down", "--volumes"]).await?;
        Ok(())
    }

    async fn ends_well(&self, folder: &Path, service: &str, word: &str) -> Result<()> {
        let container = self.docker_in(folder, &["compose", "ps", "--all", "--quiet", service]).await?;
        let code = self.docker_in(folder, &["wait", container.trim()]).await?;
        let said = self.docker_in(folder, &["logs", container.trim()]).await?;
        ensure!(code.trim() == "0", "{service} ended with {}:\n{said}", code.trim());
        ensure!(said.contains(word), "{service} did not say {word:?}:\n{said}");
        Ok(())
    }

    /// A rendered folder whose `.env` names images that the engine has.
    async fn rendered(&self, name: &str, definition: &[&str]) -> Result<PathBuf> {
        let folder = self.user.home().join(name);
        let out = folder.to_string_lossy().into_owned();
        self.user.run(&[&["harness", "render", "--out", &out], definition].concat()).await?.expect(0, &[])?;
        std::fs::write(folder.join(".env"), self.settings().await?)?;
        Ok(folder)
    }

    /// Variables with images that are made, loaded and written down by a run with all services.
    async fn settings(&self) -> Result<String> {
        let file = self.user.home().join("images.env");
        if let Ok(settings) = std::fs::read_to_string(&file) {
            return Ok(settings);
        }
        let kit = kit_folder(self.workspace).to_string_lossy().into_owned();
        let user = self.user.with("MOJALOOP_TTK", &kit);
        let everything = ["--profile", "core,ttk,monitoring,debug"];
        user.run(&[&DETACHED[..], &POSTGRES, &everything].concat()).await?.expect(0, &[])?;
        let engine = self.user.home().join("data/default/compose/engine.env");
        let settings = std::fs::read_to_string(&engine).with_context(|| engine.display().to_string())?;
        let settings = settings.replace("MOJALOOP_TTK=./ttk", &format!("MOJALOOP_TTK={kit}"));
        let settings = settings.replace("COMPOSE_PROFILES=", "#");
        self.user.run(&["harness", "reset", "--yes"]).await?.expect(0, &[])?;
        std::fs::write(&file, &settings)?;
        Ok(settings)
    }
}
