//! Archives whole days: exports them into files that need no hub to be read, verifies what lies on the disk, and only then
//! drops them from the database.
//!
//! A day goes through these steps, oldest first. It must be over for two days, and nothing of it may be open (`open`). From
//! then on triggers note if something of it changes (`remove::watch`). It is exported at one moment (`export`) into a folder
//! that gets its name when it is whole; the files are read back (`inspect`) and compared with what the database told, with
//! its counts and its sums by account (`database`). Then one transaction, which shuts batches out for moments only, sees to
//! it that nothing was noted, adds the sums to the opening balances and drops the partitions (`remove`). It may end anywhere:
//! a folder without its name is begun again, one with its name is verified again and used.

mod check;
mod database;
mod day;
mod error;
mod export;
mod file;
mod inspect;
mod manifest;
mod messages;
mod open;
mod remove;
mod sums;
mod tables;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Serialize;
use store::StoreError;
use switch::Configuration;
use tokio_postgres::{IsolationLevel, Transaction};

use crate::{
    PostgresSettings, migration, partitions,
    postgres_store::first_configuration,
    session::{Purpose, Session},
    time::Time,
};
pub use check::{Checked, check_archive};
pub use day::Day;
pub use error::ArchiveError;
use inspect::Found;
use manifest::Manifest;

/// Days that are kept at the least: what began on a day has ended by then, and has been told.
pub const MIN_DAYS_KEPT: u16 = 2;

/// What is to be archived.
#[derive(Clone, Debug)]
pub struct Retention {
    /// How many days before today stay in the database, at least [`MIN_DAYS_KEPT`].
    pub keep_days: u16,
    /// The folder of the archive, in which each day has a folder.
    pub folder: PathBuf,
}

/// A day that was archived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ArchivedDay {
    /// The day, in UTC.
    pub day: Day,
    /// How many transfers it had.
    pub transfers: u64,
    /// How many rows its files have together.
    pub rows: u64,
    /// How many bytes its files have together.
    pub bytes: u64,
}

/// How far an archiving is.
#[derive(Clone, Debug)]
pub enum Step {
    /// What is done for a day.
    Working(Day, String),
    /// A day is in the archive and in the database no more.
    Archived(ArchivedDay),
}

/// Archives all days that are older than they are to be kept, oldest first, up to the first that is refused.
///
/// # Errors
/// [`ArchiveError`]: days of which `tell` was told before are archived, the one that it names and later ones are not.
pub async fn archive(
    settings: &PostgresSettings,
    retention: &Retention,
    mut tell: impl FnMut(Step),
) -> Result<(), ArchiveError> {
    if retention.keep_days < MIN_DAYS_KEPT {
        let text = format!("found {} days to be kept, expected {MIN_DAYS_KEPT} or more", retention.keep_days);
        return Err(ArchiveError::Refused(text));
    }
    let mut session = Session::connect(settings, Purpose::Write).await?;
    migration::check(migration::version(&session).await?)?;
    let configuration = first_configuration(&session, Some(&settings.hub)).await?;
    alone(&session).await?;
    session.run("SET statement_timeout = 0").await?;
    let today = partitions::today(&session, &Time::default()).await?;
    for day in days(&session).await?.into_iter().filter(|day| day.0 < today - i64::from(retention.keep_days)) {
        let archived = archive_day(&mut session, day, &retention.folder, &configuration, &mut tell).await?;
        tell(Step::Archived(archived));
    }
    Ok(())
}

/// One at a time: what one notes another would forget. The lock ends with the connection.
async fn alone(session: &Session) -> Result<(), ArchiveError> {
    let row = session.client.query_one("SELECT pg_try_advisory_lock($1, 2)", &[&migration::LOCKS]).await?;
    match row.get(0) {
        true => Ok(()),
        false => Err(ArchiveError::Busy("another `mojaloop hub archive` works on this database".to_owned())),
    }
}

/// The days that have partitions, in order.
async fn days(session: &Session) -> Result<Vec<Day>, ArchiveError> {
    let sql = "SELECT (to_date(right(relname, 8), 'YYYYMMDD') - DATE '1970-01-01')::bigint AS day
               FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
               WHERE inhparent = 'transfer'::regclass AND relname ~ '^transfer_[0-9]{8}$' ORDER BY day";
    let rows = session.client.query(sql, &[]).await?;
    Ok(rows.iter().map(|row| Day(row.get("day"))).collect())
}

async fn archive_day(
    session: &mut Session,
    day: Day,
    folder: &Path,
    configuration: &Configuration,
    tell: &mut dyn FnMut(Step),
) -> Result<ArchivedDay, ArchiveError> {
    tell(Step::Working(day, "looking for what is open".to_owned()));
    remove::watch(session, day).await?;
    let moment = session.client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
    let transaction = moment.start().await?;
    // Everything is read, not some rows among millions.
    let plans = "SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on;
                 SET LOCAL enable_material = on";
    transaction.batch_execute(plans).await?;
    let (manifest, sha256) = into_folder(&transaction, day, folder, configuration, tell).await?;
    transaction.commit().await?;
    tell(Step::Working(day, "dropping it".to_owned()));
    remove::remove(session, &manifest, &sha256).await?;
    Ok(manifest.summary())
}

/// Sees to it that the folder of a day is there, whole, and what the database holds.
async fn into_folder(
    transaction: &Transaction<'_>,
    day: Day,
    folder: &Path,
    configuration: &Configuration,
    tell: &mut dyn FnMut(Step),
) -> Result<(Manifest, Vec<u8>), ArchiveError> {
    let finished = folder.join(day.to_string());
    if finished.exists() {
        // Of a run that ended before the day was dropped.
        tell(Step::Working(day, format!("verifying {}", finished.display())));
        let (manifest, sha256) = check::check_day(&finished, day)?;
        let exported = export::export(transaction, day, None, tell).await?;
        database::confirm(transaction, &manifest, &exported).await?;
        return Ok((manifest, sha256));
    }
    let part = folder.join(format!(".{day}.part"));
    let failed = |error: std::io::Error| ArchiveError::file(&part, error);
    if part.exists() {
        fs::remove_dir_all(&part).map_err(failed)?;
    }
    file::new_folder(&part).map_err(failed)?;
    let exported = export::export(transaction, day, Some(&part), tell).await?;
    tell(Step::Working(day, "reading it back".to_owned()));
    let hub = configuration.registry.hub().ok_or_else(|| StoreError::Corrupt("the hub is missing".to_owned()))?;
    let manifest = Manifest::of(&Found::of(&part)?, day, &hub.name, &configuration.registry)?;
    database::confirm(transaction, &manifest, &exported).await?;
    let sha256 = manifest.write(&part)?;
    let named = file::sync_folder(&part).and_then(|()| fs::rename(&part, &finished));
    named.and_then(|()| file::sync_folder(folder)).map_err(failed)?;
    Ok((manifest, sha256))
}
