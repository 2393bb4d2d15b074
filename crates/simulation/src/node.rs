//! The processes of the hub, each from its start to a crash, which drops everything of it but the store.

use std::sync::Arc;

use futures_util::FutureExt;
use hub::{
    delivery::{Outgoing, SchedulerSettings},
    edge::{self, Question},
};
use store::{MemoryStore, Store, StoreError};
use switch::{Command, Configuration};

use crate::{
    batch::{Job, Origin},
    clock::NodeClock,
    event::{Event, Life},
    wire,
    world::World,
};

/// How often the hub looks for transfers whose time has passed.
const SWEEP_MS: i64 = 500;
/// Transfers that one look ends at the most.
const PER_SWEEP: usize = 1_000;
/// How often a node renews its claim to its messages, and looks whether there are more.
pub(crate) const TAKE_OVER_MS: i64 = 1_000;
/// How often a node looks whether another one has changed the configuration.
const REFRESH_MS: i64 = 250;

/// What a process of the hub holds in memory.
pub(crate) struct Node {
    /// Which life of which node this is.
    pub(crate) life: Life,
    pub(crate) up: bool,
    /// It takes no more requests, and ends when those that it has are answered.
    pub(crate) draining: bool,
    /// Since when it takes no requests, if it takes none.
    pub(crate) down_since: Option<i64>,
    /// Until when its machine stands still.
    pub(crate) paused_until: i64,
    pub(crate) clock: NodeClock,
    /// The store, as this life sees it; while it is down, as an observer sees it.
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) configuration: Arc<Configuration>,
    pub(crate) outgoing: Outgoing,
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
    /// A node that is down.
    pub(crate) fn new(life: Life, clock: NodeClock, store: Arc<MemoryStore>, settings: SchedulerSettings) -> Node {
        Node {
            life,
            up: false,
            draining: false,
            down_since: None,
            paused_until: 0,
            clock,
            store,
            configuration: Arc::default(),
            outgoing: Outgoing::new(settings),
            intake: Vec::new(),
            batch_planned: false,
            swept_at: 0,
            sweeping: 0,
            wake_at: None,
            outbox_in_doubt: false,
        }
    }

    /// Whether it takes requests and works on them.
    pub(crate) fn serves(&self, now: i64) -> bool {
        self.up && !self.draining && self.paused_until <= now
    }

    /// A configuration becomes known, unless what is known is newer.
    pub(crate) fn know(&mut self, configuration: Arc<Configuration>) {
        if configuration.version > self.configuration.version {
            self.configuration = configuration;
        }
    }
}

/// The value of a future of the memory store, whose futures are ready at once.
pub(crate) fn ready<T>(result: impl Future<Output = Result<T, StoreError>>) -> T {
    result.now_or_never().expect("the memory store answers at once").expect("the memory store does not fail")
}

impl World {
    pub(crate) fn is_living(&self, life: Life) -> bool {
        self.nodes[life.node].up && self.nodes[life.node].life == life
    }

    /// What a node's clock shows.
    pub(crate) fn node_time(&self, node: usize) -> fspiop::Timestamp {
        self.time.wall_of(self.nodes[node].clock)
    }

    /// A node starts, with nothing but what its store holds. To the store it is a further node.
    pub(crate) fn start(&mut self, node: usize) {
        self.disturb_unless_others_serve(node);
        let life = Life { node, number: self.nodes[node].life.number + 1 };
        let (clock, store) = (self.nodes[node].clock, Arc::new(self.store.join(self.time.clock())));
        let configuration = ready(store.configuration());
        let fresh = Node::new(life, clock, store, self.scenario.delivery);
        self.nodes[node] = Node { up: true, configuration, ..fresh };
        self.note(|| format!("node {node} starts, life {}", life.number));
        // An earlier life may have left messages behind; nothing new goes out before they are known.
        self.nodes[node].outgoing.in_doubt();
        self.take_over_again(node);
        self.sweep(node);
        self.refresh(node);
    }

    /// A request reaches a node.
    pub(crate) fn at_hub(&mut self, id: usize, node: usize) {
        if !self.nodes[node].up || self.nodes[node].draining {
            // The connection is refused, and the sender knows it at once.
            let pause = self.random.between(300, 1_500);
            return self.time.after(pause, Event::Send(id));
        }
        let request = &self.exchanges[id].request;
        let trace = || format!("00-{id:032x}-{:016x}-01", id + 1).into();
        let configuration = &self.nodes[node].configuration;
        let read = edge::interpret(&wire::to_parts(request), request.body.clone(), configuration, trace);
        match read {
            Ok(edge::Request::Command(command)) => self.take_in(node, *command, Origin::Exchange(id)),
            Ok(edge::Request::Question(question)) => self.take_question(node, *question, id),
            Err(refusal) => {
                let status = refusal.error.code.http_status();
                self.note(|| format!("node {node} refuses #{id}: {}", refusal.error));
                self.answer(id, status);
            }
        }
    }

    fn take_question(&mut self, node: usize, question: Question, id: usize) {
        let messages = self.answer_question(node, question);
        self.offer(node, messages);
        self.answer_well(id);
        self.dispatch(node);
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

    /// Ends transfers whose time has passed, as the node's clock has it; the store's decides.
    pub(crate) fn sweep(&mut self, node: usize) {
        let now = self.node_time(node);
        self.nodes[node].swept_at = self.time.now();
        if self.nodes[node].sweeping == 0 {
            let due = ready(self.nodes[node].store.due(now, PER_SWEEP));
            self.nodes[node].sweeping = due.len();
            for id in due {
                self.take_in(node, Command::Expire(id), Origin::Sweep);
            }
        }
        self.time.after(SWEEP_MS, Event::Sweep(self.nodes[node].life));
    }

    /// Milliseconds until the first sweep of a node that comes later than so many milliseconds from now, if nothing
    /// interferes.
    pub(crate) fn sweep_after(&self, node: usize, millis: i64) -> i64 {
        let since_last = self.time.now() + millis - self.nodes[node].swept_at;
        millis + SWEEP_MS - since_last.rem_euclid(SWEEP_MS)
    }

    /// Looks into the store, now and every second.
    pub(crate) fn take_over_again(&mut self, node: usize) {
        self.look_into_the_store(node);
        self.time.after(TAKE_OVER_MS, Event::TakeOver(self.nodes[node].life));
    }

    /// Learns what other nodes have changed, now and every quarter of a second.
    pub(crate) fn refresh(&mut self, node: usize) {
        if !self.store_fails() {
            let configuration = ready(self.nodes[node].store.configuration());
            self.nodes[node].know(configuration);
        }
        self.time.after(REFRESH_MS, Event::Refresh(self.nodes[node].life));
    }
}
