//! What is wrong with a file: [`TlsError`].

use std::path::PathBuf;

use crate::PemFile;

/// Why a file can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting} {}: found {found}, expected {expected}", path.display())]
pub struct TlsError {
    /// The flag or setting that names the file.
    pub setting: &'static str,
    /// The file.
    pub path: PathBuf,
    /// What is there.
    pub found: String,
    /// What should be there.
    pub expected: &'static str,
    /// What to do.
    pub hint: String,
}

impl TlsError {
    pub(crate) fn new(file: &PemFile, found: impl Into<String>, expected: &'static str, hint: String) -> TlsError {
        TlsError { setting: file.setting, path: file.path.clone(), found: found.into(), expected, hint }
    }
}
