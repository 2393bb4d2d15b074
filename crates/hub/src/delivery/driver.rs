//! Gives the scheduler time, a network and a store.

use std::{sync::Arc, time::Duration};

use store::{Clock, Store};
use switch::{Command, Delivery, DeliveryResult, Message, MessageId, Method, undeliverable};
use tokio::{sync::mpsc, time::MissedTickBehavior};

use super::{Attempted, CallbackClient, Dispatch, Scheduler, SchedulerSettings, scheduler};
use crate::{
    callback_policy::CallbackPolicy, committer::Committer, current::Current, metrics::Metrics, serve::stopped,
};

/// How often it is looked whether messages that were left in the store for want of room find some now.
const TAKE_OVER_EVERY: Duration = Duration::from_secs(1);
/// Messages that are read from the store at once.
const PAGE: usize = 1_000;
/// Pause before results that the store did not take are offered to it again.
const NOTE_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Results that are noted in the store at once.
const RESULTS_PER_COMMAND: usize = 1_000;

/// Hands messages to the delivery.
#[derive(Clone)]
pub struct DeliveryHandle {
    events: mpsc::UnboundedSender<Event>,
}

impl DeliveryHandle {
    /// A handle, and the receiving end that [`start`] takes.
    pub fn channel() -> (DeliveryHandle, DeliveryReceiver) {
        let (events, receiver) = mpsc::unbounded_channel();
        (DeliveryHandle { events }, DeliveryReceiver(receiver))
    }

    /// Sends these messages, as soon as their recipients take them.
    pub fn send(&self, messages: Vec<Message>) {
        // After the end of the delivery nobody is left to tell; durable messages wait in the store.
        let _ = self.events.send(Event::Offered(messages));
    }

    /// Looks into the store for messages that nobody here was told of.
    pub fn take_over(&self) {
        let _ = self.events.send(Event::TakeOver);
    }
}

/// The receiving end of a [`DeliveryHandle`].
pub struct DeliveryReceiver(mpsc::UnboundedReceiver<Event>);

enum Event {
    Offered(Vec<Message>),
    Attempted(u64, Attempted),
    Noted(Vec<Delivery>, bool),
    TakeOver,
}

/// What the delivery works with.
pub struct Surroundings {
    /// Where messages rest until they are delivered.
    pub store: Arc<dyn Store>,
    /// Where it is noted that they are.
    pub committer: Committer,
    /// Endpoints.
    pub current: Arc<Current>,
    /// The network.
    pub client: CallbackClient,
    /// Which URLs may be called.
    pub policy: CallbackPolicy,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Figures.
    pub metrics: Arc<Metrics>,
}

/// Starts the delivery; it ends when `stop` is cancelled, after the results at hand are noted.
pub fn start(
    settings: SchedulerSettings,
    (handle, receiver): (DeliveryHandle, DeliveryReceiver),
    surroundings: Surroundings,
    stop: tokio::sync::watch::Receiver<bool>,
) -> tokio::task::JoinHandle<()> {
    let driver = Driver {
        scheduler: Scheduler::new(settings),
        surroundings: Arc::new(surroundings),
        handle,
        results: Vec::new(),
        noting: false,
        unread: true,
    };
    tokio::spawn(driver.run(receiver.0, stop))
}

struct Driver {
    scheduler: Scheduler,
    surroundings: Arc<Surroundings>,
    handle: DeliveryHandle,
    results: Vec<Delivery>,
    /// A command with results is on its way to the store; meanwhile more come together.
    noting: bool,
    /// The store holds, or may hold, messages that nobody here was told of.
    unread: bool,
}

impl Driver {
    async fn run(mut self, mut receiver: mpsc::UnboundedReceiver<Event>, mut stop: tokio::sync::watch::Receiver<bool>) {
        let mut take_over = tokio::time::interval(TAKE_OVER_EVERY);
        take_over.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Nothing new goes out before what an earlier run has left behind is known, so that nothing is overtaken.
        while self.unread {
            tokio::select! {
                _ = take_over.tick() => self.take_over().await,
                () = stopped(&mut stop) => return self.finish(receiver).await,
            }
        }
        loop {
            self.dispatch();
            let wake = self.scheduler.next_wake().map(|at| at.millis_since(self.surroundings.clock.now()).max(1));
            let pause =
                Duration::from_millis(wake.and_then(|millis| u64::try_from(millis).ok()).unwrap_or(u64::MAX >> 20));
            tokio::select! {
                event = receiver.recv() => match event {
                    Some(event) => self.handle_event(event),
                    None => return,
                },
                () = tokio::time::sleep(pause) => {}
                _ = take_over.tick(), if self.unread || self.scheduler.wants_more() => self.take_over().await,
                () = stopped(&mut stop) => break,
            }
            while let Ok(event) = receiver.try_recv() {
                self.handle_event(event);
            }
            self.note_results();
        }
        self.finish(receiver).await;
    }

