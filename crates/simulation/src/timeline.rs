//! Virtual time: what happens when, and what the clock on the wall shows meanwhile.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use fspiop::Timestamp;
use store::Clock;

use crate::event::Event;

/// What the wall clock shows when a world begins.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// The clock that the hub and the store read. It may jump, as clocks that are set by NTP do.
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

/// The events to come, in the order of their times; events of one time in the order in which they were planned.
pub(crate) struct Timeline {
    /// Milliseconds since the world began. Never jumps.
    now: i64,
    planned: u64,
    events: BTreeMap<(i64, u64), Event>,
    offset: i64,
    clock: Arc<WallClock>,
}

impl Timeline {
    pub(crate) fn new() -> Timeline {
        Timeline { now: 0, planned: 0, events: BTreeMap::new(), offset: 0, clock: Arc::new(WallClock::new()) }
    }

    pub(crate) fn now(&self) -> i64 {
        self.now
    }

    pub(crate) fn clock(&self) -> Arc<WallClock> {
        self.clock.clone()
    }

    pub(crate) fn wall(&self) -> Timestamp {
        self.clock.now()
    }

    /// Milliseconds until the wall clock shows a moment, if it does not jump; 0 for the past.
    pub(crate) fn until(&self, moment: Timestamp) -> i64 {
        moment.millis_since(self.wall()).max(0)
    }

    pub(crate) fn after(&mut self, millis: i64, event: Event) {
        self.events.insert((self.now + millis.max(0), self.planned), event);
        self.planned += 1;
    }

    pub(crate) fn pop(&mut self) -> Option<Event> {
        let ((at, _), event) = self.events.pop_first()?;
        self.now = at;
        self.show();
        Some(event)
    }

    pub(crate) fn jump(&mut self, millis: i64) {
        self.offset += millis;
        self.show();
    }

    fn show(&self) {
        self.clock.set(START.plus_millis(self.now + self.offset));
    }
}
