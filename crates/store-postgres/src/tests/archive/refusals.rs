//! What is open is not archived, nor what comes after it.

use fspiop::Identifier;
use ledger::{FundsRequest, FundsStatus};
use store::StoreError;
use switch::{Administration, FundsOutEnd, content_hash};

use super::*;

#[track_caller]
fn check(world: &World, days: i64, what: &str) {
    let before = usize::from(days == 4 && !world.folder_of(5).exists());
    let (archived, result) = world.archive();
    let expect = format!("{} is not archived yet: ", world.day(days));
    let error = result.unwrap_err().to_string();
    assert!(error.starts_with(&expect) && error.contains(what), "{error}");
    assert_eq!(archived.len(), before);
    assert!(world.books().0);
    assert!(!world.folder_of(days).exists() && !world.folder_of(days - 1).exists());
}

#[test]
fn a_day_with_a_transfer_that_has_not_ended() {
    let open = payment(60);
    let world = World::with(async |_, days, store, at| {
        if days == 4 {
            pay(store, &open, 0..3, at).await;
        }
    });
    check(&world, 4, &format!("transfer {} is RESERVED", ids(&open).0));
    world.runtime.block_on(async {
        let store = PostgresStore::open(world.settings.clone(), Migrate::No).await.unwrap();
        pay(&store, &open, 3..4, Timestamp::from_millis(0)).await;
    });
    let (days, result) = world.archive();
    result.unwrap();
    assert_eq!(days.iter().map(|day| day.transfers).collect::<Vec<_>>(), [3, 0]);
    assert_eq!(world.books(), (true, 2, 24));
}

#[test]
fn a_day_with_a_message_that_is_still_to_be_delivered() {
    let world = World::with(async |world, days, _, at| {
        if days == 4 {
            let settings = PostgresSettings { node: "lost".into(), ..world.settings.clone() };
            let store = PostgresStore::open_at(settings, Migrate::No, Time::of(Arc::new(move || at)));
            commit(&store.await.unwrap(), vec![payment(60).leg(0)]).await.unwrap();
        }
    });
    check(&world, 4, "of the hub's node lost may still have to be delivered");
    // Another node takes it over, in a row of its own.
    let store = world.present();
    assert!(world.runtime.block_on(store.take_over()).unwrap());
    let pending = world.runtime.block_on(store.pending_messages(switch::MessageId(0), 9)).unwrap();
    check(&world, 4, &format!("message {} is still to be delivered, by the hub's node node", pending[0].id.0));
    world.runtime.block_on(deliver(&store, pending, Timestamp::from_millis(0)));
    world.archive().1.unwrap();
}

#[test]
fn a_day_with_a_payment_out_that_has_not_ended() {
    let id = TransferId(Identifier::from_ulid_bits(77));
    let request = FundsRequest {
        id,
        participant: fspiop::FspId::parse("fsp00").unwrap(),
        account: AccountId(4),
        amount: Amount::parse("5").unwrap(),
        currency: None,
        hash: content_hash(b"out"),
    };
    let administer = |administration| Command::Administer(administration);
    let world = World::with(async |_, days, store, at| {
        if days == 5 {
            let reserve = administer(Administration::ReserveFundsOut(request.clone()));
            deliver(store, commit(store, vec![reserve]).await.unwrap().messages, at).await;
        }
    });
    check(&world, 5, &format!("funds {id} are RESERVED"));
    let participant = fspiop::FspId::parse("fsp00").unwrap();
    let end = FundsOutEnd { id, participant, account: AccountId(4), end: FundsStatus::Committed };
    let store = world.present();
    world.runtime.block_on(commit(&store, vec![administer(Administration::EndFundsOut(end))])).unwrap();
    world.archive().1.unwrap();
    assert_eq!(world.books(), (true, 2, 26), "its two lines stay, too");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let world = World { settings: settings("node"), runtime: runtime(), folder: tempfile::tempdir().unwrap() };
    let refused = world.archive().1.unwrap_err().to_string();
    assert!(refused.contains("found version 0, expected"), "{refused}");
    let retention = Retention { keep_days: 1, folder: world.folder.path().into() };
    let refused = world.runtime.block_on(archive(&world.settings, &retention, |_| ())).unwrap_err().to_string();
    assert!(refused.contains("found 1 days to be kept, expected 2 or more"), "{refused}");
    let nothing = check_archive(world.folder.path(), |_| ()).unwrap_err().to_string();
    assert!(nothing.contains("found no day"), "{nothing}");
}

#[test]
fn an_archived_day_does_not_come_back() {
    let world = World::new();
    world.archive().1.unwrap();
    let partitions = || world.count("pg_inherits WHERE inhparent = 'transfer'::regclass");
    let before = partitions();
    // The clock of the database is wrong for a while.
    let (store, at) = world.runtime.block_on(world.past(4));
    assert_eq!(partitions(), before);
    world.runtime.block_on(pay(&store, &payment(70), 0..4, at));
    assert_eq!((world.books(), world.count("transfer_other")), ((true, 3, 26), 0), "batches never run backwards");
    let past = Past { transfers: 10, days: 4, seed: 0 };
    let refused = world.runtime.block_on(fill(&world.settings, past, |_| ()));
    let expect = format!("found 4 days, of which those up to {} are archived", world.day(3));
    assert!(matches!(&refused, Err(StoreError::Refused(text)) if text.contains(&expect)), "{refused:?}");
    world.runtime.block_on(fill(&world.settings, Past { days: 2, ..past }, |_| ())).unwrap();
    assert!(world.books().0);
}
