//! What the delivery holds between the store and the network. Pure, so that the seeded simulation runs this very code.

use fspiop::Timestamp;
use switch::{Configuration, Delivery, DeliveryResult, Message, Method, undeliverable};

use super::{Attempted, Dispatch, Finished, Scheduler, SchedulerSettings};

/// Results that are noted in the store at once: those of two seconds at 2,500 payments a second, since a command waits for its
/// batch, at an overload for a good part of a second, and meanwhile no others are noted. What is not noted in time takes a row
/// of its own in the store, which costs the more the busier the hub is.
const RESULTS_PER_COMMAND: usize = 20_000;

/// Messages on their way, and what became of those that are done with.
#[derive(Debug)]
pub struct Outgoing {
    scheduler: Scheduler,
    /// What the store is still to be told.
    results: Vec<Delivery>,
    /// Results are on their way to the store; meanwhile more come together.
    noting: bool,
}

impl Outgoing {
    /// Nothing on its way.
    pub fn new(settings: SchedulerSettings) -> Outgoing {
        Outgoing { scheduler: Scheduler::new(settings), results: Vec::new(), noting: false }
    }

    /// What is sent when.
    pub fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    /// Takes a message over, as [`Scheduler::offer`] does.
    pub fn offer(&mut self, message: Message) {
        if !self.scheduler.offer(message) {
            tracing::warn!("an answer to a question was dropped: too many messages wait for its recipient");
        }
    }

    /// The next message to send now, and its URL. What can't be sent, or must not be any more, is done with at once.
    pub fn next(&mut self, configuration: &Configuration, now: Timestamp) -> Option<(Dispatch, String)> {
        while let Some(dispatch) = self.scheduler.next(now) {
            match url(configuration, &dispatch.message, now) {
                Ok(url) => return Some((dispatch, url)),
                Err(reason) => self.attempted(dispatch.token, Attempted::Refused(reason), configuration, now),
            }
        }
        None
    }

    /// Notes how an attempt ended. The originator of a question that is given up is told so.
    pub fn attempted(&mut self, token: u64, attempted: Attempted, configuration: &Configuration, now: Timestamp) {
        let Some(Finished { message, attempts, result }) = self.scheduler.finish(token, attempted, now) else { return };
        if let DeliveryResult::GaveUp { reason, .. } = &result {
            let (recipient, subject) = (&message.recipient, &message.subject);
            tracing::warn!(%recipient, %subject, method = message.method.as_str(), %reason, "gave a message up");
        }
        if message.id.is_durable() {
            self.results.push(Delivery { message: message.id, attempts, at: now, result });
        } else if let DeliveryResult::GaveUp { refused, .. } = result
            && let Some(error) = undeliverable(configuration, now, &message, refused)
        {
            self.offer(error);
        }
    }

    /// Results to be noted in the store now. While some are on their way there, more come together; whoever takes them says
    /// by [`Outgoing::noted`] how that went.
    pub fn results(&mut self) -> Option<Vec<Delivery>> {
        if self.noting || self.results.is_empty() {
            return None;
        }
        self.noting = true;
        let rest = self.results.split_off(self.results.len().min(RESULTS_PER_COMMAND));
        Some(std::mem::replace(&mut self.results, rest))
    }

    /// Results have become durable, or must be noted once more.
    pub fn noted(&mut self, deliveries: Vec<Delivery>, durable: bool) {
        self.noting = false;
        if durable {
            self.scheduler.forget(&deliveries);
        } else {
            self.results.extend(deliveries);
        }
    }

    /// Whether results are on their way to the store.
    pub fn is_noting(&self) -> bool {
        self.noting
    }

    /// See [`Scheduler::in_doubt`].
    pub fn in_doubt(&mut self) {
        self.scheduler.in_doubt();
    }

    /// All results at hand, at the end.
    pub fn into_results(self) -> Vec<Delivery> {
        self.results
    }

    /// Takes over what a store holds and nobody here sends: its pages of the outbox, oldest first. To be begun with
    /// [`Outgoing::begin_take_over`], before the first page is read.
    pub fn take_over(&mut self, page: Vec<Message>) {
        self.scheduler.refill(page);
    }

    /// See [`Scheduler::begin_refill`].
    pub fn begin_take_over(&mut self) {
        self.scheduler.begin_refill();
    }

