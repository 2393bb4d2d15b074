//! What a tool was asked to do, and on which cluster.

use std::{path::PathBuf, time::Duration};

use definition::{Hub, Loaded};
use operations::Folder;

/// The namespace when none is given.
pub const DEFAULT_NAMESPACE: &str = "mojaloop";

/// What a tool that reaches a cluster was asked to do.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is wanted.
    pub loaded: Loaded,
    /// Where the tool remembers things.
    pub folder: Folder,
    /// The release's name.
    pub name: String,
    /// The kubeconfig; without, those of `KUBECONFIG`, or the user's own.
    pub kubeconfig: Option<PathBuf>,
    /// The context in it; without, the current one.
    pub context: Option<String>,
    /// The namespace; without, [`DEFAULT_NAMESPACE`].
    pub namespace: Option<String>,
    /// The hub's image; without, the one built from the checkout.
    pub image: Option<String>,
    /// The command that puts an image's archive on the cluster's nodes.
    pub image_load: Option<String>,
    /// How long anything is waited for.
    pub timeout: Duration,
    /// Whether `down` deletes the hub's books, too.
    pub delete_data: bool,
}

impl Settings {
    /// The definition.
    pub fn hub(&self) -> &Hub {
        &self.loaded.hub
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE)
    }
}
