//! Files that a tool renders, which a team can own without the tool.

use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path},
};

use crate::{
    Failure,
    folder::{cannot, write_whole},
};

/// Rendered files by their path below the output folder. What is in them does not depend on where that folder is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Artefacts {
    files: BTreeMap<String, Vec<u8>>,
}

impl Artefacts {
    /// None yet.
    pub fn new() -> Artefacts {
        Artefacts::default()
    }

    /// Adds a file. The path is relative, with '/' between its parts.
    pub fn add(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        let path = path.into();
        let inside = Path::new(&path).components().all(|part| matches!(part, Component::Normal(_)));
        assert!(inside && !path.is_empty(), "an artefact stays in its folder: {path:?}");
        self.files.insert(path, content.into());
    }

    /// The files, in the order of their paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, content)| (path.as_str(), content.as_slice()))
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> Option<&str> {
        std::str::from_utf8(self.files.get(path)?).ok()
    }

    /// Writes them below a folder. Other files there stay: override files and what a team added are theirs. A file that is
    /// right already is not touched. Says which files were written.
    ///
    /// # Errors
    /// The first file that can't be written.
    pub fn write_to(&self, folder: &Path) -> Result<Vec<String>, Failure> {
        let mut written = Vec::new();
        for (path, content) in &self.files {
            let target = folder.join(path);
            if fs::read(&target).is_ok_and(|there| there == *content) {
                continue;
            }
            let parent = target.parent().unwrap_or(folder);
            fs::create_dir_all(parent).map_err(|error| cannot("make", parent, &error))?;
            write_whole(&target, content)?;
            #[cfg(unix)]
            if path.ends_with(".sh") {
                use std::os::unix::fs::PermissionsExt;
                let executable = fs::Permissions::from_mode(0o755);
                fs::set_permissions(&target, executable).map_err(|error| cannot("make executable", &target, &error))?;
            }
            written.push(path.clone());
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_others_stay_and_right_ones_are_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("mine.yaml"), "mine").unwrap();
        let mut artefacts = Artefacts::new();
        artefacts.add("a.yaml", "a: 1\n");
        artefacts.add("deep/run.sh", "#!/bin/sh\n");
        assert_eq!(artefacts.write_to(folder.path()).unwrap(), ["a.yaml", "deep/run.sh"]);
        assert_eq!(artefacts.write_to(folder.path()).unwrap(), Vec::<String>::new());
        fs::write(folder.path().join("a.yaml"), "a: 2\n").unwrap();
        assert_eq!(artefacts.write_to(folder.path()).unwrap(), ["a.yaml"]);
        assert_eq!(fs::read_to_string(folder.path().join("mine.yaml")).unwrap(), "mine");
    }

    #[test]
    #[should_panic(expected = "an artefact stays in its folder")]
    fn nothing_is_written_outside_the_folder() {
        Artefacts::new().add("../a.yaml", "");
    }
}
