//! What a seed says of the world before it begins: who takes part, and how bad it gets.

use fspiop::{Amount, Currency};
use hub::delivery::SchedulerSettings;

use crate::{clock::NodeClock, random::Random};

/// The frame of a world.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// A clock for each node of the hub.
    pub(crate) clocks: Vec<NodeClock>,
    pub(crate) fsps: usize,
    pub(crate) currencies: Vec<Currency>,
    /// Whether transfers must be covered by what the payer has paid in.
    pub(crate) liquidity_checked: bool,
    pub(crate) deals: usize,
    /// How long the faults last.
    pub(crate) chaos_ms: i64,
    /// Percent of messages that get lost.
    pub(crate) loss: u64,
    /// Percent of messages that arrive twice.
    pub(crate) doubling: u64,
    /// The longest way of a message.
    pub(crate) delay_ms: i64,
    /// Crashes in each thousand moments at which the hub can crash.
    pub(crate) crashes: usize,
    /// Freezes in each thousand batches, between their commit and what follows from it.
    pub(crate) freezes: usize,
    /// Whether the nodes are replaced by newer ones, one after the other, while the others serve.
    pub(crate) upgrade: bool,
    /// Percent of batches that the store does not take at once.
    pub(crate) store_faults: u64,
    /// The longest time from a command to its batch.
    pub(crate) batch_ms: i64,
    /// Most commands of a batch.
    pub(crate) batch_commands: usize,
    /// Messages read at once from the store.
    pub(crate) page: usize,
    pub(crate) delivery: SchedulerSettings,
}

impl Scenario {
    pub(crate) fn draw(random: &mut Random) -> Scenario {
        let calm = random.chance(10);
        let unless_calm = |value| if calm { 0 } else { value };
        let all = ["USD", "JPY"].map(|code| Currency::parse(code).expect("a currency of ISO 4217"));
        let batch_commands = random.pick(&[1, 3, 16, 256]);
        // One command at a time, and slowly, would be a hub that can't keep up.
        let batch_ms = if batch_commands == 1 { 4 } else { random.pick(&[0, 4, 40]) };
        let nodes = random.pick(&[1, 2, 2, 2, 2, 3]);
        Scenario {
            clocks: (0..nodes).map(|_| NodeClock::draw(random)).collect(),
            fsps: 2 + random.below(4),
            currencies: all[..=random.below(2)].to_vec(),
            liquidity_checked: random.chance(75),
            deals: 20 + random.below(50),
            // Long enough, now and then, that pauses between attempts have grown to their longest.
            chaos_ms: if random.chance(10) { 60_000 } else { random.between(4_000, 20_000) },
            loss: unless_calm(random.pick(&[0, 2, 10, 25])),
            doubling: unless_calm(random.pick(&[0, 2, 10])),
            delay_ms: random.pick(&[2, 20, 200, 1_500]),
            crashes: if calm { 0 } else { random.pick(&[0, 3, 10, 30]) },
            freezes: if calm { 0 } else { random.pick(&[0, 0, 5, 20]) },
            upgrade: random.chance(30),
            store_faults: unless_calm(random.pick(&[0, 0, 3])),
            batch_ms,
            batch_commands,
            page: random.pick(&[2, 7, 1_000]),
            delivery: SchedulerSettings {
                in_flight_per_fsp: random.pick(&[1, 4, 64]),
                waiting_per_fsp: random.pick(&[12, 40, 5_000]),
                ..SchedulerSettings::default()
            },
        }
    }
}

/// A whole number of the currency's main unit.
pub(crate) fn whole(number: i64) -> Amount {
    Amount::from_units(i128::from(number) * 10_000)
}
