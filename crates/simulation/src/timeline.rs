//! Virtual time: what happens when, and what the clock on the wall shows meanwhile.

use std::{collections::BTreeMap, sync::Arc};

use fspiop::Timestamp;
use store::Clock;

use crate::{
    clock::{NodeClock, WallClock},
    event::Event,
};

/// What the wall clock shows when a world begins.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// The events to come, in the order of their times; events of one time in the order in which they were planned.
pub(crate) struct Timeline {
    /// Milliseconds since the world began. Never jumps.
    now: i64,
    planned: u64,
    events: BTreeMap<(i64, u64), Event>,
    /// How far the database's clock was set forward.
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

    /// What the clock of the database and of the FSPs shows.
    pub(crate) fn wall(&self) -> Timestamp {
        self.clock.now()
    }

    /// What the clock of a node shows.
    pub(crate) fn wall_of(&self, clock: NodeClock) -> Timestamp {
        clock.at(self.now)
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
