//! What `render` writes: the chart, its values, and the two commands.

use operations::{Artefacts, Failure};

use crate::{Settings, chart, engine::VALUES, names::CHART, wanted::Wanted};

/// The plain files that a team can own.
pub(crate) fn of(tool: &str, settings: &Settings, wanted: &Wanted) -> Result<Artefacts, Failure> {
    let mut artefacts = Artefacts::new();
    chart::add_to(&mut artefacts);
    artefacts.add(VALUES, wanted.values.to_yaml()?);
    artefacts.add("README.md", readme(tool, settings, wanted));
    Ok(artefacts)
}

fn readme(tool: &str, settings: &Settings, wanted: &Wanted) -> String {
    let (name, namespace) = (&settings.name, settings.namespace());
    let image = &wanted.values.image;
    let tag = if image.tag.is_empty() { chart::version() } else { &image.tag };
    let registry = if image.registry.is_empty() { String::new() } else { format!("{}/", image.registry) };
    let repository = format!("{registry}{}", image.repository);
    format!(
        "# {name}

Written by `mojaloop {tool} render`. It needs nothing of that tool:

    helm upgrade --install {name} charts/{CHART} --namespace {namespace} --create-namespace --values {VALUES} --timeout 5m
    helm test {name} --namespace {namespace} --logs

`{VALUES}` has only what differs from `charts/{CHART}/values.yaml`. The nodes must have, or be able to pull, the image
`{repository}:{tag}`; `image.registry`, `image.repository`, `image.tag` and `image.digest` name another one.

`manifests.yaml`, which is there if `helm` was, has the plain manifests, hooks and tests among them:

    helm template {name} charts/{CHART} --namespace {namespace} --values {VALUES} --kube-version 1.36 > manifests.yaml
"
    )
}
