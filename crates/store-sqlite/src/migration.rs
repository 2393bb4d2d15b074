//! The file's schema, and how it gets from one version to the next.
//!
//! `PRAGMA user_version` is the number of the last file of `migrations/` that was run. The runner is our own, since refinery
//! 0.10 stops at rusqlite 0.40 (a second copy of SQLite) and keeps its version in a table, which can't be read without
//! opening the database for writing.

use rusqlite::{Connection, Transaction, TransactionBehavior};
use store::StoreError;

use crate::error;

/// Marks the file as a hub's: "MOJA".
pub(crate) const APPLICATION_ID: i32 = 0x4d4f_4a41;

/// One step each, in order. A released one is never changed.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/0001_base.sql"), include_str!("../migrations/0002_core.sql")];

/// The newest version that this program knows.
pub(crate) const KNOWN: i64 = MIGRATIONS.len() as i64;

/// What a file says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marks {
    application_id: i32,
    version: i64,
    pages: i64,
}

impl Marks {
    /// Reads them.
    pub(crate) fn read(connection: &Connection) -> Result<Marks, StoreError> {
        let number = |name| connection.pragma_query_value(None, name, |row| row.get(0)).map_err(error::at_read);
        let application_id = connection.pragma_query_value(None, "application_id", |row| row.get(0));
        Ok(Marks {
            application_id: application_id.map_err(error::at_read)?,
            version: number("user_version")?,
            pages: number("page_count")?,
        })
    }

    /// The number of the last migration that was run.
    pub(crate) fn version(self) -> i64 {
        self.version
    }

    /// Refuses files of other programs and of newer versions of this one. An empty file is ours to fill.
    pub(crate) fn check(self, known: i64) -> Result<(), StoreError> {
        if self.pages > 0 && self.application_id != APPLICATION_ID {
            let text = format!("a database of another program (application id {:#x})", self.application_id);
            return Err(StoreError::Corrupt(text));
        }
        if self.version < 0 {
            return Err(StoreError::Corrupt(format!("schema version {}", self.version)));
        }
        if self.version > known {
            return Err(StoreError::Newer { found: self.version, known });
        }
        Ok(())
    }

    /// Whether the file has this program's version.
    pub(crate) fn is_current(self) -> bool {
        self.version == KNOWN
    }
}

/// Brings the schema to the newest version and lets `fill` complete it, all in one transaction: a crash leaves the file as
/// it was or as it shall be. Does nothing if the schema is the newest already.
///
/// The transaction uses a rollback journal, so that the new version stands in the file itself and never only in the
/// write-ahead log: an older program sees it without touching anything. The caller sets the journal mode afterwards.
pub(crate) fn migrate(
    connection: &mut Connection,
    fill: impl FnOnce(&Transaction<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    run(connection, MIGRATIONS, fill)
}

fn run(
    connection: &mut Connection,
    migrations: &[&str],
    fill: impl FnOnce(&Transaction<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let marks = Marks::read(connection)?;
    marks.check(migrations.len() as i64)?;
    let pending = usize::try_from(marks.version).ok().and_then(|done| migrations.get(done..)).unwrap_or_default();
    if pending.is_empty() {
        return Ok(());
    }
    // EXTRA also makes the removal of the journal durable.
    connection.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA;").map_err(error::at_read)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive).map_err(error::at_read)?;
    for migration in pending {
        transaction.execute_batch(migration).map_err(error::at_write)?;
    }
    fill(&transaction)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(error::at_write)?;
    transaction.pragma_update(None, "user_version", migrations.len() as i64).map_err(error::at_write)?;
    transaction.commit().map_err(error::at_write)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        connection,
        tables::configuration,
        tests::{Folder, commit, open, register},
    };

    /// A file of today's version with a participant beside the hub, and what a later program makes of it.
    fn upgrade(folder: &Folder, next: &str) -> Result<(), StoreError> {
        let store = open(&folder.file()).unwrap();
        commit(&store, vec![register("payerfsp")]).unwrap();
        drop(store);
        let mut writer = connection::writer(&folder.file())?;
        run(&mut writer, &[MIGRATIONS, &[next]].concat(), |_| Ok(()))?;
        connection::make_durable(&writer)?;
        let configuration = configuration::read(&writer)?;
        assert_eq!(configuration.registry.participants().count(), 2);
        // The version stands in the file, whatever the log holds.
        let glance = connection::glance(&folder.file())?;
        assert_eq!(Marks::read(&glance)?.version, KNOWN + 1);
        Ok(())
    }

    #[test]
    fn a_file_is_brought_up_to_date() {
        let folder = Folder::new();
        upgrade(&folder, "ALTER TABLE participant ADD COLUMN note TEXT").unwrap();
        let refusal = open(&folder.file()).err();
        assert!(
            matches!(refusal, Some(StoreError::Newer { found, known: KNOWN }) if found == KNOWN + 1),
            "{refusal:?}"
        );
    }

    #[test]
    fn a_migration_that_fails_changes_nothing() {
        let folder = Folder::new();
        let failing = "ALTER TABLE participant ADD COLUMN note TEXT; INSERT INTO participant (id) VALUES (1);";
        upgrade(&folder, failing).unwrap_err();
        open(&folder.file()).unwrap();
        upgrade(&folder, "ALTER TABLE participant ADD COLUMN note TEXT").unwrap();
    }
}
