//! `mojaloop harness config`: what holds, and where each value was said.

use std::collections::BTreeMap;

use clap::Args;
use definition::{Hub, Origin};
use harness::{Place, Setting};
use serde::Serialize;

use super::{compose, engine};
use crate::{
    arguments::{
        Global,
        tools::{Engine, EngineArguments},
    },
    commands::tool,
    exit::Failure,
    printer,
};

#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    #[command(flatten)]
    engine: EngineArguments,
    /// Say of each value where it was said: the file and its line, a flag, the environment, or a default
    #[arg(long)]
    show_origin: bool,
}

#[derive(Serialize)]
struct Config<'a> {
    definition: &'a Hub,
    #[serde(skip_serializing_if = "Option::is_none")]
    origins: Option<BTreeMap<String, Origin>>,
    /// Of the containers; none with the embedded engine.
    variables: Vec<Setting>,
}

pub(super) fn show(arguments: &ConfigArguments, global: &Global, place: &Place) -> Result<(), Failure> {
    let (loaded, variables) = match engine(&arguments.engine, place)? {
        Engine::Embedded => (tool::load_embedded(global)?, Vec::new()),
        Engine::Compose => {
            let loaded = tool::load_compose(global)?;
            let variables = compose::settings(&arguments.engine, global, loaded.clone())?;
            (loaded, variables)
        }
    };
    let origins = arguments.show_origin.then(|| loaded.origins_of_all());
    let config = Config { definition: &loaded.hub, origins, variables };
    printer::print(global.output, "HarnessConfig", &config, |config| {
        let definition = loaded.yaml(arguments.show_origin);
        match config.variables.as_slice() {
            [] => definition,
            variables => format!("{definition}\n{}", table(variables, arguments.show_origin)),
        }
    })
}

fn table(variables: &[Setting], show_origin: bool) -> String {
    let row = |setting: &Setting| {
        let mut row = vec![setting.name.clone(), setting.value.clone()];
        row.extend(show_origin.then(|| setting.origin.clone()));
        row.push(setting.about.clone());
        row
    };
    let heads: &[&str] =
        if show_origin { &["variable", "value", "origin", "for"] } else { &["variable", "value", "for"] };
    printer::table(heads, variables.iter().map(row).collect(), &[])
}
