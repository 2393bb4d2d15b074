//! A full disk, a row in the way, a panic: nothing of the batch is done, and the store goes on.

use fspiop::FspId;
use store::{Store, StoreError, suite::block_on};
use switch::{Administration, Command, EndpointType};

use super::{Folder, NOW, commit, open, register, tamper};
use crate::SqliteStore;

/// A pragma on the writing connection.
fn set(store: &SqliteStore, pragma: &'static str, value: i64) {
    let set = store
        .writer
        .run(move |writer| writer.connection.pragma_update(None, pragma, value).map_err(crate::error::at_read));
    block_on(set).unwrap();
}

#[test]
fn the_settings_lose_nothing() {
    let folder = Folder::new();
    let store = open(&folder.file()).unwrap();
    let settings = store.writer.run(|writer| {
        let text =
            |name| writer.connection.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0));
        let settings = ["journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint"].map(text);
        Ok(settings.map(|setting| format!("{:?}", setting.unwrap())))
    });
    let expected = [r#"Text("wal")"#, "Integer(2)", "Integer(1)", "Integer(1000)"];
    assert_eq!(block_on(settings).unwrap(), expected);
}

fn endpoint(length: usize) -> Command {
    let endpoints = vec![(EndpointType::Quotes, "x".repeat(length).into())];
    Command::Administer(Administration::SetEndpoints(FspId::parse("payerfsp").unwrap(), endpoints))
}

#[test]
fn a_full_disk_is_waited_for() {
    let folder = Folder::new();
    let store = open(&folder.file()).unwrap();
    commit(&store, vec![register("payerfsp")]).unwrap();
    let before = block_on(store.configuration()).unwrap();
    // SQLite sets the limit to the present size if it is larger.
    set(&store, "max_page_count", 1);
    let error = commit(&store, vec![register("payeefsp"), endpoint(1_000_000)]).unwrap_err();
    assert!(matches!(&error, StoreError::Unavailable(text) if text.contains("full")), "{error:?}");
    assert_eq!(block_on(store.configuration()).unwrap(), before);
    block_on(store.ping()).unwrap();
    commit(&store, vec![register("payeefsp")]).expect("a small batch still fits");
    set(&store, "max_page_count", 1_000_000);
    commit(&store, vec![endpoint(1_000_000)]).unwrap();
    let after = block_on(store.configuration()).unwrap();
    drop(store);
    assert_eq!(block_on(open(&folder.file()).unwrap().configuration()).unwrap(), after);
    assert_eq!(after.registry.participants().count(), 3);
}

#[test]
fn a_read_only_file_is_waited_for() {
    let folder = Folder::new();
    let store = open(&folder.file()).unwrap();
    set(&store, "query_only", 1);
    let error = commit(&store, vec![register("payerfsp")]).unwrap_err();
    assert!(matches!(&error, StoreError::Unavailable(text) if text.contains("readonly")), "{error:?}");
    set(&store, "query_only", 0);
    commit(&store, vec![register("payerfsp")]).unwrap();
}

#[test]
fn a_row_in_the_way_condemns_its_batch_only() {
    let folder = Folder::new();
    let store = open(&folder.file()).unwrap();
    tamper(&folder.file(), "INSERT INTO participant VALUES (9, 'payerfsp', 1, 0)");
    let error = commit(&store, vec![register("otherfsp"), register("payerfsp")]).unwrap_err();
    assert!(matches!(&error, StoreError::Refused(text) if text.contains("participant.name")), "{error:?}");
    let committed = commit(&store, vec![register("otherfsp")]).unwrap();
    assert_eq!(committed.now, NOW);
    assert_eq!(committed.configuration.unwrap().registry.participants().count(), 2);
}

#[test]
fn a_panic_is_a_refusal_and_the_store_goes_on() {
    let folder = Folder::new();
    let store = open(&folder.file()).unwrap();
    let panic = store.writer.run(|writer| -> Result<(), StoreError> {
        let transaction = writer.connection.transaction().unwrap();
        transaction.execute_batch("UPDATE meta SET next_message = 99").unwrap();
        panic!("the decision {}", "fails")
    });
    let error = block_on(panic).unwrap_err();
    assert!(matches!(&error, StoreError::Refused(text) if text == "panicked: the decision fails"), "{error:?}");
    commit(&store, vec![register("payerfsp")]).unwrap();
    drop(store);
    let connection = rusqlite::Connection::open(folder.file()).unwrap();
    let next: i64 = connection.query_row("SELECT next_message FROM meta", [], |row| row.get(0)).unwrap();
    assert_eq!(next, 1);
}

#[test]
fn what_is_asked_is_done_though_nobody_waits() {
    let folder = Folder::new();
    let store = open(&folder.file()).unwrap();
    drop(store.commit(std::sync::Arc::new(vec![register("payerfsp")])));
    drop(store);
    let store = open(&folder.file()).unwrap();
    assert_eq!(block_on(store.configuration()).unwrap().registry.participants().count(), 2);
}
