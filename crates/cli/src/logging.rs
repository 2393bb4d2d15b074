//! Structured logs, on standard error.

use std::io::IsTerminal;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use crate::{environment, exit::Failure};

/// In which form logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging. `MOJALOOP_LOG` says what is logged (`info`, `hub=debug,warn`, …).
pub(crate) fn start(default: &str, format: Option<LogFormat>) -> Result<(), Failure> {
    let directives = std::env::var(environment::LOG).unwrap_or_else(|_| default.to_owned());
    let filter = EnvFilter::try_new(&directives).map_err(|error| {
        Failure::usage(format!("{} is {directives:?}: {error}", environment::LOG))
            .hint("examples: info · warn · hub=debug,warn")
    })?;
    let terminal = std::io::stderr().is_terminal();
    let format = format.unwrap_or(if terminal { LogFormat::Text } else { LogFormat::Json });
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Json => builder.json().flatten_event(true).init(),
        LogFormat::Text => builder.with_ansi(terminal && std::env::var_os("NO_COLOR").is_none()).init(),
    }
    Ok(())
}
