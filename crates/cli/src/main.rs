//! `mojaloop`: one binary for the hub and for the tools that put it where it runs.

mod arguments;
mod commands;
mod environment;
mod exit;
mod logging;
mod printer;

use std::{process::ExitCode, time::Instant};

use arguments::{Arguments, Command};

fn main() -> ExitCode {
    let started = Instant::now();
    if let Err(failure) = environment::check() {
        return exit::report(failure);
    }
    let Arguments { global, command } = arguments::read();
    let result = match command {
        Command::Hub(command) => commands::hub::run(command, global),
        Command::Simulator(command) => commands::simulator::run(command),
        Command::Transfer(command) => commands::transfer::run(command, &global),
        Command::Trace(command) => commands::trace::run(&command, &global),
        Command::Audit(command) => commands::audit::run(&command, &global),
        Command::Scheme(command) => commands::scheme::run(command, &global),
        Command::Health(command) => commands::health::run(&command, &global),
        Command::Bench(arguments) => commands::bench::run(*arguments, &global),
        Command::Certify(arguments) => commands::certify::run(&arguments, &global),
        Command::Completions(command) => commands::completions::run(&command),
        #[cfg(feature = "tools")]
        Command::Harness(command) => commands::harness::run(command, global, started),
        #[cfg(feature = "tools")]
        Command::Miniloop(command) => commands::cluster::miniloop(command, &global),
        #[cfg(feature = "tools")]
        Command::Helm(command) => commands::cluster::helm(command, &global),
        #[cfg(feature = "tools")]
        Command::Iac(command) => commands::iac::run(command, &global),
        #[cfg(feature = "tools")]
        Command::Definition(command) => commands::definition::run(command, &global),
        #[cfg(feature = "tools")]
        Command::Image(command) => commands::image::run(&command, &global),
    };
    let _ = started;
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => exit::report(failure),
    }
}
