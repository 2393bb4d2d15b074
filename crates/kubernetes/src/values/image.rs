//! Which image.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The image with the program `mojaloop`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Image {
    /// Registry; empty: what the container runtime takes by default.
    pub registry: String,
    /// Repository.
    #[schemars(length(min = 1))]
    pub repository: String,
    /// Tag; empty: the chart's appVersion.
    pub tag: String,
    /// Digest (sha256:…), which wins over the tag.
    pub digest: String,
    /// When the image is pulled.
    pub pull_policy: PullPolicy,
    /// Names of secrets with registry credentials.
    pub pull_secrets: Vec<String>,
}

/// When an image is pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PullPolicy {
    /// Unless the node has it.
    IfNotPresent,
    /// At each start.
    Always,
    /// Never: the node must have it.
    Never,
}

impl Image {
    /// Takes the parts of a reference: `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]`.
    pub fn set(&mut self, reference: &str) {
        let (rest, digest) = reference.split_once('@').unwrap_or((reference, ""));
        // A colon before the last slash is that of a registry's port.
        let name_at = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match rest[name_at..].split_once(':') {
            Some((name, tag)) => (&rest[..name_at + name.len()], tag),
            None => (rest, ""),
        };
        // As container runtimes see it: the first part is a registry if it can't be a part of a repository.
        let (registry, repository) = match name.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
            _ => ("", name),
        };
        registry.clone_into(&mut self.registry);
        repository.clone_into(&mut self.repository);
        // Without a tag, everybody's tools take `latest`; the chart would take its own version.
        let tag = if tag.is_empty() && digest.is_empty() { "latest" } else { tag };
        tag.clone_into(&mut self.tag);
        digest.clone_into(&mut self.digest);
    }
}

#[cfg(test)]
mod tests {
    use crate::Values;

    #[test]
    fn references_are_taken_apart() {
        for (reference, parts) in [
            ("mojaloop-hub:0.1.0-abc", ("", "mojaloop-hub", "0.1.0-abc", "")),
            ("localhost:5000/mojaloop-hub:1", ("localhost:5000", "mojaloop-hub", "1", "")),
            ("ghcr.io/team/mojaloop-hub:1@sha256:ab", ("ghcr.io", "team/mojaloop-hub", "1", "sha256:ab")),
            ("team/mojaloop-hub@sha256:ab", ("", "team/mojaloop-hub", "", "sha256:ab")),
            ("localhost:5000/mojaloop-hub", ("localhost:5000", "mojaloop-hub", "latest", "")),
        ] {
            let mut image = Values::defaults().image;
            image.set(reference);
            let found = (&*image.registry, &*image.repository, &*image.tag, &*image.digest);
            assert_eq!(found, parts, "{reference}");
        }
    }
}
