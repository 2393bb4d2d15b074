//! Reads the columns of a row, one after the other, and says which one can't be read.

use store::StoreError;
use tokio_postgres::Row;

use crate::value::Stored;

/// A row of a table, read from its first column to its last.
pub(crate) struct Columns<'a> {
    table: &'static str,
    row: &'a Row,
    next: usize,
}

impl<'a> Columns<'a> {
    /// A row of this table, at its first column.
    pub(crate) fn new(table: &'static str, row: &'a Row) -> Columns<'a> {
        Columns { table, row, next: 0 }
    }

    /// The next column, which must be called so.
    pub(crate) fn next<T: Stored>(&mut self, column: &'static str) -> Result<T, StoreError> {
        let found = self.row.columns().get(self.next).map(|found| found.name());
        debug_assert_eq!(found, Some(column), "columns are read in their order");
        let value = self.row.try_get(self.next).map_err(|error| self.corrupt(column, &error.to_string()))?;
        self.next += 1;
        T::read(value).ok_or_else(|| self.corrupt(column, "a value that no version of the program writes"))
    }

    /// The error of a column whose value does not make sense. It names no value: that may be about a person.
    pub(crate) fn corrupt(&self, column: &str, what: &str) -> StoreError {
        StoreError::Corrupt(format!("{}.{column}: {what}", self.table))
    }
}

/// All rows of a query that reads from `table`.
pub(crate) fn all<T>(
    table: &'static str,
    rows: &[Row],
    read: impl Fn(&mut Columns<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(|row| read(&mut Columns::new(table, row))).collect()
}

/// The row of a query that reads at most one from `table`.
pub(crate) fn one<T>(
    table: &'static str,
    rows: &[Row],
    read: impl Fn(&mut Columns<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    rows.first().map(|row| read(&mut Columns::new(table, row))).transpose()
}
