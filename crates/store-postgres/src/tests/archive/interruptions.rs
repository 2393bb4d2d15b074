//! An archiving that ends anywhere, or that others cross, loses nothing.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

/// Ends the connection of whoever archives.
fn kill(settings: &PostgresSettings) {
    let sql = "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks
               WHERE locktype = 'advisory' AND objsubid = 2 AND objid = 2 AND database = (
                   SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(tamper(settings, sql).trim(), "t");
}

#[track_caller]
fn check_killed(at: &str, leaves: &str) {
    let world = World::new();
    let (days, result) = world.archive_telling(|step| match step {
        Step::Working(day, what) if day.to_string() == world.day(4) && what.starts_with(at) => kill(&world.settings),
        _ => {}
    });
    result.unwrap_err();
    assert_eq!((days.len(), world.books()), (1, (true, 4, 28)), "of the second day nothing was dropped");
    let left = |name: &str| world.folder.path().join(name).exists();
    assert!(left(&leaves.replace("DAY", &world.day(4))));
    let (days, result) = world.archive();
    result.unwrap();
    assert_eq!((days.len(), world.books()), (2, (true, 2, 24)));
    assert_eq!((world.check().days.len(), left(&format!(".{}.part", world.day(4)))), (3, false));
}

#[test]
fn a_run_that_ended_before_the_folder_was_whole() {
    check_killed("reading it back", ".DAY.part");
}

#[test]
fn a_run_that_ended_before_the_day_was_dropped() {
    check_killed("dropping it", "DAY");
}

#[test]
fn what_changes_between_export_and_drop_is_noticed() {
    let world = World::new();
    let quote = format!("UPDATE quote_{} SET answered_at = answered_at + 1", world.day(5).replace('-', ""));
    let (days, result) = world.archive_telling(|step| {
        if matches!(step, Step::Working(_, what) if what == "dropping it") {
            tamper(&world.settings, &quote);
        }
    });
    let error = result.unwrap_err().to_string();
    assert!(days.is_empty() && error.contains("something of it changed since it was exported"), "{error}");
    let error = world.archive().1.unwrap_err().to_string();
    assert!(error.contains("quote.csv.zst has 2 rows") && error.contains("move the day's folder away"), "{error}");
    fs::remove_dir_all(world.folder_of(5)).unwrap();
    world.archive().1.unwrap();
    assert_eq!(world.books(), (true, 2, 24));
}

#[test]
fn a_folder_that_is_damaged_is_not_used() {
    let world = World::new();
    let (_, result) = world.archive_telling(|step| {
        if matches!(step, Step::Working(_, what) if what == "dropping it") {
            kill(&world.settings);
        }
    });
    result.unwrap_err();
    let file = world.folder_of(5).join("ilp_packet.jsonl.zst");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    let error = world.archive().1.unwrap_err().to_string();
    assert!(error.contains("ilp_packet.jsonl.zst"), "{error}");
    assert_eq!(world.books(), (true, 6, 32));
}

#[test]
fn one_at_a_time() {
    let world = World::new();
    let (_, result) = world.archive_telling(|step| {
        if matches!(step, Step::Working(_, what) if what == "dropping it") {
            let other = world.settings.clone();
            let folder = world.folder.path().to_owned();
            let second = std::thread::spawn(move || {
                runtime().block_on(archive(&other, &Retention { keep_days: KEPT, folder }, |_| ())).unwrap_err()
            });
            let refused = second.join().unwrap().to_string();
            assert!(refused.contains("another `mojaloop hub archive` works on this database"), "{refused}");
        }
    });
    result.unwrap();
}

/// The day is there until the audit has ended: it would be neither in the journal nor in the opening balances.
#[test]
fn an_audit_that_has_begun_sees_the_day() {
    let world = World::new();
    let (settings, folder) = (world.settings.clone(), world.folder.path().to_owned());
    let mut archiving = None;
    let books = world.books_telling(|| {
        let other = settings.clone();
        let retention = Retention { keep_days: KEPT, folder: folder.clone() };
        archiving.get_or_insert_with(|| {
            let archiving = std::thread::spawn(move || runtime().block_on(archive(&other, &retention, |_| ())));
            let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'";
            while tamper(&settings, waits).trim() == "0" && !archiving.is_finished() {}
            archiving
        });
    });
    assert_eq!(books, (true, 6, 32));
    archiving.unwrap().join().unwrap().unwrap();
    assert_eq!(world.books(), (true, 2, 24));
}

/// Somebody reads for a while: the archiving waits, and hubs go on meanwhile.
#[test]
fn two_hubs_go_on_while_a_day_is_dropped() {
    let world = World::new();
    let ended = Arc::new(AtomicBool::new(false));
    let nodes = ["one", "two"].map(|node| PostgresSettings { node: node.into(), ..world.settings.clone() });
    let reader = world.runtime.block_on(Session::connect(&world.settings, Purpose::Audit)).unwrap();
    world.runtime.block_on(reader.run("BEGIN; SELECT count(*) FROM transfer")).unwrap();
    let hubs = nodes.into_iter().enumerate().map(|(number, settings)| {
        let ended = ended.clone();
        world.runtime.spawn(async move {
            let store = PostgresStore::open(settings, Migrate::No).await.unwrap();
            let mut done = 0;
            while !ended.load(Ordering::SeqCst) {
                let payment = Payment::new(1 + number, done, false);
                pay(&store, &payment, 0..4, Timestamp::from_millis(0)).await;
                done += 1;
            }
            done
        })
    });
    let hubs: Vec<_> = hubs.collect();
    let settings = world.settings.clone();
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'";
    let release = std::thread::spawn(move || {
        while tamper(&settings, waits).trim() == "0" {}
        runtime().block_on(async move { drop(reader) });
    });
    world.archive().1.unwrap();
    release.join().unwrap();
    ended.store(true, Ordering::SeqCst);
    let paid: usize = hubs.into_iter().map(|hub| world.runtime.block_on(hub).unwrap()).sum();
    assert!(paid > 0);
    assert_eq!(world.books(), (true, 2 + paid, 24 + 2 * paid));
}
