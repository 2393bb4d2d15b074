//! The sources, and the static binary that is built from them.

use std::path::{Path, PathBuf};

use operations::{Failure, Program};
use serde_json::Value;

/// The binary in the image loads no library: the image has none.
const STATIC: &str = "-C target-feature=+crt-static";

/// A checkout of this project's sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// The one around the current folder, else the one around this binary.
    pub fn find() -> Option<Checkout> {
        let current = std::env::current_dir().ok();
        let binary = std::env::current_exe().ok();
        [current, binary].into_iter().flatten().find_map(|place| Checkout::around(&place))
    }

    fn around(place: &Path) -> Option<Checkout> {
        let is_root =
            |folder: &&Path| folder.join("Cargo.toml").is_file() && folder.join("crates/cli/Cargo.toml").is_file();
        place.ancestors().find(is_root).map(|root| Checkout { root: root.to_owned() })
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What the binary is built for.
    pub(crate) fn target() -> String {
        format!("{}-unknown-linux-gnu", std::env::consts::ARCH)
    }

    /// Builds the hub's binary: static, with no tool in it.
    ///
    /// # Errors
    /// cargo is missing, this is no Linux, or the sources do not build.
    pub async fn build(&self) -> Result<PathBuf, Failure> {
        if !cfg!(target_os = "linux") {
            return Err(
                Failure::preflight("an image can be built from sources on Linux only").hint("--image REFERENCE")
            );
        }
        let cargo = Program::find("cargo").ok_or_else(|| {
            Failure::preflight("cargo is needed to build the hub's image, and is not on the PATH")
                .hint("install Rust (https://rustup.rs), or name an image: --image REFERENCE")
        })?;
        let target = Checkout::target();
        // As this binary was built: tests have assertions, what is released has none.
        let profile = if cfg!(debug_assertions) { "ci" } else { "release" };
        let arguments = [
            "build",
            "--locked",
            "--profile",
            profile,
            "-p",
            "cli",
            "--bin",
            "mojaloop",
            "--no-default-features",
            "--target",
            &target,
            "--message-format",
            "json-render-diagnostics",
        ];
        let messages = cargo.run(arguments).in_folder(&self.root).env("RUSTFLAGS", STATIC).stdout().await?;
        let binary = messages.lines().rev().find_map(executable_in);
        binary.ok_or_else(|| Failure::bug("cargo build made no binary named mojaloop"))
    }
}

fn executable_in(line: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(line).ok()?;
    message["executable"].as_str().map(PathBuf::from)
}
