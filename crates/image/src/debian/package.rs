//! One package, installed or unpacked.

use std::{
    fs,
    path::{Path, PathBuf},
};

use operations::{Failure, Program};

/// A package whose files are at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) architecture: String,
    /// Where it is unpacked; `None` for one that is installed.
    pub(crate) root: Option<PathBuf>,
}

impl Package {
    /// One that dpkg has installed.
    pub(crate) fn installed(name: &str, version: &str, architecture: &str) -> Package {
        Package { name: name.into(), version: version.into(), architecture: architecture.into(), root: None }
    }

    /// Where one of its files is on this machine.
    pub(crate) fn source(&self, path: &str) -> PathBuf {
        let root = self.root.as_deref().unwrap_or(Path::new("/"));
        root.join(path.trim_start_matches('/'))
    }

    /// The paths of its files and links, as they are when it is installed.
    ///
    /// # Errors
    /// dpkg does not answer, or the unpacked files can't be read.
    pub(crate) async fn files(&self, query: &Program) -> Result<Vec<String>, Failure> {
        let Some(root) = &self.root else {
            let list = query.run(["--listfiles", &self.name]).env("LC_ALL", "C").stdout().await?;
            return Ok(list.lines().filter(|line| line.starts_with('/')).map(str::to_owned).collect());
        };
        let mut files = Vec::new();
        list(root, "", &mut files)
            .map_err(|error| Failure::failed(format!("cannot read {}: {error}", root.display())))?;
        Ok(files)
    }

    /// What it says of its licences.
    pub(crate) fn copyright(&self) -> Option<String> {
        fs::read_to_string(self.source(&format!("/usr/share/doc/{}/copyright", self.name))).ok()
    }

    /// The version of the program in it: without epoch, and without what Debian has added.
    pub(crate) fn upstream_version(&self) -> &str {
        let version = self.version.split_once(':').map_or(self.version.as_str(), |(_, version)| version);
        version.split(['-', '+', '~']).next().unwrap_or(version)
    }
}

fn list(folder: &Path, path: &str, files: &mut Vec<String>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{path}/{}", entry.file_name().to_string_lossy());
        match entry.file_type()?.is_dir() {
            true => list(&entry.path(), &path, files)?,
            false => files.push(path),
        }
    }
    Ok(())
}

/// Unpacks an archive `NAME_VERSION_ARCHITECTURE.deb` into a folder of its own; one that is there is kept.
pub(super) async fn unpack(archive: &Path, folder: &Path) -> Result<Package, Failure> {
    let failed = |error| Failure::failed(format!("cannot unpack {}: {error}", archive.display()));
    let dpkg = Program::find("dpkg-deb").ok_or_else(|| Failure::preflight("dpkg-deb is not on the PATH"))?;
    let fields = [archive.as_os_str(), "Package".as_ref(), "Version".as_ref(), "Architecture".as_ref()];
    let fields = dpkg.run(["--field".as_ref()].into_iter().chain(fields)).stdout().await?;
    let field = |name: &str| {
        let line = fields.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.map(str::to_owned).ok_or_else(|| Failure::failed(format!("{}: has no {name}", archive.display())))
    };
    let (name, version, architecture) = (field("Package")?, field("Version")?, field("Architecture")?);
    let root = folder.join(format!("{name}_{}_{architecture}", version.replace(':', "%3a")));
    if !root.is_dir() {
        let draft = folder.join(format!("{name}.{}.new", std::process::id()));
        dpkg.run(["--extract".as_ref(), archive.as_os_str(), draft.as_os_str()]).stdout().await?;
        fs::rename(&draft, &root).map_err(failed)?;
    }
    Ok(Package { name, version, architecture, root: Some(root) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_the_program_is_what_debian_did_not_add() {
        for (version, expect) in [
            ("1:1.35.0-4+deb12u1+b1", "1.35.0"),
            ("2.42.0+ds-5+deb12u1", "2.42.0"),
            ("8.2.36-1~deb12u1", "8.2.36"),
            ("15+248+deb12u1", "15"),
        ] {
            assert_eq!(Package::installed("name", version, "amd64").upstream_version(), expect);
        }
    }

    #[tokio::test]
    async fn the_files_of_an_unpacked_package_have_the_paths_that_they_will_have() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("usr/bin")).unwrap();
        fs::write(folder.path().join("usr/bin/program"), "").unwrap();
        let mut package = Package::installed("name", "1", "all");
        package.root = Some(folder.path().to_owned());
        assert_eq!(package.files(&Program::at("/no/dpkg-query")).await.unwrap(), ["/usr/bin/program"]);
        assert_eq!(package.source("/usr/bin/program"), folder.path().join("usr/bin/program"));
    }
}
