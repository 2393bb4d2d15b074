//! The checks can fail: for each invariant, and for each way in which several nodes can get in each other's way, a defect is
//! switched on, and must be found.
#![allow(clippy::print_stdout, reason = "how many seeds each defect took is worth reading: --nocapture")]

use std::collections::BTreeMap;

use ledger::planted::{Bug, activate};
use simulation::run;

/// Seeds within which each defect must be found.
const SEEDS: u64 = 1_000;

/// Switches a defect on, and off again at the end of the test, whatever its result.
struct Planted;

impl Planted {
    fn new(bug: Bug) -> Planted {
        activate(Some(bug));
        Planted
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        activate(None);
    }
}

/// Runs seeds until one violates the invariant.
fn check(bug: Bug, invariant: &str) {
    let _planted = Planted::new(bug);
    let mut others: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 0..SEEDS {
        match run(seed) {
            Err(violation) if violation.invariant == invariant => {
                println!("{invariant} {bug:?}: found after {} seeds; found before: {others:?}", seed + 1);
                let text = violation.to_string();
                assert!(text.starts_with(invariant) && text.contains(&format!("--seed {seed}")), "{text}");
                assert_eq!(run(seed), Err(violation), "the same seed shows the same violation");
                return;
            }
            Err(violation) => *others.entry(violation.invariant).or_default() += 1,
            Ok(_) => {}
        }
    }
    panic!("{bug:?} was not found as {invariant} within {SEEDS} seeds; found was {others:?}");
}

#[test]
fn money_made_of_nothing_is_found() {
    check(Bug::Conservation, "I1");
}

#[test]
fn a_cap_that_sees_only_the_start_of_the_batch_is_found() {
    check(Bug::Cap, "I2");
}

#[test]
fn a_second_ending_is_found() {
    check(Bug::Ending, "I3");
}

#[test]
fn a_payer_who_is_not_told_is_found() {
    check(Bug::Totality, "I4");
}

#[test]
fn a_repeated_posting_is_found() {
    check(Bug::Idempotency, "I5");
}

#[test]
fn an_answer_before_the_commit_is_found() {
    check(Bug::Durability, "I6");
}

#[test]
fn a_wrong_fulfilment_is_found() {
    check(Bug::Condition, "I7");
}

#[test]
fn a_node_that_decides_on_a_stale_configuration_is_found() {
    check(Bug::StaleConfiguration, "I2");
}

#[test]
fn messages_that_are_taken_over_and_forgotten_are_found() {
    check(Bug::TakeOver, "I4");
}

#[test]
fn messages_that_are_forgotten_because_an_answer_was_lost_are_found() {
    check(Bug::LostAnswer, "I4");
}

#[test]
fn a_message_that_was_not_handed_over_is_found() {
    check(Bug::HandOver, "I4");
}

#[test]
fn an_expiry_by_the_clock_of_a_node_is_found() {
    check(Bug::NodeClock, "I7");
}

#[test]
fn without_a_defect_nothing_is_found() {
    activate(None);
    assert!((0..20).all(|seed| run(seed).is_ok()));
}

#[test]
fn every_defect_has_a_test_here() {
    let tests = include_str!("planted_bugs.rs");
    for bug in Bug::ALL {
        assert!(tests.contains(&format!("check(Bug::{bug:?}, ")), "{bug:?}");
    }
}
