//! One process owns the file.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use store::StoreError;

/// Holds the lock until it is dropped, or the process ends in whatever way.
///
/// The lock is on a file of its own, `{file}.lock`, which stays behind: SQLite's own exclusive mode would shut out the
/// reading connection, and a second lock on the database file itself could disturb those of SQLite.
pub(crate) struct Lock(File);

impl Lock {
    /// Takes the lock of this database file, without waiting.
    pub(crate) fn take(database: &Path) -> Result<Lock, StoreError> {
        let path = beside(database, ".lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        owner_only(&mut options);
        let failed = |error: &dyn std::fmt::Display| StoreError::Unavailable(format!("{}: {error}", path.display()));
        let file = options.open(&path).map_err(|error| failed(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => {
                let text = format!("in use by another hub, which holds {}; one process has a file", path.display());
                Err(StoreError::Unavailable(format!("{text}; hint: stop that hub first")))
            }
            Err(TryLockError::Error(error)) => Err(failed(&error)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone would leave it to a child process that is just being started. The end of this process does the rest.
        let _ = self.0.unlock();
    }
}

/// The file's name with something appended.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// What the hub stores is nobody else's business.
pub(crate) fn owner_only(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}
