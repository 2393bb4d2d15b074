//! Gives the scheduler time, a network and a store.

use std::{pin::pin, sync::Arc, time::Duration};

use identity::Signer;
use store::{Clock, Store};
use switch::{Command, Delivery, Message, MessageId};
use tokio::{sync::mpsc, time::MissedTickBehavior};

use super::{Attempted, CallbackClient, Outgoing, SchedulerSettings, signing::sealed, waits::Waits};
use crate::{
    callback_policy::CallbackPolicy, capture::Capture, committer::Committer, current::Current,
    load_shedding::LoadShedding, metrics::Metrics, serve::stopped,
};

/// How often this node renews its claim to its messages, and looks whether others left some behind, or whether those that
/// were left in the store for want of room find some now.
const TAKE_OVER_EVERY: Duration = Duration::from_secs(1);
/// Messages that are read from the store at once.
const PAGE: usize = 1_000;
/// Pause before results that the store did not take are offered to it again.
const NOTE_AGAIN_AFTER: Duration = Duration::from_secs(1);

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
    /// What signs the hub's own messages.
    pub signer: Option<Arc<Signer>>,
    /// Which URLs may be called.
    pub policy: CallbackPolicy,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Figures.
    pub metrics: Arc<Metrics>,
    /// Told how long messages wait.
    pub(crate) load_shedding: Arc<LoadShedding>,
    /// Told what was sent, where messages are captured.
    pub(crate) capture: Option<Arc<Capture>>,
}

/// Starts the delivery; it ends when `stop` is cancelled, after the results at hand are noted.
pub fn start(
    settings: SchedulerSettings,
    (handle, receiver): (DeliveryHandle, DeliveryReceiver),
    surroundings: Surroundings,
    stop: tokio::sync::watch::Receiver<bool>,
) -> tokio::task::JoinHandle<()> {
    let mut outgoing = Outgoing::new(settings);
    // An earlier run may have left messages behind; nothing new goes out before they are known, so that none is overtaken.
    outgoing.in_doubt();
    let waits = Waits::new(surroundings.load_shedding.clone());
    let driver = Driver { outgoing, waits, surroundings: Arc::new(surroundings), handle };
    tokio::spawn(driver.run(receiver.0, stop))
}

struct Driver {
    outgoing: Outgoing,
    waits: Waits,
    surroundings: Arc<Surroundings>,
    handle: DeliveryHandle,
}

impl Driver {
    async fn run(mut self, mut receiver: mpsc::UnboundedReceiver<Event>, mut stop: tokio::sync::watch::Receiver<bool>) {
        let mut take_over = tokio::time::interval(TAKE_OVER_EVERY);
        take_over.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stopped = pin!(stopped(&mut stop));
        loop {
            self.dispatch();
            self.note_results();
            self.surroundings.metrics.callbacks_waiting(self.outgoing.scheduler().len());
            let pause = self.pause();
            tokio::select! {
                event = receiver.recv() => match event {
                    Some(event) => self.handle_event(event),
                    None => return,
                },
                () = async { tokio::time::sleep(pause.unwrap_or_default()).await }, if pause.is_some() => {}
                _ = take_over.tick() => self.look_into_the_store().await,
                () = &mut stopped => break,
            }
            while let Ok(event) = receiver.try_recv() {
                self.handle_event(event);
            }
        }
        self.finish(receiver).await;
    }

    /// How long until a message is tried again, if one waits for that.
    fn pause(&self) -> Option<Duration> {
        let wake = self.outgoing.scheduler().next_wake()?;
        let millis = wake.millis_since(self.surroundings.clock.now()).max(1);
        Some(Duration::from_millis(u64::try_from(millis).unwrap_or(1)))
    }

    fn handle_event(&mut self, event: Event) {
        match event {
            Event::Offered(messages) => {
                self.waits.offered(&messages);
                messages.into_iter().for_each(|message| self.outgoing.offer(message));
            }
            Event::Attempted(token, attempted) => self.attempted(token, attempted),
            Event::Noted(deliveries, durable) => self.outgoing.noted(deliveries, durable),
            Event::TakeOver => self.outgoing.in_doubt(),
        }
    }

