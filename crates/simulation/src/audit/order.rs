//! Part of I4: messages about one transfer reach an FSP in the order of their decision.

use std::collections::{BTreeMap, BTreeSet};

use fspiop::TransferId;
use ledger::ParticipantId;
use switch::{Message, MessageId, Subject};

use crate::report::{Check, ensure};

/// Which durable messages have reached an FSP.
#[derive(Default)]
pub(crate) struct Order {
    arrived: BTreeSet<MessageId>,
    /// The last of them about one transfer to one FSP, and when it arrived.
    last: BTreeMap<(ParticipantId, TransferId), (MessageId, i64)>,
    redeliveries: u64,
}

impl Order {
    /// A message has reached an FSP. One that comes again may be older than the last, and so may one that was sent before
    /// the last arrived: an attempt that the hub has given up can still be on its way.
    pub(crate) fn arrived(&mut self, participant: ParticipantId, message: &Message, sent_at: i64, now: i64) -> Check {
        if !message.id.is_durable() {
            return Ok(());
        }
        if !self.arrived.insert(message.id) {
            self.redeliveries += 1;
            return Ok(());
        }
        let Subject::Transfer(id) = message.subject else { return Ok(()) };
        let (last, since) = self.last.get(&(participant, id)).copied().unwrap_or((MessageId::TRANSIENT, now));
        ensure(last < message.id || sent_at < since, "I4", || {
            let recipient = &message.recipient;
            format!("{recipient} got message {} about {id}, and then message {} was sent", last.0, message.id.0)
        })?;
        if last < message.id {
            self.last.insert((participant, id), (message.id, now));
        }
        Ok(())
    }

    /// How often a message came again.
    pub(crate) fn redeliveries(&self) -> u64 {
        self.redeliveries
    }
}