    fn handle_event(&mut self, event: Event) {
        match event {
            Event::Offered(messages) => messages.into_iter().for_each(|message| self.offer(message)),
            Event::Attempted(token, attempted) => self.attempted(token, attempted),
            Event::Noted(deliveries, durable) => {
                self.noting = false;
                if durable {
                    self.scheduler.forget(&deliveries);
                } else {
                    self.results.extend(deliveries);
                }
            }
            Event::TakeOver => self.unread = true,
        }
        self.surroundings.metrics.callbacks_waiting(self.scheduler.len());
    }

    fn offer(&mut self, message: Message) {
        if !self.scheduler.offer(message) {
            tracing::warn!("an answer to a question was dropped: too many messages wait for its recipient");
        }
    }

    fn attempted(&mut self, token: u64, attempted: Attempted) {
        let now = self.surroundings.clock.now();
        self.surroundings.metrics.callback(match &attempted {
            Attempted::Taken => "taken",
            Attempted::Refused(_) => "refused",
            Attempted::Failed(_) => "failed",
        });
        let Some((message, result)) = self.scheduler.finish(token, attempted, now) else { return };
        if let DeliveryResult::GaveUp { reason, .. } = &result {
            let (recipient, subject) = (&message.recipient, &message.subject);
            tracing::warn!(%recipient, %subject, method = message.method.as_str(), %reason, "gave a message up");
        }
        if message.id.is_durable() {
            self.results.push(scheduler::delivery(&message, result));
        } else if let (DeliveryResult::GaveUp { .. }, Some(error)) =
            (&result, undeliverable(&self.surroundings.current.get(), now, &message))
        {
            self.offer(error);
        }
    }

    fn dispatch(&mut self) {
        while let Some(dispatch) = self.scheduler.next(self.surroundings.clock.now()) {
            let (surroundings, events) = (self.surroundings.clone(), self.handle.events.clone());
            tokio::spawn(async move {
                let token = dispatch.token;
                let attempted = attempt(&surroundings, &dispatch).await;
                let _ = events.send(Event::Attempted(token, attempted));
            });
        }
    }

    fn note_results(&mut self) {
        if self.noting || self.results.is_empty() {
            return;
        }
        self.noting = true;
        let rest = self.results.split_off(self.results.len().min(RESULTS_PER_COMMAND));
        let deliveries = std::mem::replace(&mut self.results, rest);
        let (committer, events) = (self.surroundings.committer.clone(), self.handle.events.clone());
        tokio::spawn(async move {
            let durable = committer.commit(Command::Deliveries(deliveries.clone()), 0).await.is_ok();
            if !durable {
                tokio::time::sleep(NOTE_AGAIN_AFTER).await;
            }
            let _ = events.send(Event::Noted(deliveries, durable));
        });
    }

    /// Reads what the store holds and nobody here sends: at the start, after an overflow, after a batch in doubt.
    async fn take_over(&mut self) {
        self.scheduler.begin_refill();
        let mut after = MessageId::TRANSIENT;
        let complete = loop {
            match self.surroundings.store.pending_messages(after, PAGE).await {
                Ok(page) => {
                    let last = page.last().map(|message| message.id);
                    let at_end = page.len() < PAGE;
                    self.scheduler.refill(page);
                    match last {
                        Some(last) if !at_end => after = last,
                        _ => break true,
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the outbox can't be read");
                    break false;
                }
            }
        };
        self.scheduler.end_refill(complete);
        self.unread = !complete;
    }

    /// Notes the results at hand, so that the next start does not deliver again what was delivered.
    async fn finish(mut self, mut receiver: mpsc::UnboundedReceiver<Event>) {
        while let Ok(event) = receiver.try_recv() {
            self.handle_event(event);
        }
        // The committer answers within its hold, so this ends.
        while self.noting
            && let Some(event) = receiver.recv().await
        {
            self.handle_event(event);
        }
        if !self.results.is_empty() {
            let results = std::mem::take(&mut self.results);
            // If it fails, the messages are delivered once more: at least once is the promise.
            let _ = self.surroundings.committer.commit(Command::Deliveries(results), 0).await;
        }
    }
}

async fn attempt(surroundings: &Surroundings, dispatch: &Dispatch) -> Attempted {
    let message = &dispatch.message;
    // A request is of no use to anybody after its time; a callback, however late, says what has become of something.
    let is_request = matches!(message.method, Method::Get | Method::Post);
    if is_request && message.give_up_at < surroundings.clock.now() {
        return Attempted::Refused("its time was over before it could be sent".to_owned());
    }
    let Some(url) = surroundings.current.get().url(message) else {
        return Attempted::Refused(format!("{} has no endpoint {}", message.recipient, message.endpoint.as_str()));
    };
    if let Err(reason) = surroundings.policy.check(&url) {
        return Attempted::Refused(reason);
    }
    surroundings.client.send(&url, message).await
}
