//! Reads the hub's PostgreSQL database.

use anyhow::{Context, Result, ensure};
use fspiop::{Amount, Identifier, Timestamp, TransferId};
use tokio_postgres::{Client, NoTls, Row};

use super::{Abandoned, Books, Entry, Transfer};
use crate::outcome::say;

/// A commit is on the disk before it is answered only with all of these.
const DURABLE: [&str; 3] = ["fsync", "full_page_writes", "synchronous_commit"];

/// Refuses a database that forgets what it has committed when its machine loses power: nothing would be shown on it.
pub(in super::super) async fn must_be_durable(url: &str) -> Result<()> {
    let client = connect(url).await?;
    for setting in DURABLE {
        let found: String = client.query_one("SELECT current_setting($1)", &[&setting]).await?.try_get(0)?;
        ensure!(found == "on", "{setting} of the database is {found}, expected on");
    }
    Ok(())
}

/// Reads everything at one moment.
pub(in super::super) async fn read(url: &str) -> Result<Books> {
    let client = connect(url).await?;
    let damage = damage(&client).await?;
    client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    Ok(Books {
        damage,
        balances: rows(&client, "SELECT account, amount::text FROM balance", |row| {
            Ok((row.try_get(0)?, amount(row, 1)?))
        })
        .await?,
        caps: rows(&client, "SELECT id, net_debit_cap::text FROM account WHERE net_debit_cap IS NOT NULL", |row| {
            Ok((row.try_get(0)?, amount(row, 1)?))
        })
        .await?,
        transfers: rows(
            &client,
            "SELECT t.id, payer.name, payee.name, t.amount::text, t.status FROM transfer t
             JOIN participant payer ON payer.id = t.payer LEFT JOIN participant payee ON payee.id = t.payee",
            transfer,
        )
        .await?,
        entries: rows(
            &client,
            "SELECT transfer_id, kind, raised, lowered, amount::text, at FROM entry ORDER BY number",
            entry,
        )
        .await?,
        outbox: count(&client, "pending_message").await?,
        abandoned: rows(&client, "SELECT recipient, method, subject, reason, abandoned_at FROM abandoned", abandoned)
            .await?,
    })
}

/// How many messages are still to be delivered. The hubs may be running.
pub(in super::super) async fn outbox(url: &str) -> Result<i64> {
    count(&connect(url).await?, "pending_message").await
}

async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.context("the database can't be reached")?;
    // It ends with the client, which is told of its errors.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

/// Empty for a sound database: each heap is read, and each index is compared with its heap.
async fn damage(client: &Client) -> Result<Vec<String>> {
    let known = client.query("SELECT FROM pg_available_extensions WHERE name = 'amcheck'", &[]).await?;
    if known.is_empty() {
        say("NOT RUN: the pages of the database: PostgreSQL's extension amcheck is not installed");
        return Ok(Vec::new());
    }
    client.batch_execute("CREATE EXTENSION IF NOT EXISTS amcheck").await?;
    let mut found: Vec<String> = rows(
        client,
        "SELECT format('%s, page %s, row %s: %s', c.relname, found.blkno, found.offnum, found.msg)
         FROM pg_class c, verify_heapam(c.oid) found
         WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace",
        |row| Ok(row.try_get(0)?),
    )
    .await?;
    let indexes: Vec<(u32, String)> = rows(
        client,
        "SELECT c.oid, c.relname::text FROM pg_class c JOIN pg_am ON pg_am.oid = c.relam
         WHERE c.relkind = 'i' AND amname = 'btree' AND c.relnamespace = 'public'::regnamespace",
        |row| Ok((row.try_get(0)?, row.try_get(1)?)),
    )
    .await?;
    ensure!(!indexes.is_empty(), "the database has no indexes: its schema is not where it was looked for");
    for (index, name) in indexes {
        if let Err(error) = client.query("SELECT bt_index_check($1::oid, true)", &[&index]).await {
            found.push(format!("index {name}: {}", error.as_db_error().context("bt_index_check")?.message()));
        }
    }
    Ok(found)
}

async fn count(client: &Client, table: &str) -> Result<i64> {
    let sql = format!("SELECT count(*) FROM {table}");
    Ok(client.query_one(&sql, &[]).await.context(sql)?.try_get(0)?)
}

async fn rows<T, C: FromIterator<T>>(client: &Client, sql: &str, read: impl Fn(&Row) -> Result<T>) -> Result<C> {
    let what = || sql.to_owned();
    client.query(sql, &[]).await.with_context(what)?.iter().map(|row| read(row).with_context(what)).collect()
}

fn transfer(row: &Row) -> Result<(TransferId, Transfer)> {
    let (payer, payee) = (row.try_get(1)?, row.try_get(2)?);
    Ok((identifier(row, 0)?, Transfer { payer, payee, amount: amount(row, 3)?, status: row.try_get(4)? }))
}

fn entry(row: &Row) -> Result<Entry> {
    Ok(Entry {
        transfer: identifier(row, 0)?,
        kind: row.try_get(1)?,
        raised: row.try_get(2)?,
        lowered: row.try_get(3)?,
        amount: amount(row, 4)?,
        at: Timestamp::from_millis(row.try_get(5)?),
    })
}

fn abandoned(row: &Row) -> Result<Abandoned> {
    Ok(Abandoned {
        recipient: row.try_get(0)?,
        method: row.try_get(1)?,
        subject: row.try_get(2)?,
        reason: row.try_get(3)?,
        at: Timestamp::from_millis(row.try_get(4)?),
    })
}

fn amount(row: &Row, column: usize) -> Result<Amount> {
    let text: &str = row.try_get(column)?;
    Amount::parse_decimal(text).with_context(|| format!("{text} is no exact amount"))
}

fn identifier(row: &Row, column: usize) -> Result<TransferId> {
    let bytes: &[u8] = row.try_get(column)?;
    Identifier::from_bytes(bytes).map(TransferId).with_context(|| format!("{bytes:?} is no identifier"))
}

#[cfg(test)]
mod tests {
    use postgres_server::{Durability, Server};

    use super::*;

    #[tokio::test]
    async fn a_forgetful_or_damaged_database_is_found() {
        let server = Server::start(Durability::Fast, &[]).unwrap();
        let url = server.database();
        let error = must_be_durable(&url).await.unwrap_err().to_string();
        assert_eq!(error, "fsync of the database is off, expected on");
        server.psql(&url, "CREATE TABLE line (number integer); CREATE INDEX line_number ON line (number)");
        assert_eq!(damage(&connect(&url).await.unwrap()).await.unwrap(), [] as [String; 0]);
        let ready = |ready| format!("UPDATE pg_index SET indisready = {ready} WHERE indrelid = 'line'::regclass");
        for sql in [&*ready(false), "INSERT INTO line VALUES (1)", &*ready(true)] {
            server.psql(&url, sql);
        }
        let found = damage(&connect(&url).await.unwrap()).await.unwrap();
        assert!(found.len() == 1 && found[0].starts_with("index line_number: heap tuple"), "{found:?}");
    }
}
