//! The hub's messages on their way: the real delivery, with the simulated network around it.

use std::sync::Arc;

use hub::delivery::Attempted;
use store::Store;
use switch::{Command, DeliveryResult, MessageId};

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

impl World {
    /// Sends what is due.
    pub(crate) fn dispatch(&mut self) {
        if !self.node.up {
            return;
        }
        let (configuration, life) = (self.node.configuration.clone(), self.node.life);
        while let Some((dispatch, url)) = self.node.outgoing.next(&configuration, self.time.wall()) {
            self.report.attempts += 1;
            let (token, message) = (dispatch.token, dispatch.message);
            let (bank, path) = self.server(&url);
            let parcel = Arc::new(Parcel { life, token, sent_at: self.time.now(), bank, path, message });
            for delay in self.ways(bank) {
                self.time.after(delay, Event::AtFsp(parcel.clone()));
            }
            let late = Attempted::Failed(format!("no answer within {ANSWER_MS} ms"));
            self.time.after(ANSWER_MS, Event::Attempted(life, token, late));
        }
        self.plan_wake();
    }

    /// Whose server a URL names, and the path there.
    fn server(&self, url: &str) -> (usize, String) {
        let parts = url.strip_prefix("http://").and_then(|rest| rest.split_once('/'));
        let (host, path) = parts.expect("every FSP has registered such endpoints");
        let bank = self.banks.iter().position(|bank| bank.name.as_str() == host).expect("every host is an FSP's");
        (bank, format!("/{path}"))
    }

    fn plan_wake(&mut self) {
        let Some(moment) = self.node.outgoing.scheduler().next_wake() else { return };
        let wake_in = self.time.until(moment).max(1);
        let wake_at = self.time.now() + wake_in;
        if self.node.wake_at.is_none_or(|planned| planned <= self.time.now() || wake_at < planned) {
            self.node.wake_at = Some(wake_at);
            self.time.after(wake_in, Event::Wake(self.node.life));
        }
    }

    /// A message of the hub reaches an FSP.
    pub(crate) fn at_fsp(&mut self, parcel: &Parcel) -> Check {
        let Parcel { life, token, sent_at, bank, path, message } = parcel;
        let attempted = match self.banks[*bank].trouble {
            Some(Trouble::Apart) => return Ok(()),
            Some(Trouble::Failing) => Attempted::Failed("answered 503".to_owned()),
            Some(Trouble::Mute) | None => {
                let request = wire::to_request(message, path);
                self.note(|| format!("fsp{bank} gets {}: {}", message.id.0, wire::about(&request)));
                let participant = self.auditor.participant(&self.banks[*bank].name);
                self.auditor.arrived(participant, message, *sent_at, self.time.now())?;
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
        if attempted == Attempted::Taken && self.dies() {
            return self.crash("before a delivery is noted");
        }
        let (configuration, now) = (self.node.configuration.clone(), self.time.wall());
        self.node.outgoing.attempted(token, attempted, &configuration, now);
        self.dispatch();
        self.note_results();
        Ok(())
    }

    /// Results that are at hand go to the store, unless others are on their way there.
    pub(crate) fn note_results(&mut self) {
        if let Some(results) = self.node.outgoing.results() {
            let gave_up = results.iter().filter(|delivery| delivery.result != DeliveryResult::Delivered);
            self.report.given_up += gave_up.count() as u64;
            self.take_in(Command::Deliveries(results), Origin::Delivery);
        }
    }

    /// Takes over what the store holds and nobody sends. While the faults last, the store may break off.
    pub(crate) fn take_over(&mut self) {
        self.node.outgoing.begin_take_over();
        let mut after = MessageId::TRANSIENT;
        let complete = loop {
            if !self.healed && self.random.chance(self.scenario.store_faults) {
                self.note(|| "the store breaks off".to_owned());
                break false;
            }
            let page = ready(self.store.pending_messages(after, self.scenario.page));
            let at_end = page.len() < self.scenario.page;
            let last = page.last().map(|message| message.id);
            self.node.outgoing.take_over(page);
            match last {
                Some(last) if !at_end => after = last,
                _ => break true,
            }
        };
        self.node.outgoing.end_take_over(complete);
    }
}
