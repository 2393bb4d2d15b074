//! Where a harness keeps its files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy;

use crate::{HarnessError, keys};

/// The folder of one harness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    name: String,
    folder: PathBuf,
}

impl Place {
    /// The folder of a name: below `data_dir`, else below the user's data folder.
    pub fn of(name: &str, data_dir: Option<&Path>) -> Result<Place, HarnessError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > 40 || !name.bytes().all(allowed) || name.starts_with('-') {
            return Err(HarnessError::Name(name.to_owned()));
        }
        let base = match data_dir {
            Some(given) => given.to_owned(),
            None => etcetera::choose_base_strategy().map(|folders| folders.data_dir().join("mojaloop")).map_err(
                |cause| HarnessError::File {
                    what: "no data folder, set --data-dir:",
                    path: PathBuf::from("~"),
                    cause: std::io::Error::other(cause),
                },
            )?,
        };
        Ok(Place { name: name.to_owned(), folder: base.join(name) })
    }

    /// The harness's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the hub's data are, unless they are ephemeral.
    pub fn store_file(&self) -> PathBuf {
        self.folder.join("hub.sqlite")
    }

    /// Where a detached harness writes its log.
    pub fn log_file(&self) -> PathBuf {
        self.folder.join("harness.log")
    }

    /// Says what runs.
    pub(crate) fn instance_file(&self) -> PathBuf {
        self.folder.join("instance.json")
    }

    /// Held by whoever runs.
    pub(crate) fn lock_file(&self) -> PathBuf {
        self.folder.join("lock")
    }

    /// Makes the folder, for its owner alone.
    pub fn create(&self) -> Result<(), HarnessError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder).map_err(HarnessError::file("making the folder", &self.folder))
    }

    /// The files of this harness that are there; what it did not make is not among them.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut names = vec![self.log_file(), self.instance_file(), self.lock_file()];
        for end in ["", "-wal", "-shm", "-journal", ".lock"] {
            names.push(self.folder.join(format!("hub.sqlite{end}")));
        }
        let keys = fs::read_dir(self.folder.join(keys::FOLDER)).into_iter().flatten().flatten();
        names.extend(keys.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "pem")));
        names.retain(|file| file.exists());
        names
    }

    /// Deletes the files of this harness, and its folder if nothing else is in it.
    pub fn delete(&self) -> Result<(), HarnessError> {
        for file in self.files() {
            fs::remove_file(&file).map_err(HarnessError::file("deleting", &file))?;
        }
        let _ = fs::remove_dir(self.folder.join(keys::FOLDER));
        // Somebody else's files in it are none of our business.
        let _ = fs::remove_dir(&self.folder);
        Ok(())
    }
}
