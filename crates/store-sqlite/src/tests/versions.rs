//! Schema versions: migrated upwards, never touched when newer.

use std::fs;

use rusqlite::Connection;
use store::{Store, StoreError, suite::block_on};

use super::{Folder, commit, hub, open, register, tamper};
use crate::migration::{APPLICATION_ID, KNOWN};

fn number(connection: &Connection, pragma: &str) -> i64 {
    connection.pragma_query_value(None, pragma, |row| row.get(0)).unwrap()
}

#[test]
fn a_new_file_has_the_newest_version_and_our_mark() {
    let folder = Folder::new();
    drop(open(&folder.file()).unwrap());
    assert_eq!(folder.contents().into_keys().collect::<Vec<_>>(), ["hub.db", "hub.db.lock"]);
    let connection = Connection::open(folder.file()).unwrap();
    assert_eq!(number(&connection, "user_version"), KNOWN);
    assert_eq!(number(&connection, "application_id"), i64::from(APPLICATION_ID));
}

#[test]
fn a_newer_file_is_refused_and_not_touched() {
    let folder = Folder::new();
    let store = open(&folder.file()).unwrap();
    commit(&store, vec![register("payerfsp")]).unwrap();
    drop(store);
    tamper(&folder.file(), &format!("PRAGMA user_version = {}", KNOWN + 1));
    fs::remove_file(folder.path().join("hub.db.lock")).unwrap();
    let before = folder.contents();
    assert_eq!(before.len(), 1);
    let refusal = open(&folder.file()).err();
    assert!(matches!(refusal, Some(StoreError::Newer { found, known: KNOWN }) if found == KNOWN + 1), "{refusal:?}");
    assert_eq!(folder.contents(), before);
}

#[test]
fn a_newer_file_that_was_not_closed_is_not_touched_either() {
    let folder = Folder::new();
    drop(open(&folder.file()).unwrap());
    tamper(&folder.file(), &format!("PRAGMA user_version = {}", KNOWN + 1));
    // As after a crash: the write-ahead log still holds a batch.
    let crashed = Folder::new();
    let connection = Connection::open(folder.file()).unwrap();
    connection.execute_batch("UPDATE meta SET last_batch = 7").unwrap();
    for file in ["hub.db", "hub.db-wal"] {
        fs::copy(folder.path().join(file), crashed.path().join(file)).unwrap();
    }
    let before = crashed.contents();
    assert!(!before["hub.db-wal"].is_empty());
    assert!(matches!(open(&crashed.file()).err(), Some(StoreError::Newer { .. })));
    assert_eq!(crashed.contents(), before);
}

#[test]
fn the_version_never_stands_in_the_log_alone() {
    let folder = Folder::new();
    let store = open(&folder.file()).unwrap();
    let glance = crate::connection::glance(&folder.file()).unwrap();
    assert_eq!(number(&glance, "user_version"), KNOWN);
    drop(store);
}

#[test]
fn a_migration_that_was_cut_short_is_begun_again() {
    let folder = Folder::new();
    // A process that died before its first transaction leaves an empty file.
    fs::write(folder.file(), b"").unwrap();
    let store = open(&folder.file()).unwrap();
    assert_eq!(block_on(store.configuration()).unwrap().hub_name(), hub());
    drop(store);

    // One that died within it leaves a half-written file, whose journal says that it was empty.
    let half = Folder::new();
    let whole = fs::read(folder.file()).unwrap();
    fs::write(half.file(), &whole[4096..]).unwrap();
    fs::write(half.path().join("hub.db-journal"), journal_of_an_empty_file()).unwrap();
    let store = open(&half.file()).unwrap();
    assert_eq!(block_on(store.configuration()).unwrap().hub_name(), hub());
}

/// SQLite's rollback journal of a file that had no page: the header alone, padded to a sector.
fn journal_of_an_empty_file() -> Vec<u8> {
    let mut journal = vec![0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    for word in [0_u32, 42, 0, 512, 4096] {
        journal.extend(word.to_be_bytes());
    }
    journal.resize(512, 0);
    journal
}
