//! `mojaloop`: one binary for the hub and for the tools that put it where it runs.

mod arguments;
mod commands;
mod environment;
mod exit;
mod logging;
mod printer;

use std::{process::ExitCode, time::Instant};

use arguments::{Arguments, Command};
use clap::Parser;

fn main() -> ExitCode {
    let started = Instant::now();
    if let Err(failure) = environment::check() {
        return exit::report(failure);
    }
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Hub(command) => commands::hub::run(command, arguments.global),
        Command::Harness(command) => commands::harness::run(command, arguments.global, started),
        Command::Simulator(command) => commands::simulator::run(command),
        Command::Transfer(command) => commands::transfer::run(command, &arguments.global),
        Command::Completions(command) => commands::completions::run(&command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => exit::report(failure),
    }
}
