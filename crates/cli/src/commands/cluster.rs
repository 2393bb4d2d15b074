//! `mojaloop miniloop …` and `mojaloop helm …`: the two tools whose target is a cluster.

use kubernetes::Settings;
use operations::{Folder, Target};

use crate::{
    arguments::{
        Global,
        tools::{ClusterTool, ClusterVerb},
    },
    commands::tool::{self, Verb},
    exit::Failure,
};

/// Building the image takes minutes, once; what a cluster has to pull may take some, too.
const TIMEOUT_S: u64 = 300;

pub(crate) fn miniloop(tool: ClusterTool, global: &Global) -> Result<(), Failure> {
    // An evaluation is thrown away as a whole, unless somebody wants to keep its data.
    let delete_data = !matches!(&tool.verb, ClusterVerb::Down(down) if down.keep_data);
    let settings = settings(&tool, global, "miniloop", delete_data)?;
    run(&miniloop::Miniloop::new(settings.clone()), &settings, &tool.verb, global)
}

pub(crate) fn helm(tool: ClusterTool, global: &Global) -> Result<(), Failure> {
    let delete_data = matches!(&tool.verb, ClusterVerb::Down(down) if down.destroy_data);
    let settings = settings(&tool, global, "helm", delete_data)?;
    run(&helm::Helm::new(settings.clone()), &settings, &tool.verb, global)
}

fn settings(tool: &ClusterTool, global: &Global, name: &str, delete_data: bool) -> Result<Settings, Failure> {
    let cluster = tool.cluster.clone();
    let loaded = tool::load(global)?;
    Ok(Settings {
        folder: Folder::of(global.data_dir.as_deref(), &global.name, name)?,
        name: loaded.hub.metadata.name.clone(),
        loaded,
        kubeconfig: cluster.kubeconfig,
        context: cluster.context,
        namespace: cluster.namespace,
        image: cluster.image,
        image_load: cluster.image_load,
        timeout: global.timeout_or(TIMEOUT_S),
        delete_data,
    })
}

fn run<T: Target>(target: &T, settings: &Settings, verb: &ClusterVerb, global: &Global) -> Result<(), Failure> {
    let verb = match verb {
        ClusterVerb::Doctor => Verb::Doctor,
        ClusterVerb::Render(arguments) => Verb::Render(&arguments.out),
        ClusterVerb::Plan => Verb::Plan,
        ClusterVerb::Up => Verb::Up,
        ClusterVerb::Status => Verb::Status,
        ClusterVerb::Verify => Verb::Verify,
        ClusterVerb::Down(_) => {
            let data = if settings.delete_data { "and its data " } else { "(its data stay) " };
            Verb::Down(Some(format!("The release {:?} {data}will be removed.", settings.name)))
        }
    };
    tool::run(target, &settings.loaded, verb, global, settings.timeout)
}
