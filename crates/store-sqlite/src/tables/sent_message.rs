//! What became of messages, without their content.

use fspiop::{QuoteId, TransferId};
use rusqlite::Connection;
use store::{Fate, SentMessage, StoreError};
use switch::{Delivery, MessageId, Subject};

use crate::{columns::Columns, query, value::Stored};

/// Adds a message that never was in the outbox. One that is still to be delivered belongs there.
pub(crate) fn write(connection: &Connection, message: &SentMessage, subject: &Subject) -> Result<(), StoreError> {
    let sql = "INSERT INTO sent_message
                   (id, recipient, method, path, subject, created_at, attempts, last_attempt_at, reason)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let SentMessage { id, recipient, method, path, created_at, attempts, last_attempt_at, fate } = message;
    let reason = match fate {
        Fate::GaveUp { reason } => Some(reason.clone()),
        Fate::Delivered | Fate::Pending { .. } => None,
    };
    let values = [
        id.write(),
        recipient.write(),
        method.write(),
        path.write(),
        subject.write(),
        created_at.write(),
        attempts.write(),
        last_attempt_at.write(),
        reason.write(),
    ];
    query::execute(connection, sql, values)
}

/// Notes that a message of the outbox is done with; `reason` is why it was given up.
pub(crate) fn done(connection: &Connection, delivery: &Delivery, reason: Option<&str>) -> Result<(), StoreError> {
    let sql = "INSERT INTO sent_message
                   (id, recipient, method, path, subject, created_at, attempts, last_attempt_at, reason)
               SELECT id, recipient, method, path, subject, created_at, ?2, ?3, ?4 FROM outbox WHERE id = ?1";
    let reason = reason.map(Box::<str>::from);
    let values = [delivery.message.write(), delivery.attempts.write(), delivery.at.write(), reason.write()];
    query::execute(connection, sql, values)
}

/// Notes why a message did not reach its recipient so far.
pub(crate) fn failing(connection: &Connection, delivery: &Delivery, reason: &str) -> Result<(), StoreError> {
    let sql = "UPDATE outbox SET attempts = ?2, last_attempt_at = ?3, failure = ?4 WHERE id = ?1";
    let reason = Box::<str>::from(reason);
    let values = [delivery.message.write(), delivery.attempts.write(), delivery.at.write(), reason.write()];
    query::execute(connection, sql, values)
}

/// All messages about a transfer or quote of this id, in the order of their numbers.
pub(crate) fn about(connection: &Connection, id: TransferId) -> Result<Vec<SentMessage>, StoreError> {
    let mut found = Vec::new();
    for subject in [Subject::Transfer(id), Subject::Quote(QuoteId(id.0))] {
        let sql = "SELECT id, recipient, method, path, created_at, attempts, last_attempt_at, reason
                   FROM sent_message WHERE subject = ?1";
        found.extend(query::rows(connection, "sent_message", sql, [subject.write()], |columns| {
            let done = |reason: Option<Box<str>>| reason.map_or(Fate::Delivered, |reason| Fate::GaveUp { reason });
            read(columns, "reason", done)
        })?);
        let sql = "SELECT id, recipient, method, path, created_at, attempts, last_attempt_at, failure
                   FROM outbox WHERE subject = ?1";
        found.extend(query::rows(connection, "outbox", sql, [subject.write()], |columns| {
            read(columns, "failure", |reason| Fate::Pending { reason })
        })?);
    }
    found.sort_by_key(|sent| sent.id);
    Ok(found)
}

fn read(
    columns: &mut Columns<'_>,
    reason: &'static str,
    fate: impl FnOnce(Option<Box<str>>) -> Fate,
) -> Result<SentMessage, StoreError> {
    Ok(SentMessage {
        id: columns.next::<MessageId>("id")?,
        recipient: columns.next("recipient")?,
        method: columns.next("method")?,
        path: columns.next("path")?,
        created_at: columns.next("created_at")?,
        attempts: columns.next("attempts")?,
        last_attempt_at: columns.next("last_attempt_at")?,
        fate: fate(columns.next(reason)?),
    })
}
