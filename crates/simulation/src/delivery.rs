//! The hub's messages on their way: the real delivery, with the simulated network around it.

use std::sync::Arc;

use hub::delivery::Attempted;
use ledger::planted::{self, Bug};
use store::Store;
use switch::{Command, Message, MessageId};

use crate::{
    batch::Origin,
    event::{Event, Life, Parcel, Trouble},
    node::ready,
    report::Check,
    wire,
    world::World,
};

/// How long an FSP may take to answer.
const ANSWER_MS: i64 = 10_000;
/// Percent of claims that are not answered, where the store has faults.
const CLAIMS_LOST: u64 = 20;

impl World {
    /// Sends what is due.
    pub(crate) fn dispatch(&mut self, node: usize) {
        if !self.nodes[node].up {
            return;
        }
        let (configuration, life) = (self.nodes[node].configuration.clone(), self.nodes[node].life);
        let now = self.node_time(node);
        while let Some((dispatch, url)) = self.nodes[node].outgoing.next(&configuration, now) {
            self.report.attempts += 1;
            let (token, message) = (dispatch.token, dispatch.message);
            let (bank, path) = self.server(&url);
            let owned = self.owns(node, &message);
            let parcel = Arc::new(Parcel { life, token, sent_at: self.time.now(), owned, bank, path, message });
            for delay in self.ways(bank) {
                self.time.after(delay, Event::AtFsp(parcel.clone()));
            }
            let late = Attempted::Failed(format!("no answer within {ANSWER_MS} ms"));
            self.time.after(ANSWER_MS, Event::Attempted(life, token, late));
        }
        self.plan_wake(node);
    }

    /// Whether the store holds a message, and for this node: nobody has delivered it, and nobody has taken it over.
    pub(crate) fn owns(&self, node: usize, message: &Message) -> bool {
        let before = MessageId(message.id.0 - 1);
        let next = ready(self.nodes[node].store.pending_messages(before, 1));
        next.first().is_some_and(|next| next.id == message.id)
    }

    /// Whose server a URL names, and the path there.
    fn server(&self, url: &str) -> (usize, String) {
        let parts = url.strip_prefix("http://").and_then(|rest| rest.split_once('/'));
        let (host, path) = parts.expect("every FSP has registered such endpoints");
        let bank = self.banks.iter().position(|bank| bank.name.as_str() == host).expect("every host is an FSP's");
        (bank, format!("/{path}"))
    }

    fn plan_wake(&mut self, node: usize) {
        let Some(moment) = self.nodes[node].outgoing.scheduler().next_wake() else { return };
        let wake_in = moment.millis_since(self.node_time(node)).max(1);
        let wake_at = self.time.now() + wake_in;
        let node = &mut self.nodes[node];
        if node.wake_at.is_none_or(|planned| planned <= self.time.now() || wake_at < planned) {
            node.wake_at = Some(wake_at);
            self.time.after(wake_in, Event::Wake(node.life));
        }
    }

    /// A message of the hub reaches an FSP.
    pub(crate) fn at_fsp(&mut self, parcel: &Parcel) -> Check {
        let Parcel { life, token, bank, path, message, .. } = parcel;
        let attempted = match self.banks[*bank].trouble {
            Some(Trouble::Apart) => return Ok(()),
            Some(Trouble::Failing) => Attempted::Failed("answered 503".to_owned()),
            Some(Trouble::Mute) | None => {
                let request = wire::to_request(message, path);
                self.note(|| {
                    format!("fsp{bank} gets {} of node {}: {}", message.id.0, life.node, wire::about(&request))
                });
                let participant = self.auditor.participant(&self.banks[*bank].name);
                self.auditor.arrived(participant, parcel, (self.time.now(), self.time.wall()))?;
                self.receive(*bank, &request, message.id.is_durable())?;
                Attempted::Taken
            }
        };
        if self.banks[*bank].trouble != Some(Trouble::Mute) {
            for delay in self.ways(*bank) {
                self.time.after(delay, Event::Attempted(*life, *token, attempted.clone()));
            }
        }
        Ok(())
    }

    /// The hub learns how an attempt ended.
    pub(crate) fn attempted(&mut self, life: Life, token: u64, attempted: Attempted) -> Check {
        if !self.is_living(life) {
            return Ok(());
        }
        let node = life.node;
        if attempted == Attempted::Taken && self.dies() {
            return self.crash(node, "before a delivery is noted");
        }
        let (configuration, now) = (self.nodes[node].configuration.clone(), self.node_time(node));
        self.nodes[node].outgoing.attempted(token, attempted, &configuration, now);
        self.dispatch(node);
        self.note_results(node);
        Ok(())
    }

    /// Results that are at hand go to the store, unless others are on their way there.
    pub(crate) fn note_results(&mut self, node: usize) {
        if let Some(results) = self.nodes[node].outgoing.results() {
            self.take_in(node, Command::Deliveries(results), Origin::Delivery);
        }
    }

    /// Renews the claim of a node, and takes over what the store holds and nobody here sends, as the hub's driver does.
    pub(crate) fn look_into_the_store(&mut self, node: usize) {
        match self.claim(node) {
            Some(false) => {}
            None if planted::active(Bug::LostAnswer) => {}
            // Without an answer nobody knows what this node is to deliver now.
            Some(true) | None => self.nodes[node].outgoing.in_doubt(),
        }
        if self.nodes[node].outgoing.scheduler().wants_more() {
            self.report.take_overs += 1;
            self.take_over(node);
            self.dispatch(node);
        }
    }

    /// What the store says; nothing if it was not reached, or its answer got lost.
    fn claim(&mut self, node: usize) -> Option<bool> {
        // More often than with batches: most claims bring nothing new, and to lose one of those shows nothing.
        let fails = !self.healed && self.scenario.store_faults > 0 && self.random.chance(CLAIMS_LOST);
        if fails && self.random.chance(20) {
            self.note(|| format!("node {node} can't renew its claim"));
            return None;
        }
        let untold = ready(self.nodes[node].store.take_over());
        if untold {
            self.report.untold += 1;
            self.note(|| format!("node {node} is to deliver messages that it was not told of"));
        }
        (!fails).then_some(untold)
    }

    /// Reads the node's part of the outbox. While the faults last, the store may break off.
    fn take_over(&mut self, node: usize) {
        self.nodes[node].outgoing.begin_take_over();
        let mut after = MessageId::TRANSIENT;
        let complete = loop {
            if self.store_fails() {
                self.note(|| format!("node {node}: the store breaks off"));
                break false;
            }
            let page = ready(self.nodes[node].store.pending_messages(after, self.scenario.page));
            let at_end = page.len() < self.scenario.page;
            let last = page.last().map(|message| message.id);
            self.nodes[node].outgoing.take_over(page);
            match last {
                Some(last) if !at_end => after = last,
                _ => break true,
            }
        };
        self.nodes[node].outgoing.end_take_over(complete);
    }
}
