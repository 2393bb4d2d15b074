//! The seeded world: the real decisions, edge, delivery and expiry of the hub over the memory store, among FSPs that
//! misbehave, over a network that loses, doubles, delays and reorders, in one to three processes that crash at every point.
//!
//! [`run`] lets one world live. Everything in it follows from the seed: who takes part, what they send, what gets lost and
//! when the hub crashes; time is virtual. After every event the invariants I1 to I7 are checked against what an observer
//! knows who sees the journal, the transfers and the wire. At a known moment all faults end, and everything must come right.
//!
//! The nodes share one store, whose clock is the database's; each of them has a clock of its own that is set wrongly and
//! drifts. A node may die, be lost for good, or stand still for longer than its claim to its messages holds and then go on;
//! what it left behind is taken over by the others. An upgrade replaces one node after the other while the rest serve, and
//! the first of the newer version migrates the store: nobody uses it meanwhile, and the migrating process may die. What is
//! in the tables while a migration runs is not simulated, since the model has no schema; the stores' own tests do that.
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
