//! Processes that share a name, read only, or come back after a loss.

use fspiop::FspId;
use postgres_server::{Durability, Server};
use store::{Store, StoreError};
use switch::MessageId;

use super::{commit, register, runtime, settings, tamper};
use crate::{Migrate, PostgresSettings, PostgresStore};

#[test]
fn a_former_self_can_write_no_more() {
    let settings = settings("node");
    runtime().block_on(async {
        let old = PostgresStore::open(settings.clone(), Migrate::Yes).await.unwrap();
        commit(&old, vec![register("first")]).await.unwrap();
        let new = PostgresStore::open(settings.clone(), Migrate::Yes).await.unwrap();
        for error in [commit(&old, vec![]).await.err().unwrap(), old.take_over().await.unwrap_err()] {
            let text = "another process has registered under this node's name";
            assert!(matches!(&error, StoreError::Unavailable(found) if found.contains(text)), "{error:?}");
        }
        commit(&new, vec![register("second")]).await.unwrap();
        assert_eq!(new.configuration().await.unwrap().registry.participants().count(), 3);
    });
}

#[test]
fn a_reading_store_changes_nothing() {
    let settings = settings("node");
    runtime().block_on(async {
        let store = PostgresStore::open(settings.clone(), Migrate::Yes).await.unwrap();
        let before = tamper(&settings, "SELECT * FROM node");
        let reader = PostgresStore::open_read_only(settings.clone()).await.unwrap();
        commit(&store, vec![register("first")]).await.unwrap();
        assert_eq!(reader.configuration().await.unwrap(), store.configuration().await.unwrap());
        assert!(reader.books().await.unwrap().accounts.is_empty());
        assert_eq!(reader.pending_messages(MessageId(0), 10).await.unwrap(), []);
        assert!(matches!(commit(&reader, vec![]).await, Err(StoreError::Unavailable(_))));
        assert!(matches!(reader.take_over().await, Err(StoreError::Unavailable(_))));
        assert_eq!(tamper(&settings, "SELECT count(*) FROM node").trim(), "1");
        assert!(!before.is_empty());
    });
}

#[test]
fn another_hubs_database_is_refused() {
    let settings = settings("node");
    runtime().block_on(async {
        PostgresStore::open(settings.clone(), Migrate::Yes).await.unwrap();
        let other = PostgresSettings { hub: FspId::parse("switch").unwrap(), ..settings };
        let error = PostgresStore::open(other, Migrate::Yes).await.err().unwrap();
        assert!(error.to_string().contains("belongs to the hub Hub, not to switch"), "{error}");
    });
}

#[test]
fn a_server_that_was_killed_lost_nothing_that_was_answered() {
    let mut server = Server::start(Durability::Full, &[]).unwrap();
    let settings = PostgresSettings { url: server.database().into(), ..settings("node") };
    let runtime = runtime();
    let store = runtime.block_on(PostgresStore::open(settings, Migrate::Yes)).unwrap();
    runtime.block_on(commit(&store, vec![register("first")])).unwrap();
    let before = runtime.block_on(store.configuration()).unwrap();
    server.kill();
    let error = runtime.block_on(commit(&store, vec![register("second")])).err().unwrap();
    assert!(matches!(error, StoreError::Unavailable(_)), "nothing was sent: {error:?}");
    assert!(matches!(runtime.block_on(store.ping()), Err(StoreError::Unavailable(_))));
    server.restart().unwrap();
    let committed = runtime.block_on(commit(&store, vec![register("third")])).unwrap();
    assert_eq!(committed.configuration.map(|told| told.version), Some(before.version + 1));
    runtime.block_on(store.ping()).unwrap();
}
