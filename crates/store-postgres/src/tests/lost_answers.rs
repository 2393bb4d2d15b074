//! A COMMIT whose answer is lost: whether the batch was done is found out, and it is done once.

use std::time::Duration;

use postgres_server::{Durability, Loss, Proxy, Server};
use store::{Store, StoreError};
use switch::MessageId;
use tokio::time::{Instant, sleep};

use super::{commit, register, runtime, settings, tamper, unwelcome};
use crate::{Migrate, PostgresSettings, PostgresStore};

/// What only a batch's connection has sent, and what only that of a claim.
const BATCH: &str = "SET last_batch";
const CLAIM: &str = "SET lease_until = greatest";

/// Settings for an empty database behind a proxy.
fn behind_a_proxy() -> (PostgresSettings, PostgresSettings, Proxy) {
    let direct = settings("node");
    let proxy = Proxy::to(&direct.url);
    let settings = PostgresSettings { url: proxy.url(&direct.url).into(), ..direct.clone() };
    (direct, settings, proxy)
}

async fn participants(store: &PostgresStore) -> usize {
    store.configuration().await.unwrap().registry.participants().count()
}

#[test]
fn a_batch_whose_answer_is_lost_is_known_to_be_done() {
    for loss in [Loss::After, Loss::Silent] {
        let (_, settings, proxy) = behind_a_proxy();
        runtime().block_on(async {
            let store = PostgresStore::open(settings, Migrate::Yes).await.unwrap();
            commit(&store, vec![]).await.unwrap();
            proxy.lose_commit(loss, BATCH);
            let before = proxy.connections();
            let committed = commit(&store, vec![register("first"), unwelcome()]).await.unwrap();
            assert_eq!((proxy.losses(), proxy.connections()), (1, before + 1), "{loss:?}: it is asked anew");
            assert_eq!(committed.configuration.unwrap().registry.participants().count(), 2, "{loss:?}");
            assert_eq!(store.pending_messages(MessageId(0), 10).await.unwrap(), committed.messages);
            assert_eq!(committed.messages.len(), 1);
            assert!(!store.take_over().await.unwrap(), "nothing is left to be told");
            commit(&store, vec![register("second")]).await.unwrap();
            assert_eq!(participants(&store).await, 3, "{loss:?}");
        });
    }
}

#[test]
fn a_batch_whose_commit_is_lost_is_known_not_to_be_done() {
    let (_, settings, proxy) = behind_a_proxy();
    runtime().block_on(async {
        let store = PostgresStore::open(settings, Migrate::Yes).await.unwrap();
        commit(&store, vec![]).await.unwrap();
        proxy.lose_commit(Loss::Before, BATCH);
        let error = commit(&store, vec![register("first"), unwelcome()]).await.err().unwrap();
        assert!(matches!(&error, StoreError::Unavailable(text) if text.starts_with("nothing was done")), "{error:?}");
        assert_eq!((proxy.losses(), participants(&store).await), (1, 1));
        commit(&store, vec![register("first")]).await.unwrap();
        assert_eq!(participants(&store).await, 2);
        assert_eq!(store.pending_messages(MessageId(0), 10).await.unwrap(), []);
    });
}

/// The server takes its time for the COMMIT, and then the network hangs for longer than the hub waits.
#[test]
fn what_a_batch_in_doubt_has_sent_is_told_once_it_is_there() {
    let (direct, settings, proxy) = behind_a_proxy();
    runtime().block_on(async {
        let store = PostgresStore::open(settings, Migrate::Yes).await.unwrap();
        commit(&store, vec![unwelcome()]).await.unwrap();
        assert!(!store.take_over().await.unwrap());
        proxy.lose_commit(Loss::Silent, BATCH);
        let slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                        $$ BEGIN PERFORM pg_sleep(3); RETURN NULL; END $$;
                    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON outbox_batch DEFERRABLE INITIALLY DEFERRED
                        FOR EACH ROW EXECUTE FUNCTION slow()";
        tamper(&direct, slow);
        let started = Instant::now();
        let asked = commit(&store, vec![unwelcome()]);
        let cut = async {
            while proxy.losses() == 0 {
                sleep(Duration::from_millis(5)).await;
            }
            proxy.hang();
        };
        let (error, ()) = tokio::join!(asked, cut);
        assert!(matches!(error, Err(StoreError::Unknown(_))), "{error:?}");
        assert!(started.elapsed() < Duration::from_secs(10), "the hub waits no longer");
        proxy.go_on();
        let told = async {
            while !store.take_over().await.is_ok_and(|news| news) {
                sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(40), told).await.expect("it is told");
        assert_eq!(store.pending_messages(MessageId(0), 10).await.unwrap().len(), 2);
        assert!(!store.take_over().await.unwrap(), "once");
    });
}

#[test]
fn messages_whose_takeover_was_not_answered_are_there() {
    let (direct, settings, proxy) = behind_a_proxy();
    runtime().block_on(async {
        let lost = PostgresStore::open(PostgresSettings { node: "lost".into(), ..direct.clone() }, Migrate::Yes);
        let left = commit(&lost.await.unwrap(), vec![unwelcome()]).await.unwrap().messages;
        let store = PostgresStore::open(settings, Migrate::Yes).await.unwrap();
        assert!(!store.take_over().await.unwrap());
        tamper(&direct, "UPDATE node SET lease_until = 0 WHERE name = 'lost'");
        for loss in [Loss::Before, Loss::After] {
            let before = proxy.losses();
            proxy.lose_commit(loss, CLAIM);
            assert!(store.take_over().await.is_err(), "{loss:?}: an error makes the hub read the outbox");
            assert_eq!(proxy.losses(), before + 1);
            let found = store.pending_messages(MessageId(0), 10).await.unwrap();
            assert_eq!(found, if loss == Loss::After { left.clone() } else { vec![] }, "{loss:?}");
        }
        assert!(!store.take_over().await.unwrap());
    });
}

/// A server that waits for its standbys says nothing before they have the batch, however long that takes: the time of a
/// statement does not end that wait. Until then nobody says that it is done.
#[test]
fn a_batch_that_no_standby_has_is_not_done() {
    let server = Server::start(Durability::Fast, &[]).unwrap();
    let settings = PostgresSettings { url: server.database().into(), ..settings("node") };
    let standbys = |names: &str| {
        server.psql(&settings.url, &format!("ALTER SYSTEM SET synchronous_standby_names = '{names}'"));
        server.psql(&settings.url, "SELECT pg_reload_conf()");
        // The checkpointer tells all backends of standbys, and looks at the new settings before it begins a checkpoint.
        server.psql(&settings.url, "CHECKPOINT");
    };
    runtime().block_on(async {
        let store = PostgresStore::open(settings.clone(), Migrate::Yes).await.unwrap();
        commit(&store, vec![unwelcome()]).await.unwrap();
        assert!(!store.take_over().await.unwrap());
        standbys("gone");
        let error = commit(&store, vec![unwelcome(), register("first")]).await;
        assert!(matches!(error, Err(StoreError::Unknown(_))), "{error:?}");
        let error = commit(&store, vec![register("second")]).await;
        assert!(matches!(error, Err(StoreError::Unavailable(_))), "{error:?}");
        standbys("");
        let told = async {
            while !store.take_over().await.is_ok_and(|news| news) {
                sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(40), told).await.expect("it is told");
        assert_eq!(store.pending_messages(MessageId(0), 10).await.unwrap().len(), 2);
        assert_eq!(participants(&store).await, 2);
    });
}
