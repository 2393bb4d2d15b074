//! Part of I4: messages about one transfer reach an FSP in the order of their decision, and none gets lost.
//!
//! Exactly this is promised, with one node or several:
//! * Every durable message reaches its recipient at least once, unless a node gave it up and noted that.
//! * Messages about one subject to one FSP are sent in the order of their decision by the node that owns them. A message
//!   that another node decides while an earlier one is not done with is handed to the node that owns the earlier one.
//! * A node that stood still for longer than its claim holds may send once more what another node has taken over; such a
//!   message may come late, as one may that was sent before a later one arrived. It is at least once, and not in order.
//! * A request whose time is over by one node's clock and not by another's may be sent by the latter after its recipient
//!   was told that it is over.

use std::collections::{BTreeMap, BTreeSet};

use fspiop::{Timestamp, TransferId};
use ledger::ParticipantId;
use switch::{Command, DeliveryResult, MessageId, Method, Subject};

use crate::{
    event::Parcel,
    report::{Check, ensure},
};

/// Which durable messages there are, and which of them have reached an FSP.
#[derive(Default)]
pub(crate) struct Order {
    arrived: BTreeSet<MessageId>,
    given_up: BTreeSet<MessageId>,
    /// The number of the latest message that is known to exist. They are numbered without gaps.
    latest: i64,
    /// Messages of which the node that decided them was told.
    told: u64,
    /// The last of them about one transfer to one FSP, and when it arrived.
    last: BTreeMap<(ParticipantId, TransferId), (MessageId, i64)>,
    redeliveries: u64,
}

impl Order {
    /// A batch was committed, and its node is to deliver these messages.
    pub(crate) fn batch(&mut self, commands: &[Command], told: impl Iterator<Item = MessageId>) {
        for id in told {
            self.told += 1;
            self.latest = self.latest.max(id.0);
        }
        for command in commands {
            let Command::Deliveries(deliveries) = command else { continue };
            let given_up = deliveries.iter().filter(|one| matches!(one.result, DeliveryResult::GaveUp { .. }));
            self.given_up.extend(given_up.map(|one| one.message));
        }
    }

    /// A message has reached an FSP. One that comes again may be older than the last, and so may one that was sent before
    /// the last arrived: an attempt that the hub has given up can still be on its way.
    pub(crate) fn arrived(
        &mut self,
        participant: ParticipantId,
        parcel: &Parcel,
        (now, wall): (i64, Timestamp),
    ) -> Check {
        let message = &parcel.message;
        if !message.id.is_durable() {
            return Ok(());
        }
        self.latest = self.latest.max(message.id.0);
        if !self.arrived.insert(message.id) {
            self.redeliveries += 1;
            return Ok(());
        }
        let is_late = message.method == Method::Post && wall > message.give_up_at;
        let Subject::Transfer(id) = message.subject else { return Ok(()) };
        if !parcel.owned || is_late {
            return Ok(());
        }
        let (last, since) = self.last.get(&(participant, id)).copied().unwrap_or((MessageId::TRANSIENT, now));
        ensure(last < message.id || parcel.sent_at < since, "I4", || {
            let recipient = &message.recipient;
            format!("{recipient} got message {} about {id}, and then message {} was sent", last.0, message.id.0)
        })?;
        if last < message.id {
            self.last.insert((participant, id), (message.id, now));
        }
        Ok(())
    }

    /// Time enough has passed since the faults ended: nothing is left in the store, whichever node's it was.
    pub(crate) fn settled(&self) -> Check {
        let all = (MessageId::TRANSIENT.0 + 1..=self.latest).map(MessageId);
        let mut lost = all.filter(|id| !self.arrived.contains(id) && !self.given_up.contains(id));
        let first = lost.next();
        ensure(first.is_none(), "I4", || {
            let more = lost.count();
            format!("message {} and {more} others neither arrived nor were given up", first.map_or(0, |id| id.0))
        })
    }

    /// How often a message came again.
    pub(crate) fn redeliveries(&self) -> u64 {
        self.redeliveries
    }

    /// How many messages were given up.
    pub(crate) fn given_up(&self) -> u64 {
        self.given_up.len() as u64
    }

    /// How many messages were decided by one node and handed to another.
    pub(crate) fn handed_over(&self) -> u64 {
        u64::try_from(self.latest).unwrap_or(0).saturating_sub(self.told)
    }
}
