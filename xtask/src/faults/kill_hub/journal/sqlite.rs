//! Reads the hub's SQLite file.

use std::path::Path;

use anyhow::{Context, Result};
use fspiop::{Amount, Identifier, Timestamp, TransferId};
use rusqlite::{Connection, OpenFlags, Row};

use super::{Abandoned, Books, Entry, Transfer};

/// Amounts stand with their sign bit flipped, so that bytes sort as numbers do.
const SIGN: u128 = 1 << 127;

/// Reads everything in one transaction.
pub(in super::super) fn read(file: &Path) -> Result<Books> {
    let mut connection = open(file)?;
    let snapshot = connection.transaction().context("the file can't be read")?;
    Ok(Books {
        damage: damage(&snapshot)?,
        balances: rows(&snapshot, "SELECT account, amount FROM balance", |row| Ok((row.get(0)?, amount(row, 1)?)))?,
        caps: rows(&snapshot, "SELECT id, net_debit_cap FROM account WHERE net_debit_cap IS NOT NULL", |row| {
            Ok((row.get(0)?, amount(row, 1)?))
        })?,
        transfers: rows(
            &snapshot,
            "SELECT t.id, payer.name, payee.name, t.amount, t.status FROM transfer t
             JOIN participant payer ON payer.id = t.payer LEFT JOIN participant payee ON payee.id = t.payee",
            transfer,
        )?,
        entries: rows(
            &snapshot,
            "SELECT transfer_id, kind, raised, lowered, amount, at FROM entry ORDER BY number",
            entry,
        )?,
        outbox: count(&snapshot, "outbox")?,
        abandoned: rows(
            &snapshot,
            "SELECT recipient, method, subject, reason, abandoned_at FROM abandoned",
            abandoned,
        )?,
    })
}

/// How many messages are still to be delivered. The hub may be running.
pub(in super::super) fn outbox(file: &Path) -> Result<i64> {
    count(&open(file)?, "outbox")
}

fn open(file: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(file, flags).with_context(|| format!("cannot open {}", file.display()))
}

/// Empty for a sound file.
fn damage(connection: &Connection) -> Result<Vec<String>> {
    let mut found: Vec<String> = rows(connection, "PRAGMA integrity_check", |row| Ok(row.get(0)?))?;
    found.retain(|line| line != "ok");
    let dangling: Vec<String> = rows(connection, "PRAGMA foreign_key_check", |row| Ok(row.get(0)?))?;
    found.extend(dangling.into_iter().map(|table| format!("{table} refers to a row that is not there")));
    Ok(found)
}

fn count(connection: &Connection, table: &str) -> Result<i64> {
    let sql = format!("SELECT count(*) FROM {table}");
    connection.query_row(&sql, [], |row| row.get(0)).context(sql)
}

fn rows<T, C: FromIterator<T>>(connection: &Connection, sql: &str, read: impl Fn(&Row<'_>) -> Result<T>) -> Result<C> {
    let what = || sql.to_owned();
    let mut statement = connection.prepare(sql).with_context(what)?;
    let mut rows = statement.query([]).with_context(what)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next().with_context(what)? {
        all.push(read(row).with_context(what)?);
    }
    Ok(all.into_iter().collect())
}

fn transfer(row: &Row<'_>) -> Result<(TransferId, Transfer)> {
    let transfer = Transfer { payer: row.get(1)?, payee: row.get(2)?, amount: amount(row, 3)?, status: row.get(4)? };
    Ok((identifier(row, 0)?, transfer))
}

fn entry(row: &Row<'_>) -> Result<Entry> {
    Ok(Entry {
        transfer: identifier(row, 0)?,
        kind: row.get(1)?,
        raised: row.get(2)?,
        lowered: row.get(3)?,
        amount: amount(row, 4)?,
        at: Timestamp::from_millis(row.get(5)?),
    })
}

fn abandoned(row: &Row<'_>) -> Result<Abandoned> {
    Ok(Abandoned {
        recipient: row.get(0)?,
        method: row.get(1)?,
        subject: row.get(2)?,
        reason: row.get(3)?,
        at: Timestamp::from_millis(row.get(4)?),
    })
}

fn amount(row: &Row<'_>, column: usize) -> Result<Amount> {
    let bytes: [u8; 16] = row.get(column)?;
    Ok(Amount::from_units((u128::from_be_bytes(bytes) ^ SIGN).cast_signed()))
}

fn identifier(row: &Row<'_>, column: usize) -> Result<TransferId> {
    let bytes: Vec<u8> = row.get(column)?;
    Identifier::from_bytes(&bytes).map(TransferId).with_context(|| format!("{bytes:?} is no identifier"))
}
