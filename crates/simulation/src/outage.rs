//! What befalls the nodes: they die, stand still, are replaced by newer ones, and their clocks are set.

use std::sync::Arc;

use switch::Command;

use crate::{
    event::{Event, Life},
    node::Node,
    report::Check,
    world::World,
};

/// Until a node that ends in good order looks again whether all that it took is answered.
const STOP_POLL_MS: i64 = 20;
/// The longest time for which a migration holds the store.
const MIGRATION_MS: i64 = 3_000;
/// Nodes stand still for up to so long; the store gives what they were to deliver to others after 5 s.
const PAUSES_MS: [i64; 4] = [100, 2_000, 6_000, 12_000];

/// How far the store has been migrated for the newer version that the nodes are upgraded to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Migration {
    /// No newer version has been started.
    #[default]
    Pending,
    /// A node runs it until this time, and nobody else uses the store meanwhile.
    Running(i64),
    Done,
}

impl World {
    /// How long this must wait: until a node that stands still goes on, or until a migration is through.
    pub(crate) fn wait_of(&self, event: &Event) -> Option<i64> {
        let paused_until = event.node().map_or(0, |node| self.nodes[node].paused_until);
        let migrated_at = match self.migration {
            Migration::Running(until) if event.needs_store() => until,
            _ => 0,
        };
        let wait = paused_until.max(migrated_at) - self.time.now();
        (wait > 0).then_some(wait)
    }

    /// The process of a node dies; its store and what is on the wire stay.
    pub(crate) fn crash(&mut self, node: usize, point: &'static str) -> Check {
        if self.nodes[node].up {
            *self.report.crashes.entry(point).or_default() += 1;
            let down = match self.random.below(20) {
                0..15 => self.random.between(1, 300),
                15..19 => self.random.between(300, 5_000),
                _ => self.random.between(5_000, 30_000),
            };
            self.take_down(node);
            // One of several may never come back.
            if node > 0 && self.random.chance(5) {
                self.note(|| format!("node {node} is lost ({point})"));
                self.report.lost_nodes += 1;
            } else {
                self.note(|| format!("node {node} crashes ({point}) for {down} ms"));
                self.time.after(down, Event::Restart(node));
            }
        }
        self.auditor.after_crash(&self.store)
    }

    /// Forgets what a process held in memory.
    fn take_down(&mut self, node: usize) {
        self.disturb_unless_others_serve(node);
        let Node { life, clock, .. } = self.nodes[node];
        self.nodes[node] = Node::new(life, clock, self.store.clone(), self.scenario.delivery);
        self.nodes[node].down_since = Some(self.time.now());
    }

    /// The auditor forgives the hub what it can't do while no node serves.
    pub(crate) fn disturb_unless_others_serve(&mut self, node: usize) {
        let now = self.time.now();
        let others =
            self.nodes.iter().enumerate().filter(|(number, other)| *number != node && other.up && !other.draining);
        let other_serves_at = others.map(|(_, other)| other.paused_until.max(now)).min();
        if other_serves_at != Some(now) {
            self.auditor.disturbed(other_serves_at.unwrap_or(now).max(self.nodes[node].paused_until));
        }
    }

    /// Whether the process dies here.
    pub(crate) fn dies(&mut self) -> bool {
        !self.healed && self.random.below(1_000) < self.scenario.crashes
    }

    /// Whether the machine stands still here.
    pub(crate) fn freezes(&mut self) -> bool {
        !self.healed && self.random.below(1_000) < self.scenario.freezes
    }

    pub(crate) fn draw_pause(&mut self) -> i64 {
        let longest = self.random.pick(&PAUSES_MS);
        self.random.between(1, longest)
    }

    /// A node stands still; what it was about to do it does later, and what comes to it waits.
    pub(crate) fn pause(&mut self, node: usize, millis: i64) {
        if !self.healed && self.nodes[node].up {
            self.note(|| format!("node {node} stands still for {millis} ms"));
            self.report.pauses += 1;
            let until = self.time.now() + millis;
            self.nodes[node].paused_until = self.nodes[node].paused_until.max(until);
            self.disturb_unless_others_serve(node);
        }
    }

