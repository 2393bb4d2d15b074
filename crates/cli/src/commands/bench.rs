//! `mojaloop bench`.

mod compare;
mod fill;
mod table;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{ArgAction, Args, Subcommand, ValueEnum};
use load::{Phases, Plan, Report};
use participant::Phase;

pub(crate) use table::{facts_of, latencies_of, verdict_of};

use crate::{
    arguments::Global,
    commands::measure::{MeasureArguments, duration, measure},
    exit::{Exit, Failure},
    logging, printer,
};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct BenchArguments {
    #[command(subcommand)]
    pub(crate) command: Option<BenchCommand>,
    #[command(flatten)]
    pub(crate) run: RunArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Compare two results: figures, their ratios, and which differences matter
    #[command(before_help = "Example: mojaloop bench compare before.json after.json")]
    Compare(compare::CompareArguments),
    /// Fill a store with transfers of the past, as a hub has that has seen millions
    ///
    /// A SQLite file is filled while no hub has it.
    #[command(before_help = "Example: mojaloop bench fill --store sqlite:hub.sqlite --transfers 1000000")]
    Fill(fill::FillArguments),
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Payments a second, on average: they begin as independent customers' do (a Poisson process)
    #[arg(long, value_name = "PAYMENTS", default_value_t = 100.0)]
    pub(crate) rate: f64,
    /// How long payments are begun that count: 60s, 10m, 1h
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(crate) duration: Duration,
    /// How long payments are begun before, which count in no figure
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(crate) warmup: Duration,
    /// How long before the warm-up the rate rises evenly from 0; counts in no figure
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub(crate) ramp: Duration,
    /// Ask for so many times the rate in the middle third of --duration: how much is still committed, what is refused with
    /// which code, and how soon all is as before
    #[arg(long, value_name = "FACTOR")]
    pub(crate) overload: Option<f64>,
    /// What payments go through, with commas; without lookup or agreement the terms are known beforehand
    #[arg(long, value_name = "PHASES", value_delimiter = ',', action = ArgAction::Set, default_values = ["lookup", "agreement", "clearing"])]
    pub(crate) phases: Vec<PhaseName>,
    #[command(flatten)]
    pub(crate) measure: MeasureArguments,
    /// Write the result as a page with charts, too
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

/// The phases on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PhaseName {
    /// Who the payee is: parties
    Lookup,
    /// The terms: quotes
    Agreement,
    /// The money: transfers
    Clearing,
}

pub(crate) fn run(arguments: BenchArguments, global: &Global) -> Result<(), Failure> {
    logging::start("warn", None)?;
    match arguments.command {
        Some(BenchCommand::Compare(arguments)) => compare::run(&arguments, global),
        Some(BenchCommand::Fill(arguments)) => fill::run(arguments, global),
        None => bench(&arguments.run, global),
    }
}

fn bench(arguments: &RunArguments, global: &Global) -> Result<(), Failure> {
    let plan = plan(arguments)?;
    if let Some(file) = &arguments.report {
        check_writable("--report", file)?;
    }
    let report = measure(&arguments.measure, &plan, global)?;
    printer::print(global.output, "BenchResult", &report.result, table::table)?;
    if let Some(file) = &arguments.report {
        write(file, &report)?;
    }
    let passed = report.result.verdict == load::Verdict::Pass;
    if passed { Ok(()) } else { Err(Failure::verdict(Exit::Failed)) }
}

fn plan(arguments: &RunArguments) -> Result<Plan, Failure> {
    let phases: Vec<Phase> = arguments.phases.iter().map(|phase| phase.phase()).collect();
    let measure = &arguments.measure;
    let plan = Plan {
        rate: arguments.rate,
        duration: arguments.duration,
        warmup: arguments.warmup,
        ramp: arguments.ramp,
        overload: arguments.overload,
        phases: Phases::of(&phases),
        payers: measure.payers,
        payees: measure.payees,
        skew: measure.skew.skew(),
        seed: measure.seed,
        currencies: measure.currencies()?,
        jws: measure.jws,
        tls: measure.fsp_tls()?,
    };
    plan.check().map_err(Failure::usage)?;
    Ok(plan)
}

/// Better before the run than after it.
pub(crate) fn check_writable(flag: &str, file: &Path) -> Result<(), Failure> {
    if file.is_dir() {
        return Err(Failure::usage(format!("{flag} {}: is a folder, not a file", file.display())));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match folder.is_dir() {
        true => Ok(()),
        false => Err(Failure::usage(format!("{flag} {}: {} is no folder", file.display(), folder.display()))),
    }
}

fn write(file: &Path, report: &Report) -> Result<(), Failure> {
    std::fs::write(file, load::to_html(report))
        .map_err(|error| Failure::failed(format!("--report {}: {error}", file.display())))
}

impl PhaseName {
    fn phase(self) -> Phase {
        match self {
            PhaseName::Lookup => Phase::Lookup,
            PhaseName::Agreement => Phase::Agreement,
            PhaseName::Clearing => Phase::Clearing,
        }
    }
}
