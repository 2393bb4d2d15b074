//! Whether what was exported is what the database holds.

use fspiop::{Amount, Currency};
use ledger::AccountId;
use store::{Archived, StoreError};
use tokio_postgres::Transaction;

use super::{
    day::Day,
    error::ArchiveError,
    export::Exported,
    manifest::Manifest,
    sums::Sums,
    tables::{COUNTS, MESSAGES, SUMS, TABLES},
};
use crate::columns::{self, Columns};

/// Compares a folder's manifest with what the database has just told, with its counts, and with its sums by account.
pub(super) async fn confirm(
    transaction: &Transaction<'_>,
    manifest: &Manifest,
    exported: &Exported,
) -> Result<(), ArchiveError> {
    let day = manifest.day;
    let differs = |why: String| ArchiveError::Changed { day, why };
    for file in &manifest.files {
        let told = exported.get(file.name.as_str());
        if told.is_none_or(|(rows, sha256)| (*rows, sha256) != (file.rows, &file.content_sha256)) {
            return Err(differs(format!(
                "{} has {} rows with the content {}, the database has {told:?}; move the day's folder away, and it is \
                 exported anew",
                file.name, file.rows, file.content_sha256
            )));
        }
    }
    let counts: Vec<i64> = transaction.query_one(&day.sql(COUNTS), &[]).await?.get("counts");
    let names = TABLES.iter().map(|(name, _)| *name).chain([MESSAGES]);
    for (name, count) in names.zip(counts) {
        let rows = manifest.file(name).map(|file| file.rows);
        if rows != u64::try_from(count).ok() {
            return Err(differs(format!("{name} has {rows:?} rows, the database counts {count}")));
        }
    }
    let sums = sums(transaction, day).await?.settle().map_err(|what| ArchiveError::Open { day, what })?;
    match sums == manifest.sums() {
        true => Ok(()),
        false => Err(differs("the journal's sums by account are not those of the database".to_owned())),
    }
}

async fn sums(transaction: &Transaction<'_>, day: Day) -> Result<Sums, ArchiveError> {
    let rows = transaction.query(&day.sql(SUMS), &[]).await?;
    let read = |columns: &mut Columns<'_>| {
        let key: (AccountId, Currency) = (columns.next("account")?, columns.next("currency")?);
        let (raised, lowered): (Amount, Amount) = (columns.next("raised")?, columns.next("lowered")?);
        Ok((key, Archived { raised, lowered }))
    };
    let mut sums = Sums::default();
    for (key, sum) in columns::all("entry", &rows, read)? {
        sums.add(key, sum)
            .ok_or_else(|| StoreError::Corrupt("entry.amount: sums that no amount can hold".to_owned()))?;
    }
    Ok(sums)
}