    /// A clock is set: that of a node, or the database's.
    pub(crate) fn jump_clock(&mut self, node: Option<usize>, millis: i64) {
        if self.healed {
            return;
        }
        self.auditor.disturbed(self.time.now());
        match node {
            None => {
                self.note(|| format!("the clock of the database and the FSPs jumps by {millis} ms"));
                self.time.jump(millis);
            }
            Some(node) => {
                self.note(|| format!("the clock of node {node} jumps by {millis} ms"));
                self.nodes[node].clock.offset_ms += millis;
                self.nodes[node].wake_at = None;
                if self.nodes[node].paused_until <= self.time.now() {
                    self.dispatch(node);
                }
            }
        }
    }

    /// A node takes no more requests: it is to be replaced by a newer one.
    pub(crate) fn upgrade(&mut self, node: usize) {
        if !self.nodes[node].up {
            // It is down already; when it comes back it is the newer one.
            return self.upgrade_next(node);
        }
        self.note(|| format!("node {node} takes no more requests"));
        self.disturb_unless_others_serve(node);
        self.nodes[node].draining = true;
        self.nodes[node].down_since = Some(self.time.now());
        self.time.after(0, Event::Stop(self.nodes[node].life));
    }

    /// Ends a node in good order: what it took is answered, and what it knows of deliveries is noted.
    pub(crate) fn stop(&mut self, life: Life) -> Check {
        let node = life.node;
        if !self.nodes[node].intake.is_empty() {
            self.time.after(STOP_POLL_MS, Event::Stop(life));
            return Ok(());
        }
        let fresh = hub::delivery::Outgoing::new(self.scenario.delivery);
        let results = std::mem::replace(&mut self.nodes[node].outgoing, fresh).into_results();
        if !results.is_empty() {
            // If that fails, the messages are delivered once more.
            self.commit(node, &Arc::new(vec![Command::Deliveries(results)]))?;
        }
        self.note(|| format!("node {node} stops"));
        self.take_down(node);
        self.report.upgrades += 1;
        let down = self.random.between(1, 2_000);
        self.time.after(down, Event::Restart(node));
        Ok(())
    }

    /// A node starts again. The first one of the newer version migrates the store, and may die over it.
    pub(crate) fn restart(&mut self, node: usize) {
        if self.nodes[node].up {
            return;
        }
        if self.upgrading != Some(node) {
            return self.start(node);
        }
        match self.migration {
            Migration::Pending => self.migrate(node),
            Migration::Running(_) | Migration::Done => {
                self.start(node);
                self.upgrade_next(node);
            }
        }
    }

    fn migrate(&mut self, node: usize) {
        let takes = self.random.between(1, MIGRATION_MS);
        self.note(|| format!("node {node} migrates the store for {takes} ms"));
        self.migration = Migration::Running(self.time.now() + takes);
        self.auditor.disturbed(self.time.now() + takes);
        if !self.healed && self.random.chance(25) {
            let dies_in = self.random.between(1, takes);
            self.migration = Migration::Running(self.time.now() + dies_in);
            *self.report.crashes.entry("amid a migration").or_default() += 1;
            self.time.after(dies_in, Event::MigrationFailed(node));
        } else {
            self.time.after(takes, Event::Serve(node));
        }
    }

    /// The migrating process has died: the database undoes what it had begun, and it begins again.
    pub(crate) fn migration_failed(&mut self, node: usize) {
        self.note(|| format!("node {node} dies amid the migration"));
        self.migration = Migration::Pending;
        let down = self.random.between(1, 500);
        self.time.after(down, Event::Restart(node));
    }

    /// The store is migrated, and the node serves.
    pub(crate) fn serve(&mut self, node: usize) {
        self.migration = Migration::Done;
        self.start(node);
        self.upgrade_next(node);
    }

    /// When a node serves again, the next one is replaced.
    fn upgrade_next(&mut self, node: usize) {
        let next = node + 1;
        self.upgrading = (next < self.nodes.len()).then_some(next);
        if self.upgrading.is_some() {
            let pause = self.random.between(1, 1_000);
            self.time.after(pause, Event::Upgrade(next));
        }
    }

    /// How far the clocks of the nodes are behind at the most: one of them may have been the only one that served.
    pub(crate) fn lag_ms(&self) -> i64 {
        let wall = self.time.wall();
        let lags = (0..self.nodes.len()).map(|node| wall.millis_since(self.node_time(node)));
        lags.max().unwrap_or(0).max(0)
    }
}
