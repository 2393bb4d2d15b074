//! Files of Debian's and Ubuntu's packages: of those that are installed, else of those that apt downloads and that are
//! unpacked in a folder without being installed.

mod libraries;
mod package;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use operations::{Failure, Program, Progress};

pub(crate) use package::Package;

use crate::layer::Layer;

/// The package manager of this machine, and the packages that an image is made of.
#[derive(Debug)]
pub(crate) struct Debian {
    query: Program,
    /// Where packages lie that are not installed, each unpacked in a folder of its own.
    downloads: PathBuf,
    packages: BTreeMap<String, Package>,
}

impl Debian {
    /// This machine's, if it has one.
    ///
    /// # Errors
    /// It is no Debian and no Ubuntu.
    pub(crate) fn find(downloads: &Path) -> Result<Debian, Failure> {
        let query = Program::find("dpkg-query").ok_or_else(|| {
            Failure::preflight(
                "this image is made from packages of Debian or Ubuntu, and this machine has no dpkg-query",
            )
            .hint("use the image of a registry")
        })?;
        Ok(Debian { query, downloads: downloads.to_owned(), packages: BTreeMap::new() })
    }

    /// What the image is made of, so far.
    pub(crate) fn packages(&self) -> impl Iterator<Item = &Package> {
        self.packages.values()
    }

    /// One of the packages that were asked for.
    ///
    /// # Errors
    /// It was not asked for.
    pub(crate) fn package(&self, name: &str) -> Result<&Package, Failure> {
        self.packages.get(name).ok_or_else(|| Failure::bug(format!("the package {name} was not asked for")))
    }

    /// Makes packages available; those that are not installed come with what they need.
    ///
    /// # Errors
    /// apt does not know one of them, or can't download it.
    pub(crate) async fn need(&mut self, names: &[&str], progress: &dyn Progress) -> Result<(), Failure> {
        let mut missing = self.need_installed(names).await?;
        if !missing.is_empty() {
            missing.extend(self.needed_by(&missing).await?);
            self.download(&missing, progress).await?;
        }
        Ok(())
    }

    /// Makes packages available; those that are not installed come alone.
    ///
    /// # Errors
    /// apt does not know one of them, or can't download it.
    pub(crate) async fn need_alone(&mut self, names: &[&str], progress: &dyn Progress) -> Result<(), Failure> {
        let missing = self.need_installed(names).await?;
        self.download(&missing, progress).await
    }

    /// Takes those that are installed and says which are not.
    async fn need_installed(&mut self, names: &[&str]) -> Result<BTreeSet<String>, Failure> {
        let installed = installed(&self.query, names.iter().copied()).await?;
        let missing = names.iter().filter(|name| !installed.contains_key(**name));
        let missing = missing.map(|name| (*name).to_owned()).collect();
        self.packages.extend(installed);
        Ok(missing)
    }

    /// What apt would install with these packages.
    async fn needed_by(&self, names: &BTreeSet<String>) -> Result<Vec<String>, Failure> {
        let apt = apt("apt-get", names)?;
        let arguments = ["install", "--simulate", "--quiet", "--no-install-recommends"];
        let run = apt.run(arguments.into_iter().chain(names.iter().map(String::as_str)));
        let said = run.env("LC_ALL", "C").stdout().await.map_err(|failure| no_package(failure, names))?;
        let names = said.lines().filter_map(|line| line.strip_prefix("Inst ")?.split([' ', ':']).next());
        Ok(names.map(str::to_owned).collect())
    }

