//! What can go wrong with a harness.

use std::path::PathBuf;

/// Why a harness did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    /// A harness of this name runs already.
    #[error("a harness named {name:?} is running already")]
    Running {
        /// Its name.
        name: String,
    },
    /// No harness of this name runs.
    #[error("no harness named {name:?} is running")]
    NotRunning {
        /// Its name.
        name: String,
    },
    /// A name that can't be a folder's.
    #[error("--name: found {0:?}, expected 1 to 40 lower-case letters, digits or '-'")]
    Name(String),
    /// A file or folder.
    #[error("{what} {path}: {cause}", path = path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// An offset that leaves the range of ports.
    #[error("the port offset {0} leaves the range of ports")]
    PortOffset(u16),
    /// The store's URL makes no sense.
    #[error("store.url: {0}")]
    StoreUrl(stores::StoreLocationError),
    /// A secret is not where the definition says.
    #[error("{setting}: {place}: {why}")]
    Secret {
        /// Which setting names it.
        setting: &'static str,
        /// Where it was to be.
        place: String,
        /// Why it can't be had.
        why: String,
    },
    /// A key that signs can't be used or registered.
    #[error("{what}: {why}")]
    Key {
        /// Which key, or what was done with it.
        what: String,
        /// Why not.
        why: String,
    },
    /// The hub did not start.
    #[error(transparent)]
    Hub(#[from] hub::ServeError),
    /// A hub's program did not start, or did not take over.
    #[error(transparent)]
    Succession(#[from] succession::SuccessionError),
    /// The simulated FSPs did not start.
    #[error("the simulated FSPs: {0}")]
    Simulator(#[from] participant::StartError),
    /// The hub could not be brought to what the definition says.
    #[error("onboarding: {0}")]
    Provisioning(operations::Failure),
    /// Something did not happen in time.
    #[error("{0}")]
    TimedOut(String),
}

impl HarnessError {
    /// Wraps what the system said of a file.
    pub(crate) fn file(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> HarnessError {
        let path = path.into();
        move |cause| HarnessError::File { what, path, cause }
    }
}
