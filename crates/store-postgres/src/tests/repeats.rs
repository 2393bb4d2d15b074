//! Nodes that are asked about the same transfers at the same moment.

use std::{fs, sync::Arc};

use postgres_server::{Durability, Server};
use store::Store;
use switch::Command;
use tokio::join;

use super::{
    commit,
    figures::{Payment, onboarding},
    runtime, settings,
};
use crate::{Migrate, PostgresSettings, PostgresStore};

const PREPARE: usize = 2;
const FULFIL: usize = 3;

/// What FSPs send again to another node when theirs is lost: each node has a prepare anew of which the other has the answer.
/// The server would find out after a second, in which both nodes stand still.
#[test]
fn nodes_never_wait_for_each_other_in_a_circle() {
    let server = Server::start(Durability::Fast, &["deadlock_timeout=10ms"]).unwrap();
    let first = PostgresSettings { url: server.database().into(), ..settings("first") };
    let second = PostgresSettings { node: "second".into(), ..first.clone() };
    runtime().block_on(async {
        let first = PostgresStore::open(first, Migrate::Yes).await.unwrap();
        let second = PostgresStore::open(second, Migrate::Yes).await.unwrap();
        commit(&first, onboarding()).await.unwrap();
        for round in 0..20 {
            let [one, other] = [2 * round, 2 * round + 1].map(|number| Payment::new(0, number, false));
            let leg = |leg| -> Vec<Command> { [&one, &other].map(|payment| payment.leg(leg)).into() };
            commit(&first, leg(PREPARE)).await.unwrap();
            let here = Arc::new(vec![one.leg(FULFIL), other.leg(PREPARE)]);
            let there = Arc::new(vec![other.leg(FULFIL), one.leg(PREPARE)]);
            let (here, there) = join!(first.commit(here), second.commit(there));
            here.and(there).unwrap();
        }
    });
    let log = fs::read_to_string(server.folder().unwrap().join("log")).unwrap();
    assert_eq!(log.matches("ERROR:  deadlock detected").count(), 0);
}
