//! `mojaloop harness …`: the same verbs for both engines.

mod capture;
mod compose;
mod config;
mod embedded;
mod looking;
mod open;
mod psql;
mod test;
mod watch;

use std::{path::Path, time::Instant};

use harness::{Compose, Instance, Place};

use crate::{
    arguments::{
        Global,
        tools::{Engine, EngineArguments, HarnessCommand},
    },
    commands::tool,
    exit::Failure,
    printer,
};

/// The embedded harness that runs under the name, if there is one.
pub(crate) fn running(global: &Global) -> Option<Instance> {
    let place = Place::of(&global.name, global.data_dir.as_deref()).ok()?;
    Instance::find(&place).ok()?
}

pub(crate) use config::ConfigArguments;
pub(crate) use test::TestArguments;

pub(crate) fn run(command: HarnessCommand, global: Global, started: Instant) -> Result<(), Failure> {
    let place = Place::of(&global.name, global.data_dir.as_deref()).map_err(embedded::explain)?;
    match command {
        HarnessCommand::Up(arguments) => match engine(&arguments.engine, &place)? {
            Engine::Embedded => {
                let loaded = tool::load_embedded(&global)?;
                tool::require_available(&loaded.warnings_embedded())?;
                embedded::start(&arguments, &global, place, loaded, started)
            }
            Engine::Compose => {
                let loaded = tool::load_compose(&global)?;
                tool::require_available(&loaded.warnings_compose())?;
                compose::start(&arguments, &global, loaded)
            }
        },
        HarnessCommand::Profiles => profiles(&global),
        HarnessCommand::Render(arguments) => render(&arguments.out, &global),
        HarnessCommand::Doctor(arguments) => match engine(&arguments, &place)? {
            Engine::Embedded => looking::doctor(&arguments, &global, &place),
            Engine::Compose => compose::look(&arguments, &global, tool::Verb::Doctor),
        },
        HarnessCommand::Plan(arguments) => match engine(&arguments, &place)? {
            Engine::Embedded => looking::plan(&global, &place),
            Engine::Compose => compose::look(&arguments, &global, tool::Verb::Plan),
        },
        HarnessCommand::Verify(arguments) => match engine(&arguments, &place)? {
            Engine::Embedded => looking::verify(&global, &place),
            Engine::Compose => compose::look(&arguments, &global, tool::Verb::Verify),
        },
        HarnessCommand::Status => match running_engine(&place)? {
            Some(Engine::Compose) => compose::status(&global),
            _ => embedded::status(&global, &place),
        },
        HarnessCommand::Logs(arguments) => match running_engine(&place)? {
            Some(Engine::Compose) => compose::logs(&global, arguments.follow),
            _ => embedded::logs(&place, arguments.follow),
        },
        HarnessCommand::Capture(arguments) => {
            let operations = match running_engine(&place)? {
                Some(Engine::Compose) => compose::operations(&global)?,
                _ => Instance::get(&place).map_err(embedded::explain)?.operations,
            };
            capture::run(&arguments, &global, operations)
        }
        HarnessCommand::Down(arguments) => match running_engine(&place)? {
            Some(Engine::Compose) => compose::down(&global, arguments.volumes),
            _ => embedded::down(&global, &place, arguments.volumes),
        },
        HarnessCommand::Watch(arguments) => watch::run(&arguments, &global, place, started),
        HarnessCommand::Config(arguments) => config::show(&arguments, &global, &place),
        HarnessCommand::Psql(arguments) => psql::run(&arguments, &global, &place),
        HarnessCommand::Open(arguments) => open::run(&arguments, &global, &place),
        HarnessCommand::Test(arguments) => test::run(&arguments, &global, &place),
        HarnessCommand::Reset => match running_engine(&place)? {
            Some(Engine::Compose) => compose::down(&global, true),
            _ => embedded::reset(&global, &place),
        },
    }
}

fn render(out: &Path, global: &Global) -> Result<(), Failure> {
    let loaded = tool::load_compose(global)?;
    tool::write(&harness::render(&loaded.hub), out, global)
}

/// The engine that was asked for, else the one that this name has, else the embedded one.
fn engine(arguments: &EngineArguments, place: &Place) -> Result<Engine, Failure> {
    let there = running_engine(place)?;
    match (arguments.engine, there) {
        (Some(asked), Some(other)) if asked != other => {
            let name = place.name();
            Err(Failure::failed(format!("{name:?} runs on the other engine already"))
                .hint("mojaloop harness down, or another --name with a --port-offset"))
        }
        (Some(asked), _) => Ok(asked),
        (None, there) => Ok(there.unwrap_or(Engine::Embedded)),
    }
}

/// Which engine holds something under this name.
fn running_engine(place: &Place) -> Result<Option<Engine>, Failure> {
    if Instance::find(place).map_err(embedded::explain)?.is_some() {
        return Ok(Some(Engine::Embedded));
    }
    Ok(Compose::was_started(place.folder()).then_some(Engine::Compose))
}

/// Whether one process is to play FSPs; what needs containers is refused.
fn with_simulators(arguments: &EngineArguments) -> Result<bool, Failure> {
    let profiles = arguments.profiles();
    match profiles.iter().find(|profile| !profile.is_embedded()) {
        Some(profile) => {
            Err(Failure::usage(format!("--profile {}: needs containers", profile.name())).hint("--engine compose"))
        }
        None => Ok(profiles.is_empty() || profiles.contains(&harness::Profile::Simulators)),
    }
}

fn profiles(global: &Global) -> Result<(), Failure> {
    let profiles = harness::explain_profiles(&tool::load_compose(global)?.hub);
    let body = serde_json::json!({ "profiles": profiles });
    printer::print(global.output, "HarnessProfiles", &body, |_| {
        let row = |profile: &harness::Explained| {
            let note = profile.not_available_yet.map(|what| format!("not available yet: {what}")).unwrap_or_default();
            let about = profile.about.to_owned();
            let starts = match profile.services.as_slice() {
                [] => "nothing: needs store.kind=postgres".to_owned(),
                services => services.join(", "),
            };
            vec![profile.name.to_owned(), about, starts, profile.aliases.join(", "), note]
        };
        let heads = ["profile", "for", "starts", "upstream's names", ""];
        printer::table(&heads, profiles.iter().map(row).collect(), &[])
    })
}

/// The addresses of a harness, for people.
fn table_of_urls(rows: &[(&str, String)]) -> String {
    let rows = rows.iter().map(|(service, url)| vec![(*service).to_owned(), url.clone()]).collect();
    printer::table(&["service", "URL"], rows, &[])
}
