//! Reads the columns of a row, one after the other, and says which one can't be read.

use fspiop::Identifier;
use store::StoreError;
use tokio_postgres::{Row, types::Type};

use crate::value::Stored;

/// What to do about a row that can't be read.
pub(crate) const HINT: &str = "hint: restore the row from a backup; what does not need it goes on";

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
        let key = self.key().map(|key| format!(" of {key}")).unwrap_or_default();
        StoreError::Corrupt(format!("{}.{column}{key}: {what}; {HINT}", self.table))
    }

    /// The row's key, which is the first column that is read. Only numbers and identifiers are shown: text may be about a
    /// person.
    fn key(&self) -> Option<String> {
        let first = self.row.columns().first()?;
        let value = match *first.type_() {
            Type::INT4 => self.row.try_get::<_, i32>(0).ok()?.to_string(),
            Type::INT8 => self.row.try_get::<_, i64>(0).ok()?.to_string(),
            Type::BYTEA => show(&self.row.try_get::<_, Vec<u8>>(0).ok()?),
            _ => return None,
        };
        Some(format!("{} {value}", first.name()))
    }
}

/// An identifier as it is on the wire, and what is none as PostgreSQL shows it.
fn show(bytes: &[u8]) -> String {
    match Identifier::from_bytes(bytes) {
        Some(id) => id.to_string(),
        None => bytes.iter().fold("\\x".to_owned(), |text, byte| format!("{text}{byte:02x}")),
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

/// The rows that can be read of a query that reads from `table`, where one that can't must not keep the others back. It is
/// said in the log.
pub(crate) fn readable<T>(
    table: &'static str,
    rows: &[Row],
    read: impl Fn(&mut Columns<'_>) -> Result<T, StoreError>,
) -> Vec<T> {
    let read = |row| match read(&mut Columns::new(table, row)) {
        Ok(value) => Some(value),
        Err(error) => {
            tracing::error!(%error, "a row is left out");
            None
        }
    };
    rows.iter().filter_map(read).collect()
}

/// The row of a query that reads at most one from `table`.
pub(crate) fn one<T>(
    table: &'static str,
    rows: &[Row],
    read: impl Fn(&mut Columns<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    rows.first().map(|row| read(&mut Columns::new(table, row))).transpose()
}
