//! `mojaloop iac …`: what a hub stands on.

use definition::Loaded;
use iac::{Iac, Settings};
use operations::Folder;

use crate::{
    arguments::{
        Global,
        tools::{IacTool, IacVerb},
    },
    commands::{runtime, tool},
    exit::Failure,
};

/// Infrastructure takes long to make: an hour, unless somebody says otherwise.
const TIMEOUT_SECONDS: u64 = 3600;
/// Addresses that a question names; more of them would scroll the question away.
const NAMED: usize = 20;

pub(crate) fn run(arguments: IacTool, global: &Global) -> Result<(), Failure> {
    let loaded = tool::load(global)?;
    let destroy_data = matches!(&arguments.verb, IacVerb::Down(down) if down.destroy_data);
    let target = Iac::new(settings(&arguments, global, &loaded, destroy_data)?)?;
    let verb = match &arguments.verb {
        IacVerb::Doctor => tool::Verb::Doctor,
        IacVerb::Render(render) => tool::Verb::Render(&render.out),
        IacVerb::Plan => tool::Verb::Plan,
        IacVerb::Up => tool::Verb::Up,
        IacVerb::Status => tool::Verb::Status,
        IacVerb::Verify => tool::Verb::Verify,
        IacVerb::Down(_) => tool::Verb::Down(Some(question(&target, destroy_data)?)),
    };
    tool::run(&target, &loaded, verb, global, global.timeout_or(TIMEOUT_SECONDS))
}

fn settings(arguments: &IacTool, global: &Global, loaded: &Loaded, destroy_data: bool) -> Result<Settings, Failure> {
    let folder = match &arguments.folder {
        Some(folder) => Folder::at(std::path::absolute(folder).map_err(Failure::failed)?),
        None => Folder::of(global.data_dir.as_deref(), &global.name, "iac")?,
    };
    Ok(Settings {
        hub: loaded.hub.clone(),
        origins: loaded.origins.clone(),
        environment: global.environment.clone().unwrap_or_else(|| "default".to_owned()),
        folder,
        destroy_data,
        accept_losses: global.yes,
        known_hosts: iac::known_hosts(),
        timeout: global.timeout_or(TIMEOUT_SECONDS),
    })
}

/// What is asked before anything is destroyed.
///
/// # Errors
/// Something holds data and its protection is not to be lifted: then there is nothing to ask.
fn question(target: &Iac, destroy_data: bool) -> Result<String, Failure> {
    let protected = runtime::start()?.block_on(tool::interruptible(target.protected()))?;
    let name = &target.settings.hub.metadata.name;
    match (destroy_data, protected.as_slice()) {
        (false, []) => Ok(format!("Delete the infrastructure of {name}?")),
        (true, []) => Ok(format!("Delete the infrastructure of {name}, of which nothing is protected any more?")),
        (false, protected) => Err(Iac::refusal(protected)),
        (true, protected) => {
            let mut named: Vec<&str> = protected.iter().take(NAMED).map(String::as_str).collect();
            let more = protected.len().saturating_sub(NAMED);
            let more = (more > 0).then(|| format!("and {more} more"));
            named.extend(more.as_deref());
            Ok(format!(
                "Delete the infrastructure of {name} with all data, for good and without a final snapshot?\n  {}\n",
                named.join("\n  ")
            ))
        }
    }
}
