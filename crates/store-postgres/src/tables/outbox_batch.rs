//! What a batch of a node had to say, in one row: its messages, and what it noted as delivered.

use std::collections::BTreeMap;

use fspiop::{FspId, Timestamp, TransferId};
use sha2::{Digest, Sha256};
use store::{SentMessage, StoreError};
use switch::{Delivery, Message, MessageId, Subject};

use super::outbox::Earlier;
use crate::{
    columns::Columns,
    content::{self, Content},
    node::NodeId,
    session::since,
    value::{Stored, column},
    writes::Writes,
    writes::parameters,
};

/// What a subject or an FSP is found by: two that have the same are looked at twice, and that is all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Hash(pub(crate) i32);

impl Hash {
    /// The hash of what messages are about.
    pub(crate) fn of_subject(subject: &Subject) -> Hash {
        Hash::of(&subject.to_string())
    }

    /// The hash of an FSP's name.
    pub(crate) fn of_recipient(recipient: &FspId) -> Hash {
        Hash::of(recipient.as_str())
    }

    fn of(text: &str) -> Hash {
        let [first, second, third, fourth, ..] = Sha256::digest(text.as_bytes()).0;
        Hash(i32::from_be_bytes([first, second, third, fourth]))
    }
}

/// What a batch has to say.
pub(crate) struct OutboxBatch<'a> {
    pub(crate) node: NodeId,
    /// Which of the node's batches it is.
    pub(crate) number: i64,
    pub(crate) at: Timestamp,
    /// The messages that the node delivers itself, with numbers that follow each other.
    pub(crate) messages: &'a [Message],
    /// Messages of earlier batches of the node that were delivered at the first attempt.
    pub(crate) delivered: &'a [&'a Delivery],
    /// Packets of transfers that the batch reserved.
    pub(crate) packets: &'a BTreeMap<TransferId, Box<str>>,
}

/// Adds the row of a batch that has something to say.
pub(crate) fn insert(writes: &mut Writes, batch: &OutboxBatch<'_>) {
    if batch.messages.is_empty() && batch.delivered.is_empty() && batch.packets.is_empty() {
        return;
    }
    let sql = "INSERT INTO outbox_batch (node, number, at, first_message, subjects, recipients, delivered,
                                         delivered_before, content)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let first = batch.messages.first().map_or(MessageId::TRANSIENT, |message| message.id);
    let messages = || batch.messages.iter();
    let before = |delivery: &Delivery| milliseconds_between(delivery.at, batch.at);
    let parameters = parameters![
        batch.node.0,
        batch.number,
        batch.at.as_millis(),
        first.0,
        column(messages(), |message| Hash::of_subject(&message.subject)),
        column(messages(), |message| Hash::of_recipient(&message.recipient)),
        column(batch.delivered.iter().copied(), |delivery| delivery.message),
        column(batch.delivered.iter().copied(), before),
        content::write(batch.messages, batch.packets),
    ];
    writes.push(sql, parameters);
}

/// As far as it fits; clocks of hub and database differ.
fn milliseconds_between(earlier: Timestamp, later: Timestamp) -> i32 {
    let between = later.as_millis().saturating_sub(earlier.as_millis());
    i32::try_from(between).unwrap_or(if between < 0 { i32::MIN } else { i32::MAX })
}

