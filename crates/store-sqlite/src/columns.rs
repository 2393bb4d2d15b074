//! Reads the columns of a row, one after the other, and says which one can't be read.

use fspiop::Identifier;
use rusqlite::{Row, types::ValueRef};
use store::StoreError;

use crate::{error, value::Stored};

/// What to do about a row that can't be read.
const HINT: &str = "hint: restore the row from a backup; what does not need it goes on";

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
        let key = self.key().map(|key| format!(" of {key}")).unwrap_or_default();
        StoreError::Corrupt(format!("{}.{column}{key}: {what}; {HINT}", self.table))
    }

    /// The row's key, which is the first column that is read. Only numbers and identifiers are shown: text may be about a
    /// person.
    fn key(&self) -> Option<String> {
        let value = match self.row.get_ref(0).ok()? {
            ValueRef::Integer(number) => number.to_string(),
            ValueRef::Blob(bytes) => Identifier::from_bytes(bytes)?.to_string(),
            _ => return None,
        };
        Some(format!("{} {value}", self.row.as_ref().column_name(0).ok()?))
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
