//! Where things are: the root of the sources, the target directory, the outside parts.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use tokio::process::Command;

use crate::process;

/// The checkout that `cargo xtask` was called in.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    target: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    executable: Option<PathBuf>,
}

impl Workspace {
    /// Asks cargo, which knows `CARGO_TARGET_DIR` and the configuration files.
    pub(crate) async fn find() -> Result<Self> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().context("xtask's folder has no parent")?.to_path_buf();
        let output = cargo_in(&root)
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .await
            .context("cargo metadata")?;
        ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
        let metadata: Metadata = serde_json::from_slice(&output.stdout).context("the answer of cargo metadata")?;
        Ok(Self { root, target: metadata.target_directory })
    }

    /// A call of cargo at the root of the workspace.
    pub(crate) fn cargo(&self) -> Command {
        cargo_in(&self.root)
    }

    /// The folder that holds what a command leaves behind for people to look at; emptied.
    pub(crate) fn fresh_folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.target.join("xtask").join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }

    /// An outside part's folder: the variable's value or the default, both relative to the root.
    pub(crate) fn outside_part(&self, variable: &str, default: &str) -> PathBuf {
        let given = std::env::var_os(variable).filter(|value| !value.is_empty());
        self.root.join(given.unwrap_or_else(|| OsString::from(default)))
    }

    /// Builds the product with the profile that all tests share, and says where it is.
    pub(crate) async fn build_binary(&self) -> Result<PathBuf> {
        self.build("cli", "mojaloop").await
    }

    /// Builds this program as `cargo xtask` does, and says where it is: while it runs, `cargo test` may have built it with the
    /// features of other packages, in the place of the file that runs.
    pub(crate) async fn build_itself(&self) -> Result<PathBuf> {
        self.build("xtask", "xtask").await
    }

    async fn build(&self, package: &str, binary: &str) -> Result<PathBuf> {
        let mut executable = None;
        let mut command = self.cargo();
        command.args(["build", "--profile", "ci", "-p", package, "--bin", binary]);
        command.args(["--message-format", "json-render-diagnostics"]);
        let status = process::lines("cargo build", command, |line| {
            if let Some(path) = executable_in(line) {
                executable = Some(path);
            }
        })
        .await?;
        ensure!(status.success(), "cargo build: {status}");
        executable.with_context(|| format!("cargo build made no binary named {binary}"))
    }
}

fn cargo_in(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(root);
    command
}

fn executable_in(line: &str) -> Option<PathBuf> {
    let message: Message = serde_json::from_str(line).ok()?;
    if message.reason == "compiler-artifact" { message.executable } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_executable_in_cargos_messages() {
        for (line, expect) in [
            (r#"{"reason":"compiler-artifact","executable":"/t/ci/mojaloop","fresh":true}"#, Some("/t/ci/mojaloop")),
            (r#"{"reason":"compiler-artifact","executable":null}"#, None),
            (r#"{"reason":"build-finished","success":true}"#, None),
            ("not JSON", None),
        ] {
            assert_eq!(executable_in(line), expect.map(PathBuf::from), "{line}");
        }
    }
}
