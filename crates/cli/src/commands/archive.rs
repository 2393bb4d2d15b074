//! `mojaloop hub archive`: old days out of a database, into files.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use clap::Args;
use operations::{Done, Progress};
use serde::Serialize;
use stores::{ArchiveError, ArchivedDay, Retention, Step};

use crate::{
    arguments::{Global, StoreArguments},
    commands::{progress::Steps, runtime, store},
    exit::{Exit, Failure},
    printer,
};

/// Days of a year, for `--keep 7y`.
const DAYS_OF_A_YEAR: u16 = 365;

#[derive(Debug, Args)]
pub(crate) struct ArchiveArguments {
    #[command(flatten)]
    store: StoreArguments,
    /// How many days before today (UTC) stay in the database, like 90d or 7y, at least 2d
    #[arg(long, value_name = "DAYS", value_parser = days, required_unless_present = "check")]
    keep: Option<u16>,
    /// The folder of the archive, in which each day gets a folder of its own
    #[arg(long, value_name = "FOLDER", required_unless_present = "check")]
    out: Option<PathBuf>,
    /// Only read an archive and compare it with its manifests; no store is needed
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["keep", "out"])]
    check: Option<PathBuf>,
}

/// What was archived.
#[derive(Debug, Serialize)]
struct Archive {
    folder: PathBuf,
    days: Vec<ArchivedDay>,
}

/// What was found in an archive.
#[derive(Debug, Serialize)]
struct ArchiveCheck {
    folder: PathBuf,
    days: Vec<ArchivedDay>,
    damages: Vec<String>,
}

pub(crate) fn run(arguments: ArchiveArguments, global: &Global) -> Result<(), Failure> {
    match (arguments.check, arguments.keep, arguments.out) {
        (Some(folder), ..) => check(&folder, global),
        (None, Some(keep_days), Some(folder)) => archive(arguments.store, Retention { keep_days, folder }, global),
        (None, ..) => Err(Failure::usage("--keep and --out, or --check: found neither")),
    }
}

fn archive(arguments: StoreArguments, retention: Retention, global: &Global) -> Result<(), Failure> {
    let opening = store::opening(arguments)?;
    let (mut days, mut began) = (Vec::new(), None);
    let result = {
        let progress = Steps::new(global.no_progress);
        let archiving = stores::archive(opening, &retention, |step| match step {
            Step::Working(day, what) => {
                began.get_or_insert_with(|| {
                    progress.begins(&day.to_string());
                    Instant::now()
                });
                progress.waits(&what);
            }
            Step::Archived(day) => {
                let done = Done::Changed(format!("{} transfers archived and dropped", day.transfers));
                progress.ended(
                    &day.day.to_string(),
                    &done,
                    began.take().map_or(Duration::ZERO, |since| since.elapsed()),
                );
                days.push(day);
            }
        });
        runtime::start()?.block_on(archiving)
    };
    let done = Archive { folder: retention.folder, days };
    let nothing = format!("nothing is older than {} days", retention.keep_days);
    if result.is_ok() || !done.days.is_empty() {
        printer::print(global.output, "Archive", &done, |done| to_table(&done.days, &nothing))?;
    }
    result.map_err(|error| explain(&error, !done.days.is_empty()))
}

fn check(folder: &Path, global: &Global) -> Result<(), Failure> {
    let checked = {
        let progress = Steps::new(global.no_progress);
        stores::check_archive(folder, |day| progress.begins(&day.to_string())).map_err(Failure::failed)?
    };
    let found = ArchiveCheck { folder: folder.into(), days: checked.days, damages: checked.damages };
    printer::print(global.output, "ArchiveCheck", &found, |found| {
        let table = to_table(&found.days, "no day is what its manifest says");
        found.damages.iter().fold(table, |text, damage| format!("{text}\n{} {damage}", printer::red("✗")))
    })?;
    match found.damages.is_empty() {
        true => Ok(()),
        false => Err(Failure::verdict(Exit::Failed)),
    }
}

/// A row a day.
fn to_table(days: &[ArchivedDay], nothing: &str) -> String {
    if days.is_empty() {
        return nothing.to_owned();
    }
    let row = |day: &ArchivedDay| {
        vec![day.day.to_string(), day.transfers.to_string(), day.rows.to_string(), day.bytes.to_string()]
    };
    printer::table(&["day", "transfers", "rows", "bytes"], days.iter().map(row).collect(), &[1, 2, 3])
}

/// Why not all days were archived, with what to do.
fn explain(error: &ArchiveError, is_partial: bool) -> Failure {
    let failure = match error {
        ArchiveError::Store(error) => store::explain(error),
        ArchiveError::Refused(_) => return Failure::usage(error),
        ArchiveError::Open { .. } => Failure::failed(error).hint(
            "days are archived in order, and whole: this one and those after it stay in the database. Run it again when that \
             has ended",
        ),
        ArchiveError::Busy(_) => Failure::failed(error).hint("is an audit running? Run it again: it goes on"),
        ArchiveError::Changed { .. } | ArchiveError::File { .. } => Failure::failed(error),
    };
    if is_partial { failure.exit(Exit::Partial) } else { failure }
}

/// Reads `90d` or `7y`.
fn days(text: &str) -> Result<u16, String> {
    let wrong = || format!("expected days or years of {} days or more, like 90d or 7y", stores::MIN_DAYS_KEPT);
    let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let count: u16 = digits.parse().map_err(|_| wrong())?;
    let days = match unit {
        "d" => Some(count),
        "y" => count.checked_mul(DAYS_OF_A_YEAR),
        _ => None,
    };
    days.filter(|days| *days >= stores::MIN_DAYS_KEPT).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::days;

    #[test]
    fn what_is_kept_is_told_in_days_or_years() {
        assert_eq!((days("90d"), days("7y"), days("2d")), (Ok(90), Ok(2555), Ok(2)));
        for wrong in ["", "d", "1d", "0y", "90", "-3d", "200y", "3 d", "2ü"] {
            assert!(days(wrong).is_err_and(|error| error.contains("90d")), "{wrong}");
        }
    }
}