    fn attempted(&mut self, token: u64, attempted: Attempted) {
        self.surroundings.metrics.callback(match &attempted {
            Attempted::Taken => "taken",
            Attempted::Refused(_) | Attempted::Declined(_) => "refused",
            Attempted::Failed(_) => "failed",
        });
        let (configuration, now) = (self.surroundings.current.get(), self.surroundings.clock.now());
        self.outgoing.attempted(token, attempted, &configuration, now);
    }

    fn dispatch(&mut self) {
        let (configuration, now) = (self.surroundings.current.get(), self.surroundings.clock.now());
        while let Some((dispatch, url)) = self.outgoing.next(&configuration, now) {
            self.waits.dispatched(&dispatch.message);
            let (surroundings, events) = (self.surroundings.clone(), self.handle.events.clone());
            tokio::spawn(async move {
                let attempted = attempt(&surroundings, dispatch.message, &url).await;
                let _ = events.send(Event::Attempted(dispatch.token, attempted));
            });
        }
    }

    fn note_results(&mut self) {
        let Some(deliveries) = self.outgoing.results() else { return };
        let (committer, events) = (self.surroundings.committer.clone(), self.handle.events.clone());
        tokio::spawn(async move {
            let durable = committer.commit(Command::Deliveries(deliveries.clone()), 0).await.is_ok();
            if !durable {
                tokio::time::sleep(NOTE_AGAIN_AFTER).await;
            }
            let _ = events.send(Event::Noted(deliveries, durable));
        });
    }

    async fn look_into_the_store(&mut self) {
        self.waits.forget();
        match self.surroundings.store.take_over().await {
            Ok(true) => self.outgoing.in_doubt(),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, "this node's claim to its messages can't be renewed");
                // The store may have given it messages and only the answer was lost: it will not say so again.
                self.outgoing.in_doubt();
            }
        }
        if self.outgoing.scheduler().wants_more() {
            self.take_over().await;
        }
    }

    /// Reads what the store holds and nobody here sends: at the start, after an overflow, after a batch in doubt.
    async fn take_over(&mut self) {
        self.outgoing.begin_take_over();
        let mut after = MessageId::TRANSIENT;
        let complete = loop {
            match self.surroundings.store.pending_messages(after, PAGE).await {
                Ok(page) => {
                    let last = page.last().map(|message| message.id);
                    let at_end = page.len() < PAGE;
                    self.outgoing.take_over(page);
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
        self.outgoing.end_take_over(complete);
    }

    /// Notes the results at hand, so that the next start does not deliver again what was delivered.
    async fn finish(mut self, mut receiver: mpsc::UnboundedReceiver<Event>) {
        while let Ok(event) = receiver.try_recv() {
            self.handle_event(event);
        }
        // The committer answers within its hold, so this ends.
        while self.outgoing.is_noting()
            && let Some(event) = receiver.recv().await
        {
            self.handle_event(event);
        }
        let results = self.outgoing.into_results();
        if !results.is_empty() {
            // If it fails, the messages are delivered once more: at least once is the promise.
            let _ = self.surroundings.committer.commit(Command::Deliveries(results), 0).await;
        }
    }
}

async fn attempt(surroundings: &Surroundings, message: Arc<Message>, url: &str) -> Attempted {
    let message = sealed(message, surroundings.signer.as_deref(), &surroundings.current.get());
    let draft = surroundings.capture.as_ref().map(|capture| capture.sending(&message));
    let (status, attempted) = match surroundings.policy.check(url) {
        Ok(()) => surroundings.client.send(url, &message).await,
        Err(reason) => (None, Attempted::Refused(reason)),
    };
    if let Some(draft) = draft {
        draft.end(status, attempted.trouble());
    }
    attempted
}
