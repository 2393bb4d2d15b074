//! Reads the columns of a row, one after the other, and says which one can't be read.

use rusqlite::{Row, types::ValueRef};
use store::StoreError;

use crate::{error, value::Stored};

/// A row of a table, read from its first column to its last.
pub(crate) struct Columns<'a> {
    table: &'static str,
    row: &'a Row<'a>,
    next: usize,
}

impl<'a> Columns<'a> {
    /// A row of this table, at its first column.
    pub(crate) fn new(table: &'static str, row: &'a Row<'a>) -> Columns<'a> {
        Columns { table, row, next: 0 }
    }

    /// The next column, which must be called so.
    pub(crate) fn next<T: Stored>(&mut self, column: &'static str) -> Result<T, StoreError> {
        debug_assert_eq!(self.row.as_ref().column_name(self.next), Ok(column), "columns are read in their order");
        let value = self.row.get_ref(self.next).map_err(error::at_read)?;
        self.next += 1;
        T::read(value).ok_or_else(|| self.corrupt(column, &describe(value)))
    }

    /// The error of a column whose value does not make sense.
    pub(crate) fn corrupt(&self, column: &str, what: &str) -> StoreError {
        StoreError::Corrupt(format!("{}.{column}: {what}", self.table))
    }
}

/// Type and size, not the value: it may be about a person.
fn describe(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Text(text) => format!("TEXT of {} bytes", text.len()),
        ValueRef::Blob(blob) => format!("BLOB of {} bytes", blob.len()),
        other => other.data_type().to_string(),
    }
}
