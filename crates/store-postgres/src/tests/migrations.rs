//! A migration that is cut anywhere leaves nothing behind; several at once make one schema.

use futures_util::future::join_all;
use store::StoreError;

use super::{runtime, settings, tamper};
use crate::{
    Migrate, Migrated, PostgresSettings, PostgresStore,
    migration::{self, KNOWN},
    session::{Purpose, Session},
    time::Time,
};

/// Every table, column, index, constraint and sequence.
fn schema(settings: &PostgresSettings) -> String {
    let sql = "SELECT relkind, relname, reloptions FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY relname;
               SELECT table_name, ordinal_position, column_name, data_type, numeric_precision, numeric_scale, is_nullable,
                      column_default, is_identity
               FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position;
               SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexdef;
               SELECT conrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint
               WHERE connamespace = 'public'::regnamespace ORDER BY conrelid::regclass::text, pg_get_constraintdef(oid);";
    tamper(settings, sql)
}

#[test]
fn a_migration_that_is_cut_anywhere_is_begun_again() {
    let (reference, cut) = (settings("reference"), settings("cut"));
    let runtime = runtime();
    let migrated = runtime.block_on(PostgresStore::migrate(&reference)).unwrap();
    assert_eq!(migrated, Migrated { from: 0, to: KNOWN });
    assert!(schema(&reference).contains("|outbox|"));
    for version in 1..=KNOWN {
        let (before, sql) = (schema(&cut), migration::sql(version));
        for statement in 0..migration::statements(sql).len() {
            runtime.block_on(async {
                let session = Session::connect(&cut, Purpose::Write).await.unwrap();
                migration::step(&session, version, sql, &cut.hub, &Time::default(), statement).await.unwrap();
                // The process dies: its connection is closed in the middle of the transaction.
                let pid: i32 = session.client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
                drop(session);
                tamper(&cut, &format!("SELECT pg_terminate_backend({pid}, 10000)"));
            });
            assert_eq!(schema(&cut), before, "after {statement} statements");
        }
        let again = runtime.block_on(PostgresStore::migrate(&cut)).unwrap();
        assert_eq!(again.to, KNOWN);
    }
    assert_eq!(schema(&cut), schema(&reference));
    let nothing = runtime.block_on(PostgresStore::migrate(&cut)).unwrap();
    assert_eq!(nothing, Migrated { from: KNOWN, to: KNOWN });
}

#[test]
fn nodes_may_start_at_once() {
    let settings = settings("first");
    runtime().block_on(async {
        let nodes = ["first", "second", "third"].map(|node| PostgresSettings { node: node.into(), ..settings.clone() });
        let stores = join_all(nodes.map(|settings| PostgresStore::open(settings, Migrate::Yes))).await;
        stores.into_iter().for_each(|store| drop(store.unwrap()));
    });
    assert_eq!(tamper(&settings, "SELECT count(*) FROM node").trim(), "3");
}

#[test]
fn an_older_schema_is_refused_where_it_may_not_be_migrated() {
    let settings = settings("node");
    let runtime = runtime();
    let before = schema(&settings);
    let refusal = runtime.block_on(PostgresStore::open(settings.clone(), Migrate::No)).err().unwrap();
    let expect = format!("found version 0, expected {KNOWN}; run `mojaloop hub migrate`");
    assert!(refusal.to_string().contains(&expect), "{refusal}");
    assert!(runtime.block_on(PostgresStore::open_read_only(settings.clone())).is_err());
    assert_eq!(schema(&settings), before);
}

#[test]
fn a_newer_schema_is_not_touched() {
    let settings = settings("node");
    let runtime = runtime();
    runtime.block_on(PostgresStore::migrate(&settings)).unwrap();
    tamper(&settings, &format!("INSERT INTO schema_version (version) VALUES ({})", KNOWN + 1));
    let before = schema(&settings);
    for migrate in [Migrate::Yes, Migrate::No] {
        let refusal = runtime.block_on(PostgresStore::open(settings.clone(), migrate)).err();
        assert!(
            matches!(refusal, Some(StoreError::Newer { found, known: KNOWN }) if found == KNOWN + 1),
            "{refusal:?}"
        );
    }
    assert_eq!((schema(&settings), tamper(&settings, "SELECT count(*) FROM node").trim()), (before, "0"));
}
