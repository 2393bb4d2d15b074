//! Programs of others that judge charts and infrastructure, from their package registries.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use crate::outcome::say;
use crate::parts::parts_cache;
use crate::user::finish;

/// The version of Helm 3 that the chart must work with, beside Helm 4.
const HELM_3: &str = "helm.sh/helm/v3/cmd/helm@v3.22.0";

/// The folder of programs of a set of Python packages, each `NAME==VERSION`.
pub(super) async fn python(name: &str, packages: &[&str]) -> Result<PathBuf> {
    let folder = parts_cache().join(name);
    let installed = folder.join("installed");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&installed).is_ok_and(|there| there == wanted) {
        return Ok(folder.join("bin"));
    }
    say(&format!("-- pip install {}", packages.join(" ")));
    let mut make = Command::new("python3");
    make.args(["-m", "venv"]).arg(&folder);
    finish(make, "python3 -m venv").await?.expect(0, &[])?;
    let mut install = Command::new(folder.join("bin/pip"));
    install.args(["install", "--quiet", "--disable-pip-version-check"]).args(packages);
    finish(install, "pip install").await?.expect(0, &[])?;
    std::fs::write(&installed, wanted).context("the list of what is installed")?;
    Ok(folder.join("bin"))
}

/// Helm 3 and Helm 4.
pub(super) async fn helms() -> Result<[PathBuf; 2]> {
    let third = parts_cache().join("helm3");
    if !third.join("helm").is_file() {
        say(&format!("-- go install {HELM_3}"));
        let mut install = Command::new("go");
        install.args(["install", "-trimpath", "-ldflags", "-s -w", HELM_3]);
        install.env("GOBIN", &third).env("CGO_ENABLED", "0");
        finish(install, "go install").await?.expect(0, &[])?;
    }
    let fourth = parts_cache().join("bin/helm");
    ensure!(fourth.is_file(), "there is no Helm 4 at {}", fourth.display());
    Ok([third.join("helm"), fourth])
}
