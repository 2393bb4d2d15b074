//! The two connections to the file, and the settings under which it loses nothing.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags};
use store::StoreError;

use crate::error;

/// How long to wait for somebody who looks at the file with a tool of his own.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
/// Pages that the writer keeps in memory, in KiB: the upper levels of the indexes. The whole hub is to stay under 40 MB.
const WRITER_CACHE_KIB: i64 = 4096;
/// Pages that the reader keeps in memory, in KiB.
const READER_CACHE_KIB: i64 = 1024;
/// What the write-ahead log is cut to when it has grown: well above what SQLite needs between two checkpoints.
const LOG_BYTES: i64 = 16 << 20;
/// Prepared statements that a connection keeps: all that there are.
const STATEMENTS: usize = 64;

/// The writing connection.
pub(crate) fn writer(path: &Path) -> Result<Connection, StoreError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, WRITER_CACHE_KIB)?;
    // SQLite is content to read what it must not write.
    if connection.is_readonly("main").map_err(error::at_read)? {
        return Err(StoreError::Unavailable("can't be written".to_owned()));
    }
    Ok(connection)
}

/// A reading connection. The file must be in WAL mode, so that it sees whole batches and never waits.
pub(crate) fn reader(path: &Path) -> Result<Connection, StoreError> {
    open(path, OpenFlags::SQLITE_OPEN_READ_ONLY, READER_CACHE_KIB)
}

/// Looks at the file as it is, without locks and without regard to journals: nothing on the disk changes.
pub(crate) fn glance(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(immutable_uri(path), flags).map_err(error::at_read)
}

/// A write-ahead log that reaches the disk before a batch is answered. SQLite moves it into the file every 1000 pages
/// (4 MB), its default. A long read keeps the log from being begun anew, so that it grows meanwhile; the next time it is
/// begun anew it is cut.
pub(crate) fn make_durable(connection: &Connection) -> Result<(), StoreError> {
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(error::at_read)?;
    if mode != "wal" {
        let text = format!("needs a file system with shared memory, got journal mode {mode}");
        return Err(StoreError::Unavailable(text));
    }
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES).map_err(error::at_read)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(error::at_read)
}

fn open(path: &Path, mode: OpenFlags, cache_kib: i64) -> Result<Connection, StoreError> {
    // Each connection is used by one thread.
    let connection =
        Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(error::at_read)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(error::at_read)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true).map_err(error::at_read)?;
    connection.pragma_update(None, "cache_size", -cache_kib).map_err(error::at_read)?;
    Ok(connection)
}

fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    uri
}
