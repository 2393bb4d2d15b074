//! Worlds in which every invariant holds, and in which enough goes wrong for that to mean something.

use simulation::{Report, run};

/// Worlds that are looked at here; `cargo xtask simulate` looks at many more.
const SEEDS: u64 = 50;

fn of_all_seeds() -> Report {
    let mut sum = Report::default();
    for seed in 0..SEEDS {
        match run(seed) {
            Ok(report) => sum += &report,
            Err(violation) => panic!("seed {seed}: {violation}"),
        }
    }
    sum
}

#[test]
fn the_same_seed_is_the_same_history() {
    for seed in 0..5 {
        assert_eq!(run(seed), run(seed));
    }
    assert_ne!(run(0).unwrap().history_hash, run(1).unwrap().history_hash);
}

/// A simulation in which nothing goes wrong shows nothing, so everything that it is for must happen, and often.
#[test]
fn everything_that_can_go_wrong_does() {
    let sum = of_all_seeds();
    for (what, count, least) in [
        ("transfers", sum.transfers, 1_500),
        ("committed", sum.committed, 300),
        ("aborted", sum.aborted, 100),
        ("expired", sum.expired, 200),
        ("refused by a cap or for want of liquidity", sum.refused_by_limits, 300),
        ("refused for other reasons", sum.refused - sum.refused_by_limits, 100),
        ("payments from the lookup on", sum.payments_committed, 100),
        ("answers after the expiration, before the sweep", sum.late_answers, 20),
        ("repetitions", sum.duplicates, 1_000),
        ("error 3106", sum.modified, 100),
        ("messages lost", sum.lost, 500),
        ("messages doubled", sum.doubled, 300),
        ("messages that an FSP got more than once", sum.redeliveries, 300),
        ("messages given up", sum.given_up, 20),
        ("messages fetched from the store for want of room", sum.take_overs, 20),
        ("faults of the store", sum.store_faults, 10),
        ("commands in one batch", sum.largest_batch, 20),
        ("crashes", sum.all_crashes(), 100),
        ("worlds with several nodes", sum.worlds_of_several, 30),
        ("messages handed to another node", sum.handed_over, 20),
        ("messages that a node was not told of at first", sum.untold, 50),
        ("pauses of a node", sum.pauses, 30),
        ("upgrades of a node", sum.upgrades, 10),
        ("payments out", sum.paid_out, 1),
        ("payments out that were called off", sum.payments_out_called_off, 1),
    ] {
        assert!(count >= least, "{what}: {count}, and at least {least} are expected: {sum:#?}");
    }
    for point in [
        "idle",
        "before a commit",
        "after a commit",
        "before the answers",
        "amid the answers",
        "before a delivery is noted",
    ] {
        assert!(sum.crashes.get(point).is_some_and(|count| *count >= 10), "crashes {point}: {:?}", sum.crashes);
    }
}
