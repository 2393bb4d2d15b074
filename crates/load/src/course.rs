//! A run second by second: [`Second`].

use serde::{Deserialize, Serialize};

use crate::{
    latencies::Percentiles,
    result::{Costs, Memory},
};

/// What is measured of a payment: its phases, and all of it.
pub const MEASURES: [&str; 4] = ["lookup", "agreement", "clearing", "end_to_end"];
/// All of it, among [`MEASURES`].
pub(crate) const END_TO_END: usize = 3;

/// One second of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// Seconds since the run began, at its end; ramp and warm-up included.
    pub at_s: f64,
    /// Whether it is one of the ramp or the warm-up.
    pub warmup: bool,
    /// Payments that were begun in it.
    pub begun: u64,
    /// Payments that ended well in it.
    pub committed: u64,
    /// Payments that failed in it.
    pub failed: u64,
    /// Payments of which the hub refused a message in it.
    pub refused: u64,
    /// Payments that were on their way at its end.
    pub under_way: u64,
    /// Of phases and whole payments that ended in it; in the order of [`MEASURES`].
    pub latencies: [Percentiles; 4],
    /// Processor time that was used in it, in milliseconds.
    pub cpu_ms: Costs<f64>,
    /// Memory at its end. That of a database is looked at every few seconds, and is the one before in between.
    pub resident_bytes: Memory,
    /// The part of the machine's time that its host gave to others.
    pub steal_percent: Option<f64>,
}

/// What was seen first, last and highest of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// In the first second that counts.
    pub first: u64,
    /// In the last one.
    pub last: u64,
    /// In any that counts.
    pub highest: u64,
}

/// Memory over the seconds that count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryCourse {
    /// Of the hub's processes.
    pub hub: Option<Extent>,
    /// Of all processes of the database server.
    pub database: Option<Extent>,
}

impl MemoryCourse {
    pub(crate) fn of(course: &[Second]) -> MemoryCourse {
        let extent = |pick: fn(&Memory) -> Option<u64>| {
            let seen =
                || course.iter().filter(|second| !second.warmup).filter_map(|second| pick(&second.resident_bytes));
            Some(Extent { first: seen().next()?, last: seen().next_back()?, highest: seen().max()? })
        };
        MemoryCourse { hub: extent(|memory| memory.hub), database: extent(|memory| memory.database) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_the_warm_up_does_not_count() {
        let second = |warmup, hub| Second {
            warmup,
            resident_bytes: Memory { hub: Some(hub), database: None },
            ..Second::default()
        };
        let course = [second(true, 90), second(false, 10), second(false, 30), second(false, 20)];
        let expect = MemoryCourse { hub: Some(Extent { first: 10, last: 20, highest: 30 }), database: None };
        assert_eq!(MemoryCourse::of(&course), expect);
        assert_eq!(MemoryCourse::of(&course[..1]), MemoryCourse::default());
    }
}
