//! What became of messages, without their content.

use std::collections::BTreeMap;

use fspiop::Timestamp;
use store::{Fate, SentMessage, StoreError};
use switch::{Delivery, DeliveryResult, MessageId};

use super::outbox::{self, about};
use crate::{columns::Columns, value::column, writes::Writes, writes::parameters};

/// Messages about these subjects that are done with.
pub(crate) const DONE: &str = concat!(
    "SELECT id, recipient, method, path, subject, created_at, attempts, last_attempt_at, reason FROM sent_message WHERE ",
    about!()
);

/// Messages about these subjects that are still to be delivered.
pub(crate) const PENDING: &str = concat!(
    "SELECT id, recipient, method, path, subject, created_at, attempts, last_attempt_at, failure FROM outbox WHERE ",
    about!()
);

/// Notes what became of messages that have rows of their own.
pub(crate) fn settle(writes: &mut Writes, last: &BTreeMap<MessageId, &Delivery>, now: Timestamp) {
    let reason = |delivery: &Delivery| match &delivery.result {
        DeliveryResult::Delivered => None,
        DeliveryResult::Failing { reason } | DeliveryResult::GaveUp { reason, .. } => Some(reason.clone()),
    };
    let is_failing = |delivery: &&&Delivery| matches!(delivery.result, DeliveryResult::Failing { .. });
    let is_given_up = |delivery: &&&Delivery| matches!(delivery.result, DeliveryResult::GaveUp { .. });
    let rows = |failing: bool| last.values().filter(move |one| is_failing(one) == failing).copied();
    let parameters = |failing| {
        parameters![
            column(rows(failing), |delivery| delivery.message),
            column(rows(failing), |delivery| delivery.attempts),
            column(rows(failing), |delivery| delivery.at),
            column(rows(failing), reason),
        ]
    };
    if rows(true).next().is_some() {
        writes.push(FAILING, parameters(true));
    }
    let given_up: Vec<_> =
        last.values().filter(is_given_up).map(|one| (one.message, reason(one).unwrap_or_default())).collect();
    if !given_up.is_empty() {
        outbox::abandon(writes, &given_up, now);
    }
    if rows(false).next().is_some() {
        writes.push(FINISH, parameters(false));
    }
}

const FAILING: &str = "UPDATE outbox SET attempts = new.attempts, last_attempt_at = new.at, failure = new.reason
     FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::text[]) AS new (id, attempts, at, reason)
     WHERE outbox.id = new.id";

const FINISH: &str = "WITH done AS (
         DELETE FROM outbox USING unnest($1::bigint[], $2::integer[], $3::bigint[], $4::text[])
             AS new (id, attempts, at, reason)
         WHERE outbox.id = new.id
         RETURNING outbox.id, recipient, method, path, subject, created_at, new.attempts, new.at, new.reason)
     INSERT INTO sent_message (id, recipient, method, path, subject, created_at, attempts, last_attempt_at, reason)
     SELECT * FROM done";

/// What counts of all that a batch says of a message: its end, if it has one, else what was said last.
pub(crate) fn last_words(deliveries: &[Delivery]) -> BTreeMap<MessageId, &Delivery> {
    let mut last = BTreeMap::<MessageId, &Delivery>::new();
    for delivery in deliveries {
        let known = last.entry(delivery.message).or_insert(delivery);
        if matches!(known.result, DeliveryResult::Failing { .. }) {
            *known = delivery;
        }
    }
    last
}

/// A row of [`DONE`].
pub(crate) fn read_done(columns: &mut Columns<'_>) -> Result<SentMessage, StoreError> {
    let fate = |reason: Option<Box<str>>| reason.map_or(Fate::Delivered, |reason| Fate::GaveUp { reason });
    read(columns, "reason", fate)
}

/// A row of [`PENDING`].
pub(crate) fn read_pending(columns: &mut Columns<'_>) -> Result<SentMessage, StoreError> {
    read(columns, "failure", |reason| Fate::Pending { reason })
}

fn read(
    columns: &mut Columns<'_>,
    reason: &'static str,
    fate: impl FnOnce(Option<Box<str>>) -> Fate,
) -> Result<SentMessage, StoreError> {
    Ok(SentMessage {
        id: columns.next("id")?,
        recipient: columns.next("recipient")?,
        method: columns.next("method")?,
        path: outbox::with_id(columns.next("path")?, &columns.next("subject")?),
        created_at: columns.next("created_at")?,
        attempts: columns.next("attempts")?,
        last_attempt_at: columns.next("last_attempt_at")?,
        fate: fate(columns.next(reason)?),
    })
}
