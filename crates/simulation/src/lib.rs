//! The seeded world: the real decisions, edge, delivery and expiry of the hub over the memory store, among FSPs that
//! misbehave, over a network that loses, doubles, delays and reorders, in a process that crashes at every point.
//!
//! [`run`] lets one world live. Everything in it follows from the seed: who takes part, what they send, what gets lost and
//! when the hub crashes; time is virtual. After every event the invariants I1 to I7 are checked against what an observer
//! knows who sees the journal, the transfers and the wire. At a known moment all faults end, and everything must come right.
//!
//! A violation names the invariant and the seed, and running the seed again shows it again. That the checks can fail is
//! shown by defects that are switched on one at a time (feature `planted-bugs`).

mod act;
mod audit;
mod bank;
mod batch;
mod clock;
mod deal;
mod delivery;
mod event;
mod exchange;
mod history;
mod node;
mod outage;
mod plan;
mod provision;
mod questions;
mod random;
mod report;
mod scenario;
mod timeline;
mod verdict;
mod wire;
mod world;

pub use report::{Report, Violation};

/// Lets the world of a seed live until it ends or violates an invariant.
///
/// # Errors
/// The first violation that is seen.
pub fn run(seed: u64) -> Result<Report, Violation> {
    let mut world = world::World::new(seed);
    match world.live() {
        Ok(()) => Ok(world.into_report()),
        Err(breach) => Err(world.into_violation(seed, breach)),
    }
}
