//! The program `helm`, 3.14 or later or 4, which installs the chart.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use operations::{Failure, Finding, Output, Program, Run};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Cluster, engine::VALUES, names::CHART};

/// Revisions that are kept of a release.
const REVISIONS: &str = "10";
/// Before this, `helm` can't do what is asked of it here.
const OLDEST: (u32, u32) = (3, 14);
/// The Kubernetes that rendered manifests are for; what older ones do not know is left out for them by helm alone.
const RENDERED_FOR: &str = "1.36";
const HINT: &str = "install helm 3.14 or later, or 4: https://helm.sh/docs/intro/install";

/// The program and its version.
#[derive(Clone, Debug)]
pub struct HelmProgram {
    program: Program,
    /// Its version.
    pub version: (u32, u32),
}

/// One installation or change of a release.
#[derive(Clone, Debug, Deserialize)]
pub struct Revision {
    /// Its number.
    pub revision: u64,
    /// When.
    pub updated: String,
    /// deployed, superseded, failed, pending-install …
    pub status: String,
    /// The chart with its version.
    pub chart: String,
    /// What helm says of it.
    #[serde(default)]
    pub description: String,
}

impl Revision {
    /// Whether helm was at work, or was killed at it.
    pub fn is_pending(&self) -> bool {
        self.status.starts_with("pending") || self.status == "uninstalling"
    }

    /// How long ago it was begun; `None` if the clocks disagree.
    pub fn age(&self) -> Option<Duration> {
        let updated: jiff::Timestamp = self.updated.parse().ok()?;
        jiff::Timestamp::now().duration_since(updated).try_into().ok()
    }
}

impl HelmProgram {
    /// Looks for it on the PATH.
    ///
    /// # Errors
    /// It is not there, or too old: what `doctor` says.
    pub async fn find() -> Result<HelmProgram, Finding> {
        let missing = || Finding::error("helm", "helm is needed, and is not on the PATH", HINT);
        let program = Program::find("helm").ok_or_else(missing)?;
        let text = program.run(["version", "--template", "{{.Version}}"]).stdout().await;
        let text = text.map_err(|failure| Finding::error("helm", failure.message, HINT))?;
        let version = version(&text)
            .ok_or_else(|| Finding::error("helm", format!("helm says version {text:?}, which is none"), HINT))?;
        if version < OLDEST {
            let (major, minor) = version;
            return Err(Finding::error("helm", format!("helm {major}.{minor} is too old"), HINT));
        }
        Ok(HelmProgram { program, version })
    }

    /// The plain manifests of a rendered folder, hooks and tests among them; no cluster is asked.
    pub(crate) async fn manifests(&self, folder: &Path, name: &str, namespace: &str) -> Result<String, Failure> {
        let chart = format!("charts/{CHART}");
        let place = ["--namespace", namespace, "--values", VALUES, "--kube-version", RENDERED_FOR];
        self.program.run([&["template", name, &chart], &place[..]].concat()).in_folder(folder).stdout().await
    }

    /// Its version, for people.
    pub fn text(&self) -> String {
        format!("helm {}.{} at {}", self.version.0, self.version.1, self.program.path().display())
    }
}

fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix('v')?.split('.').map(|part| {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    });
    Some((numbers.next()??, numbers.next()??))
}

/// A release of the chart in a cluster, by way of helm.
#[derive(Clone, Debug)]
pub struct Release {
    helm: HelmProgram,
    kubeconfig: Option<PathBuf>,
    context: String,
    namespace: String,
    kube_version: String,
    /// Its name.
    pub name: String,
}

impl Release {
    /// The release of this name in a cluster.
    pub fn new(helm: HelmProgram, cluster: &Cluster, name: &str) -> Release {
        Release {
            helm,
            kubeconfig: cluster.kubeconfig.clone(),
            context: cluster.context.clone(),
            namespace: cluster.namespace.clone(),
            kube_version: cluster.version.text.clone(),
            name: name.to_owned(),
        }
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let mut all: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        if let Some(kubeconfig) = &self.kubeconfig {
            all.extend(["--kubeconfig".to_owned(), kubeconfig.display().to_string()]);
        }
        let place = ["--kube-context", &self.context, "--namespace", &self.namespace];
        all.extend(place.map(str::to_owned));
        self.helm.program.run(all)
    }

