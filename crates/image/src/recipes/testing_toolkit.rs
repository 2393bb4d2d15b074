//! Mojaloop's Testing Toolkit: node, the npm package, and a shell for the script of the kit. What is run with it
//! (collections, rules, the script itself) is no part of the image: the kit is mounted at `/kit`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use operations::{Failure, Program, Progress};
use serde::Serialize;

use super::{Mixture, failed, shell};
use crate::{debian::Debian, layer::Layer, sbom, settings::Run};

const ENTRYPOINT: &str = include_str!("../../recipes/testing-toolkit.sh");
pub(super) const SOURCES: &[&str] = &[include_str!("testing_toolkit.rs"), ENTRYPOINT];

/// By convention of images without a user of their own.
const USER: u64 = 65532;
const PACKAGE: &str = "ml-testing-toolkit";
const VERSION: &str = "18.19.2";
/// That version asks for a version of this module that npm does not have.
const OVERRIDDEN: (&str, &str) = ("@mojaloop/ml-testing-toolkit-shared-lib", "14.3.0");
/// Where the script of the kit looks for the installation.
const INSTALLED: &str = "/opt/testing-toolkit/inst";
/// What only people who change the modules need: a fifth of their size.
const NOT_WANTED: [&str; 5] = [".map", ".d.ts", ".d.mts", ".d.cts", ".md"];

/// `package.json` of the installation.
#[derive(Serialize)]
struct Manifest {
    name: &'static str,
    private: bool,
    dependencies: BTreeMap<&'static str, &'static str>,
    overrides: BTreeMap<&'static str, &'static str>,
}

pub(super) async fn mix(mut debian: Debian, cache: &Path, progress: &dyn Progress) -> Result<Mixture, Failure> {
    let folder = cache.join("testing-toolkit");
    let lock = install(&folder, progress).await?;
    let node = node()?;
    let mut layer = Layer::default();
    shell::add(&mut layer, &mut debian, progress).await?;
    shell::add_user(&mut layer, "toolkit", USER, "/tmp");
    shell::add_certificates(&mut layer)?;
    debian.need(&["bash"], progress).await?;
    debian.take(&mut layer, "bash", |path| path.ends_with("bin/bash")).await?;
    layer.file("/usr/bin/node", &node).map_err(failed(&node))?;
    debian.note_owners(&[node.display().to_string()]).await?;
    let modules = folder.join("node_modules");
    layer.tree(&format!("{INSTALLED}/node_modules"), &modules, &is_wanted).map_err(failed(&modules))?;
    layer.text("/entrypoint.sh", ENTRYPOINT, 0o755);
    layer.folder("/kit", 0o755, 0);
    let components = sbom::modules_of(&fs::read_to_string(&lock).map_err(failed(&lock))?)?;
    Ok(Mixture { version: VERSION.into(), layer, run: run(), debian, components, files: vec![lock, node] })
}

fn run() -> Run {
    Run {
        user: format!("{USER}:{USER}"),
        entrypoint: vec!["/entrypoint.sh".into()],
        cmd: vec!["server".into()],
        env: vec!["PATH=/usr/bin".into(), "HOME=/tmp".into(), "NODE_ENV=production".into()],
        working_dir: "/tmp".into(),
        ..Run::default()
    }
}

/// Installs the package where it is not yet, and says where npm has noted what it installed.
async fn install(folder: &Path, progress: &dyn Progress) -> Result<PathBuf, Failure> {
    let manifest = Manifest {
        name: "testing-toolkit",
        private: true,
        dependencies: BTreeMap::from([(PACKAGE, VERSION)]),
        overrides: BTreeMap::from([OVERRIDDEN]),
    };
    let manifest = serde_json::to_string(&manifest).map_err(Failure::bug)?;
    let (file, lock) = (folder.join("package.json"), folder.join("node_modules/.package-lock.json"));
    if lock.is_file() && fs::read_to_string(&file).is_ok_and(|found| found.trim_end() == manifest) {
        return Ok(lock);
    }
    let npm = Program::find("npm").ok_or_else(|| no_node("npm"))?;
    fs::create_dir_all(folder).map_err(failed(folder))?;
    fs::write(&file, manifest).map_err(failed(&file))?;
    progress.waits(&format!("installing {PACKAGE} {VERSION} from npm"));
    let arguments = ["install", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"];
    npm.run(arguments).in_folder(folder).stdout().await?;
    Ok(lock)
}

/// The program itself, whatever link leads to it.
fn node() -> Result<PathBuf, Failure> {
    let node = Program::find("node").ok_or_else(|| no_node("node"))?;
    fs::canonicalize(node.path()).map_err(failed(node.path()))
}

fn no_node(program: &str) -> Failure {
    Failure::preflight(format!("the Testing Toolkit needs Node.js 20 or later, and there is no {program} on the PATH"))
        .hint("apt-get install nodejs npm")
}

fn is_wanted(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Licences go with what they allow to copy.
    let is_license = name.to_ascii_lowercase().starts_with("licen");
    is_license || !NOT_WANTED.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_stay_and_maps_go() {
        for (name, expect) in [
            ("index.js", true),
            ("LICENSE.md", true),
            ("README.md", false),
            ("index.js.map", false),
            ("index.d.ts", false),
            ("package.json", true),
        ] {
            assert_eq!(is_wanted(Path::new(name)), expect, "{name}");
        }
    }
}
