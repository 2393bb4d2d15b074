//! The sources, and the static binary that is built from them.

use std::path::{Path, PathBuf};

use operations::{Failure, Program};
use serde_json::Value;

/// The binary in the image loads no library: the image has none.
const STATIC: &str = "-C target-feature=+crt-static";

/// Lines that are shown of what a compiler said: two or three errors in full.
const COMPLAINT_LINES: usize = 60;

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
        // As this binary was built: tests have assertions, what is released has none.
        let profile = if cfg!(debug_assertions) { "ci" } else { "release" };
        let built = self.build_with(profile).await?;
        Ok(built.binary)
    }

    /// The same, as quickly as can be: for developing, where it is done again and again.
    ///
    /// # Errors
    /// Those of [`Checkout::build`].
    pub async fn build_quickly(&self) -> Result<Built, Failure> {
        self.build_with("watch").await
    }

    async fn build_with(&self, profile: &str) -> Result<Built, Failure> {
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
        let output = cargo.run(arguments).in_folder(&self.root).env("RUSTFLAGS", STATIC).output().await?;
        if !output.status.success() {
            return Err(Failure::failed(format!("the sources do not build:\n{}", complaint(&output.stderr))));
        }
        let built = output.stdout.lines().rev().find_map(executable_in);
        built.ok_or_else(|| Failure::bug("cargo build made no binary named mojaloop"))
    }
}

/// A binary that was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// Its file.
    pub binary: PathBuf,
    /// Whether it was there already: nothing that it is made of has changed.
    pub is_unchanged: bool,
}

/// The last of what the compiler said, without what went well.
fn complaint(said: &str) -> String {
    let went_well = |line: &&str| {
        !["Compiling", "Downloaded", "Downloading"].iter().any(|word| line.trim_start().starts_with(word))
    };
    let lines: Vec<&str> = said.trim_end().lines().filter(went_well).collect();
    lines[lines.len().saturating_sub(COMPLAINT_LINES)..].join("\n")
}

fn executable_in(line: &str) -> Option<Built> {
    let message: Value = serde_json::from_str(line).ok()?;
    let binary = message["executable"].as_str().map(PathBuf::from)?;
    Some(Built { binary, is_unchanged: message["fresh"].as_bool().unwrap_or(false) })
}