    /// Its revisions, the oldest first; none if there is no such release.
    pub async fn history(&self) -> Result<Vec<Revision>, Failure> {
        let output = self.run(&["history", &self.name, "--output", "json"]).output().await?;
        if !output.status.success() && output.stderr.contains("not found") {
            return Ok(Vec::new());
        }
        let text = good("helm history", output)?;
        let mut revisions: Vec<Revision> = serde_json::from_str(&text).map_err(Failure::bug)?;
        revisions.sort_by_key(|revision| revision.revision);
        Ok(revisions)
    }

    /// The manifest of what is installed, without hooks.
    pub async fn manifest(&self) -> Result<String, Failure> {
        self.run(&["get", "manifest", &self.name]).stdout().await
    }

    /// The values with which it was installed.
    pub async fn values(&self) -> Result<Map<String, Value>, Failure> {
        let text = self.run(&["get", "values", &self.name, "--output", "json"]).stdout().await?;
        let values: Option<Map<String, Value>> = serde_json::from_str(&text).map_err(Failure::bug)?;
        Ok(values.unwrap_or_default())
    }

    /// The manifest that these values give, without hooks.
    pub async fn template(&self, chart: &Path, values: &Path) -> Result<String, Failure> {
        let (chart, values) = (chart.display().to_string(), values.display().to_string());
        let version = self.kube_version.trim_start_matches('v');
        let arguments = ["template", &self.name, &chart, "--values", &values, "--no-hooks", "--kube-version", version];
        self.run(&arguments).stdout().await
    }

    /// Installs it or brings it to these values. Waits for the hooks, not for pods. Fields that others have changed are taken back.
    pub async fn upgrade(&self, chart: &Path, values: &Path, timeout: Duration) -> Result<(), Failure> {
        let (chart, values) = (chart.display().to_string(), values.display().to_string());
        let timeout = format!("{}s", timeout.as_secs().max(1));
        let mut arguments = vec!["upgrade", &self.name, &chart, "--install", "--values", &values];
        arguments.extend(["--timeout", &timeout, "--history-max", REVISIONS]);
        if self.helm.version.0 >= 4 {
            // A release that helm 3 made would else be changed by the client, which can't force anything.
            arguments.extend(["--server-side=true", "--force-conflicts"]);
        }
        self.run(&arguments).stdout().await.map(drop)
    }

    /// Goes back to a revision, without hooks.
    pub async fn rollback(&self, revision: u64, timeout: Duration) -> Result<(), Failure> {
        let (revision, timeout) = (revision.to_string(), format!("{}s", timeout.as_secs().max(1)));
        let arguments = ["rollback", &self.name, &revision, "--no-hooks", "--timeout", &timeout];
        self.run(&arguments).stdout().await.map(drop)
    }

    /// Removes it. Volumes stay.
    pub async fn uninstall(&self, timeout: Duration) -> Result<(), Failure> {
        let timeout = format!("{}s", timeout.as_secs().max(1));
        let output = self.run(&["uninstall", &self.name, "--wait", "--timeout", &timeout]).output().await?;
        if !output.status.success() && output.stderr.contains("not found") {
            return Ok(());
        }
        good("helm uninstall", output).map(drop)
    }

    /// Runs its tests, and gives what they said.
    pub async fn test(&self, timeout: Duration) -> Result<Output, Failure> {
        let timeout = format!("{}s", timeout.as_secs().max(1));
        self.run(&["test", &self.name, "--logs", "--timeout", &timeout]).output().await
    }
}

fn good(what: &str, output: Output) -> Result<String, Failure> {
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(Failure::failed(format!("`{what}` ended with {}:\n{}", output.code(), output.complaint()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_helm_writes_them() {
        assert_eq!(version("v3.22.0"), Some((3, 22)));
        assert_eq!(version("v4.3"), Some((4, 3)));
        assert_eq!(version("v3.18.0-rc.1+g1234"), Some((3, 18)));
        assert_eq!(version("dev"), None);
    }

    #[test]
    fn a_killed_helm_leaves_a_pending_revision() {
        let revision = |status: &str| Revision {
            revision: 1,
            updated: "2026-11-22T10:00:00.5Z".into(),
            status: status.into(),
            chart: String::new(),
            description: String::new(),
        };
        assert!(revision("pending-upgrade").is_pending() && !revision("failed").is_pending());
        assert!(revision("deployed").age().is_some());
    }
}
