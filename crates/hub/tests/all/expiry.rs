//! Transfers whose time runs out: both FSPs are told, soon, and the money comes back.

use std::{sync::Arc, time::Duration};

use store::Store;

use crate::support::{
    Manner, TestHub, World, eventually,
    messages::{Transfer, in_millis},
    test_hub,
    world::{PAYEE, PAYER, without_payee},
};

/// From the expiration to the callbacks; a machine has to be very busy to miss it.
const AT_THE_LATEST: Duration = Duration::from_secs(20);

async fn check_told(world: &World, transfer: &Transfer) {
    for fsp in [&world.payer, &world.payee] {
        let told = fsp.wait_for_one("PUT", &transfer.error_path()).await;
        assert_eq!(told.error(), ("3303".to_owned(), "Transfer expired".to_owned()));
        assert_eq!(told.header("fspiop-source"), Some("Hub"));
        assert_eq!(told.header("fspiop-destination"), Some(fsp.name.as_str()));
    }
    assert!(in_millis(0) >= transfer.expiration, "not before its time");
    let late = in_millis(0).millis_since(transfer.expiration);
    assert!(u128::try_from(late).unwrap() < AT_THE_LATEST.as_millis(), "{late} ms after the expiration");
}

async fn expire_on(store: Arc<dyn Store>) {
    let world = World::on(store).await;
    let transfer = Transfer::short_lived("5", 1_000);
    world.hub.must_take(&transfer.prepare()).await;
    world.payee.wait_for_one("POST", "/transfers").await;
    assert_eq!(world.position(PAYER).await, "5");
    check_told(&world, &transfer).await;
    assert_eq!((world.position(PAYER).await, world.status(&transfer).await), ("0".to_owned(), "EXPIRED_RESERVED"));
    world.hub.quiet().await;
    let errors = |received: Vec<crate::support::Received>| {
        received.iter().filter(|request| request.path == transfer.error_path()).count()
    };
    assert_eq!((errors(world.payer.received()), errors(world.payee.received())), (1, 1), "each once");
    // An answer that comes now is refused, and changes nothing.
    let before = world.payee.received().len();
    world.hub.must_take(&transfer.commit()).await;
    let (code, description) = world.payee.wait_for(before + 1).await[before].error();
    assert_eq!((code.as_str(), description.contains("non-RESERVED transfer state")), ("3100", true), "{description}");
    // The payer that asks again is told again.
    let before = world.payer.received().len();
    world.hub.must_take(&transfer.prepare()).await;
    let told = &world.payer.wait_for(before + 1).await[before];
    assert_eq!((told.path.as_str(), &told.json()["transferState"]), (transfer.path().as_str(), &"ABORTED".into()));
    assert_eq!(told.json()["extensionList"]["extension"][0]["value"], "3303: Transfer expired");
    assert_eq!((world.position(PAYER).await, world.position(PAYEE).await), ("0".to_owned(), "0".to_owned()));
    crate::support::restart::close(world.hub).await;
}

#[tokio::test]
async fn both_are_told_on_the_store_in_memory() {
    expire_on(test_hub::memory()).await;
}

#[tokio::test]
async fn both_are_told_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    expire_on(test_hub::sqlite(folder.path())).await;
}

#[tokio::test]
async fn many_that_expire_together_all_end() {
    let world = World::new().await;
    // Time enough to take all of them, on a busy machine, too.
    let expiration = in_millis(4_000);
    let transfers: Vec<_> = (0..200).map(|_| Transfer { expiration, ..Transfer::new("1") }).collect();
    let mut connection = world.hub.connect().await;
    for transfer in &transfers {
        assert_eq!(connection.exchange(&transfer.prepare().to_bytes()).await.status, 202);
    }
    for transfer in &transfers {
        check_told(&world, transfer).await;
    }
    assert_eq!(world.position(PAYER).await, "0");
}

#[tokio::test]
async fn a_payee_that_takes_no_prepare_does_not_keep_the_money() {
    let (hub, payer, port) = without_payee(TestHub::start(test_hub::memory()).await).await;
    let transfer = Transfer::short_lived("5", 1_000);
    hub.must_take(&transfer.prepare()).await;
    assert_eq!(payer.wait_for_one("PUT", &transfer.error_path()).await.error().0, "3303");
    let payee = port.wake(PAYEE);
    let world = World { hub, payer, payee };
    check_told(&world, &transfer).await;
    assert_eq!(world.position(PAYER).await, "0");
}

#[tokio::test]
async fn an_answer_in_time_is_not_expired() {
    let world = World::new().await;
    world.payee.usually(Manner::Answer(202));
    let (paid, left) = (Transfer::short_lived("1", 4_000), Transfer::short_lived("2", 4_000));
    world.hub.must_take(&left.prepare()).await;
    world.hub.must_take(&paid.prepare()).await;
    world.hub.must_take(&paid.commit()).await;
    let answered_in_time = in_millis(0) < paid.expiration;
    check_told(&world, &left).await;
    eventually("the other one is over, too", async || (in_millis(0) > paid.expiration).then_some(())).await;
    if answered_in_time {
        assert_eq!((world.status(&paid).await, world.position(PAYEE).await), ("COMMITTED", "-1".to_owned()));
    }
}
