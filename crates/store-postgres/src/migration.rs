//! The schema, and how it gets from one version to the next.
//!
//! Each file of `migrations/` is one version and runs in one transaction together with its row in `schema_version`, under a
//! lock: nodes may start at once, and one that dies in the middle leaves the version before.

use fspiop::FspId;
use store::{FIRST_VERSION, StoreError};
use tokio_postgres::Error;

use crate::{
    error, partitions,
    session::Session,
    time::{Time, now},
};

/// One version each, in order. A released one is never changed.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_base.sql"),
    include_str!("../migrations/0002_batches.sql"),
    include_str!("../migrations/0003_packets.sql"),
    include_str!("../migrations/0004_outbox_batches.sql"),
    include_str!("../migrations/0005_partitions.sql"),
    include_str!("../migrations/0006_move.sql"),
    include_str!("../migrations/0007_archive.sql"),
];

/// The newest version that this program knows.
pub(crate) const KNOWN: i64 = MIGRATIONS.len() as i64;

/// Locks of this program ("MOJA") in the database: the first is the migration's.
pub(crate) const LOCKS: i32 = 0x4d4f_4a41;

/// Whether a store may bring the schema to this program's version when it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Migrate {
    /// It may.
    Yes,
    /// It refuses an older schema, for operators who migrate in a step of their own.
    No,
}

/// What a migration did; the same number twice if there was nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The version that was found; 0 for an empty database.
    pub from: i64,
    /// The version now.
    pub to: i64,
}

/// The version of the schema; 0 if there is none.
pub(crate) async fn version(session: &Session) -> Result<i64, StoreError> {
    read_version(session).await.map_err(|error| error::of(&error))
}

async fn read_version(session: &Session) -> Result<i64, Error> {
    // Not a prepared statement: a transaction that makes the table would end its plan.
    let exists = session.client.query_one("SELECT to_regclass('schema_version') IS NOT NULL", &[]).await?;
    if !exists.get::<_, bool>(0) {
        return Ok(0);
    }
    let row = session.client.query_one("SELECT coalesce(max(version), 0) FROM schema_version", &[]).await?;
    Ok(row.get(0))
}

/// Refuses a schema of another version than this program's.
pub(crate) fn check(found: i64) -> Result<(), StoreError> {
    if found > KNOWN {
        return Err(StoreError::Newer { found, known: KNOWN });
    }
    if found < KNOWN {
        let text = format!("schema: found version {found}, expected {KNOWN}; run `mojaloop hub migrate`");
        return Err(StoreError::Unavailable(text));
    }
    Ok(())
}

/// Brings the schema to the newest version, version by version. A newer one is not touched.
pub(crate) async fn migrate(session: &Session, hub: &FspId, time: &Time) -> Result<Migrated, StoreError> {
    let from = version(session).await?;
    if from > KNOWN {
        return Err(StoreError::Newer { found: from, known: KNOWN });
    }
    for (target, sql) in (1..).zip(MIGRATIONS).filter(|(target, _)| *target > from) {
        if let Err(error) = step(session, target, sql, hub, time, usize::MAX).await {
            // The connection is not used for anything else if this fails, too.
            let _ = session.run("ROLLBACK").await;
            return Err(error::of(&error));
        }
    }
    let to = version(session).await?;
    check(to)?;
    Ok(Migrated { from, to })
}

/// One version, unless another node was faster. Tests let it stop after some statements, within the transaction.
pub(crate) async fn step(
    session: &Session,
    target: i64,
    sql: &str,
    hub: &FspId,
    time: &Time,
    stop_after: usize,
) -> Result<(), Error> {
    // Building an index takes longer than a payment may; others wait for the lock as long.
    let begin = "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on";
    session.run(begin).await?;
    session.client.execute("SELECT pg_advisory_xact_lock($1, 0)", &[&LOCKS]).await?;
    if read_version(session).await? >= target {
        return session.run("COMMIT").await;
    }
    let statements = statements(sql);
    for statement in statements.iter().take(stop_after) {
        session.run(statement).await?;
    }
    if stop_after < statements.len() {
        return Ok(());
    }
    match target {
        1 => fill(session, hub, time).await?,
        5 => partitions::begin(session, time).await?,
        _ => {}
    }
    session.client.execute("INSERT INTO schema_version (version) VALUES ($1)", &[&target]).await?;
    session.run("COMMIT").await
}

/// The statements of a file: each ends its last line with a semicolon.
pub(crate) fn statements(sql: &str) -> Vec<&str> {
    sql.split_inclusive(";\n").filter(|statement| statement.contains(';')).collect()
}

/// What a new database holds: the hub.
async fn fill(session: &Session, hub: &FspId, time: &Time) -> Result<(), Error> {
    let sql = concat!("INSERT INTO participant (id, name, active, created_at) VALUES (1, $2, true, ", now!(), ")");
    session.client.execute(sql, &[&time.parameter(), &hub.as_str()]).await?;
    let sql = "INSERT INTO meta (id, configuration_version) VALUES (1, $1)";
    session.client.execute(sql, &[&FIRST_VERSION]).await.map(drop)
}

/// The SQL of a version, for tests.
#[cfg(test)]
pub(crate) fn sql(version: i64) -> &'static str {
    MIGRATIONS[usize::try_from(version - 1).unwrap()]
}
