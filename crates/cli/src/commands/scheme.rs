//! `mojaloop scheme …`: a hub's business configuration, from the `scheme.json` that the tools render.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, Subcommand};
use operations::{Exit, Silent, wait_until};
use provisioning::{Apis, Scheme, apply, plan, readiness};

use crate::{
    arguments::Global,
    commands::{plan as shown, runtime},
    environment,
    exit::Failure,
};

/// How long `apply` waits for the hub, unless `--timeout` says otherwise: hub and database may be starting.
const TIMEOUT_SECONDS: u64 = 60;
/// How often it is looked whether the hub is ready.
const LOOK_EVERY: Duration = Duration::from_millis(200);

#[derive(Debug, Subcommand)]
pub(crate) enum SchemeCommand {
    /// Show what would change; exit code 3 if anything would
    #[command(before_help = "Example: mojaloop scheme plan --file scheme.json")]
    Plan(SchemeArguments),
    /// Wait until the hub is ready, then bring it to what the file says
    #[command(before_help = "Example: mojaloop scheme apply --file scheme.json --timeout 120")]
    Apply(SchemeArguments),
}

#[derive(Debug, Args)]
pub(crate) struct SchemeArguments {
    /// What the hub is to know: participants, limits, funds, models, oracles
    #[arg(long, value_name = "FILE", env = environment::SCHEME)]
    pub(crate) file: PathBuf,
    /// Where the hub takes FSPIOP
    #[arg(long, value_name = "URL", env = environment::HUB, default_value = "http://127.0.0.1:3000")]
    pub(crate) hub: String,
    /// Where the hub's ledger is administered
    #[arg(long, value_name = "URL", env = environment::LEDGER_ADMIN, default_value = "http://127.0.0.1:3001")]
    pub(crate) ledger_admin: String,
    /// Where the hub's oracles are administered
    #[arg(long, value_name = "URL", env = environment::ORACLE_ADMIN, default_value = "http://127.0.0.1:4001")]
    pub(crate) oracle_admin: String,
}

pub(crate) fn run(command: SchemeCommand, global: &Global) -> Result<(), Failure> {
    match command {
        SchemeCommand::Plan(arguments) => {
            let scheme = read(&arguments.file)?;
            let origin = |path: &str| format!("{}: {path}", arguments.file.display());
            let found = runtime::start()?.block_on(plan(&arguments.apis(), &scheme, &origin))?;
            shown::show(global.output, &found)?;
            if found.is_empty() { Ok(()) } else { Err(Failure::verdict(Exit::Pending)) }
        }
        SchemeCommand::Apply(arguments) => {
            let scheme = read(&arguments.file)?;
            let apis = arguments.apis();
            let timeout = global.timeout_or(TIMEOUT_SECONDS);
            let changed = runtime::start()?.block_on(async {
                wait_until("the hub", timeout, LOOK_EVERY, &Silent, || readiness(&apis)).await?;
                apply(&apis, &scheme, &Silent).await
            })?;
            shown::show(global.output, &changed)
        }
    }
}

impl SchemeArguments {
    fn apis(&self) -> Apis {
        Apis {
            fspiop: self.hub.clone(),
            ledger_admin: self.ledger_admin.clone(),
            oracle_admin: self.oracle_admin.clone(),
        }
    }
}

/// Reads a `scheme.json`.
pub(crate) fn read(file: &Path) -> Result<Scheme, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::failed(format!("{}: {error}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| wrong(&error))?;
    let hint = "the tools render it from the definition: mojaloop harness render --engine compose --out DIR";
    Scheme::parse(&text).map_err(|error| wrong(&error).hint(hint))
}
