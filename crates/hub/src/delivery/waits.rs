//! How long messages wait for being sent: [`Waits`].

use std::{collections::HashMap, sync::Arc, time::Duration};

use switch::{Message, MessageId};
use tokio::time::Instant;

use crate::load_shedding::{LoadShedding, Queue};

/// One message of so many is looked at.
const ONE_OF: i64 = 2;
/// Messages that are looked at together, at the most.
const MOST: usize = 10_000;
/// A message that waits for longer waits for its recipient, not for the hub.
const LONGEST: Duration = Duration::from_secs(10);

/// Messages that were handed over and not sent yet, a part of them.
pub(super) struct Waits {
    load_shedding: Arc<LoadShedding>,
    since: HashMap<MessageId, Instant>,
}

impl Waits {
    pub(super) fn new(load_shedding: Arc<LoadShedding>) -> Waits {
        Waits { load_shedding, since: HashMap::new() }
    }

    /// These were handed over.
    pub(super) fn offered(&mut self, messages: &[Message]) {
        let now = Instant::now();
        let chosen = messages.iter().map(|message| message.id).filter(|id| id.is_durable() && id.0 % ONE_OF == 0);
        let room = MOST.saturating_sub(self.since.len());
        self.since.extend(chosen.take(room).map(|id| (id, now)));
    }

    /// This one is sent, for the first time or again.
    pub(super) fn dispatched(&mut self, message: &Message) {
        if let Some(since) = self.since.remove(&message.id) {
            let now = Instant::now();
            self.load_shedding.waited(Queue::Delivery, now.saturating_duration_since(since), now);
        }
    }

    /// Forgets those that wait for their recipients.
    pub(super) fn forget(&mut self) {
        self.since.retain(|_, since| since.elapsed() < LONGEST);
    }
}
