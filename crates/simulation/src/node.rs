//! One process of the hub, from its start to a crash, which drops everything of it but the store.

use std::sync::Arc;

use futures_util::FutureExt;
use hub::{
    delivery::{Outgoing, SchedulerSettings},
    edge::{self, Question},
};
use store::{Store, StoreError};
use switch::{Command, Configuration};

use crate::{
    batch::{Job, Origin},
    event::{Event, Life},
    report::Check,
    wire,
    world::World,
};

/// How often the hub looks for transfers whose time has passed.
const SWEEP_MS: i64 = 500;
/// Transfers that one look ends at the most.
const PER_SWEEP: usize = 1_000;
/// How often it is looked whether messages that were left in the store find room.
const TAKE_OVER_MS: i64 = 1_000;

/// What a process of the hub holds in memory.
pub(crate) struct Node {
    /// Which life of the process this is.
    pub(crate) life: Life,
    pub(crate) up: bool,
    pub(crate) configuration: Arc<Configuration>,
    pub(crate) outgoing: Outgoing,
    settings: SchedulerSettings,
    /// Commands that wait for their batch.
    pub(crate) intake: Vec<Job>,
    pub(crate) batch_planned: bool,
    /// When it last looked for transfers whose time has passed.
    swept_at: i64,
    /// Expiries of the current sweep that are not decided yet.
    pub(crate) sweeping: usize,
    /// When the next [`Event::Wake`] comes.
    pub(crate) wake_at: Option<i64>,
    /// Messages of a batch of unknown fate may lie in the store.
    pub(crate) outbox_in_doubt: bool,
}

impl Node {
    pub(crate) fn new(settings: SchedulerSettings) -> Node {
        Node {
            life: 0,
            up: false,
            configuration: Arc::default(),
            outgoing: Outgoing::new(settings),
            settings,
            intake: Vec::new(),
            batch_planned: false,
            swept_at: 0,
            sweeping: 0,
            wake_at: None,
            outbox_in_doubt: false,
        }
    }
}

/// The value of a future of the memory store, whose futures are ready at once.
pub(crate) fn ready<T>(result: impl Future<Output = Result<T, StoreError>>) -> T {
    result.now_or_never().expect("the memory store answers at once").expect("the memory store does not fail")
}

impl World {
    pub(crate) fn is_living(&self, life: Life) -> bool {
        self.node.up && self.node.life == life
    }

    /// The hub starts, with nothing but what its store holds.
    pub(crate) fn restart(&mut self) {
        let life = self.node.life + 1;
        self.node = Node { life, up: true, ..Node::new(self.node.settings) };
        self.node.configuration = ready(self.store.configuration());
        self.note(|| format!("the hub starts, life {life}"));
        self.auditor.disturbed(self.time.now());
        self.take_over();
        self.dispatch();
        self.time.after(0, Event::Sweep(life));
        self.time.after(TAKE_OVER_MS, Event::TakeOver(life));
    }

    /// The process dies; its store and what is on the wire stay.
    pub(crate) fn crash(&mut self, point: &'static str) -> Check {
        if self.node.up {
            self.node = Node { life: self.node.life, ..Node::new(self.node.settings) };
            *self.report.crashes.entry(point).or_default() += 1;
            let down =
                if self.random.chance(80) { self.random.between(1, 300) } else { self.random.between(300, 5_000) };
            self.note(|| format!("the hub crashes ({point}) for {down} ms"));
            self.time.after(down, Event::Restart);
            self.auditor.disturbed(self.time.now());
        }
        self.auditor.after_crash(&self.store)
    }

    /// Whether the process dies here.
    pub(crate) fn dies(&mut self) -> bool {
        !self.healed && self.random.below(1_000) < self.scenario.crashes
    }

    /// A request reaches the hub.
    pub(crate) fn at_hub(&mut self, id: usize) {
        if !self.node.up {
            // The connection is refused, and the sender knows it at once.
            let pause = self.random.between(300, 1_500);
            return self.time.after(pause, Event::Send(id));
        }
        let request = &self.exchanges[id].request;
        let trace = || format!("00-{id:032x}-{:016x}-01", id + 1).into();
        let read = edge::interpret(&wire::to_parts(request), request.body.clone(), &self.node.configuration, trace);
        match read {
            Ok(edge::Request::Command(command)) => self.take_in(*command, Origin::Exchange(id)),
            Ok(edge::Request::Question(question)) => self.take_question(*question, id),
            Err(refusal) => {
                let status = refusal.error.code.http_status();
                self.note(|| format!("the hub refuses #{id}: {}", refusal.error));
                self.answer(id, status);
            }
        }
    }

    fn take_question(&mut self, question: Question, id: usize) {
        let messages = self.answer_question(question);
        self.offer(messages);
        self.answer_well(id);
        self.dispatch();
    }

    pub(crate) fn answer_well(&mut self, id: usize) {
        let status = if self.exchanges[id].request.method == http::Method::PUT { 200 } else { 202 };
        self.answer(id, status);
    }

    pub(crate) fn answer(&mut self, id: usize, status: u16) {
        let from = self.exchanges[id].from;
        for delay in self.ways(from) {
            self.time.after(delay, Event::Answered(id, status));
        }
    }

    /// Ends transfers whose time has passed.
    pub(crate) fn sweep(&mut self) {
        self.node.swept_at = self.time.now();
        if self.node.sweeping == 0 {
            let due = ready(self.store.due(self.time.wall(), PER_SWEEP));
            self.node.sweeping = due.len();
            for id in due {
                self.take_in(Command::Expire(id), Origin::Sweep);
            }
        }
        self.time.after(SWEEP_MS, Event::Sweep(self.node.life));
    }

    /// Milliseconds until the first sweep that comes later than so many milliseconds from now, if nothing interferes.
    pub(crate) fn sweep_after(&self, millis: i64) -> i64 {
        let since_last = self.time.now() + millis - self.node.swept_at;
        millis + SWEEP_MS - since_last.rem_euclid(SWEEP_MS)
    }

    /// Fetches messages that had found no room, if there is room now.
    pub(crate) fn take_over_again(&mut self) {
        if self.node.outgoing.scheduler().wants_more() {
            self.report.take_overs += 1;
            self.take_over();
            self.dispatch();
        }
        self.time.after(TAKE_OVER_MS, Event::TakeOver(self.node.life));
    }
}
