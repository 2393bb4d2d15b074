//! What a payment costs the database, in figures that do not depend on the machine's mood.

use postgres_server::{Durability, Server};

use super::{
    commit,
    figures::{BATCH, Payment, ROUNDS, onboarding, run},
    runtime, settings,
};
use crate::{Migrate, PostgresSettings, PostgresStore};

/// Statements of a batch: what is asked for first, the balances, a write for each table, the transaction's two ends.
const STATEMENTS: [usize; 4] = [13, 12, 15, 16];
/// What is asked for first; the balances; the writes with the COMMIT. Quotes move no balances.
const ROUND_TRIPS: [usize; 4] = [2, 2, 3, 3];
/// The budgets: bytes a payment that stay, and that are written to the log. Payments here have bodies of 3.1 KB
/// together, of which 1.3 KB are hard to compress.
const STORED: usize = 3_000;
const LOGGED: usize = 6_000;

#[test]
fn a_batch_takes_few_statements_and_fewer_round_trips() {
    let settings = settings("node");
    runtime().block_on(async {
        let store = PostgresStore::open(settings, Migrate::Yes).await.unwrap();
        commit(&store, onboarding()).await.unwrap();
        for number in 0..2 {
            let legs = (0..4).map(|leg| (0..BATCH).map(|one| Payment::new(number, one, false).leg(leg)).collect());
            for (leg, commands) in legs.enumerate() {
                let before = store.sessions().await[0].traffic();
                commit(&store, commands).await.unwrap();
                let after = store.sessions().await[0].traffic();
                let used = (after.0 - before.0, after.1 - before.1);
                // The first time, statements are prepared.
                assert!(number == 0 || used == (STATEMENTS[leg], ROUND_TRIPS[leg]), "leg {leg}: {used:?}");
            }
        }
    });
}

#[test]
fn a_payment_takes_few_bytes() {
    let server = Server::start(Durability::Fast, &["max_wal_size=4GB", "autovacuum=off"]).unwrap();
    let settings = PostgresSettings { url: server.database().into(), ..settings("unused") };
    let number = |sql: &str| server.psql(&settings.url, sql).trim().parse::<f64>().unwrap();
    let (wal, size) = ("SELECT pg_current_wal_insert_lsn() - '0/0'", "SELECT pg_database_size(current_database())");
    runtime().block_on(async {
        let store = PostgresStore::open(settings.clone(), Migrate::Yes).await.unwrap();
        commit(&store, onboarding()).await.unwrap();
        // Pages that are touched for the first time after a checkpoint are logged whole; that is over then.
        run(&store, 0, false).await;
        let before = (number(wal), number(size));
        run(&store, 1, false).await;
        let payments = (ROUNDS * BATCH) as f64;
        let (logged, stored) = ((number(wal) - before.0) / payments, (number(size) - before.1) / payments);
        assert!(logged <= LOGGED as f64 && logged > LOGGED as f64 / 4.0, "{logged:.0} bytes of log a payment");
        assert!(stored <= STORED as f64 && stored > STORED as f64 / 4.0, "{stored:.0} bytes stored a payment");
    });
}