    async fn download(&mut self, names: &BTreeSet<String>, progress: &dyn Progress) -> Result<(), Failure> {
        if names.is_empty() {
            return Ok(());
        }
        let failed = |error| Failure::failed(format!("cannot write into {}: {error}", self.downloads.display()));
        progress.waits(&format!("downloading {}", names.iter().cloned().collect::<Vec<_>>().join(", ")));
        let draft = self.downloads.join(format!("{}.new", std::process::id()));
        fs::create_dir_all(&draft).map_err(failed)?;
        let run =
            apt("apt-get", names)?.run(["download", "--quiet"].into_iter().chain(names.iter().map(String::as_str)));
        let result = run.in_folder(&draft).env("LC_ALL", "C").stdout().await;
        result.map_err(|failure| no_package(failure, names))?;
        for file in fs::read_dir(&draft).map_err(failed)? {
            let package = package::unpack(&file.map_err(failed)?.path(), &self.downloads).await?;
            self.packages.insert(package.name.clone(), package);
        }
        fs::remove_dir_all(&draft).map_err(failed)
    }

    /// The version of the program in a package that is installed, else in the one that apt would install.
    ///
    /// # Errors
    /// apt does not know it.
    pub(crate) async fn version_at_hand(&self, name: &str) -> Result<String, Failure> {
        if let Some(package) = installed(&self.query, [name].into_iter()).await?.remove(name) {
            return Ok(package.upstream_version().to_owned());
        }
        let names = BTreeSet::from([name.to_owned()]);
        let policy = apt("apt-cache", &names)?.run(["policy", name]).env("LC_ALL", "C").stdout().await?;
        let version = candidates(&policy).remove(name);
        let version =
            version.ok_or_else(|| no_package(Failure::failed(format!("apt knows no package {name}")), &names))?;
        Ok(Package::installed(name, &version, "all").upstream_version().to_owned())
    }

    /// What a package depends on, and these in turn, installed or not.
    ///
    /// # Errors
    /// apt does not know it.
    pub(crate) async fn dependencies(&self, name: &str) -> Result<Vec<String>, Failure> {
        let names = BTreeSet::from([name.to_owned()]);
        let without = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"];
        let arguments = without.iter().map(|kind| format!("--no-{kind}"));
        let arguments =
            ["depends".to_owned(), "--recurse".to_owned()].into_iter().chain(arguments).chain(names.clone());
        let run = apt("apt-cache", &names)?.run(arguments).env("LC_ALL", "C");
        let said = run.stdout().await.map_err(|failure| no_package(failure, &names))?;
        Ok(said.lines().filter(|line| !line.starts_with([' ', '<'])).map(str::to_owned).collect())
    }

    /// Puts the files of a package into a layer: those whose path satisfies the condition.
    ///
    /// # Errors
    /// One of them can't be read.
    pub(crate) async fn take(
        &self,
        layer: &mut Layer,
        name: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<(), Failure> {
        let package = self.package(name)?;
        for path in package.files(&self.query).await?.iter().filter(|path| wanted(path)) {
            let source = package.source(path);
            layer
                .take(path, &source)
                .map_err(|error| Failure::failed(format!("cannot read {}: {error}", source.display())))?;
        }
        Ok(())
    }

    /// Puts the libraries into a layer that the programs in it load, and these themselves.
    ///
    /// # Errors
    /// A library is nowhere to be found.
    pub(crate) async fn take_libraries(&mut self, layer: &mut Layer) -> Result<(), Failure> {
        let roots: Vec<PathBuf> = self.packages().filter_map(|package| package.root.clone()).collect();
        let libraries = libraries::of(layer, &roots).await?;
        let mut of_machine = Vec::new();
        for library in libraries {
            let root = roots.iter().find(|root| library.starts_with(root));
            let path = root.and_then(|root| library.strip_prefix(root).ok()).unwrap_or(&library);
            let path = path.to_string_lossy().into_owned();
            layer
                .file(&path, &library)
                .map_err(|error| Failure::failed(format!("cannot read {}: {error}", library.display())))?;
            if root.is_none() {
                of_machine.push(path);
            }
        }
        self.note_owners(&of_machine).await
    }

    /// Notes the packages that these installed files belong to. A file of no package belongs to nobody.
    ///
    /// # Errors
    /// dpkg does not answer.
    pub(crate) async fn note_owners(&mut self, paths: &[String]) -> Result<(), Failure> {
        if paths.is_empty() {
            return Ok(());
        }
        // dpkg knows a file by the path that its package was made with, from before or after the merge into /usr.
        let both = paths.iter().flat_map(|path| {
            let short = path.strip_prefix("/usr").unwrap_or(path);
            [short.to_owned(), format!("/usr{short}")]
        });
        let output =
            self.query.run(["--search".to_owned()].into_iter().chain(both)).env("LC_ALL", "C").output().await?;
        let owners: BTreeSet<&str> = output.stdout.lines().filter_map(owner).collect();
        let installed = installed(&self.query, owners.into_iter()).await?;
        self.packages.extend(installed);
        Ok(())
    }
}

/// The package in a line `NAME[:ARCHITECTURE]: PATH`.
fn owner(line: &str) -> Option<&str> {
    let (names, _) = line.split_once(": ")?;
    (!names.starts_with("diversion by")).then(|| names.split([':', ',']).next().unwrap_or(names))
}

/// Those of these packages that are installed.
pub(crate) async fn installed(
    query: &Program,
    names: impl Iterator<Item = &str>,
) -> Result<BTreeMap<String, Package>, Failure> {
    let names: Vec<&str> = names.collect();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let format = "--showformat=${Package} ${Version} ${Architecture} ${db:Status-Status}\\n";
    // dpkg-query ends with 1 where it does not know one of them, having said all that it knows.
    let output = query.run(["--show", format].into_iter().chain(names)).env("LC_ALL", "C").output().await?;
    let found = output.stdout.lines().filter_map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, version, architecture, "installed"] = words[..] else { return None };
        Some((name.to_owned(), Package::installed(name, version, architecture)))
    });
    Ok(found.collect())
}

