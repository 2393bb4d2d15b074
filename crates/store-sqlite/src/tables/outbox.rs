//! Messages to be delivered, and those that were given up.

use fspiop::Timestamp;
use rusqlite::Connection;
use store::{Abandoned, StoreError};
use switch::{Message, MessageId};

use super::limit;
use crate::{columns::Columns, query, value::Stored};

macro_rules! message_columns {
    () => {
        "id, recipient, endpoint, method, path, headers, body, subject, created_at, give_up_at"
    };
}

/// Adds a message.
pub(crate) fn write(connection: &Connection, message: &Message) -> Result<(), StoreError> {
    let sql = concat!("INSERT INTO outbox (", message_columns!(), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
    let values = [
        message.id.write(),
        message.recipient.write(),
        message.endpoint.write(),
        message.method.write(),
        message.path.write(),
        message.headers.write(),
        message.body.write(),
        message.subject.write(),
        message.created_at.write(),
        message.give_up_at.write(),
    ];
    query::execute(connection, sql, values)
}

/// Takes a message out that is done with.
pub(crate) fn remove(connection: &Connection, id: MessageId) -> Result<(), StoreError> {
    query::execute(connection, "DELETE FROM outbox WHERE id = ?1", [id.write()])
}

/// Puts a message aside that is not tried any more.
pub(crate) fn abandon(connection: &Connection, id: MessageId, reason: &str, now: Timestamp) -> Result<(), StoreError> {
    let sql = concat!(
        "INSERT INTO abandoned (",
        message_columns!(),
        ", reason, abandoned_at) SELECT ",
        message_columns!(),
        ", ?2, ?3 FROM outbox WHERE id = ?1"
    );
    query::execute(connection, sql, [id.write(), Box::<str>::from(reason).write(), now.write()])?;
    remove(connection, id)
}

/// Messages that are still to be delivered, with numbers above `after`, in order.
pub(crate) fn pending(connection: &Connection, after: MessageId, rows: usize) -> Result<Vec<Message>, StoreError> {
    let sql = concat!("SELECT ", message_columns!(), " FROM outbox WHERE id > ?1 ORDER BY id");
    query::readable(connection, "outbox", sql, [after.write()], rows, read_message)
}

/// Messages that were given up, with numbers above `after`, in order.
pub(crate) fn abandoned(connection: &Connection, after: MessageId, rows: usize) -> Result<Vec<Abandoned>, StoreError> {
    let sql = concat!(
        "SELECT ",
        message_columns!(),
        ", reason, abandoned_at FROM abandoned WHERE id > ?1 ORDER BY id LIMIT ?2"
    );
    query::rows(connection, "abandoned", sql, (after.write(), limit(rows)), |columns| {
        let message = read_message(columns)?;
        Ok(Abandoned { message, reason: columns.next("reason")?, at: columns.next("abandoned_at")? })
    })
}

fn read_message(columns: &mut Columns<'_>) -> Result<Message, StoreError> {
    Ok(Message {
        id: columns.next("id")?,
        recipient: columns.next("recipient")?,
        endpoint: columns.next("endpoint")?,
        method: columns.next("method")?,
        path: columns.next("path")?,
        headers: columns.next("headers")?,
        body: columns.next("body")?,
        subject: columns.next("subject")?,
        created_at: columns.next("created_at")?,
        give_up_at: columns.next("give_up_at")?,
    })
}
