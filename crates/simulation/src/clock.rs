//! Clocks: the database's, which all FSPs share with it, and one of each node.

use std::sync::atomic::{AtomicI64, Ordering};

use fspiop::Timestamp;
use store::Clock;

use crate::{random::Random, timeline::START};

/// How far a node's clock is off at the beginning, in milliseconds: set by NTP, not set at all, or anything between.
const OFFSETS_MS: [i64; 7] = [0, 0, 50, -50, 1_000, 4_000, -4_000];
/// How fast it runs, in millionths more or less: a quartz, and a virtual machine that is starved.
const DRIFTS_PPM: [i64; 5] = [0, 100, -100, 5_000, -5_000];

/// The clock that the store reads: the database's. It may jump, as clocks that are set by NTP do.
#[derive(Debug)]
pub(crate) struct WallClock(AtomicI64);

impl WallClock {
    pub(crate) fn new() -> WallClock {
        WallClock(AtomicI64::new(START.as_millis()))
    }

    pub(crate) fn set(&self, to: Timestamp) {
        self.0.store(to.as_millis(), Ordering::Relaxed);
    }
}

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// What the clock of a node shows, by the time since the world began.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NodeClock {
    pub(crate) offset_ms: i64,
    drift_ppm: i64,
}

impl NodeClock {
    pub(crate) fn draw(random: &mut Random) -> NodeClock {
        NodeClock { offset_ms: random.pick(&OFFSETS_MS), drift_ppm: random.pick(&DRIFTS_PPM) }
    }

    pub(crate) fn at(self, since_start_ms: i64) -> Timestamp {
        START.plus_millis(since_start_ms + since_start_ms * self.drift_ppm / 1_000_000 + self.offset_ms)
    }
}