/// The versions that apt would take, from what `apt-cache policy` says.
pub(crate) fn candidates(policy: &str) -> BTreeMap<String, String> {
    let mut name = "";
    let mut found = BTreeMap::new();
    for line in policy.lines() {
        if let Some(package) = line.strip_suffix(':').filter(|line| !line.starts_with(' ')) {
            name = package;
        } else if let Some(version) = line.trim().strip_prefix("Candidate: ").filter(|version| *version != "(none)") {
            found.insert(name.to_owned(), version.to_owned());
        }
    }
    found
}

fn apt(program: &str, names: &BTreeSet<String>) -> Result<Program, Failure> {
    Program::find(program).ok_or_else(|| {
        let names = names.iter().cloned().collect::<Vec<_>>().join(" ");
        Failure::preflight(format!("these packages are not installed, and this machine has no {program}: {names}"))
            .hint("use the image of a registry")
    })
}

fn no_package(failure: Failure, names: &BTreeSet<String>) -> Failure {
    let names = names.iter().cloned().collect::<Vec<_>>().join(" ");
    Failure::preflight(failure.message).hint(format!("apt-get update, or: apt-get install {names}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_read_from_what_dpkg_says() {
        for (line, expect) in [
            ("libc6:amd64: /lib/x86_64-linux-gnu/libc.so.6", Some("libc6")),
            ("bash: /bin/bash", Some("bash")),
            ("one, other: /etc", Some("one")),
            ("diversion by dash from: /bin/sh", None),
            ("nothing", None),
        ] {
            assert_eq!(owner(line), expect, "{line}");
        }
    }

    #[test]
    fn candidates_are_read() {
        let policy =
            "bash:\n  Installed: 5.1\n  Candidate: 5.2\n  Version table:\n     5.2 500\nnone:\n  Candidate: (none)\n";
        assert_eq!(candidates(policy), BTreeMap::from([("bash".to_owned(), "5.2".to_owned())]));
    }

    #[tokio::test]
    async fn a_machine_without_the_package_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let Ok(mut debian) = Debian::find(folder.path()) else { return };
        let failure = debian.need(&["there-is-no-such-package"], &operations::Silent).await.unwrap_err();
        assert_eq!(failure.exit, operations::Exit::Preflight, "{failure}");
        assert!(failure.hint.unwrap().contains("there-is-no-such-package"));
    }
}
