//! The hub's messages on their way: the real scheduler, with the simulated network around it.

use std::sync::Arc;

use hub::delivery::Attempted;
use store::Store;
use switch::{Command, Delivery, DeliveryResult, Message, MessageId, undeliverable};

use crate::{
    event::{Event, Life, Trouble},
    node::{Origin, ready},
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
            let Some(bank) = self.recipient(&message).map(|(bank, _)| bank) else {
                let attempted = Attempted::Refused("no endpoint".to_owned());
                self.time.after(0, Event::Attempted(life, token, attempted));
                continue;
            };
            for delay in self.ways(bank) {
                self.time.after(delay, Event::AtFsp(life, token, message.clone()));
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
        Some((self.bank_named(host)?, format!("/{path}")))
    }

    /// A message of the hub reaches an FSP.
    pub(crate) fn at_fsp(&mut self, life: Life, token: u64, message: &Arc<Message>) -> Check {
        let configuration = self.configuration_in_store();
        let Some((bank, path)) = url_of(&configuration, message, self) else { return Ok(()) };
        let attempted = match self.banks[bank].trouble {
            Some(Trouble::Apart) => return Ok(()),
            Some(Trouble::Failing) => Attempted::Failed("answered 503".to_owned()),
            Some(Trouble::Mute) | None => {
                let request = wire::to_request(message, &path);
                self.note(|| format!("fsp{bank} gets {}: {} {path}", message.id.0, request.method));
                let status = self.bank_receives(bank, &request, message)?;
                judge(status)
            }
        };
        if self.banks[bank].trouble != Some(Trouble::Mute) {
            for delay in self.ways(bank) {
                self.time.after(delay, Event::Attempted(life, token, attempted.clone()));
            }
        }
        Ok(())
    }
}
