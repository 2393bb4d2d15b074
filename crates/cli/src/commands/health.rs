//! `mojaloop health`: the health check inside containers, where there is no shell and no curl.

use clap::Args;
use provisioning::HttpClient;
use tokio::runtime::Builder;

use crate::{arguments::Global, exit::Failure};

/// How long the answer may take, unless `--timeout` says otherwise: health checks have a few seconds themselves.
const TIMEOUT_SECONDS: u64 = 2;

#[derive(Debug, Args)]
#[command(before_help = "Example: mojaloop health --url http://127.0.0.1:9100/ready")]
pub(crate) struct HealthArguments {
    /// What must answer with success
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9100/ready")]
    pub(crate) url: String,
}

/// Succeeds if the URL answers with success; says nothing then.
pub(crate) fn run(arguments: &HealthArguments, global: &Global) -> Result<(), Failure> {
    let client = HttpClient::with_timeout(global.timeout_or(TIMEOUT_SECONDS));
    // One request needs one thread.
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
    runtime
        .block_on(client.check(&arguments.url))
        .map_err(|error| Failure::failed(format!("{}: {error}", arguments.url)))
}