    /// See [`Scheduler::end_refill`].
    pub fn end_take_over(&mut self, complete: bool) {
        self.scheduler.end_refill(complete);
    }
}

/// Where a message goes. A request whose time is over is not sent: its recipient would act on what has ended, perhaps after
/// it was told so. Callbacks are tried once even then, since they say what is so.
fn url(configuration: &Configuration, message: &Message, now: Timestamp) -> Result<String, String> {
    if matches!(message.method, Method::Get | Method::Post) && now > message.give_up_at {
        return Err("its time was over before it could be sent".to_owned());
    }
    let missing = || format!("{} has no endpoint {}", message.recipient, message.endpoint.as_str());
    configuration.url(message).ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use fspiop::FspId;
    use ledger::{Participant, ParticipantId, Registry};
    use switch::{EndpointType, Headers, MessageId, Routing, Subject};

    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    fn configuration() -> Configuration {
        let mut registry = Registry::new(FspId::parse("hub").unwrap(), START);
        let (id, name) = (ParticipantId(2), FspId::parse("fsp").unwrap());
        registry.put_participant(Participant { id, name, active: true, created_at: START });
        let mut routing = Routing::default();
        routing.put_endpoint(id, EndpointType::TransferPost, "http://fsp/transfers".into());
        routing.put_endpoint(id, EndpointType::TransferPut, "http://fsp/transfers/{{transferId}}".into());
        Configuration { registry: Arc::new(registry), routing: Arc::new(routing), version: 1 }
    }

    fn message(id: i64, method: Method) -> Message {
        let endpoint = if method == Method::Post { EndpointType::TransferPost } else { EndpointType::TransferPut };
        Message {
            id: MessageId(id),
            recipient: FspId::parse("fsp").unwrap(),
            endpoint,
            method,
            path: "/transfers/1".into(),
            headers: Headers::new(),
            body: Bytes::new(),
            subject: Subject::Other(id.to_string().into()),
            created_at: START,
            give_up_at: START.plus_millis(1_000),
        }
    }

    #[track_caller]
    fn check(message: Message, now: Timestamp, expect: Option<&str>) {
        let mut outgoing = Outgoing::new(SchedulerSettings::default());
        outgoing.offer(message);
        let sent = outgoing.next(&configuration(), now).map(|(_, url)| url);
        assert_eq!(sent.as_deref(), expect);
        assert_eq!(outgoing.results().is_some(), expect.is_none(), "what is not sent is done with");
    }

    #[test]
    fn a_request_is_not_sent_when_its_time_is_over() {
        let (in_time, late) = (START.plus_millis(1_000), START.plus_millis(1_001));
        check(message(1, Method::Post), in_time, Some("http://fsp/transfers"));
        check(message(1, Method::Post), late, None);
        check(message(1, Method::Put), late, Some("http://fsp/transfers/1"));
        check(Message { endpoint: EndpointType::Quotes, ..message(1, Method::Put) }, in_time, None);
    }

    /// At 2,500 payments a second there are 10,000 results a second, and at an overload a command waits up to a second.
    #[test]
    fn results_of_a_second_are_noted_together() {
        let mut outgoing = Outgoing::new(SchedulerSettings::default());
        outgoing.noted(
            (1..=10_000)
                .map(|id| Delivery {
                    message: MessageId(id),
                    attempts: 1,
                    at: START,
                    result: DeliveryResult::Delivered,
                })
                .collect(),
            false,
        );
        assert_eq!(outgoing.results().map(|results| results.len()), Some(10_000));
    }

    #[test]
    fn results_come_together_while_others_are_noted() {
        let (mut outgoing, configuration) = (Outgoing::new(SchedulerSettings::default()), configuration());
        for id in 1..=3 {
            outgoing.offer(message(id, Method::Put));
        }
        let deliver = |outgoing: &mut Outgoing| {
            let (dispatch, _) = outgoing.next(&configuration, START).unwrap();
            outgoing.attempted(dispatch.token, Attempted::Taken, &configuration, START);
        };
        deliver(&mut outgoing);
        let first = outgoing.results().unwrap();
        deliver(&mut outgoing);
        assert_eq!(outgoing.results(), None, "the first are on their way");
        outgoing.noted(first, false);
        assert_eq!(outgoing.results().map(|results| results.len()), Some(2), "the first must be noted once more");
        deliver(&mut outgoing);
        assert_eq!(outgoing.into_results().len(), 1);
    }
}
