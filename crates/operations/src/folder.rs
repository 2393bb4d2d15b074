//! The folder in which a tool keeps what it must remember of one name.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy;

use crate::Failure;

/// The folder of one name and one tool, for its owner alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// `DATA/NAME/TOOL`, where DATA is `data_dir` or the user's data folder.
    ///
    /// # Errors
    /// A name that can't be a folder's, or no data folder.
    pub fn of(data_dir: Option<&Path>, name: &str, tool: &str) -> Result<Folder, Failure> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > 40 || !name.bytes().all(allowed) || name.starts_with('-') {
            let wrong = format!("--name: found {name:?}, expected 1 to 40 lower-case letters, digits or '-'");
            return Err(Failure::usage(wrong));
        }
        let data = match data_dir {
            Some(given) => std::path::absolute(given).map_err(Failure::failed)?,
            None => etcetera::choose_base_strategy()
                .map(|folders| folders.data_dir().join("mojaloop"))
                .map_err(|error| Failure::failed(format!("no data folder: {error}")).hint("set --data-dir"))?,
        };
        Ok(Folder::at(data.join(name).join(tool)))
    }

    /// This folder.
    pub fn at(path: impl Into<PathBuf>) -> Folder {
        Folder { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file or folder in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes it, for its owner alone.
    pub fn create(&self) -> Result<(), Failure> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.path).map_err(|error| cannot("make", &self.path, &error))
    }

    /// The text of a file in it; `None` if it is not there.
    pub fn read(&self, name: &str) -> Result<Option<String>, Failure> {
        let path = self.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(cannot("read", &path, &error)),
        }
    }

    /// Writes a file in it, as a whole or not at all.
    pub fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        self.create()?;
        write_whole(&self.join(name), text.as_bytes())
    }

    /// Deletes a file in it, if it is there.
    pub fn remove(&self, name: &str) -> Result<(), Failure> {
        let path = self.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot("delete", &path, &error)),
            _ => Ok(()),
        }
    }

    /// Deletes it with everything in it, if it is there, and the folder around it if nothing else is in that.
    pub fn delete(&self) -> Result<(), Failure> {
        match fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot("delete", &self.path, &error)),
            _ => {}
        }
        if let Some(parent) = self.path.parent() {
            // Somebody else's files in it are none of our business.
            let _ = fs::remove_dir(parent);
        }
        Ok(())
    }
}

/// Writes a file as a whole or not at all: a reader never sees half of it.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.new", std::process::id()));
    let draft = PathBuf::from(draft);
    fs::write(&draft, bytes).map_err(|error| cannot("write", &draft, &error))?;
    fs::rename(&draft, path).map_err(|error| {
        let _ = fs::remove_file(&draft);
        cannot("write", path, &error)
    })
}

pub(crate) fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("cannot {what} {}: {error}", path.display()))
}