/// Messages about these subjects that are still to be delivered from batches of other nodes, since then: what takes longer has
/// rows of its own, or its node is lost.
///
/// What is to come in order is read by the key, whatever the planner takes the tables for: plans are made while a day has no
/// rows yet.
pub(crate) const EARLIER: &str = concat!(
    "SELECT open.node, first_message + one.place - 1 AS id, one.subject, one.recipient
     FROM node CROSS JOIN LATERAL (SELECT outbox_batch.node, number, first_message, subjects, recipients FROM outbox_batch
                                   WHERE outbox_batch.node = node.id AND number > settled_batch AND subjects && $2 AND at >= ",
    since!(),
    "                              ORDER BY outbox_batch.node, number) AS open
          CROSS JOIN LATERAL unnest(subjects, recipients) WITH ORDINALITY AS one (subject, recipient, place)
     WHERE node.id <> $1 AND settled_batch < batches AND one.subject = ANY($2)
       AND NOT EXISTS (SELECT FROM (SELECT delivered FROM outbox_batch
                                    WHERE node = open.node AND number > open.number AND at >= ",
    since!(),
    "                               ORDER BY node, number OFFSET 0) AS later
                       WHERE first_message + one.place - 1 = ANY(delivered))"
);

/// A row of [`EARLIER`]. The node knows it: it committed the batch.
pub(crate) fn read_earlier(columns: &mut Columns<'_>) -> Result<Earlier, StoreError> {
    Ok(Earlier {
        owner: NodeId(columns.next("node")?),
        id: columns.next("id")?,
        subject: columns.next("subject")?,
        recipient: columns.next("recipient")?,
        untold: false,
    })
}

/// The batches of a node with numbers above one, without their content.
pub(crate) const OF_NODE: &str = "SELECT number, first_message, cardinality(subjects) AS messages, delivered
     FROM outbox_batch WHERE node = $1 AND number > $2 ORDER BY number";

/// The content of some batches of a node.
pub(crate) const CONTENT: &str =
    "SELECT number, first_message, at, content FROM outbox_batch WHERE node = $1 AND number = ANY($2) ORDER BY number";

/// The batches of a time that have messages about one of the subjects.
pub(crate) const ABOUT: &str = "SELECT number, first_message, at, content FROM outbox_batch
     WHERE at >= $1 AND at <= $2 AND subjects && $3 ORDER BY first_message";

/// Which of these messages were noted as delivered within some time.
pub(crate) const DELIVERED: &str = "SELECT one.id, at - one.before AS at
     FROM outbox_batch CROSS JOIN LATERAL unnest(delivered, delivered_before) AS one (id, before)
     WHERE at >= $1 AND at <= $2 AND delivered && $3 AND one.id = ANY($3)";

/// When the newest batch was.
pub(crate) const NEWEST: &str = "SELECT at FROM outbox_batch ORDER BY at DESC LIMIT 1";

/// The batches of some moments.
pub(crate) const AT: &str = "SELECT number, first_message, at, content FROM outbox_batch WHERE at = ANY($1)";

/// The messages of a batch, without their content.
pub(crate) struct Listed {
    pub(crate) number: i64,
    pub(crate) messages: std::ops::Range<i64>,
    pub(crate) delivered: Vec<i64>,
}

/// A row of [`OF_NODE`].
pub(crate) fn read_listed(columns: &mut Columns<'_>) -> Result<Listed, StoreError> {
    let (number, first) = (columns.next("number")?, columns.next::<i64>("first_message")?);
    let messages = first..first + i64::from(columns.next::<i32>("messages")?);
    Ok(Listed { number, messages, delivered: columns.next("delivered")? })
}

/// A row of [`CONTENT`], [`ABOUT`] or [`AT`].
pub(crate) fn read_content(columns: &mut Columns<'_>) -> Result<Content, StoreError> {
    let _number: i64 = columns.next("number")?;
    let (first, at) = (columns.next("first_message")?, columns.next("at")?);
    let content: bytes::Bytes = columns.next("content")?;
    content::read(&content, first, at).ok_or_else(|| columns.corrupt("content", "nothing that the program writes"))
}

/// A row of [`DELIVERED`].
pub(crate) fn read_delivered(columns: &mut Columns<'_>) -> Result<(MessageId, Timestamp), StoreError> {
    Ok((columns.next("id")?, columns.next("at")?))
}

/// What is known of messages that have no rows of their own.
pub(crate) fn told<'a>(
    messages: impl Iterator<Item = &'a Message>,
    delivered: &BTreeMap<MessageId, Timestamp>,
) -> Vec<SentMessage> {
    let told = |message: &Message| {
        let pending = SentMessage::pending(message);
        match delivered.get(&message.id) {
            Some(at) => {
                SentMessage { attempts: 1, last_attempt_at: Some(*at), fate: store::Fate::Delivered, ..pending }
            }
            None => pending,
        }
    };
    messages.map(told).collect()
}

/// The hashes of subjects, as a parameter.
pub(crate) fn hashes<'a>(subjects: impl IntoIterator<Item = &'a Subject>) -> Vec<i32> {
    subjects.into_iter().map(|subject| Hash::of_subject(subject).write()).collect()
}
