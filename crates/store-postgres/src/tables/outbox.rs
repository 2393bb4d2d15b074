//! Messages to be delivered that have rows of their own, and those that were given up.

use fspiop::Timestamp;
use store::{Abandoned, StoreError};
use switch::{Message, MessageId, Subject};

use super::outbox_batch::Hash;
use crate::{columns::Columns, node::NodeId, value::column, writes::Writes, writes::parameters};

macro_rules! message_columns {
    () => {
        "id, recipient, endpoint, method, path, headers, body, subject, created_at, give_up_at"
    };
}

/// The condition that a row is about one of the subjects `$1`: the first part is what the index knows of them.
macro_rules! about {
    () => {
        "hashtextextended(subject, 0) = ANY (ARRAY(SELECT hashtextextended(one, 0) FROM unnest($1::text[]) AS one))
         AND subject = ANY($1)"
    };
}
pub(crate) use about;

/// Messages that a node is to deliver, with numbers above one, in order.
pub(crate) const PENDING: &str =
    concat!("SELECT ", message_columns!(), " FROM outbox WHERE owner = $1 AND id > $2 ORDER BY id LIMIT $3");

/// The latest messages about these subjects that are still to be delivered, to each recipient.
pub(crate) const EARLIER: &str = concat!(
    "SELECT DISTINCT ON (subject, recipient) subject, recipient, owner, id, untold FROM outbox WHERE ",
    about!(),
    " ORDER BY subject, recipient, id DESC"
);

/// A message that is still to be delivered.
pub(crate) struct Earlier {
    pub(crate) subject: Hash,
    pub(crate) recipient: Hash,
    pub(crate) owner: NodeId,
    pub(crate) id: MessageId,
    pub(crate) untold: bool,
}

/// A row of [`EARLIER`].
pub(crate) fn read_earlier(columns: &mut Columns<'_>) -> Result<Earlier, StoreError> {
    Ok(Earlier {
        subject: Hash::of_subject(&columns.next("subject")?),
        recipient: Hash::of_recipient(&columns.next("recipient")?),
        owner: NodeId(columns.next("owner")?),
        id: columns.next("id")?,
        untold: columns.next("untold")?,
    })
}

/// A new message and who delivers it.
pub(crate) struct Addressed {
    pub(crate) message: Message,
    pub(crate) owner: NodeId,
    /// Its owner learns of it when it renews its claim.
    pub(crate) untold: bool,
}

/// Adds messages, each with its owner.
pub(crate) fn insert(writes: &mut Writes, messages: &[Addressed]) {
    let sql = concat!(
        "INSERT INTO outbox (",
        message_columns!(),
        ", owner, untold)
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[],
                              $8::text[], $9::bigint[], $10::bigint[], $11::integer[], $12::boolean[])"
    );
    let rows = || messages.iter();
    let parameters = parameters![
        column(rows(), |one| one.message.id),
        column(rows(), |one| one.message.recipient.clone()),
        column(rows(), |one| one.message.endpoint),
        column(rows(), |one| one.message.method),
        column(rows(), |one| without_id(&one.message.path, &one.message.subject)),
        column(rows(), |one| one.message.headers.clone()),
        column(rows(), |one| one.message.body.clone()),
        column(rows(), |one| one.message.subject.clone()),
        column(rows(), |one| one.message.created_at),
        column(rows(), |one| one.message.give_up_at),
        column(rows(), |one| one.owner.0),
        column(rows(), |one| one.untold),
    ];
    writes.push(sql, parameters);
}

/// Puts messages aside that are not tried any more. They leave the outbox as all that are done with.
pub(crate) fn abandon(writes: &mut Writes, given_up: &[(MessageId, Box<str>)], now: Timestamp) {
    let sql = concat!(
        "INSERT INTO abandoned (",
        message_columns!(),
        ", reason, abandoned_at)
         SELECT outbox.id, recipient, endpoint, method, path, headers, body, subject, created_at, give_up_at, done.reason, $3
         FROM unnest($1::bigint[], $2::text[]) AS done (id, reason) JOIN outbox ON outbox.id = done.id"
    );
    let reasons = column(given_up, |(_, reason)| reason.clone());
    writes.push(sql, parameters![column(given_up, |(id, _)| *id), reasons, now.as_millis()]);
}

/// Messages that were given up, with numbers above one, in order.
pub(crate) const ABANDONED: &str =
    concat!("SELECT ", message_columns!(), ", reason, abandoned_at FROM abandoned WHERE id > $1 ORDER BY id LIMIT $2");

/// A row of [`ABANDONED`].
pub(crate) fn read_abandoned(columns: &mut Columns<'_>) -> Result<Abandoned, StoreError> {
    Ok(Abandoned { message: read(columns)?, reason: columns.next("reason")?, at: columns.next("abandoned_at")? })
}

/// A message.
pub(crate) fn read(columns: &mut Columns<'_>) -> Result<Message, StoreError> {
    let mut message = Message {
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
    };
    message.path = with_id(message.path, &message.subject);
    Ok(message)
}

/// Stands in a stored path for the id that its subject has, too: no path holds a space.
const ID: char = ' ';

/// A path as it is stored: with the id of its subject only once in the row.
fn without_id(path: &str, subject: &Subject) -> Box<str> {
    match id_of(subject) {
        Some(id) if !path.contains(ID) => path.replacen(&id, &ID.to_string(), 1).into(),
        _ => path.into(),
    }
}

/// A path as it was.
pub(crate) fn with_id(path: Box<str>, subject: &Subject) -> Box<str> {
    match id_of(subject) {
        Some(id) if path.contains(ID) => path.replacen(ID, &id, 1).into(),
        _ => path,
    }
}

fn id_of(subject: &Subject) -> Option<String> {
    match subject {
        Subject::Transfer(id) => Some(id.to_string()),
        Subject::Quote(id) => Some(id.to_string()),
        Subject::Party(_) | Subject::Other(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRANSFER: &str = "transfer b51ec534-ee48-4575-b6a9-ead2955b8069";

    #[track_caller]
    fn check(path: &str, subject: &str, stored: &str) {
        let subject = Subject::parse(subject).unwrap();
        assert_eq!(&*without_id(path, &subject), stored);
        assert_eq!(&*with_id(stored.into(), &subject), path);
    }

    #[test]
    fn the_id_of_the_subject_is_not_stored_again() {
        check("/transfers/b51ec534-ee48-4575-b6a9-ead2955b8069/error", TRANSFER, "/transfers/ /error");
        check("/transfers", TRANSFER, "/transfers");
        check("/parties/MSISDN/1", "party MSISDN/1", "/parties/MSISDN/1");
        // In capitals it is another text, and two of it are one and another text.
        check(
            "/transfers/B51EC534-EE48-4575-B6A9-EAD2955B8069",
            TRANSFER,
            "/transfers/B51EC534-EE48-4575-B6A9-EAD2955B8069",
        );
        let id = "b51ec534-ee48-4575-b6a9-ead2955b8069";
        check(&format!("/{id}/{id}"), TRANSFER, &format!("/ /{id}"));
    }
}
