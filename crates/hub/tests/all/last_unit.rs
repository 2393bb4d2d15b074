//! A thousand FSP threads want the last unit under the cap at the same moment: exactly one gets it.

use std::sync::Arc;

use store::Store;

use crate::support::{
    World, eventually,
    messages::Transfer,
    test_hub,
    world::{PAYEE, PAYER},
};

const PREPARES: usize = 1_000;

/// Both ends of a thousand connections are in this process; some systems allow 256 open files at first.
fn allow_many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(10_000, |maximum| maximum.min(10_000));
    if current.is_some_and(|current| current < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).expect("the soft limit may be raised");
    }
}

async fn one_gets_it(store: Arc<dyn Store>) {
    allow_many_files();
    let world = World::on(store).await;
    let mut operator = world.operator().await;
    // Ten units are taken, and there is one more.
    world.pay(&Transfer::new("10")).await;
    operator.cap(PAYER, "11").await;
    let transfers: Vec<_> = (0..PREPARES).map(|_| Transfer::new("1")).collect();
    let mut connections = Vec::new();
    for _ in &transfers {
        connections.push(world.hub.connect().await);
    }
    for (connection, transfer) in connections.iter_mut().zip(&transfers) {
        connection.write(&transfer.prepare().to_bytes()).await;
    }
    for connection in &mut connections {
        assert_eq!(connection.read().await.unwrap().status, 202);
    }
    drop(connections);
    // The first payment's callback, and an error for all others.
    let told = world.payer.wait_for(PREPARES).await;
    let refused = told.iter().filter(|request| request.path.ends_with("/error"));
    assert!(refused.clone().all(|request| request.error().0 == "4200"));
    assert_eq!(refused.count(), PREPARES - 1);
    assert_eq!(world.payee.wait_for(2).await.len(), 2, "the first payment's prepare and one more");
    assert_eq!(world.position(PAYER).await, "11");
    let books = world.hub.truth.books().await.unwrap();
    let reserved = books.transfers.iter().filter(|transfer| transfer.status.as_str() == "RESERVED").count();
    assert_eq!((books.transfers.len(), reserved), (PREPARES + 1, 1));
    eventually("nothing else is on its way", async || world.hub.outbox().await.is_empty().then_some(())).await;
    assert_eq!((world.payer.received().len(), world.payee.received().len()), (PREPARES, 2));
    assert_eq!(world.position(PAYEE).await, "-10");
    crate::support::restart::close(world.hub).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_store_in_memory() {
    one_gets_it(test_hub::memory()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    one_gets_it(test_hub::sqlite(folder.path())).await;
}
