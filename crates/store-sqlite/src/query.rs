//! Two helpers around prepared statements, which each connection keeps.

use rusqlite::{Connection, Params};
use store::StoreError;

use crate::{columns::Columns, error};

/// Runs a statement that changes something.
pub(crate) fn execute(connection: &Connection, sql: &str, values: impl Params) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(error::at_write)?;
    statement.execute(values).map(drop).map_err(error::at_write)
}

/// All rows of a statement that reads from `table`.
pub(crate) fn rows<T>(
    connection: &Connection,
    table: &'static str,
    sql: &str,
    values: impl Params,
    mut read: impl FnMut(&mut Columns<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(error::at_read)?;
    let mut rows = statement.query(values).map_err(error::at_read)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(error::at_read)? {
        found.push(read(&mut Columns::new(table, row))?);
    }
    Ok(found)
}

/// The first rows that can be read, at most `limit`, where one that can't must not keep the others back. It is said in the
/// log.
pub(crate) fn readable<T>(
    connection: &Connection,
    table: &'static str,
    sql: &str,
    values: impl Params,
    limit: usize,
    mut read: impl FnMut(&mut Columns<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(error::at_read)?;
    let mut rows = statement.query(values).map_err(error::at_read)?;
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(row) = rows.next().map_err(error::at_read)?
    {
        match read(&mut Columns::new(table, row)) {
            Ok(value) => found.push(value),
            Err(error) => tracing::error!(%error, "a row is left out"),
        }
    }
    Ok(found)
}

/// The row of a statement that reads at most one from `table`.
pub(crate) fn row<T>(
    connection: &Connection,
    table: &'static str,
    sql: &str,
    values: impl Params,
    read: impl FnMut(&mut Columns<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    rows(connection, table, sql, values, read).map(|mut found| found.pop())
}
