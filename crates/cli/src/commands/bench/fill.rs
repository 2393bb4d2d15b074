//! `mojaloop bench fill`.

use std::time::Instant;

use clap::{Args, value_parser};
use hub::system_clock;
use serde::Serialize;
use stores::Past;

use crate::{
    arguments::{Global, StoreArguments},
    commands::{progress::Steps, runtime, store},
    exit::Failure,
    printer,
};

#[derive(Debug, Args)]
pub(crate) struct FillArguments {
    #[command(flatten)]
    store: StoreArguments,
    /// How many transfers, at least: each participant pays and is paid as often as the others
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = value_parser!(u64).range(1..=1 << 40))]
    transfers: u64,
    /// Over how many days before now they are spread, 1 to 365
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = value_parser!(u16).range(1..=365))]
    days: u16,
    /// Of the transfers' ids: to fill a store again, name another one
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: i64,
}

/// What was done.
#[derive(Debug, Serialize)]
struct Fill {
    store: String,
    transfers: u64,
    seconds: f64,
}

pub(super) fn run(arguments: FillArguments, global: &Global) -> Result<(), Failure> {
    let opening = store::opening(arguments.store)?;
    let past = Past { transfers: arguments.transfers, days: arguments.days, seed: arguments.seed };
    let (started, progress) = (Instant::now(), Steps::new(global.no_progress));
    let mut fill = Fill { store: opening.location.to_string(), transfers: 0, seconds: 0.0 };
    let filling = stores::fill(opening, system_clock(), past, |done| {
        fill.transfers = done;
        progress.live(&format!("{done} of {} transfers", past.transfers));
    });
    runtime::start()?.block_on(filling).map_err(|error| store::explain(&error))?;
    drop(progress);
    fill.seconds = started.elapsed().as_secs_f64();
    printer::print(global.output, "Fill", &fill, |fill| {
        format!("{} has {} transfers more, after {:.0} s", fill.store, fill.transfers, fill.seconds)
    })
}
