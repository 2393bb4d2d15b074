//! A day out of the database, into files.

use std::{collections::HashMap, path::Path, pin::pin};

use futures_util::TryStreamExt;
use tokio_postgres::Transaction;

use super::{Step, day::Day, error::ArchiveError, file::Content, messages, tables::TABLES};

/// Rows between two words about how far an export is.
const TELL_EVERY: u64 = 50_000;

/// What was exported, by file: the number of its rows, and the SHA-256 of its content.
pub(super) type Exported = HashMap<&'static str, (u64, String)>;

/// Exports a day into the files of a folder; without one, only looks at what would be in them.
pub(super) async fn export(
    transaction: &Transaction<'_>,
    day: Day,
    folder: Option<&Path>,
    tell: &mut dyn FnMut(Step),
) -> Result<Exported, ArchiveError> {
    let mut exported = Exported::new();
    for (name, sql) in TABLES {
        let content = table(transaction, day, (name, sql), folder, tell).await?;
        exported.insert(name, content.finish()?);
    }
    messages::export(transaction, day, folder, &mut exported, tell).await?;
    Ok(exported)
}

/// Says how far a file is, now and then.
pub(super) fn tell_rows(tell: &mut dyn FnMut(Step), day: Day, name: &str, rows: u64) {
    if rows.is_multiple_of(TELL_EVERY) {
        tell(Step::Working(day, format!("{rows} rows of {name}")));
    }
}

async fn table(
    transaction: &Transaction<'_>,
    day: Day,
    (name, sql): (&'static str, &'static str),
    folder: Option<&Path>,
    tell: &mut dyn FnMut(Step),
) -> Result<Content, ArchiveError> {
    let mut content = Content::of(folder, name)?;
    let sql = format!("COPY ({}) TO STDOUT (FORMAT csv, HEADER)", day.sql(sql));
    let mut rows = pin!(transaction.copy_out(&sql).await?);
    // The server sends one row at a time, with its end, after the header.
    if let Some(header) = rows.try_next().await? {
        content.head(&header)?;
    }
    while let Some(row) = rows.try_next().await? {
        content.row(&row)?;
        tell_rows(tell, day, name, content.rows());
    }
    Ok(content)
}
