//! `mojaloop harness psql`: into the database of a harness.

use std::{io::IsTerminal, os::unix::process::CommandExt, process::Command};

use harness::{Database, Instance, Place};
use operations::Program;

use super::{compose, embedded, running_engine};
use crate::{
    arguments::{
        Global,
        tools::{Engine, PsqlArguments},
    },
    commands::tool,
    exit::Failure,
};

/// Becomes psql, so that a terminal and its signals are psql's own.
pub(super) fn run(arguments: &PsqlArguments, global: &Global, place: &Place) -> Result<(), Failure> {
    let commands = arguments.commands.iter().flat_map(|sql| ["--command".to_owned(), sql.clone()]);
    let passed: Vec<String> = commands.chain(arguments.passed.iter().cloned()).collect();
    let mut psql = match running_engine(place)? {
        Some(Engine::Compose) => compose::psql(global, &passed)?,
        _ => of_embedded(&passed, global, place)?,
    };
    let error = psql.exec();
    Err(Failure::failed(format!("cannot run {}: {error}", psql.get_program().to_string_lossy())))
}

fn of_embedded(passed: &[String], global: &Global, place: &Place) -> Result<Command, Failure> {
    let instance = Instance::get(place).map_err(embedded::explain)?;
    let loaded = tool::load_embedded(global)?;
    match Database::of(&instance, &loaded.hub).map_err(embedded::explain)? {
        Database::Sqlite(file) => Err(Failure::failed("the store of this harness is SQLite: psql can't open it")
            .hint(format!("sqlite3 'file:{}?mode=ro'", file.display()))),
        Database::Postgres { url, password } => {
            let program = Program::find("psql").ok_or_else(|| {
                Failure::preflight("psql is not on the PATH")
                    .hint(format!("apt-get install postgresql-client; or connect to {}", instance.data))
            })?;
            let mut command = Command::new(program.path());
            command.arg("--dbname").arg(url).args(passed);
            // Not among the arguments, which everybody on the machine can read.
            command.envs(password.map(|password| ("PGPASSWORD", password.to_string())));
            Ok(command)
        }
    }
}

/// Whether psql in a container may have our terminal.
pub(super) fn has_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}
