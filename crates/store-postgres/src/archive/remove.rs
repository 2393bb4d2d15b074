//! Takes an archived day out of the database, in one transaction that shuts batches out for moments.

use std::time::Duration;

use tokio::time::sleep;
use tokio_postgres::Transaction;

use super::{day::Day, error::ArchiveError, manifest::Manifest, open};
use crate::{batch::ALONE, migration::LOCKS, numeric::Numeric, partitions::TABLES, session::Session};

/// How long batches may have to wait for a try, in milliseconds: it waits for their locks, and they for it.
const LOCK_TIMEOUT_MS: u32 = 500;
/// How long a statement of a try may take, in milliseconds: batches are waited for 5 s.
const STATEMENT_TIMEOUT_MS: u32 = 3_000;
/// The pause after the first try,
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// which doubles up to this: an audit reads for minutes.
const LAST_PAUSE: Duration = Duration::from_secs(30);
/// Tries, over about ten minutes.
const TRIES: u32 = 24;

/// Notes from now on what changes of a day, once nothing of it is open.
pub(super) async fn watch(session: &mut Session, day: Day) -> Result<(), ArchiveError> {
    patiently(session, async |transaction| {
        open::check(transaction, day).await?;
        for (table, _) in TABLES {
            let sql = format!(
                "CREATE OR REPLACE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON {} FOR EACH ROW
                 EXECUTE FUNCTION note_change('{day}')",
                day.partition(table)
            );
            transaction.batch_execute(&sql).await?;
        }
        Ok(transaction.batch_execute(&format!("DELETE FROM changed_day WHERE day = '{day}'")).await?)
    })
    .await
}

/// Drops a day that was exported and verified since it is watched, and adds what its lines left on accounts to what earlier
/// days left.
pub(super) async fn remove(session: &mut Session, manifest: &Manifest, sha256: &[u8]) -> Result<(), ArchiveError> {
    patiently(session, async |transaction| {
        // Batches first, then those who read, in the order in which they read.
        transaction.query(ALONE, &[&LOCKS]).await?;
        let locks = "LOCK TABLE ONLY transfer, ONLY entry, ONLY quote, ONLY sent_message, ONLY outbox_batch
                     IN ACCESS EXCLUSIVE MODE";
        transaction.batch_execute(locks).await?;
        check(transaction, manifest.day).await?;
        drop_partitions(transaction, manifest).await?;
        add_sums(transaction, manifest).await?;
        note(transaction, manifest, sha256).await
    })
    .await
}

/// The day is what was exported if nothing was noted since then.
async fn check(transaction: &Transaction<'_>, day: Day) -> Result<(), ArchiveError> {
    let changed = format!("SELECT FROM changed_day WHERE day = '{day}'");
    if transaction.query_opt(&changed, &[]).await?.is_some() {
        let why =
            "something of it changed since it was exported; move its folder away, and it is exported anew".to_owned();
        return Err(ArchiveError::Changed { day, why });
    }
    open::check(transaction, day).await
}

/// Lines of movements of funds stay with their movements: where there is no partition, they go into the one for others.
async fn drop_partitions(transaction: &Transaction<'_>, manifest: &Manifest) -> Result<(), ArchiveError> {
    let day = manifest.day;
    // Movements of funds are few, and not kept by the day: they are read whole, and their lines found by their keys.
    transaction.batch_execute("SET LOCAL enable_seqscan = on").await?;
    transaction.batch_execute(&day.sql("ALTER TABLE entry DETACH PARTITION {entry}")).await?;
    let keep = "INSERT INTO entry (movement_at, number, raised, lowered, at, transfer_id, amount, kind, currency)
         SELECT movement_at, number, raised, lowered, line.at, transfer_id, line.amount, kind, line.currency
         FROM funds_movement AS funds JOIN {entry} AS line ON movement_at = recorded_at AND transfer_id = funds.id
         WHERE recorded_at >= {start} AND recorded_at < {end}";
    let kept = transaction.execute(&day.sql(keep), &[]).await?;
    if kept != manifest.lines_that_stay {
        let why = format!("{kept} lines of movements of funds would stay, and {} were found", manifest.lines_that_stay);
        return Err(ArchiveError::Changed { day, why });
    }
    let names = TABLES.map(|(table, _)| day.partition(table));
    Ok(transaction.batch_execute(&format!("DROP TABLE {}", names.join(", "))).await?)
}

async fn add_sums(transaction: &Transaction<'_>, manifest: &Manifest) -> Result<(), ArchiveError> {
    let sql = "INSERT INTO opening_balance (account, raised, lowered)
               SELECT account, sum(raised), sum(lowered) FROM unnest($1::bigint[], $2::numeric[], $3::numeric[])
                   AS new (account, raised, lowered) GROUP BY account
               ON CONFLICT (account) DO UPDATE SET raised = opening_balance.raised + excluded.raised,
                                                   lowered = opening_balance.lowered + excluded.lowered";
    let accounts: Vec<_> = manifest.accounts.iter().map(|one| one.account).collect();
    let raised: Vec<_> = manifest.accounts.iter().map(|one| Numeric(one.raised)).collect();
    let lowered: Vec<_> = manifest.accounts.iter().map(|one| Numeric(one.lowered)).collect();
    transaction.execute(sql, &[&accounts, &raised, &lowered]).await?;
    Ok(())
}

async fn note(transaction: &Transaction<'_>, manifest: &Manifest, sha256: &[u8]) -> Result<(), ArchiveError> {
    let sql = format!(
        "INSERT INTO archived_day (day, archived_at, transfers, rows, manifest_sha256)
         VALUES ('{}', floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint, $1, $2, $3)",
        manifest.day
    );
    let summary = manifest.summary();
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    transaction.execute(&sql, &[&count(summary.transfers), &count(summary.rows), &sha256]).await?;
    Ok(())
}

/// Does something in a transaction that nobody has to wait for long. Whoever reads the day is waited for.
async fn patiently(
    session: &mut Session,
    work: impl AsyncFn(&Transaction<'_>) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    let timeouts =
        format!("SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}; SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}");
    let mut pause = FIRST_PAUSE;
    for tried in 1.. {
        let transaction = session.client.transaction().await?;
        transaction.batch_execute(&timeouts).await?;
        match work(&transaction).await {
            Ok(()) => return transaction.commit().await.map_err(|error| crate::error::of_commit(&error).into()),
            Err(ArchiveError::Busy(_)) if tried < TRIES => transaction.rollback().await?,
            Err(error) => return Err(error),
        }
        sleep(pause).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
    Ok(())
}
