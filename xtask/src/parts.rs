//! Outside parts that tests need: scripts that install and start them, and end them again (`MOJALOOP_PARTS`).

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use crate::outcome::say;
use crate::process;
use crate::workspace::Workspace;

/// A part can't be had here, and why.
#[derive(Debug)]
pub(crate) struct Missing(String);

impl Missing {
    /// Says what can't be had, and why.
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl std::fmt::Display for Missing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Missing {}

/// A part that runs, and ends when this is dropped.
pub(crate) struct Part {
    folder: PathBuf,
    down: Option<PathBuf>,
    /// What a command needs to reach it.
    pub(crate) environment: Vec<(String, String)>,
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(down) = &self.down {
            let ended = std::process::Command::new(down).arg(&self.folder).output();
            if !ended.is_ok_and(|output| output.status.success()) {
                say(&format!("{} {} failed", down.display(), self.folder.display()));
            }
        }
    }
}

impl Part {
    /// A part that somebody else has started.
    pub(crate) fn elsewhere(environment: &[(&str, &str)]) -> Self {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { folder: PathBuf::new(), down: None, environment }
    }

    /// Where its files are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A command that reaches it.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.envs(self.environment.clone());
        command
    }
}

/// The folder with the scripts of a part; an error says how to get it.
pub(crate) fn scripts(workspace: &Workspace, part: &str) -> Result<PathBuf> {
    let folder = workspace.outside_part("MOJALOOP_PARTS", "../shared/parts").join(part);
    if !folder.join("up.sh").is_file() {
        let hint = "set MOJALOOP_PARTS to the folder with scripts for outside parts (docs/developer.md)";
        bail!(Missing(format!("there is no {}: {hint}", folder.display())));
    }
    Ok(folder)
}

/// A Docker Engine: the one that answers, else one of our own.
pub(crate) async fn docker(workspace: &Workspace) -> Result<Part> {
    let answers = Command::new("docker").args(["version", "--format", "{{.Server.Version}}"]).output().await;
    if answers.is_ok_and(|output| output.status.success()) {
        return Ok(Part::elsewhere(&[]));
    }
    let scripts = scripts(workspace, "docker")?;
    run(&scripts.join("install.sh"), &[], &[]).await?;
    let folder = short_folder("docker")?;
    start(&scripts, folder, &[], &[]).await
}

/// The programs of a Kubernetes cluster, kubectl and Helm 4 among them.
pub(crate) async fn kubernetes_programs(workspace: &Workspace) -> Result<PathBuf> {
    let scripts = scripts(workspace, "kubernetes")?;
    run(&scripts.join("install.sh"), &[], &[("HELM", "1")]).await?;
    Ok(scripts)
}

/// A Kubernetes cluster of our own with this many nodes.
pub(crate) async fn kubernetes(workspace: &Workspace, nodes: u32) -> Result<Part> {
    let scripts = kubernetes_programs(workspace).await?;
    let folder = workspace.fresh_folder(&format!("kubernetes-{nodes}"))?;
    let mut part = start(&scripts, folder, &[&nodes.to_string()], &[]).await?;
    // Its kubectl and helm come first on the path.
    let programs = parts_cache().join("bin");
    part.environment.push(("PATH".to_owned(), with_path(&programs)));
    Ok(part)
}

/// The AWS API, offline.
pub(crate) async fn aws(workspace: &Workspace) -> Result<Part> {
    let scripts = scripts(workspace, "aws-offline")?;
    let folder = workspace.fresh_folder("aws")?;
    let mut part = start(&scripts, folder, &[], &[]).await?;
    let text = std::fs::read_to_string(part.folder.join("env")).context("the settings of the AWS API")?;
    part.environment = settings(&text);
    Ok(part)
}

/// Where the scripts put programs that they build.
pub(crate) fn parts_cache() -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    std::env::var_os("PARTS").map_or_else(|| home.join(".cache/mojaloop-parts"), PathBuf::from)
}

/// The path with this folder before all others.
pub(crate) fn with_path(folder: &Path) -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{}:{path}", folder.display())
}

async fn start(scripts: &Path, folder: PathBuf, arguments: &[&str], variables: &[(&str, &str)]) -> Result<Part> {
    let mut all = vec![folder.to_string_lossy().into_owned()];
    all.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    let arguments: Vec<&str> = all.iter().map(String::as_str).collect();
    // From here on whatever was started is ended, also when the start fails halfway.
    let mut part = Part { folder, down: Some(scripts.join("down.sh")), environment: Vec::new() };
    let said = run(&scripts.join("up.sh"), &arguments, variables).await?;
    part.environment = settings(&said);
    Ok(part)
}

async fn run(script: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Result<String> {
    say(&format!("-- {} {}", script.display(), arguments.join(" ")));
    let mut command = Command::new(script);
    command.args(arguments).envs(variables.iter().copied());
    let mut said = String::new();
    let status = process::lines(&script.display().to_string(), command, |line| said += &format!("{line}\n")).await;
    match status {
        Ok(status) if status.success() => Ok(said),
        Ok(status) => bail!(Missing(format!("{}: {status}", script.display()))),
        Err(error) => bail!(Missing(format!("{error:#}"))),
    }
}

/// Reads `export A=b C=d` lines; `$PATH` in them is ours.
fn settings(text: &str) -> Vec<(String, String)> {
    let ours = std::env::var("PATH").unwrap_or_default();
    let words = text.lines().filter_map(|line| line.strip_prefix("export ")).flat_map(str::split_whitespace);
    let pairs = words.filter_map(|word| word.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.replace("$PATH", &ours))).collect()
}

/// A folder with a short path: a Unix socket's has at most 108 bytes.
fn short_folder(name: &str) -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("mojaloop-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_exported_settings() {
        let text = "a line\nexport DOCKER_HOST=unix:///x/docker.sock DOCKER_CONFIG=/y\nexport EMPTY=\n";
        let expect = [("DOCKER_HOST", "unix:///x/docker.sock"), ("DOCKER_CONFIG", "/y"), ("EMPTY", "")];
        assert_eq!(settings(text), expect.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
