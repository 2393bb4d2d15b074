//! What a PostgreSQL server says of itself and of what it holds: [`Database`]. A connection of the load's own.

use std::{collections::BTreeMap, fmt, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use tokio_postgres::{Client, Row};

/// How long an answer may take. A server that is kept so busy that it takes longer is a figure less, not a run less.
const PATIENCE: Duration = Duration::from_secs(5);
/// The log's position as a number of bytes. Not known on a standby.
const LOG: &str = "SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint";
/// Each table with its indexes, and how many rows it was given and lost.
const TABLES: &str =
    "SELECT relname::text, pg_total_relation_size(relid), n_tup_ins, n_tup_del FROM pg_stat_user_tables";
/// What says how durable the server is, and how much memory it takes.
const SETTINGS: &str = "SELECT name, current_setting(name) FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', \
     'full_page_writes', 'synchronous_standby_names', 'wal_level', 'shared_buffers', 'max_wal_size', 'wal_compression', \
     'checkpoint_timeout', 'commit_delay')";

/// Where a database is, and what opens it.
#[derive(Clone)]
pub struct DatabaseAccess {
    /// As `--store` has it: `postgres://…`.
    pub url: String,
    /// The password, unless the URL has one or none is needed.
    pub password: Option<String>,
    /// Certificates in PEM that vouch for the server; without it those that this machine trusts.
    pub root_certificates: Option<PathBuf>,
}

/// Shows neither the password nor the URL, which may hold one.
impl fmt::Debug for DatabaseAccess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DatabaseAccess").finish_non_exhaustive()
    }
}

/// What a server holds at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Where the write-ahead log of the whole server ends; `None` if the role may not ask.
    pub wal_bytes: Option<u64>,
    /// The tables of the hub's database.
    pub tables: BTreeMap<String, Table>,
}

/// A table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its size on disk, with its indexes.
    pub bytes: u64,
    /// Rows that were ever put into it.
    pub inserted: u64,
    /// Rows that were ever deleted from it.
    pub deleted: u64,
}

/// By how many bytes a table has grown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Growth {
    /// For rows that are still there.
    pub(crate) kept: f64,
    /// For rows that are gone again: once the server has cleared them away, what comes next takes their space.
    pub(crate) reusable: f64,
}

impl Stored {
    /// For each table, by how much it has grown since. A queue of messages is emptied as fast as it is filled, and grows all
    /// the same until the server clears it for the first time; what it holds then is not what payments leave behind. A
    /// table whose rows only change leaves nothing behind either.
    pub(crate) fn growth_since(&self, before: &Stored) -> BTreeMap<String, Growth> {
        let of_table = |(name, table): (&String, &Table)| {
            let before = before.tables.get(name).copied().unwrap_or_default();
            (name.clone(), table.growth_since(&before))
        };
        self.tables.iter().map(of_table).collect()
    }
}

impl Table {
    #[expect(clippy::cast_precision_loss, reason = "bytes and rows of a run")]
    fn growth_since(&self, before: &Table) -> Growth {
        let grown = self.bytes.saturating_sub(before.bytes) as f64;
        let inserted = self.inserted.saturating_sub(before.inserted) as f64;
        let deleted = self.deleted.saturating_sub(before.deleted) as f64;
        let kept = if inserted > 0.0 { ((inserted - deleted) / inserted).max(0.0) } else { 0.0 };
        Growth { kept: grown * kept, reusable: grown * (1.0 - kept) }
    }
}

/// A connection to a server.
pub(crate) struct Database(Client);

impl Database {
    pub(crate) async fn connect(access: &DatabaseAccess) -> Result<Database, String> {
        let config = postgres_access::config(&access.url, access.password.as_deref());
        let mut config = config.map_err(|error| error.to_string())?;
        config.application_name("mojaloop bench");
        let tls = postgres_access::connector(access.root_certificates.as_deref()).map_err(|error| error.to_string())?;
        let connected = timeout(PATIENCE, config.connect(tls)).await.map_err(|_| "no answer".to_owned())?;
        let (client, connection) = connected.map_err(in_words)?;
        // Ends with the client; what goes wrong is told to whoever asks.
        tokio::spawn(connection);
        Ok(Database(client))
    }

