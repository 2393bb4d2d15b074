//! The hub's messages on their way: the real scheduler, with the simulated network around it.

use std::sync::Arc;

use hub::delivery::Attempted;
use store::Store;
use switch::{Command, Delivery, DeliveryResult, Message, MessageId, undeliverable};

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
/// Results that are noted in the store at once.
const RESULTS_PER_COMMAND: usize = 1_000;

impl World {
    /// Sends what is due.
    pub(crate) fn dispatch(&mut self) {
        if !self.node.up {
            return;
        }
        let life = self.node.life;
        while let Some(dispatch) = self.node.scheduler.next(self.time.wall()) {
            self.report.attempts += 1;
            let (token, message) = (dispatch.token, dispatch.message);
            let Some((bank, path)) = self.recipient(&message) else {
                let attempted = Attempted::Refused("no endpoint".to_owned());
                self.time.after(0, Event::Attempted(life, token, attempted));
                continue;
            };
            let parcel = Arc::new(Parcel { life, token, sent_at: self.time.now(), bank, path, message });
            for delay in self.ways(bank) {
                self.time.after(delay, Event::AtFsp(parcel.clone()));
            }
            let late = Attempted::Failed(format!("no answer within {ANSWER_MS} ms"));
            self.time.after(ANSWER_MS, Event::Attempted(life, token, late));
        }
        self.plan_wake();
    }

    fn plan_wake(&mut self) {
        let Some(moment) = self.node.scheduler.next_wake() else { return };
        let wake_in = self.time.until(moment).max(1);
        let wake_at = self.time.now() + wake_in;
        if self.node.wake_at.is_none_or(|planned| planned <= self.time.now() || wake_at < planned) {
            self.node.wake_at = Some(wake_at);
            self.time.after(wake_in, Event::Wake(self.node.life));
        }
    }

    /// Whose server the message's URL names, and the path there.
    fn recipient(&self, message: &Message) -> Option<(usize, String)> {
        let url = self.node.configuration.url(message)?;
        let (host, path) = url.strip_prefix("http://")?.split_once('/')?;
        let bank = self.banks.iter().position(|bank| bank.name.as_str() == host)?;
        Some((bank, format!("/{path}")))
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
        let now = self.time.wall();
        if let Some((message, result)) = self.node.scheduler.finish(token, attempted, now) {
            self.done(&message, result);
            self.note_results();
        }
        self.dispatch();
        Ok(())
    }

    fn done(&mut self, message: &Message, result: DeliveryResult) {
        if let DeliveryResult::GaveUp { reason, .. } = &result {
            self.note(|| format!("the hub gives message {} up: {reason}", message.id.0));
        }
        if message.id.is_durable() {
            self.report.given_up += u64::from(result != DeliveryResult::Delivered);
            self.node.results.push(Delivery { message: message.id, result });
        } else if result != DeliveryResult::Delivered
            && let Some(error) = undeliverable(&self.node.configuration, self.time.wall(), message)
        {
            self.node.scheduler.offer(error);
        }
    }

    /// Results that are at hand go to the store, unless others are on their way there.
    pub(crate) fn note_results(&mut self) {
        if !self.node.noting && !self.node.results.is_empty() {
            self.node.noting = true;
            let rest = self.node.results.split_off(self.node.results.len().min(RESULTS_PER_COMMAND));
            let results = std::mem::replace(&mut self.node.results, rest);
            self.take_in(Command::Deliveries(results), Origin::Delivery);
        }
    }

    /// Takes over what the store holds and nobody sends.
    pub(crate) fn take_over(&mut self) {
        self.node.scheduler.begin_refill();
        let mut after = MessageId::TRANSIENT;
        loop {
            let page = ready(self.store.pending_messages(after, self.scenario.page));
            let at_end = page.len() < self.scenario.page;
            let last = page.last().map(|message| message.id);
            self.node.scheduler.refill(page);
            match last {
                Some(last) if !at_end => after = last,
                _ => break,
            }
        }
        self.node.scheduler.end_refill(true);
    }
}
