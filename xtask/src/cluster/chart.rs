//! The chart, without a cluster: both Helms accept and render it alike, and what they render is what four Kubernetes
//! versions know.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use super::tools;
use crate::outcome::Row;
use crate::parts;
use crate::user::{finish, judge};
use crate::workspace::Workspace;

/// Minor versions of Kubernetes whose schemas the manifests are checked against.
const KUBERNETES: [&str; 4] = ["1.28", "1.31", "1.34", "1.36"];
const VALIDATORS: [&str; 2] = ["kubernetes-validate==1.37.0", "checkov==3.3.30"];

pub(super) async fn run(workspace: &Workspace) -> Result<Vec<Row>> {
    // Its installation makes Helm 4.
    parts::kubernetes_programs(workspace).await?;
    let helms = tools::helms().await?;
    let python = tools::python("chart-tools", &VALIDATORS).await?;
    let chart = workspace.root.join("charts/mojaloop-hub");
    let folder = workspace.fresh_folder("chart")?;
    let values = value_files(&chart)?;
    Ok(vec![
        judge("helm lint --strict, Helm 3 and 4", lint(&helms, &chart, &values)).await,
        judge("Helm 3 and 4 render alike, twice the same", render(&helms, &chart, &values, &folder)).await,
        judge("manifests are valid in four Kubernetes versions", validate(&python, &folder)).await,
        judge("wrong values are refused by the schema", refuse(&helms, &chart)).await,
    ])
}

/// The values that the chart's tests use; none at all is the first of them.
fn value_files(chart: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(chart.join("ci")).context("the chart's values for tests")?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.sort();
    ensure!(files.len() >= 2, "only {} files of values", files.len());
    Ok(files)
}

async fn helm(program: &Path, arguments: &[&str], values: Option<&Path>) -> Result<crate::user::Finished> {
    let mut command = Command::new(program);
    command.args(arguments);
    if let Some(values) = values {
        command.arg("--values").arg(values);
    }
    finish(command, &format!("{} {}", program.display(), arguments.join(" "))).await
}

fn each(values: &[PathBuf]) -> impl Iterator<Item = Option<&Path>> {
    std::iter::once(None).chain(values.iter().map(|file| Some(file.as_path())))
}

async fn lint(helms: &[PathBuf; 2], chart: &Path, values: &[PathBuf]) -> Result<()> {
    let chart = chart.to_string_lossy();
    for program in helms {
        for values in each(values) {
            helm(program, &["lint", "--strict", &chart], values).await?.expect(0, &["0 chart(s) failed"])?;
        }
    }
    Ok(())
}

async fn render(helms: &[PathBuf; 2], chart: &Path, values: &[PathBuf], folder: &Path) -> Result<()> {
    let chart = chart.to_string_lossy();
    for version in KUBERNETES {
        for (number, values) in each(values).enumerate() {
            let arguments = ["template", "demo", &chart, "--namespace", "mojaloop", "--kube-version", version];
            let third = helm(&helms[0], &arguments, values).await?.expect(0, &[])?.stdout;
            let fourth = helm(&helms[1], &arguments, values).await?.expect(0, &[])?.stdout;
            let again = helm(&helms[1], &arguments, values).await?.expect(0, &[])?.stdout;
            ensure!(fourth == again, "two renderings differ");
            ensure!(objects(&third) == objects(&fourth), "Helm 3 and 4 render different objects for {version}");
            std::fs::write(folder.join(format!("{version}-{number}.yaml")), fourth)?;
        }
    }
    Ok(())
}

/// The documents of a manifest in an order of their own: the two Helms sort differently.
fn objects(manifest: &str) -> Vec<String> {
    let mut documents: Vec<String> =
        manifest.split("\n---").map(|text| text.trim_matches(['-', '\n', ' ']).to_owned()).collect();
    documents.retain(|text| !text.is_empty());
    documents.sort();
    documents
}

async fn validate(python: &Path, folder: &Path) -> Result<()> {
    for version in KUBERNETES {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        files.retain(|file| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(version)));
        ensure!(files.len() >= 3, "only {} manifests for {version}", files.len());
        let mut command = Command::new(python.join("kubernetes-validate"));
        command.args(["--strict", "--kubernetes-version", version]).args(files);
        finish(command, &format!("kubernetes-validate {version}")).await?.expect(0, &[])?;
    }
    Ok(())
}

async fn refuse(helms: &[PathBuf; 2], chart: &Path) -> Result<()> {
    let chart = chart.to_string_lossy();
    for program in helms {
        for wrong in
            ["hub.replicas=3", "image.pullPolicy=Sometimes", "external.nodePort=80", "hub.persistence.size=much"]
        {
            let run =
                helm(program, &["template", "demo", &chart, "--kube-version", "1.36", "--set", wrong], None).await?;
            ensure!(run.code != 0, "{wrong} was accepted");
        }
    }
    Ok(())
}
