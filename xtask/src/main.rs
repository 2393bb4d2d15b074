//! The developer's commands: `cargo xtask test`, `conformance`, `simulate`, `faults`, `cluster`, `openapi`, `instructions`.
//!
//! Every command says on stderr what it does and ends, on stdout, with the line
//! `N passed, N failed, N skipped`. The process ends with 0 when something passed and nothing failed,
//! with 1 when not, with 2 on wrong usage and with 130 when it was interrupted.

mod browser;
mod cluster;
mod conformance;
mod faults;
mod http;
mod hub_process;
mod instructions;
mod openapi;
mod outcome;
mod parts;
mod process;
mod simulate;
mod suites;
mod user;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use crate::outcome::{Count, say};

/// The developer's commands of this workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, before_help = "Example: cargo xtask test --quick")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Test(suites::Arguments),
    Conformance(conformance::Arguments),
    Simulate(simulate::Arguments),
    Faults(faults::Arguments),
    Cluster(cluster::Arguments),
    Openapi(openapi::Arguments),
    Instructions(instructions::Arguments),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Leaving the `select` drops the command's future, and with it every child's guard: they end first.
    tokio::select! {
        code = run(arguments.command) => code,
        () = interrupted() => {
            say("interrupted: what this command had started has been ended");
            ExitCode::from(130)
        }
    }
}

async fn run(command: Command) -> ExitCode {
    let result = match command {
        Command::Test(arguments) => suites::run(arguments).await,
        Command::Conformance(arguments) => conformance::command(arguments).await,
        Command::Simulate(arguments) => simulate::command(arguments).await,
        Command::Faults(arguments) => faults::command(arguments).await,
        Command::Cluster(arguments) => cluster::command(arguments).await,
        Command::Openapi(arguments) => openapi::command(arguments).await,
        Command::Instructions(arguments) => instructions::command(arguments).await,
    };
    result.unwrap_or_else(|error| {
        say(&format!("error: {error:#}"));
        outcome::finish(&[], Count::FAILED)
    })
}

/// Waits for SIGINT or SIGTERM.
async fn interrupted() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_help_starts_with_an_example() {
        let mut top = Arguments::command();
        top.build();
        for command in std::iter::once(&top).chain(top.get_subcommands().filter(|command| command.get_name() != "help"))
        {
            let help = command.clone().render_help().to_string();
            assert!(help.starts_with("Example: cargo xtask "), "{}: {help}", command.get_name());
        }
    }
}