    /// What the server holds now.
    pub(crate) async fn stored(&self) -> Result<Stored, String> {
        let log = self.ask(LOG).await.ok();
        let wal_bytes = log.and_then(|rows| Some(unsigned(rows.first()?, 0)));
        let tables = self.ask(TABLES).await?;
        let table = |row: &Row| {
            (row.get(0), Table { bytes: unsigned(row, 1), inserted: unsigned(row, 2), deleted: unsigned(row, 3) })
        };
        Ok(Stored { wal_bytes, tables: tables.iter().map(table).collect() })
    }

    /// The server's version, and the settings that say how durable it is.
    pub(crate) async fn describe(&self) -> Result<(String, BTreeMap<String, String>), String> {
        let version = self.ask("SHOW server_version").await?;
        let settings = self.ask(SETTINGS).await?;
        let version = version.first().map(|row| row.get(0)).unwrap_or_default();
        Ok((version, settings.iter().map(|row| (row.get(0), row.get(1))).collect()))
    }

    async fn ask(&self, sql: &str) -> Result<Vec<Row>, String> {
        let asked = timeout(PATIENCE, self.0.query(sql, &[])).await;
        asked.map_err(|_| "no answer".to_owned())?.map_err(in_words)
    }
}

fn unsigned(row: &Row, column: usize) -> u64 {
    row.get::<_, Option<i64>>(column).and_then(|value| u64::try_from(value).ok()).unwrap_or(0)
}

/// What the server said, where it said something: the driver's own text is only of which kind it was.
#[expect(clippy::needless_pass_by_value, reason = "what `map_err` hands over")]
fn in_words(error: tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |said| said.message().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: (u64, u64, u64), after: (u64, u64, u64), expect: (f64, f64)) {
        let table = |(bytes, inserted, deleted)| Table { bytes, inserted, deleted };
        let found = table(after).growth_since(&table(before));
        assert_eq!((found.kept, found.reusable), expect);
    }

    #[test]
    fn what_is_gone_again_is_reusable() {
        // Rows that stay, a queue, half and half, rows that only change, a table that was cleared.
        check((100, 10, 0), (900, 18, 0), (800.0, 0.0));
        check((100, 10, 10), (900, 18, 18), (0.0, 800.0));
        check((0, 0, 0), (800, 10, 5), (400.0, 400.0));
        check((100, 10, 0), (300, 10, 0), (0.0, 200.0));
        check((900, 10, 0), (300, 20, 0), (0.0, 0.0));
        check((100, 10, 0), (300, 20, 30), (0.0, 200.0));
    }

    #[tokio::test]
    async fn a_server_says_what_it_holds_and_how_durable_it_is() {
        let url = postgres_server::Server::shared().database();
        let access = DatabaseAccess { url, password: None, root_certificates: None };
        let database = Database::connect(&access).await.unwrap();
        let empty = database.stored().await.unwrap();
        let sql = "CREATE TABLE kept AS SELECT generate_series(1, 5000) AS number;
                   CREATE TABLE queue AS SELECT generate_series(1, 5000) AS number; DELETE FROM queue;
                   SELECT pg_stat_force_next_flush()";
        database.0.batch_execute(sql).await.unwrap();
        let full = database.stored().await.unwrap();
        let growth = full.growth_since(&empty);
        assert!(growth["kept"].kept > 100_000.0 && growth["kept"].reusable < 1.0, "{growth:?}");
        assert!(growth["queue"].reusable > 100_000.0 && growth["queue"].kept < 1.0, "{growth:?}");
        assert!(full.wal_bytes > empty.wal_bytes && empty.wal_bytes > Some(0));
        let (version, settings) = database.describe().await.unwrap();
        assert!(version.starts_with(|first: char| first.is_ascii_digit()), "{version}");
        assert!(["on", "off"].contains(&settings["fsync"].as_str()), "{settings:?}");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_said() {
        let url = "postgres://hub:hunter2@127.0.0.1:1/hub".to_owned();
        let access = DatabaseAccess { url, password: None, root_certificates: None };
        let refused = Database::connect(&access).await.err().unwrap();
        assert!(!refused.is_empty() && !refused.contains("hunter2"), "{refused}");
        assert!(!format!("{access:?}").contains("hunter2"));
    }
}
