//! A hub that stops and starts again on its store goes on where it was.

use std::{path::Path, sync::Arc};

use store::Store;

use crate::support::{
    SleepingFsp, TestHub, World, eventually,
    messages::Transfer,
    restart::close,
    test_hub,
    world::{PAYEE, without_payee},
};

/// Stops a hub whose payee is down and starts it again, on what `reopen` gives for the store.
async fn pending_messages_survive(
    first: Arc<dyn Store>,
    reopen: impl AsyncFnOnce(TestHub) -> Arc<dyn Store>,
) -> (TestHub, Vec<Transfer>, SleepingFsp) {
    let (hub, payer, port) = without_payee(TestHub::start(first).await).await;
    let transfers: Vec<_> = (0..3).map(|_| Transfer::new("1")).collect();
    for transfer in &transfers {
        hub.must_take(&transfer.prepare()).await;
        hub.must_take(&transfer.reserve()).await;
        payer.wait_for_one("PUT", &transfer.path()).await;
    }
    eventually("only the payee's messages are left", async || (hub.outbox().await.len() == 6).then_some(())).await;
    let before = payer.received().len();
    let hub = TestHub::start(reopen(hub).await).await;
    assert_eq!(hub.outbox().await.len(), 6);
    assert_eq!(payer.received().len(), before, "what was delivered does not come again");
    (hub, transfers, port)
}

async fn check_delivered(hub: &TestHub, transfers: &[Transfer], port: SleepingFsp) {
    let payee = port.wake(PAYEE);
    let received = payee.wait_for(6).await;
    for transfer in transfers {
        let of = |path: &str, body: &[u8]| {
            received.iter().position(|request| request.path == path && (body.is_empty() || request.body == body))
        };
        let prepare = transfer.prepare();
        let (asked, notified) = (of("/transfers", prepare.content()).unwrap(), of(&transfer.path(), b"").unwrap());
        assert!(asked < notified, "in order");
    }
    hub.quiet().await;
    assert_eq!(payee.received().len(), 6);
}

#[tokio::test]
async fn what_was_pending_is_delivered_from_the_store_in_memory() {
    let reopen = async |hub: TestHub| hub.stop().await;
    let (hub, transfers, port) = pending_messages_survive(test_hub::memory(), reopen).await;
    check_delivered(&hub, &transfers, port).await;
}

async fn reopen_sqlite(hub: TestHub, folder: &Path) -> Arc<dyn Store> {
    close(hub).await;
    test_hub::sqlite(folder)
}

#[tokio::test]
async fn what_was_pending_is_delivered_from_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let reopen = async |hub: TestHub| reopen_sqlite(hub, folder.path()).await;
    let (hub, transfers, port) = pending_messages_survive(test_hub::sqlite(folder.path()), reopen).await;
    check_delivered(&hub, &transfers, port).await;
    close(hub).await;
}

#[tokio::test]
async fn everything_is_as_it_was_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::on(test_hub::sqlite(folder.path())).await;
    let (paid, open) = (Transfer::new("12.3456"), Transfer::new("5"));
    world.pay(&paid).await;
    world.hub.must_take(&open.prepare()).await;
    let before = world.hub.snapshot().await;
    let World { hub, payer, payee } = world;
    let hub = TestHub::start(reopen_sqlite(hub, folder.path()).await).await;
    assert_eq!(hub.snapshot().await, before);
    let world = World { hub, payer, payee };
    assert_eq!(world.position("payerfsp").await, "17.3456");
    // What was reserved before can be committed after, and what was done before is known to be done.
    let told = world.payer.received().len();
    world.hub.must_take(&open.commit()).await;
    world.hub.must_take(&paid.commit()).await;
    world.hub.must_take(&paid.prepare()).await;
    let received = world.payer.wait_for(told + 2).await;
    let paths: Vec<_> = received[told..].iter().map(|request| request.path.clone()).collect();
    assert!(paths.contains(&open.path()) && paths.contains(&paid.path()), "{paths:?}");
    assert_eq!(world.position(PAYEE).await, "-17.3456");
    close(world.hub).await;
}

#[tokio::test]
async fn a_prepare_whose_time_is_over_is_not_sent_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let (hub, payer, port) = without_payee(TestHub::start(test_hub::sqlite(folder.path())).await).await;
    let transfer = Transfer::short_lived("1", 1_500);
    hub.must_take(&transfer.prepare()).await;
    let store = reopen_sqlite(hub, folder.path()).await;
    eventually("the expiration passes", async || (hub::system_clock().now() > transfer.expiration).then_some(())).await;
    let payee = port.wake(PAYEE);
    let hub = TestHub::start(store).await;
    for fsp in [&payer, &payee] {
        assert_eq!(fsp.wait_for_one("PUT", &transfer.error_path()).await.error().0, "3303");
    }
    hub.quiet().await;
    assert_eq!(payee.received().len(), 1, "the payee is not asked for what has expired");
    close(hub).await;
}
