//! What an image says of how it is run: the configuration of the OCI, as `docker save` writes it.

use std::collections::BTreeMap;

use serde::Serialize;

/// All times in an image: it says nothing of when it was made, so that the same files give the same image.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// How a container of the image runs unless told otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Run {
    pub(crate) user: String,
    pub(crate) entrypoint: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) cmd: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) env: Vec<String>,
    pub(crate) working_dir: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stop_signal: Option<String>,
    pub(crate) labels: BTreeMap<String, String>,
}

/// The configuration of an image with one layer.
#[derive(Debug, Serialize)]
pub(crate) struct Configuration<'a> {
    architecture: &'static str,
    os: &'static str,
    created: &'static str,
    config: &'a Run,
    rootfs: Layers,
    history: [Origin; 1],
}

#[derive(Debug, Serialize)]
struct Layers {
    r#type: &'static str,
    diff_ids: [String; 1],
}

#[derive(Debug, Serialize)]
struct Origin {
    created: &'static str,
    created_by: &'static str,
}

impl Configuration<'_> {
    /// Of an image whose layer has this SHA-256.
    pub(crate) fn of<'a>(run: &'a Run, layer: &str) -> Configuration<'a> {
        Configuration {
            architecture: architecture(),
            os: "linux",
            created: CREATED,
            config: run,
            rootfs: Layers { r#type: "layers", diff_ids: [format!("sha256:{layer}")] },
            history: [Origin { created: CREATED, created_by: "mojaloop image" }],
        }
    }
}

/// What an archive holds, in `manifest.json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Manifest {
    pub(crate) config: &'static str,
    pub(crate) repo_tags: Vec<String>,
    pub(crate) layers: [&'static str; 1],
}

/// This machine's architecture, as images call it.
pub(crate) fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
